"""What an entity declaration means: one class reads every kind of ad object."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

import requests
from airbyte_cdk.models import SyncMode

from source_meta_ads.accounts import Account
from source_meta_ads.graph.body import body_of
from source_meta_ads.graph.paging import rows
from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.schemas.fields import load_node
from source_meta_ads.schemas.json_schema import property_schema, record_schema
from source_meta_ads.streams.added import AddedColumn, filled
from source_meta_ads.streams.base import MetaStream, Row, Runtime, Slice
from source_meta_ads.streams.below import Below
from source_meta_ads.streams.changes import Following
from source_meta_ads.streams.declaration import LIGHT_ROWS, Entity
from source_meta_ads.streams.edge import EdgeReader
from source_meta_ads.streams.edge_pages import Query
from source_meta_ads.streams.guarded import guarded_values
from source_meta_ads.streams.newest import newer
from source_meta_ads.streams.objects import AccountObjects
from source_meta_ads.streams.progress import has_read, moment_of
from source_meta_ads.streams.sweep import DELETION_COLUMNS, Terms, told

# Objects can be written while an edge is paged, with an `updated_time` before the newest one already read.
_OVERLAP = timedelta(minutes=15)
_DAY = timedelta(days=1)
# How far back an edge with a time range is read at first where no start date is set: as far as reports.
_HISTORY = timedelta(days=730)


class EntityStream(MetaStream):
    """One entity over all accounts; a slice is one account."""

    def __init__(
        self,
        entity: Entity,
        api_version: str,
        selected: Collection[str] | None,
        runtime: Runtime | None,
        *,
        statuses: Collection[str] = (),
        page_size: int | None = None,
        state: Mapping[str, Any] | None = None,
        following: Following | None = None,
        switched_off: Collection[str] = (),
        start: date | None = None,
    ) -> None:
        self._entity = entity
        self._switched_off, self._start = frozenset(switched_off), start
        super().__init__(api_version, selected, runtime)
        self._following = following
        self._statuses = sorted(statuses)
        self._own_page_size = page_size
        self._saved = state or {}

    @property
    def name(self) -> str:
        """The stream's name, as source-facebook-marketing has it."""
        return self._entity.name

    @property
    def primary_key(self) -> str | list[str] | None:
        """The columns that tell a record from any other; None where nothing does."""
        key = list(self._entity.key)
        return key[0] if len(key) == 1 else key or None

    @property
    def cursor_field(self) -> str | list[str]:
        """The field that orders the object's changes; empty where Meta offers none to filter by."""
        return self._entity.cursor_field or []

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """The schema of a record: the default columns, and those selected besides."""
        node = load_node(self._entity.node, self._api_version)
        chosen = set(node.default_names) | (set(self._selected or ()) & set(node.fields))
        properties = {
            name: property_schema(node.fields[name].type, self._api_version, node.fields[name].description)
            for name in sorted(chosen)
        }
        if self._entity.watched:
            properties.update({name: dict(column) for name, column in DELETION_COLUMNS.items()})
        properties.update({column.name: dict(column.schema) for column in self._entity.added})
        if self._entity.parent != "token":
            account_id = {"type": ["null", "string"], "description": "Ad account, digits only."}
            properties.setdefault("account_id", account_id)
        return record_schema(properties)

    def path(
        self,
        *,
        stream_state: Mapping[str, Any] | None = None,
        stream_slice: Slice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> str:
        """`act_1` for the account itself, `act_1/campaigns` for an edge of it."""
        node = f"act_{(stream_slice or {})['account_id']}"
        return node if self._entity.read == "node" else f"{node}/{self._entity.edge}"

    def parse_response(self, response: requests.Response, **_: Any) -> Iterable[Row]:
        """The page's objects, typed by the schema."""
        return [self.coerce(each) for each in rows(body_of(response))]

    def stream_slices(
        self,
        *,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterable[Slice]:
        """One slice an account, refused ones included; one for all where no account lists the objects."""
        if self._entity.parent == "token":
            yield {}
            return
        for account in self.slice_accounts():
            yield {"account_id": account.id if isinstance(account, Account) else account.account_id}

    def records(self, account_slice: Slice) -> Iterable[Row]:
        """Every object of the account that the filters let through."""
        account_id = account_slice.get("account_id")
        if self._following:
            self._following.begin(str(account_id))
        is_swept = self._following and self._entity.watched
        found = self._followed(str(account_id)) if is_swept else self._listed(account_slice)
        if self._entity.added:
            where = f"{self.name}: account act_{account_id}" if account_id else self.name
            found = filled(found, self._filled_columns, self.runtime, where, self._hidden)
        for record in found:
            row = {**record, "account_id": account_id} if account_id else record
            yield told(row, self._selected) if self._entity.watched else row

    def _listed(self, account_slice: Slice) -> Iterable[Row]:
        entity = self._entity
        if entity.parent != "account":
            account_id = account_slice.get("account_id")
            since = self._since(str(account_id))
            return map(self.coerce, self._below.objects(entity.parent, account_id, self._fields, since))
        if entity.read == "node":
            return self._node(account_slice)
        found = ([self.coerce(row) for row in page] for page in self._reader.pages(self._query(account_slice)))
        since = self._since(str(account_slice["account_id"])) if entity.order == "newest_first" else None
        if since is None or entity.cursor_field is None:
            return (row for page in found for row in page)
        return newer(found, entity.cursor_field, since)

    def _node(self, account_slice: Slice) -> Iterator[Row]:
        """The account itself, with those of its guarded fields that may be seen."""
        asked = set(self.schema["properties"]) if self._selected is None else set(self._selected)
        guarded = [name for name in self._entity.guarded if name in asked]
        account_id, runtime = str(account_slice["account_id"]), self.runtime
        node = self._reader.page_reader.node(account_id, self._fields)
        yield self.coerce({**node, **guarded_values(runtime.session, account_id, guarded, self.name, runtime.logger)})

    def _since(self, account_id: str) -> datetime | None:
        """The moment from which on an account's changes are asked for; None for all there are."""
        seconds = self._changed_since(account_id)
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    def _times(self, account_id: str) -> dict[str, Any]:
        """`since` and `until` as Unix times, always both: without them Meta answers about the last week alone."""
        now = self.runtime.clock.now()
        first = datetime.combine(self._start, time(), UTC) - _DAY if self._start else now - _HISTORY
        since = self._since(account_id) or first
        return {"since": int(since.timestamp()), "until": int(now.timestamp()) + 1}

    def _followed(self, account_id: str) -> Iterable[Row]:
        """What changed in the account since the state, what is gone among it."""
        entity = self._entity
        if self._following is None or entity.filter_prefix is None or not isinstance(self.cursor_field, str):
            raise RuntimeError(f"stream {self.name} has no cursor to follow an account by")
        edge = AccountObjects(self._reader, account_id, self._page_size, self.coerce)
        terms = Terms(
            prefix=entity.filter_prefix,
            cursor_field=self.cursor_field,
            fields=self._fields,
            watched=[name for name in entity.watched if name in self._fields],
            statuses=self._statuses,
            every_status=table().levels[entity.filter_prefix].statuses,
            tells_deletions=self._selected is None or "is_deleted" in self._selected,
        )
        entry = self._saved.get(account_id) or {}
        yield from self._following.rows(account_id, edge, terms, entry, self._since(account_id))

    @cached_property
    def _filled_columns(self) -> list[AddedColumn]:
        """Columns of ours that are selected and on."""
        return [
            column
            for column in self._entity.added
            if column.name not in self._switched_off and (self._selected is None or column.name in self._selected)
        ]

    @cached_property
    def _hidden(self) -> frozenset[str]:
        """Fields that only a column of ours needs."""
        if self._selected is None:
            return frozenset()
        needs = {name for column in self._filled_columns for name in column.needs}
        return frozenset(needs - set(self._selected) - {self._entity.cursor_field, *self._entity.key})

    @cached_property
    def _below(self) -> Below:
        return Below(self.runtime.session, self.name, self._page_size, self.runtime.logger)

    @cached_property
    def _reader(self) -> EdgeReader:
        means = self.runtime
        return EdgeReader(self._entity, means.session, means.turns, means.clock, means.logger, lost=self.lost)

    @cached_property
    def _page_size(self) -> int:
        """Rows that a page begins with: fewer where an object can be heavy."""
        heavy = set(self._entity.heavy)
        is_light = heavy and not heavy & set(self._fields)
        return self._own_page_size or (LIGHT_ROWS if is_light else self._entity.page_size)

    def _query(self, account_slice: Slice) -> Query:
        return Query(
            account_id=(account_id := str(account_slice["account_id"])),
            fields=tuple(self._fields),
            page_size=self._page_size,
            conditions=tuple(self._conditions(account_id)),
            params=self._times(account_id) if self._entity.time_params else {},
        )

    def _conditions(self, account_id: str) -> list[dict[str, Any]]:
        """The `filtering` parameter: changed since the account's cursor, in one of the statuses."""
        prefix = self._entity.filter_prefix
        if prefix is None:
            return []
        conditions: list[dict[str, Any]] = []
        if since := self._changed_since(account_id):
            conditions.append({"field": f"{prefix}.updated_time", "operator": "GREATER_THAN", "value": since})
        if self._statuses:
            conditions.append({"field": f"{prefix}.effective_status", "operator": "IN", "value": self._statuses})
        return conditions

    def _changed_since(self, account_id: str) -> int | None:
        """The account's cursor as a Unix time, less the overlap; None for a first read.

        Statuses asked for now but not when the cursor was written were never read: the account starts over.
        """
        entry = self._saved.get(account_id) or {}
        cursor = entry.get(self._entity.cursor_field or "")
        if not isinstance(cursor, str):
            return None
        moment = moment_of(cursor, self.name, account_id)
        if self._entity.statuses and not has_read(entry, self._statuses):
            return None
        return int((moment - _OVERLAP).timestamp())

    @cached_property
    def _fields(self) -> list[str]:
        """What to ask for: the selected columns that the object has, and always its key and cursor."""
        known = set(self.schema["properties"]) & set(load_node(self._entity.node, self._api_version).fields)
        wanted = known if self._selected is None else set(self._selected) & known
        wanted |= {"account_id", *self._entity.key} & known
        if self._entity.watched and (self._selected is None or "is_deleted" in self._selected):
            # Whether it is, its status says.
            wanted.add("effective_status")
        wanted |= {name for column in self._filled_columns for name in column.needs}
        wanted -= set(self._entity.guarded)
        if self._entity.cursor_field:
            wanted.add(self._entity.cursor_field)
        return sorted(wanted)
