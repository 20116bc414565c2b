"""The action arrays of a row: `actions`, `action_values`, `cost_per_action_type`, the video metrics and their like.

They are most of a row, so they are written as JSON at once. Many fields show the same counts, and what an element says
beside its action type is the same in all of them: it is written once a row, and joined to the type in each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import orjson

from integration_tests.sandbox.figures import AT
from integration_tests.sandbox.insights_query import Query
from integration_tests.sandbox.insights_rows import Row
from integration_tests.sandbox.insights_sources import Source, Sum, Values, Vector, tables
from integration_tests.sandbox.insights_writing import NUMBER, Money, Scale, Writer, writer

# What an action counts in each of: as `value`, in three click windows, as a view, as an engaged view.
WINDOWS = {"1d_click": 1, "7d_click": 2, "28d_click": 3, "1d_view": 4, "1d_ev": 5}
_MOST_HEADS = 5_000


def is_array(field: str) -> bool:
    """Whether a field is an array of actions that this world has."""
    return field in tables()["fields"]


class Heads(dict[Values, str]):
    """An element's keys of action breakdowns as JSON; one that says nothing of it is left out."""

    def __init__(self, dims: Sequence[str]) -> None:
        super().__init__()
        self._dims = dims

    def __missing__(self, values: Values) -> str:
        if len(self) >= _MOST_HEADS:
            self.clear()
        said = {dim: value for dim, value in zip(self._dims, values, strict=False) if value}
        text = self[values] = orjson.dumps(said).decode()[1:-1] + "," if said else ""
        return text


class Elements:
    """The elements of one source in one kind of field; `tails` is each without its brace and action type in front."""

    __slots__ = ("_heads", "_windows", "_written", "tails")

    def __init__(self, written: Writer, windows: Sequence[str], heads: Heads) -> None:
        self._written, self._heads = written, heads
        self._windows = [(f'"{name}":', WINDOWS[name]) for name in windows]
        self.tails: list[str] = []

    def fill_uniform(self, counts: Sequence[tuple[str, int]]) -> None:
        """Write the elements of a row where all places have the same number; `counts` has their heads."""
        written = self._written
        self.tails = [head + text for head, count in counts if (text := written[count])]

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
        self._writers: dict[tuple[str, tuple[int, ...]], Writer] = {}
        self._heads = Heads(query.action_dims)
        self._elements: dict[Source | Sum, dict[str, Elements]] = {}
        self._in_order: list[tuple[Source | Sum, list[Elements]]] = []

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
        if self._query.action_dims:
            self._fill_split(row)
            return
        for source, elements in self._elements.items():
            vectors = source.alone(row)
            for each in elements.values():
                if vectors:
                    each.fill_mixed(vectors)
                else:
                    each.tails = []

    def _fill_split(self, row: Row) -> None:
        """Write the elements of a row that has action breakdowns."""
        if not self._in_order:
            self._in_order = self._ordered()
        for source, kinds in self._in_order:
            if source.places:
                if counts := [(self._heads[key], count) for key, count in source.counts(row).items()]:
                    for each in kinds:
                        each.fill_uniform(counts)
                    continue
            elif vectors := source.vectors(row):
                for each in kinds:
                    each.fill_mixed(vectors)
                continue
            for each in kinds:
                each.tails = []

    def _ordered(self) -> list[tuple[Source | Sum, list[Elements]]]:
        """Every source and its elements; those with few figures first, since others count on from them."""
        alone = sorted((each for each in self._elements if isinstance(each, Source)), key=lambda each: len(each.slots))
        for place, source in enumerate(alone):
            any(map(source.follow, reversed(alone[:place])))
        ordered: list[Source | Sum] = [*alone, *(each for each in self._elements if not isinstance(each, Source))]
        return [(each, list(self._elements[each].values())) for each in ordered]

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
        if (kind, places) not in self._writers:
            names = ["value", *(name for name in query.windows if WINDOWS[name] in places)]
            layout = ",".join(f'"{name}":{NUMBER}' for name in names) + "}" if places else ""
            self._writers[kind, places] = writer(kind, self._money, self.scale, layout)
        known[kind] = Elements(self._writers[kind, places], query.windows, self._heads)
        return known[kind]


def _types_filter(query: Query) -> Callable[[str], bool] | None:
    """What a filter on `action_type` leaves of the elements."""
    chosen = [each for each in query.filters if not each.level and each.attribute == "action_type"]
    return (lambda name: all(each.holds(name) for each in chosen)) if chosen else None
