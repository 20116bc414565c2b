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

    def counts(self, figures: Sequence[int]) -> tuple[int, ...]:
        """The counts of a row in all places, the value first."""
        return tuple([sum([figures[index] for index in part]) for part in self.figures])


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
    return Source(
        tuple(tuple(index for index, places in slots if place in places) for place in range(N_PARTS)), is_off_meta
    )
