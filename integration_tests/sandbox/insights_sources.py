"""Where the counts of an action type come from: the figures of a row that are added up for it, and in which windows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from integration_tests.sandbox.figures import AT, COUNT_AT, FIRST_CONVERSION, MONEY_AT, N_PARTS, PARTS
from integration_tests.sandbox.insights_rows import Row

Vector = list[int]
# By the values of the action breakdowns, as `ActionCells` spells them.
ByAction = Mapping[int, Mapping[str, int]]

_VALUE = PARTS.index("value")
_VIEWED = {AT[name] for name in AT if name.startswith(("stage_", "span_", "seconds"))}
_OF_VIEWS, _OF_CLICKS = (0, 4), (0, 1, 2, 3)


@lru_cache(1)
def tables() -> dict[str, Any]:
    """The action types and array fields of `data/actions.json`."""
    text = (Path(__file__).parent / "data" / "actions.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


class Source:
    """Where the count (or the money) of an action type comes from: which figures are added to which windows.

    A source is of actions on Meta or of conversions (`is_off_meta`), never of both.
    """

    __slots__ = ("_base", "_more", "is_off_meta", "last", "places", "slots")

    def __init__(self, names: Sequence[str], *, money: bool = False, with_apps: bool = True) -> None:
        at = MONEY_AT if money else COUNT_AT
        plain = [] if money else [AT[name] for name in names if name in AT]
        # Figure, and the places of a vector that it adds to.
        self.slots: list[tuple[int, tuple[int, ...]]] = [
            (index, _OF_VIEWS if index in _VIEWED else _OF_CLICKS) for index in plain
        ]
        for base in (at[name] for name in names if name in at and (with_apps or not name.endswith("_app"))):
            self.slots += [(base + _VALUE, (0,)), (base, (1, 2, 3)), (base + 1, (2, 3)), (base + 2, (3,))]
            self.slots += [(base + 3, (4,)), (base + 4, (5,))]
        # Where all figures add to the same places, every place has the same number.
        kinds = {places for _, places in self.slots}
        self.places = kinds.pop() if len(kinds) == 1 else ()
        self.is_off_meta = any(index >= FIRST_CONVERSION for index, _ in self.slots)
        self._base: Source | None = None
        self._more = [index for index, _ in self.slots]
        self.last: Mapping[str, int] = {}

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

    def vectors(self, row: Row, nothing: str) -> Mapping[str, Vector]:
        """The same by the values of the action breakdowns, in their order; `nothing` is the key of conversions."""
        if self.is_off_meta:
            vector = self.vector(row)
            return {nothing: vector} if vector else {}
        found: dict[str, Vector] = {}
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

    def follow(self, other: Source) -> bool:
        """Count from the counts of another source on, where this one has all of its figures and more."""
        mine, others = {index for index, _ in self.slots}, {index for index, _ in other.slots}
        if self.places != other.places or not others < mine:
            return False
        self._base, self._more = other, sorted(mine - others)
        return True

    def counts(self, by_action: ByAction) -> Mapping[str, int]:
        """The number that all places have, by the values of the action breakdowns in their order.

        A source that follows another is asked after that one.
        """
        held = [by_action[index] for index in self._more if index in by_action]
        found: Mapping[str, int] = self._base.last if self._base else {}
        if held:
            before = len(found)
            added = dict(found)
            for other in held:
                for key, number in other.items():
                    added[key] = added.get(key, 0) + number
            found = added if len(added) in (1, before) else {key: added[key] for key in sorted(added)}
        self.last = found
        return found


class Sum:
    """The counts of several sources added up, where a report does not tell action types apart."""

    places: tuple[int, ...] = ()
    is_off_meta = False

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    def vector(self, row: Row) -> Vector | None:
        """The counts of a row in value and windows; None where all are 0."""
        found = [vector for source in self._sources if (vector := source.vector(row))]
        return [sum(each) for each in zip(*found, strict=True)] if found else None

    def vectors(self, row: Row, nothing: str) -> Mapping[str, Vector]:
        """The same by the values of the action breakdowns."""
        found: dict[str, Vector] = {}
        for source in self._sources:
            for values, vector in source.vectors(row, nothing).items():
                before = found.get(values)
                found[values] = [a + b for a, b in zip(before, vector, strict=True)] if before else vector
        return found
