"""Where the counts of an action type come from: the figures of a row that are added up for it, and in which windows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from integration_tests.sandbox.figures import AT, COUNT_AT, MONEY_AT, N_PARTS, PARTS

_VALUE = PARTS.index("value")
_VIEWED = {AT[name] for name in AT if name.startswith(("stage_", "span_", "seconds"))}
_OF_VIEWS, _OF_CLICKS = (0, 4), (0, 1, 2, 3)


@lru_cache(1)
def tables() -> dict[str, Any]:
    """The action types and array fields of `data/actions.json`."""
    text = (Path(__file__).parent / "data" / "actions.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@dataclass(frozen=True, slots=True)
class Source:
    """Where the count (or the money) of an action type comes from: the figures that each place is the sum of.

    Places are the value and the windows. A source is of actions on Meta or of conversions (`is_off_meta`), never of
    both.
    """

    figures: tuple[tuple[int, ...], ...]
    is_off_meta: bool

    def value(self, figures: Sequence[int]) -> int:
        """The count of a row as its value."""
        return sum(figures[index] for index in self.figures[0])


@lru_cache(1_000)
def source(names: tuple[str, ...], *, money: bool = False, with_apps: bool = True) -> Source:
    """The source of what has these names in `figures`."""
    at = MONEY_AT if money else COUNT_AT
    slots: list[tuple[int, tuple[int, ...]]] = (
        [] if money else [(AT[name], _OF_VIEWS if AT[name] in _VIEWED else _OF_CLICKS) for name in names if name in AT]
    )
    is_off_meta = False
    for base in (at[name] for name in names if name in at and (with_apps or not name.endswith("_app"))):
        slots += [(base + _VALUE, (0,)), (base, (1, 2, 3)), (base + 1, (2, 3)), (base + 2, (3,))]
        slots += [(base + 3, (4,)), (base + 4, (5,))]
        is_off_meta = True
    # The last first: what lasts longer is contained in what is shorter, so that such sums begin alike.
    slots.sort(reverse=True)
    return Source(
        tuple(tuple(index for index, places in slots if place in places) for place in range(N_PARTS)), is_off_meta
    )


class Sums:
    """Sums of the figures of a row, each made of a shorter one and one figure more: many contain each other."""

    def __init__(self, width: int) -> None:
        self._slots: dict[tuple[int, ...], int] = {(): width, **{(index,): index for index in range(width)}}
        self._steps: list[tuple[int, int]] = []
        self._width = width

    def slot(self, figures: tuple[int, ...]) -> int:
        """Where the sum of some figures stands in what `of` finds."""
        if figures not in self._slots:
            self._steps.append((self.slot(figures[:-1]), figures[-1]))
            self._slots[figures] = self._width + len(self._steps)
        return self._slots[figures]

    def of(self, figures: Sequence[int]) -> list[int]:
        """The figures, 0, and every sum."""
        found = [*figures, 0]
        for shorter, more in self._steps:
            found.append(found[shorter] + figures[more])
        return found
