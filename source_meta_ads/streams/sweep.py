"""Changes and deletions that no `updated_time` tells: a light list of all objects against what was last emitted.

    light list ── new, or other than its mark ──► read in full ──► emitted, marked as emitted
        │
        └── marked, but not listed ──► asked for by id ── listed after all ──► as above
                                            ├── in a status not asked for (archived, …) ──► emitted, no longer followed
                                            ├── DELETED ──► emitted as it last was, with is_deleted and deleted_at
                                            └── no such object ──► a row of key, is_deleted and deleted_at

An object counts as deleted only when Meta says so by its id: a list that ends early, or that rows shift out of while
it is read, makes nothing a tombstone. A mark is always that of a row that was emitted, so that a change made while the
account is read shows at the next sync.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from source_meta_ads.graph.errors import ABOUT_FIELDS, BadRequest, GraphError, NotFound, TransientError
from source_meta_ads.streams.declaration import GROUP, LIGHT_PAGE
from source_meta_ads.streams.fingerprint import Marks, id_of, mark_of, updated_at

Row = dict[str, Any]
Condition = Mapping[str, Any]

# What `entity_changes` can say; None leaves it to the size of the account.
Changes = Literal["updated_time", "sweep"]

# The columns that every stream that can be swept has besides Meta's.
DELETION_COLUMNS: Mapping[str, dict[str, Any]] = {
    "is_deleted": {
        "type": ["null", "boolean"],
        "description": "Whether it is deleted: by its status, or because Meta has it no more. Not Meta's, but ours.",
    },
    "deleted_at": {
        "type": ["null", "string"],
        "format": "date-time",
        "airbyte_type": "timestamp_with_timezone",
        "description": "When a sync first saw that it was deleted. Not Meta's, but ours.",
    },
}
# Without a word of the user, a stream of an account is swept while its light list takes so many calls at most: three
# streams then spend a fifth of the 300 calls an hour that Meta allows an app of the lowest tier in an account.
_MOST_CALLS = 20
_DELETED = "DELETED"
# What Meta leaves out of a list unless it is asked for by name.
_UNLISTED = ("ARCHIVED", _DELETED)


class Edge(Protocol):
    """The objects of one kind of one account, as typed rows."""

    @property
    def page_size(self) -> int:
        """How many objects a page has when all fields are asked for."""

    def rows(self, fields: Sequence[str], conditions: Sequence[Condition], page_size: int) -> Iterator[Row]:
        """Every object that the conditions let through. Raises: GraphError."""

    def objects(self, ids: Sequence[int], fields: Sequence[str]) -> Iterator[tuple[int, Row | GraphError]]:
        """Each object by its id, or why it can't be read. Raises: GraphError for what concerns more than one."""

    def count(self, conditions: Sequence[Condition]) -> int:
        """How many objects the conditions let through. Raises: GraphError."""


@dataclass(frozen=True)
class Terms:
    """What is swept: `fields` are asked for in full, `watched` and the cursor in the light list.

    `prefix` is what filters call the object, `statuses` are those the user asks for (none: Meta's own choice),
    `every_status` all there are. `tells_deletions`: whether the catalog has the column `is_deleted`.
    """

    prefix: str
    cursor_field: str
    fields: Sequence[str]
    watched: Collection[str]
    statuses: Sequence[str]
    every_status: Sequence[str]
    tells_deletions: bool

    @property
    def listed(self) -> list[Condition]:
        """The filter of a list of the account."""
        return [_among(f"{self.prefix}.effective_status", self.statuses)] if self.statuses else []

    def updated(self, since: datetime | None) -> list[Condition]:
        """The filter of a list of what was updated after a moment, None for ever."""
        after = {"field": f"{self.prefix}.updated_time", "operator": "GREATER_THAN"}
        return [*([{**after, "value": int(since.timestamp())}] if since else []), *self.listed]

    def lists(self, status: object) -> bool:
        """Whether an object in this status is one of those asked for; one without a status is."""
        return status in self.statuses if self.statuses and status else status not in _UNLISTED


class Sweep:
    """One account's read. `marks` are those of all that is emitted or unchanged, complete once all rows are out."""

    def __init__(self, edge: Edge, terms: Terms, before: Marks | None, now: Callable[[], datetime]) -> None:
        self._edge, self._terms, self._now = edge, terms, now
        self._before: Marks = before or {}
        self._is_followed = before is not None
        self.marks: dict[int, int] = {}
        self.unsure = 0

    def whole(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows of a full read, noted, and then what was marked before and isn't among them."""
        for row in rows:
            yield self._noted(row)
        yield from self._gone(set(self._before) - set(self.marks))

    def changes(self, since: datetime) -> Iterator[Row]:
        """New and changed objects, and those that are gone.

        Without marks of before, what was changed `since` is all that can be told, and all that is unchanged is taken
        for emitted.
        """
        listed: dict[int, int] = {}
        changed: set[int] = set()
        for row in self._edge.rows(self._light, self._terms.listed, LIGHT_PAGE):
            key, mark = self._read(row)
            listed[key] = mark
            if self._before.get(key) != mark if self._is_followed else _is_since(mark, since):
                changed.add(key)
        self.marks = {key: mark for key, mark in listed.items() if key not in changed}
        yield from self._in_full(changed, len(listed))
        # What was listed a moment ago and can't be read now is gone as well; what nobody knows of yet is not missed.
        yield from self._gone(set(self._before) - set(self.marks))

    @property
    def _light(self) -> list[str]:
        return sorted({"id", self._terms.cursor_field, *self._terms.watched})

    @property
    def _full(self) -> list[str]:
        return sorted({*self._terms.fields, "effective_status"})

    def _in_full(self, changed: set[int], listed: int) -> Iterator[Row]:
        """The changed objects with all their fields; a row that comes twice, since others shift, but once."""
        for conditions, size in self._cheapest(changed, listed):
            for row in self._edge.rows(self._terms.fields, conditions, size):
                key, mark = self._read(row)
                if self.marks.get(key) != mark:
                    yield self._noted(row)

    def _cheapest(self, changed: set[int], listed: int) -> Iterator[tuple[list[Condition], int]]:
        """The lists to read, with their page sizes: some by id, or the whole where that takes fewer calls."""
        listing, size = self._terms.listed, self._edge.page_size
        if -(-len(changed) // GROUP) > -(-listed // size):
            yield listing, size
            return
        for group in _groups(changed):
            yield [*self._by_id(group), *listing], GROUP

    def _gone(self, keys: set[int]) -> Iterator[Row]:
        """What became of objects that a list should have and has not."""
        left = set(keys)
        for group in _groups(keys):
            for row in self._in_any_status(group):
                left.discard(self._read(row)[0])
                yield from self._settled(row)
        for key, found in self._edge.objects(sorted(left), self._full):
            if not isinstance(found, GraphError):
                yield from self._settled(found)
            elif isinstance(found, NotFound):
                yield from self._vanished(key)
            elif isinstance(found, ABOUT_FIELDS):
                self.unsure += 1
                self.marks[key] = self._before[key]
            else:
                raise found

    def _in_any_status(self, group: Sequence[int]) -> list[Row]:
        """Objects by id through the list, a call for many; none where Meta doesn't list by deleted statuses."""
        statuses = _among(f"{self._terms.prefix}.effective_status", self._terms.every_status)
        try:
            return list(self._edge.rows(self._full, [*self._by_id(group), statuses], GROUP))
        except BadRequest:
            return []

    def _settled(self, row: Row) -> Iterator[Row]:
        """The row where it tells something new; deleted ones as such."""
        status = row.get("effective_status")
        if status == _DELETED and not self._terms.lists(status):
            yield {**row, **self._tombstone()}
            return
        key, mark = self._read(row)
        if self._terms.lists(status):
            self.marks[key] = mark
        if self._before.get(key) != mark:
            yield row

    def _vanished(self, key: int) -> Iterator[Row]:
        """A row that says no more than that the object is gone; where nothing can say so, none.

        Its cursor is the last that the object had, so that a destination that keeps the newest row of a key keeps this
        one, and a later one should the object come back.
        """
        if self._terms.tells_deletions:
            moment = updated_at(self._before[key])
            cursor = {self._terms.cursor_field: moment.isoformat()} if moment else {}
            yield {"id": str(key), **cursor, **self._tombstone()}

    def _tombstone(self) -> Row:
        if not self._terms.tells_deletions:
            return {}
        return {"is_deleted": True, "deleted_at": self._now().isoformat(timespec="seconds")}

    def _noted(self, row: Row) -> Row:
        key, mark = self._read(row)
        self.marks[key] = mark
        return row

    def _read(self, row: Row) -> tuple[int, int]:
        try:
            return id_of(row), mark_of(row, self._terms.watched, self._terms.cursor_field)
        except ValueError as error:
            raise TransientError(message=str(error)) from None

    def _by_id(self, group: Sequence[int]) -> list[Condition]:
        return [_among(f"{self._terms.prefix}.id", [str(each) for each in group])]


def is_small(count: int, *, is_followed: bool) -> bool:
    """Whether a stream of an account is swept without a word of the user.

    One that is swept already stays so up to twice the size: at the edge it would else go to and fro, and each time lose
    what it knows.
    """
    return count <= LIGHT_PAGE * _MOST_CALLS * (2 if is_followed else 1)


def told(row: Mapping[str, Any], columns: Collection[str] | None) -> Row:
    """The row as it is emitted: `is_deleted` where the catalog has it, no status that was asked for to know that only.

    `columns` None: all of them.
    """
    told = dict(row)
    if columns is None or "is_deleted" in columns:
        told.setdefault("is_deleted", row.get("effective_status") == _DELETED)
    if columns is not None and "effective_status" not in columns:
        told.pop("effective_status", None)
    if columns is not None and "deleted_at" not in columns:
        told.pop("deleted_at", None)
    return told


def _is_since(mark: int, since: datetime) -> bool:
    moment = updated_at(mark)
    return moment is None or moment >= since


def _among(field: str, values: Sequence[str]) -> Condition:
    return {"field": field, "operator": "IN", "value": list(values)}


def _groups(keys: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), GROUP):
        yield ordered[start : start + GROUP]
