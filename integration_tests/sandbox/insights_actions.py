"""The action arrays of a row: `actions`, `action_values`, `cost_per_action_type`, the video metrics and their like.

They are most of a row, so they are written as JSON at once. Many fields show the same counts, and what an element says
beside its action type is the same in all of them: it is written once a row, and joined to the type in each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import orjson

from integration_tests.sandbox.breakdown_rules import off_meta
from integration_tests.sandbox.dimensions import JOINT
from integration_tests.sandbox.figures import AT, FIRST_CONVERSION, REACH_SUM
from integration_tests.sandbox.insights_query import Query
from integration_tests.sandbox.insights_rows import Row
from integration_tests.sandbox.insights_sources import Source, Sum, Vector, tables
from integration_tests.sandbox.insights_writing import NUMBER, Money, Scale, Writer, writer

# What an action counts in each of: as `value`, in three click windows, as a view, as an engaged view.
WINDOWS = {"1d_click": 1, "7d_click": 2, "28d_click": 3, "1d_view": 4, "1d_ev": 5}
_MOST_HEADS = 5_000


def is_array(field: str) -> bool:
    """Whether a field is an array of actions that this world has."""
    return field in tables()["fields"]


class Heads(dict[str, str]):
    """An element's keys of action breakdowns as JSON; one that says nothing of it is left out."""

    def __init__(self, dims: Sequence[str]) -> None:
        super().__init__()
        self._dims = dims

    def __missing__(self, key: str) -> str:
        if len(self) >= _MOST_HEADS:
            self.clear()
        said = {dim: value for dim, value in zip(self._dims, key.split(JOINT), strict=False) if value}
        text = self[key] = orjson.dumps(said).decode()[1:-1] + "," if said else ""
        return text


class Elements:
    """The elements of one source in one kind of field; `tails` is each without its brace and action type in front."""

    __slots__ = ("_heads", "_windows", "_written", "tails")

    def __init__(self, written: Writer, windows: Sequence[str], heads: Heads) -> None:
        self._written, self._heads = written, heads
        self._windows = [(f',"{name}":', WINDOWS[name]) for name in windows]
        self.tails: list[str] = []

    def fill_uniform(self, counts: Sequence[tuple[str, int]]) -> None:
        """Write the elements of a row where all places have the same number; `counts` has their heads."""
        written = self._written
        self.tails = [head + text for head, count in counts if (text := written[count])] if counts else []

    def fill_mixed(self, vectors: Mapping[str, Vector]) -> None:
        """Write the elements of a row."""
        found: list[str] = []
        self.tails = found
        if not vectors:
            return
        written, heads = self._written, self._heads
        for key, vector in vectors.items():
            total = vector[0]
            value = written[total]
            text = f',"value":{value}' if value else ""
            for name, place in self._windows:
                count = vector[place]
                # Most windows hold all there is: what is written once need not be written again.
                if count and (shown := value if count == total else written[count]):
                    text += name + shown
            if text:
                # The first comma is one too many.
                found.append(f"{heads[key]}{text[1:]}}}")


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
        # Conversions say nothing of the action breakdowns.
        self._counts_by_action = bool(query.action_dims) and query.asks_actions
        self._nothing = JOINT * (len(query.action_dims) - 1)
        self._with_apps = not query.action_dims or off_meta((), query.action_dims) != "type2"
        self._elements: dict[Source | Sum, dict[str, Elements]] = {}
        self._uniform: list[tuple[Source, list[Elements]]] = []
        self._mixed: list[tuple[Source | Sum, list[Elements]]] = []

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
        if self._counts_by_action:
            self._fill_split(row)
        elif not self._query.action_dims:
            for source, elements in self._elements.items():
                vector = source.vector(row)
                for each in elements.values():
                    each.fill_mixed({"": vector} if vector else {})

    def _fill_split(self, row: Row) -> None:
        """Write the elements of a row that has action breakdowns."""
        if not (self._uniform or self._mixed):
            self._arrange()
        by_action, heads, nothing = row.by_action, self._heads, self._nothing
        for source, kinds in self._uniform:
            counts = [(heads[key], count) for key, count in source.counts(by_action).items()]
            for each in kinds:
                each.fill_uniform(counts)
        # Where a row has no conversions, none have to be added up.
        has_conversions = any(row.figures[FIRST_CONVERSION:REACH_SUM])
        for mixed, kinds in self._mixed:
            vectors = mixed.vectors(row, nothing) if has_conversions or not mixed.is_off_meta else {}
            for each in kinds:
                each.fill_mixed(vectors)

    def _arrange(self) -> None:
        """Every source with its elements; those with few figures first, since others count on from them."""
        uniform = sorted(
            (each for each in self._elements if isinstance(each, Source) and each.places),
            key=lambda each: len(each.slots),
        )
        for place, source in enumerate(uniform):
            any(map(source.follow, reversed(uniform[:place])))
        self._uniform = [(each, list(self._elements[each].values())) for each in uniform]
        self._mixed = [(each, list(kinds.values())) for each, kinds in self._elements.items() if not each.places]

    def _source(self, parts: tuple[str, ...], *, money: bool) -> Source:
        if (parts, money) not in self._sources:
            self._sources[parts, money] = Source(parts, money=money, with_apps=self._with_apps)
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
