"""The action arrays of a row: `actions`, `action_values`, `cost_per_action_type`, the video metrics and their like.

They are most of a row, so they are written as JSON at once. Many fields show the same counts, and what an element says
beside its action type is the same in all of them: it is written once a row, and joined to the type in each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from integration_tests.sandbox.figures import AT, COUNT_AT, MONEY_AT, N_PARTS, PARTS
from integration_tests.sandbox.insights_query import Query
from integration_tests.sandbox.insights_rows import Row
from integration_tests.sandbox.insights_writing import Money, Scale, Writer, writer

# What an action counts in each of: as `value`, in three click windows, as a view, as an engaged view.
WINDOWS = {"1d_click": 1, "7d_click": 2, "28d_click": 3, "1d_view": 4, "1d_ev": 5}
Vector = list[int]
Values = tuple[str, ...]

_VALUE = PARTS.index("value")
_VIEWED = {AT[name] for name in AT if name.startswith(("stage_", "span_", "seconds"))}
_OF_VIEWS, _OF_CLICKS = (0, 4), (0, 1, 2, 3)
# Stands in an element for the number that it has in every place.
_NUMBER = "\0"
_MOST_HEADS = 5_000


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

    __slots__ = ("places", "slots")

    def __init__(self, names: Sequence[str], *, money: bool = False) -> None:
        at = MONEY_AT if money else COUNT_AT
        plain = [] if money else [AT[name] for name in names if name in AT]
        # Figure, and the places of a vector that it adds to.
        self.slots: list[tuple[int, tuple[int, ...]]] = [
            (index, _OF_VIEWS if index in _VIEWED else _OF_CLICKS) for index in plain
        ]
        for base in (at[name] for name in names if name in at):
            self.slots += [(base + _VALUE, (0,)), (base, (1, 2, 3)), (base + 1, (2, 3)), (base + 2, (3,))]
            self.slots += [(base + 3, (4,)), (base + 4, (5,))]
        # Where all figures add to the same places, every place has the same number.
        kinds = {places for _, places in self.slots}
        self.places = kinds.pop() if len(kinds) == 1 else ()

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

    def alone(self, row: Row) -> Mapping[Values, Vector]:
        """The same as if there were an action breakdown that says nothing."""
        vector = self.vector(row)
        return {(): vector} if vector else {}

    def vectors(self, row: Row) -> Mapping[Values, Vector]:
        """The same by the values of the action breakdowns, in their order."""
        found: dict[Values, Vector] = {}
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
        return dict(sorted(found.items())) if len(found) > 1 else found

    def counts(self, row: Row) -> Mapping[Values, int]:
        """The number that all places have, by the values of the action breakdowns in their order."""
        by_action = row.by_action
        held = [by_action[index] for index, _ in self.slots if index in by_action]
        if not held:
            return {}
        found = held[0]
        if len(held) > 1:
            found = dict(found)
            for other in held[1:]:
                for key, number in other.items():
                    found[key] = found.get(key, 0) + number
        return dict(sorted(found.items())) if len(found) > 1 else found


class Sum:
    """The counts of several sources added up, where a report does not tell action types apart."""

    places: tuple[int, ...] = ()

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    def vector(self, row: Row) -> Vector | None:
        """The counts of a row in value and windows; None where all are 0."""
        found = [vector for source in self._sources if (vector := source.vector(row))]
        return [sum(each) for each in zip(*found, strict=True)] if found else None

    def alone(self, row: Row) -> Mapping[Values, Vector]:
        """The same as if there were an action breakdown that says nothing."""
        vector = self.vector(row)
        return {(): vector} if vector else {}

    def vectors(self, row: Row) -> Mapping[Values, Vector]:
        """The same by the values of the action breakdowns."""
        found: dict[Values, Vector] = {}
        for source in self._sources:
            for values, vector in source.vectors(row).items():
                before = found.get(values)
                found[values] = [a + b for a, b in zip(before, vector, strict=True)] if before else vector
        return found

    def counts(self, row: Row) -> Mapping[Values, int]:
        """The values alone; sources differ in their places."""
        return {values: vector[0] for values, vector in self.vectors(row).items()}


class Heads(dict[Values, str]):
    """An element's keys of action breakdowns as JSON, with what follows; one that says nothing of it is left out."""

    def __init__(self, dims: Sequence[str], layout: str) -> None:
        super().__init__()
        self._dims, self._layout = dims, layout

    def __missing__(self, values: Values) -> str:
        if len(self) >= _MOST_HEADS:
            self.clear()
        said = {dim: value for dim, value in zip(self._dims, values, strict=False) if value}
        keys = orjson.dumps(said).decode()[1:-1] + "," if said else ""
        text = self[values] = keys + self._layout
        return text


class Elements:
    """The elements of one source in one kind of field; `tails` is each without its brace and action type in front."""

    __slots__ = ("_heads", "_windows", "_written", "tails")

    def __init__(self, written: Writer, windows: Sequence[str], heads: Heads) -> None:
        self._written, self._heads = written, heads
        self._windows = [(f'"{name}":', WINDOWS[name]) for name in windows]
        self.tails: list[str] = []

    def fill_uniform(self, counts: Mapping[Values, int]) -> None:
        """Write the elements of a row where all places have the same number."""
        written, heads = self._written, self._heads
        self.tails = [heads[key].replace(_NUMBER, text) for key, count in counts.items() if (text := written[count])]

    def fill_mixed(self, vectors: Mapping[Values, Vector]) -> None:
        """Write the elements of a row."""
        written, heads, found = self._written, self._heads, []
        for key, vector in vectors.items():
            total = vector[0]
            value = written[total]
            parts = [f'"value":{value}'] if value else []
            for name, place in self._windows:
                count = vector[place]
                # Most windows hold all there is: what is written once need not be written again.
                if count and (text := value if count == total else written[count]):
                    parts.append(name + text)
            if parts:
                found.append(f"{heads[key]}{','.join(parts)}}}")
        self.tails = found


# The action types of a field: how an element begins, what lies between two elements, and their tails.
Types = list[tuple[str, str, Elements]]


class Actions:
    """The arrays of one query; they share what they write."""

    def __init__(self, query: Query, money: Money) -> None:
        self.scale = Scale()
        self._query, self._money = query, money
        self._wanted = _types_filter(query)
        self._sources: dict[tuple[tuple[str, ...], bool], Source] = {}
        self._writers: dict[str, Writer] = {}
        self._heads: dict[tuple[int, ...], Heads] = {}
        self._elements: dict[Source | Sum, dict[str, Elements]] = {}

    def array(self, field: str) -> tuple[Types, bool]:
        """What one field of the query is made of, and whether only ads of a catalogue have it."""
        kind, types, *rest = tables()["fields"][field]
        pairs = [
            (name, self._source(tuple(rest[1:] or tables()["types"][name]), money=kind in ("money", "roas")))
            for name in types
            if self._wanted is None or self._wanted(name)
        ]
        made: list[tuple[str | None, Elements]]
        if self._query.by_action_type:
            made = [(name, self._of(source, kind)) for name, source in pairs]
        else:
            made = [(None, self._of(Sum([source for _, source in pairs]), kind))] if pairs else []
        openings = [f'{{"action_type":"{name}",' if name else "{" for name, _ in made]
        array = [(opening, f",{opening}", each) for opening, (_, each) in zip(openings, made, strict=True)]
        return array, bool(rest and rest[0])

    def begin(self, row: Row, spend: float, impressions: int, reach: int) -> None:
        """Get ready for a row."""
        scale, figures = self.scale, row.figures
        scale.spend, scale.impressions, scale.reach = spend, impressions, reach
        scale.plays, scale.seconds = sum(figures[AT["stage_0"] : AT["stage_100"] + 1]), figures[AT["seconds"]]
        for written in self._writers.values():
            if written.of_row:
                written.clear()
        has_dims = bool(self._query.action_dims)
        for source, elements in self._elements.items():
            if has_dims and source.places:
                if counts := source.counts(row):
                    for each in elements.values():
                        each.fill_uniform(counts)
                    continue
            elif vectors := source.vectors(row) if has_dims else source.alone(row):
                for each in elements.values():
                    each.fill_mixed(vectors)
                continue
            for each in elements.values():
                each.tails = []

    def _source(self, parts: tuple[str, ...], *, money: bool) -> Source:
        if (parts, money) not in self._sources:
            self._sources[parts, money] = Source(parts, money=money)
        return self._sources[parts, money]

    def _of(self, source: Source | Sum, kind: str) -> Elements:
        known = self._elements.setdefault(source, {})
        if kind in known:
            return known[kind]
        query = self._query
        # Where rows have no action breakdowns, counting is so cheap that all sources are counted alike.
        places = source.places if query.action_dims else ()
        if kind not in self._writers:
            self._writers[kind] = writer(kind, self._money, self.scale)
        if places not in self._heads:
            names = ["value", *(name for name in query.windows if WINDOWS[name] in places)]
            layout = ",".join(f'"{name}":{_NUMBER}' for name in names) + "}" if places else ""
            self._heads[places] = Heads(query.action_dims, layout)
        known[kind] = Elements(self._writers[kind], query.windows, self._heads[places])
        return known[kind]


def _types_filter(query: Query) -> Callable[[str], bool] | None:
    """What a filter on `action_type` leaves of the elements."""
    chosen = [each for each in query.filters if not each.level and each.attribute == "action_type"]
    return (lambda name: all(each.holds(name) for each in chosen)) if chosen else None
