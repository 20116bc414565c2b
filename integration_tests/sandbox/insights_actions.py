"""The action arrays of a row: `actions`, `action_values`, `cost_per_action_type`, the video metrics and their like."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from integration_tests.sandbox.figures import AT, COUNT_AT, MONEY_AT, N_PARTS, PARTS
from integration_tests.sandbox.insights_query import Query
from integration_tests.sandbox.insights_rows import Row

# What an action counts in each of: as `value`, in three click windows, as a view, as an engaged view.
WINDOWS = {"1d_click": 1, "7d_click": 2, "28d_click": 3, "1d_view": 4, "1d_ev": 5}
Vector = list[int]
Element = dict[str, Any]

_VALUE = PARTS.index("value")
_VIEWED = {AT[name] for name in AT if name.startswith(("stage_", "span_", "seconds"))}


@lru_cache(1)
def tables() -> dict[str, Any]:
    """The action types and array fields of `data/actions.json`."""
    text = (Path(__file__).parent / "data" / "actions.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def is_array(field: str) -> bool:
    """Whether a field is an array of actions that this world has."""
    return field in tables()["fields"]


class Source:
    """Where the count (or the money) of an action type comes from: which figures are added to which windows."""

    __slots__ = ("_held", "_of", "slots")

    def __init__(self, names: Sequence[str], *, money: bool = False) -> None:
        at = MONEY_AT if money else COUNT_AT
        # Many fields ask the same of one row, one after the other: the last answer is kept.
        self._of: Row | None = None
        self._held: dict[tuple[str, ...], Vector] = {}
        plain = [] if money else [AT[name] for name in names if name in AT]
        # Figure, and the places of a vector that it adds to.
        self.slots: list[tuple[int, tuple[int, ...]]] = [
            (index, (0, 4) if index in _VIEWED else (0, 1, 2, 3)) for index in plain
        ]
        for base in (at[name] for name in names if name in at):
            self.slots += [(base + _VALUE, (0,)), (base, (1, 2, 3)), (base + 1, (2, 3)), (base + 2, (3,))]
            self.slots += [(base + 3, (4,)), (base + 4, (5,))]

    def vector(self, row: Row) -> Vector | None:
        """The counts of a row in value and windows; None where all are 0."""
        figures = row.figures
        found: Vector | None = None
        for index, places in self.slots:
            if number := figures[index]:
                if found is None:
                    found = [0] * N_PARTS
                for place in places:
                    found[place] += number
        return found

    def vectors(self, row: Row) -> dict[tuple[str, ...], Vector]:
        """The same by the values of the action breakdowns, in their order."""
        if row is self._of:
            return self._held
        found: dict[tuple[str, ...], Vector] = {}
        by_action = row.by_action
        for index, places in self.slots:
            if index not in by_action:
                continue
            for key, number in by_action[index].items():
                vector = found.get(key)
                if vector is None:
                    vector = found[key] = [0] * N_PARTS
                for place in places:
                    vector[place] += number
        self._of, self._held = row, dict(sorted(found.items())) if len(found) > 1 else found
        return self._held


class ActionArray:
    """One array field, ready to be written for any row of a query."""

    def __init__(self, field: str, query: Query, money: Callable[[int], str], sources: dict[Any, Source]) -> None:
        kind, types, *rest = tables()["fields"][field]
        self.kind: str = kind
        self.is_catalogue = bool(rest and rest[0])
        self._query, self._money = query, money
        self._windows = [(name, WINDOWS[name]) for name in query.windows]
        self._dims = query.action_dims
        self._by_type = query.by_action_type
        wanted = _types_filter(query)
        in_money = kind in ("money", "roas")
        self._sources: list[tuple[str, Source]] = []
        for name in types:
            if wanted is None or wanted(name):
                parts = tuple(rest[1:] or tables()["types"][name])
                if (parts, in_money) not in sources:
                    sources[parts, in_money] = Source(parts, money=in_money)
                self._sources.append((name, sources[parts, in_money]))

    def elements(self, row: Row, spend: float, impressions: int, reach: int) -> list[Element] | None:
        """The array of a row; None where it has no element."""
        pairs = self._vectors(row)
        if not pairs:
            return None
        write = self._writer(row, spend, impressions, reach)
        found: list[Element] = []
        for element, vector in pairs:
            total, n_keys = vector[0], len(element)
            value = write(total)
            if value is not None:
                element["value"] = value
            for name, place in self._windows:
                count = vector[place]
                # Most windows hold all there is: what is written once need not be written again.
                if count and (each := value if count == total else write(count)) is not None:
                    element[name] = each
            if len(element) > n_keys:
                found.append(element)
        return found or None

    def _vectors(self, row: Row) -> list[tuple[Element, Vector]]:
        """Each element's keys and counts."""
        if not self._dims and self._by_type:
            pairs = [(name, source.vector(row)) for name, source in self._sources]
            return [({"action_type": name}, vector) for name, vector in pairs if vector]
        if self._by_type:
            return [
                (self._head(name, values), vector)
                for name, source in self._sources
                for values, vector in source.vectors(row).items()
            ]
        merged: dict[tuple[str, ...], Vector] = {}
        for _, source in self._sources:
            own = source.vectors(row) if self._dims else {(): source.vector(row)}
            for values, vector in own.items():
                if vector:
                    before = merged.get(values)
                    merged[values] = [a + b for a, b in zip(before, vector, strict=True)] if before else vector
        return [(self._head(None, values), vector) for values, vector in merged.items()]

    def _head(self, action_type: str | None, values: tuple[str, ...]) -> Element:
        """The keys of an element; a breakdown that says nothing of it is left out."""
        head: Element = {"action_type": action_type} if action_type else {}
        for dim, value in zip(self._dims, values, strict=False):
            if value:
                head[dim] = value
        return head

    def _writer(self, row: Row, spend: float, impressions: int, reach: int) -> Callable[[int], Any]:
        """How one count is written: as it is, as money, or in proportion to something of the row."""
        money = self._money
        if self.kind.startswith("curve_"):
            points = int(self.kind.removeprefix("curve_"))
            curve = [max(2, 100 * 3 // (3 + n)) for n in range(points)]
            return lambda count: curve if count else None
        if self.kind == "average":
            plays = (self._sources[0][1].vector(row) or [0])[0] if self._sources else 0
            seconds = row.figures[AT["seconds"]]
            return lambda count: str(max(1, seconds // plays)) if count and plays else None
        return _WRITERS[self.kind](money, spend, impressions, reach)


def _per(over: float, factor: float = 1) -> Callable[[int], str | None]:
    return lambda count: decimal(factor * count / over) if count and over else None


def _cost(spend: float) -> Callable[[int], str | None]:
    return lambda count: decimal(spend / count) if count and spend else None


Money = Callable[[int], str]
# Each is made for a row from how money is written, its spend, impressions and reach.
_WRITERS: dict[str, Callable[[Money, float, int, int], Callable[[int], str | None]]] = {
    "count": lambda money, spend, impressions, reach: lambda count: str(count) if count else None,
    "money": lambda money, spend, impressions, reach: lambda count: money(count) if count else None,
    "cost": lambda money, spend, impressions, reach: _cost(spend),
    "rate": lambda money, spend, impressions, reach: _per(impressions, 100),
    "roas": lambda money, spend, impressions, reach: (
        lambda count: decimal(float(money(count)) / spend) if count and spend else None
    ),
    "unique": lambda money, spend, impressions, reach: lambda count: str(unique(count)) if count else None,
    "unique_cost": lambda money, spend, impressions, reach: lambda count: _cost(spend)(unique(count)),
    "unique_rate": lambda money, spend, impressions, reach: lambda count: _per(reach, 100)(unique(count)),
}


def _types_filter(query: Query) -> Callable[[str], bool] | None:
    """What a filter on `action_type` leaves of the elements."""
    chosen = [each for each in query.filters if not each.level and each.attribute == "action_type"]
    return (lambda name: all(each.holds(name) for each in chosen)) if chosen else None


def unique(count: int) -> int:
    """How many people did what was done so many times."""
    return (count * 93 + 99) // 100


def decimal(number: float) -> str:
    """A number as Meta writes it: at most six decimals, no zeros at the end."""
    return f"{number:.6f}".rstrip("0").rstrip(".")
