"""The action arrays of a row: `actions`, `action_values`, `cost_per_action_type`, the video metrics and their like.

They are most of a row, so they are written as JSON at once. Many fields show the same counts, and what an element says
beside its action type is the same in all of them: it is written once a row, and joined to the type in each. Which
arrays and action types a row has is the same in many rows: what stands between their elements is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add

import orjson

from integration_tests.sandbox.breakdown_rules import off_meta
from integration_tests.sandbox.dimensions import JOINT, decimals
from integration_tests.sandbox.figures import FIRST_CONVERSION, REACH_SUM
from integration_tests.sandbox.insights_compiled import Cells, Found, Plan, Scale, Write
from integration_tests.sandbox.insights_query import Query
from integration_tests.sandbox.insights_rows import Row
from integration_tests.sandbox.insights_sources import Source, source, tables

# What an action counts in each of: as `value`, in three click windows, as a view, as an engaged view.
WINDOWS = {"1d_click": 1, "7d_click": 2, "28d_click": 3, "1d_view": 4, "1d_ev": 5}
_MOST_HEADS, _MOST_OUTLINES = 5_000, 500


def is_array(field: str) -> bool:
    """Whether a field is an array of actions that this world has."""
    return field in tables()["fields"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for of the arrays: which of them, how split, in which windows, but for which action types."""

    fields: tuple[str, ...]
    action_dims: tuple[str, ...]
    by_action_type: bool
    windows: tuple[str, ...]
    left_out: frozenset[str]
    decimals: int

    @classmethod
    def of(cls, query: Query, fields: Sequence[str]) -> Asked:
        """What a query asks for, of some of its fields."""
        filters = [each for each in query.filters if not each.level and each.attribute == "action_type"]
        left_out = frozenset(name for name in tables()["types"] if not all(each.holds(name) for each in filters))
        return cls(
            tuple(filter(is_array, fields)), query.action_dims, query.by_action_type, query.windows, left_out,
            decimals(query.account.currency),
        )  # fmt: skip


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


# The texts that are always there, with gaps in the odd places; and what fills each gap: elements, and what is between.
Outline = tuple[list[str], list[tuple[str, int]]]


class Actions:
    """The arrays that are asked for; they share what they write."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._heads = Heads(asked.action_dims)
        self._names = ("value", *asked.windows)
        self._shown = (0, *(WINDOWS[name] for name in asked.windows))
        # Conversions say nothing of the action breakdowns.
        self._nothing = self._heads[JOINT * (len(asked.action_dims) - 1)]
        self._at: dict[tuple[tuple[Source, ...], str], int] = {}
        self._together: list[tuple[tuple[Source, ...], Write]] = []
        on_meta, conversions = Plan(asked.decimals), Plan(asked.decimals)
        self._plans = (on_meta, conversions)
        # Each field: its start, whether only ads of a catalogue have it, and its action types: how an element begins,
        # how another one does, and where they are.
        self._fields = [(f'"{name}":[', *self._field(name)) for name in asked.fields]
        self._on_meta, self._conversions = on_meta.function(), conversions.function()
        self._outlines: dict[tuple[bool, ...], Outline] = {}

    def text(self, row: Row, scale: Scale, *, of_catalogue: bool) -> str:
        """The fields of a row that are not empty, as JSON without braces."""
        if not self._fields:
            return ""
        found = self._elements(row, scale)
        shape = (of_catalogue, *map(bool, found))
        outline = self._outlines.get(shape)
        if outline is None:
            if len(self._outlines) >= _MOST_OUTLINES:
                self._outlines.clear()
            outline = self._outlines[shape] = self._outline(found, of_catalogue=of_catalogue)
        texts = outline[0].copy()
        texts[1::2] = [between.join(found[at]) for between, at in outline[1]]
        return "".join(texts)

    def _outline(self, found: Found, *, of_catalogue: bool) -> Outline:
        """How a row looks that has elements where this one has."""
        fixed: list[str] = []
        gaps: list[tuple[str, int]] = []
        end = ""
        for start, is_of_catalogue, types in self._fields:
            if is_of_catalogue and not of_catalogue:
                continue
            before = end + start
            for opening, another, at in types:
                if found[at]:
                    fixed += (before + opening, "")
                    gaps.append((another, at))
                    before, end = ",", "],"
        return [*fixed, end[:-1]], gaps

    def _elements(self, row: Row, scale: Scale) -> Found:
        """The elements of every place."""
        found: Found = [()] * len(self._at)
        figures, by_action = row.figures, row.by_action
        if self._asked.action_dims:
            heads = self._heads
            cells = [(heads[key], by_action[key]) for key in sorted(by_action)]
        else:
            cells = [(self._nothing, figures)]
        self._on_meta(cells, scale, found)
        # Where a row has no conversions, none have to be added up.
        if any(figures[FIRST_CONVERSION:REACH_SUM]):
            self._conversions([(self._nothing, figures)], scale, found)
        for sources, write in self._together:
            write(self._added(sources, cells, figures), scale, found)
        return found

    def _added(self, sources: Sequence[Source], cells: Sequence[tuple[str, list[int]]], figures: list[int]) -> Cells:
        """The counts of several sources added up by place, in the order in which the sources have some."""
        found: dict[str, tuple[int, ...]] = {}
        for each in sources:
            for head, own in [(self._nothing, figures)] if each.is_off_meta else cells:
                counts = each.counts(own)
                if any(counts):
                    before = found.get(head)
                    found[head] = tuple(map(add, before, counts)) if before else counts
        return found.items()

    def _field(self, field: str) -> tuple[bool, list[tuple[str, str, int]]]:
        kind, types, *rest = tables()["fields"][field]
        is_money, is_of_catalogue = kind in ("money", "roas"), bool(rest and rest[0])
        dims, left_out = self._asked.action_dims, self._asked.left_out
        with_apps = not dims or off_meta((), dims) != "type2"
        pairs = [
            (name, source(tuple(rest[1:] or tables()["types"][name]), money=is_money, with_apps=with_apps))
            for name in types
            if name not in left_out
        ]
        if self._asked.by_action_type:
            made = [(f'{{"action_type":"{name}",', self._place((each,), kind)) for name, each in pairs]
        else:
            made = [("{", self._place(tuple(each for _, each in pairs), kind))] if pairs else []
        return is_of_catalogue, [(opening, f",{opening}", at) for opening, at in made]

    def _place(self, sources: tuple[Source, ...], kind: str) -> int:
        """Where the elements of some sources in a kind of field are."""
        if (sources, kind) in self._at:
            return self._at[sources, kind]
        at = self._at[sources, kind] = len(self._at)
        if len(sources) == 1:
            of_windows = [sources[0].figures[place] for place in self._shown]
            plan = self._plans[sources[0].is_off_meta]
        else:
            of_windows = [(place,) for place in self._shown]
            plan = Plan(self._asked.decimals)
        # What differs among the windows, and which windows have which.
        parts = tuple(part for part in dict.fromkeys(of_windows) if part)
        named = zip(self._names, of_windows, strict=True)
        if parts:
            plan.add(parts, at, kind, tuple((name, parts.index(part)) for name, part in named if part))
        if len(sources) > 1:
            self._together.append((sources, plan.function()))
        return at


@lru_cache(8)
def actions(asked: Asked) -> Actions:
    """What writes the arrays asked for; report after report asks for the same."""
    return Actions(asked)
