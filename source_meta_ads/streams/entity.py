"""What an entity declaration means: one class reads every kind of ad object."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal

import requests
from airbyte_cdk.models import SyncMode

from source_meta_ads.accounts import Account
from source_meta_ads.graph.body import body_of
from source_meta_ads.graph.client import encode_params
from source_meta_ads.graph.paging import pages, rows
from source_meta_ads.schemas.fields import load_node
from source_meta_ads.schemas.json_schema import property_schema, record_schema
from source_meta_ads.streams.base import MetaStream, Row, Runtime, Slice
from source_meta_ads.streams.progress import moment_of

# Objects can be written while an edge is paged, with an `updated_time` before the newest one already read.
_OVERLAP = timedelta(minutes=15)


@dataclass(frozen=True)
class Entity:
    """A kind of ad object as data: where Meta lists it, what it is keyed and ordered by, how it is filtered.

    `read` is "edge" for objects listed under an ad account, "node" for the account itself. `filter_prefix` is
    how Meta's `filtering` names the object (`campaign.updated_time`); None where the edge can't filter.
    `statuses` is the config key that holds the statuses to ask for. `page_size` is where paging starts; a page that
    Meta finds too large is asked again smaller. `doc` is below developers.facebook.com/docs.
    """

    name: str
    node: str
    doc: str
    edge: str = ""
    read: Literal["edge", "node"] = "edge"
    cursor_field: str | None = None
    filter_prefix: str | None = None
    statuses: str | None = None
    page_size: int = 200
    params: Mapping[str, Any] = field(default_factory=dict)


class EntityStream(MetaStream):
    """One entity over all accounts; a slice is one account."""

    primary_key = "id"

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
    ) -> None:
        self._entity = entity
        super().__init__(api_version, selected, runtime)
        self._statuses = sorted(statuses)
        self._page_size = page_size or entity.page_size
        self._saved = state or {}

    @property
    def name(self) -> str:
        """The stream's name, as source-facebook-marketing has it."""
        return self._entity.name

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
        properties.setdefault("account_id", {"type": ["null", "string"], "description": "Ad account, digits only."})
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

    def request_params(
        self,
        stream_state: Mapping[str, Any] | None,
        stream_slice: Slice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Fields and filters of the slice; the page token brings `limit` and `after`."""
        conditions = self._conditions(str((stream_slice or {}).get("account_id")))
        return encode_params(
            {
                "fields": self._fields,
                "filtering": conditions or None,
                **self._entity.params,
                **(next_page_token or {}),
            }
        )

    def request_kwargs(
        self,
        stream_state: Mapping[str, Any] | None,
        stream_slice: Mapping[str, Any] | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """As every stream's, and whether the answer has to be a page."""
        kwargs = super().request_kwargs(stream_state, stream_slice, next_page_token)
        return {**kwargs, "is_page": self._entity.read == "edge"}

    def parse_response(self, response: requests.Response, **_: Any) -> Iterable[Row]:
        """The page's objects, typed by the schema, each with its account's id."""
        body = body_of(response)
        objects = [body] if self._entity.read == "node" else rows(body)
        return [self.coerce(each) for each in objects]

    def stream_slices(
        self,
        *,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterable[Slice]:
        """One slice an account, refused ones included."""
        for account in self.slice_accounts():
            yield {"account_id": account.id if isinstance(account, Account) else account.account_id}

    def records(self, account_slice: Slice) -> Iterable[Row]:
        """Every object of the account that the filters let through."""
        account_id = account_slice["account_id"]
        for response in self._responses(account_slice):
            for record in self.parse_response(response):
                yield {**record, "account_id": account_id}

    def _responses(self, account_slice: Slice) -> Iterable[requests.Response]:
        if self._entity.read == "node":
            yield self._fetch_next_page(account_slice)[1]
            return
        last: list[requests.Response] = []

        def fetch(token: dict[str, Any]) -> dict[str, Any]:
            last[:] = [self._fetch_next_page(account_slice, None, token)[1]]
            return body_of(last[0])

        for _ in pages(fetch, self._page_size):
            yield last[0]

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
        read_with, wanted = set(entry.get("filter_statuses") or []), set(self._statuses)
        # No statuses means Meta's own choice, all but archived and deleted, which no list of ours stands for.
        if bool(wanted) != bool(read_with) or not wanted <= read_with:
            return None
        return int((moment - _OVERLAP).timestamp())

    @cached_property
    def _fields(self) -> list[str]:
        """What to ask for: the selected columns that the object has, and always its key and cursor."""
        known = self.schema["properties"]
        wanted = set(known) if self._selected is None else set(self._selected) & set(known)
        wanted |= {"id", "account_id"} & set(known)
        if self._entity.cursor_field:
            wanted.add(self._entity.cursor_field)
        if unknown := sorted(set(self._selected or ()) - set(known)):
            self.logger.warning(
                f"{self.name}: {', '.join(unknown)} not in API {self._api_version}; these columns stay empty"
            )
        return sorted(wanted)
