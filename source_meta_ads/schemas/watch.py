"""What Meta sends held against the schema while a stream is read: cheaply, so that it can be done for every row.

Every row's columns are compared as sets. Types, and what lies within a column, are looked at when a column comes for
the first time and on a sample of the rows: that takes a hundred times as long and tells the same.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from source_meta_ads.schemas.drift import Change, type_text

# Rows of which it is counted what they hold: a stream's first ones, then one in 16; types are looked at in one in 256,
# and at first, while there are few, in the 1st, 2nd, 4th, 8th and so on.
_FIRST_ROWS = 64
_COUNTED = 15
_INSPECTED = 255
# Rows without a column that came in most of them before, until that is more than chance.
_ROWS_ENOUGH = 30
# Names of unknown columns kept; a map taken for an object could have any number.
_MOST_UNKNOWN = 200
_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


class Watch:
    """One stream's rows of a run against its schema. Thread-safe: each slice has a `Look` of its own.

    `usual` are the columns that came in at least half of the rows of an earlier run; `report` takes what is found, the
    same thing perhaps more than once.
    """

    def __init__(self, schema: Mapping[str, Any], usual: frozenset[str], report: Callable[[Change], None]) -> None:
        self._properties: Mapping[str, Any] = schema.get("properties") or {}
        self._before = usual & self._properties.keys()
        self._report = report
        self._lock = threading.Lock()
        self.known = set(self._properties)
        self.awaited = set(self._properties)
        self._rows = 0
        self._sampled = 0
        self._filled: Counter[str] = Counter()

    def look(self) -> Look:
        """What sees the rows of one slice; `close` it after the last."""
        return Look(self)

    def usual(self) -> frozenset[str]:
        """Columns that came in at least half of the rows; with too few rows to tell, those of the earlier run."""
        with self._lock:
            if self._rows < _ROWS_ENOUGH:
                return self._before
            return frozenset(name for name, count in self._filled.items() if 2 * count >= self._sampled)

    def end(self) -> None:
        """Report the columns that used to come and came in no row of this run."""
        with self._lock:
            rows, gone = self._rows, sorted(self._before & self.awaited)
        if rows >= _ROWS_ENOUGH:
            for name in gone:
                before = type_text(self._properties[name])
                self._report(Change(name, "absent", before, f"in none of {rows:,} rows now"))

    def refused(self, name: str, why: str) -> None:
        """Report a column that Meta refuses to know; it is not missed besides."""
        with self._lock:
            self._before -= {name}
        before = type_text(self._properties[name]) if name in self._properties else None
        self._report(Change(name, "refused", before, why))

    def unknown(self, record: Mapping[str, Any]) -> None:
        """Report the columns of a record that the schema doesn't know; they are known from then on."""
        for name in record.keys() - self.known:
            with self._lock:
                if len(self.known) < len(self._properties) + _MOST_UNKNOWN:
                    self.known.add(name)
            self._report(Change(name, "unknown", None, json_type(record[name])))

    def came(self, record: Mapping[str, Any]) -> None:
        """Look in full at the columns that come for the first time."""
        for name in [each for each in record if each in self.awaited and record[each] is not None]:
            self.awaited.discard(name)
            for change in misfits(record[name], self._properties[name], name):
                self._report(change)

    def inspect(self, record: Mapping[str, Any]) -> None:
        """Look at every column of a record, of lists at the first element."""
        for name, value in record.items():
            if (schema := self._properties.get(name)) is not None:
                for change in misfits(value, schema, name, most=1):
                    self._report(change)

    @property
    def rows(self) -> int:
        """How many rows the slices that are closed had."""
        return self._rows

    def count(self, rows: int, sampled: int, filled: Mapping[str, int]) -> None:
        """Add up what one slice had."""
        with self._lock:
            self._rows += rows
            self._sampled += sampled
            self._filled.update(filled)


class Look:
    """One slice's rows; used by one thread at a time."""

    __slots__ = ("_filled", "_rows", "_sampled", "_start", "_watch")

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        # Goes on from what was read before, so that small slices have their share of what is looked at.
        self._start = self._rows = watch.rows
        self._sampled = 0
        self._filled: Counter[str] = Counter()

    def see(self, record: Mapping[str, Any]) -> None:
        """Hold one typed record against the schema; the record is not changed."""
        watch = self._watch
        if not watch.known.issuperset(record):
            watch.unknown(record)
        if not watch.awaited.isdisjoint(record):
            watch.came(record)
        rows = self._rows = self._rows + 1
        if not rows & _COUNTED or rows <= _FIRST_ROWS:
            self._sampled += 1
            self._filled.update([name for name, value in record.items() if value is not None])
            if not rows & _INSPECTED or not rows & (rows - 1):
                watch.inspect(record)

    @property
    def is_due(self) -> bool:
        """Whether the next row is one to `see` in full."""
        rows = self._rows + 1
        return rows <= _FIRST_ROWS or not rows & _INSPECTED

    @property
    def awaited(self) -> Collection[str]:
        """The columns that were in no row yet: a row with one of them is to be seen in full."""
        return self._watch.awaited

    def pass_by(self, filled: Callable[[], Iterable[str]]) -> None:
        """Count a row that fits the schema; `filled` tells the columns that have a value in it."""
        self._rows += 1
        if not self._rows & _COUNTED:
            self._sampled += 1
            self._filled.update(filled())

    def seeing(self, coerce: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
        """A coercer whose rows are seen."""

        def coerce_and_see(row: Any) -> dict[str, Any]:
            record = coerce(row)
            self.see(record)
            return record

        return coerce_and_see

    def close(self) -> None:
        """Add the slice to its stream's counts; once, also when it was cut short."""
        self._watch.count(self._rows - self._start, self._sampled, self._filled)
        self._start, self._sampled = self._rows, 0
        self._filled.clear()


def misfits(value: Any, schema: Mapping[str, Any], path: str, most: int | None = None) -> Iterator[Change]:
    """What of a typed value, and of what lies within it, is not as its schema says; `most`: elements of a list at most.

    Null fits everything. An empty list stands for an empty object too: that is how Meta's PHP writes one.
    """
    if value is None:
        return
    expected, found = type_text(schema), json_type(value)
    if not _fits(value, schema) and not (value == [] and "object" in _types(schema)):
        yield Change(path, "mistyped", expected, found)
    elif isinstance(value, Mapping):
        properties: Mapping[str, Any] = schema.get("properties") or {}
        # Keys of an object without properties are data.
        for name, inner in value.items() if properties else ():
            if name in properties:
                yield from misfits(inner, properties[name], f"{path}.{name}", most)
            else:
                yield Change(f"{path}.{name}", "unknown", None, json_type(inner))
    elif isinstance(value, list) and (items := schema.get("items")):
        for inner in value[:most]:
            yield from misfits(inner, items, f"{path}[]", most)


def json_type(value: Any) -> str:
    """JSON's word for the type of a value."""
    return _JSON_TYPES.get(type(value), "null" if value is None else "object")


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    types = schema.get("type") or ()
    return (types,) if isinstance(types, str) else tuple(types)


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    types, found = _types(schema), json_type(value)
    if types and found not in types and not (found == "integer" and "number" in types):
        return False
    return found != "string" or "format" not in schema or _is_moment(value)


def _is_moment(value: str) -> bool:
    """Whether a string is a day or a moment, as both formats that are in use ask for."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
