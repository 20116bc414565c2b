"""How many objects of each kind exist at a moment, and when each came to be.

Creation times grow with the index, so "what exists now" is a prefix, found by bisection.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from integration_tests.sandbox.chance import MOST
from integration_tests.sandbox.scenario import AccountSpec

T = TypeVar("T")
HISTORY = 365 * 86_400
DAY = 86_400
# How many of each lesser kind an account has; they do not grow.
THINGS = {
    "saved_audience": 3,
    "custom_conversion": 4,
    "pixel": 2,
    "label": 5,
    "rule": 2,
    "study": 1,
}


class Row(Sequence[T], Generic[T]):
    """The `length` objects that `make` makes from index `start` on, none of them kept."""

    __slots__ = ("_length", "_make", "_start")

    def __init__(self, make: Callable[[int], T], length: int, start: int = 0) -> None:
        self._make, self._length, self._start = make, length, start

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        if type(index) is int and 0 <= index < self._length:
            return self._make(self._start + index)
        if isinstance(index, slice):
            return [self._make(self._start + each) for each in range(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(index)
        return self._make(self._start + index % self._length)

    def __iter__(self) -> Iterator[T]:
        return map(self._make, range(self._start, self._start + self._length))


@dataclass(frozen=True, slots=True)
class Timetable:
    """When an account's campaigns come to be: `count` of them evenly up to the start, then one every `step` seconds."""

    first: float
    start: float
    count: int
    step: float

    def slot(self, index: int) -> tuple[float, float]:
        """The beginning and the length in seconds of a campaign's stretch of time."""
        if index < self.count:
            spacing = (self.start - self.first) / self.count
            return self.first + index * spacing, spacing
        return self.start + (index - self.count + 0.1) * self.step, self.step * 0.9


class Census:
    """One account's numbers."""

    def __init__(self, spec: AccountSpec, created: datetime, start: float, number: Callable[[int], int]) -> None:
        first = min(max(created.timestamp(), start - HISTORY), start - 1)
        self._table = Timetable(first, start, spec.campaigns, max(spec.changes.new_campaign_days, 0.01) * DAY)
        self._number = number
        self._begin = lru_cache(100)(self._find_begin)
        sets, ads = spec.adsets_per_campaign, spec.adsets_per_campaign * spec.ads_per_adset
        self._known: dict[str, tuple[int, float, float]] = {}
        self._per_campaign = {"campaign": 1, "adset": sets or 1, "ad": ads or 1}
        # How many there are at the start, and how many come with each later campaign.
        self._sizes: dict[str, tuple[int, float]] = {
            "campaign": (spec.campaigns, 1),
            "adset": (spec.campaigns * sets, sets),
            "ad": (spec.campaigns * ads, ads),
            "creative": (spec.creatives, 1),
            "audience": (spec.audiences, 0.5),
            "image": (math.ceil(spec.creatives / 2), 0.5),
            "video": (math.ceil(spec.creatives / 3), 0.25),
        } | {kind: (number if spec.campaigns else 0, 0) for kind, number in THINGS.items()}

    def count(self, kind: str, now: float) -> int:
        """How many of a kind exist at `now` (epoch seconds), whatever their status."""
        known = self._known.get(kind)
        if known and known[1] <= now < known[2]:
            return known[0]
        if kind not in self._sizes:
            return 0
        before, each = self._sizes[kind]
        grows = bool(self._table.count and each and before)
        later = math.ceil((max(0, (now - self._table.start) / self._table.step) + 1) * each) if grows else 0
        length = bisect_right(range(before + later), now, key=lambda index: self.born(kind, index))
        since = self.born(kind, length - 1) if length else -math.inf
        until = self.born(kind, length) if grows or length < before else math.inf
        self._known[kind] = (length, since, until)
        return length

    def born(self, kind: str, index: int) -> int:
        """When an object is created, in whole epoch seconds; it never falls as the index grows."""
        before, each = self._sizes[kind]
        table = self._table
        if kind not in {"campaign", "adset", "ad"}:
            if index < before:
                return math.floor(table.first + (table.start - table.first) * (index + 0.5) / before)
            return math.ceil(table.slot(table.count + int((index - before) / each))[0])
        return self.born_delivering(kind, index)

    def born_delivering(self, kind: str, index: int) -> int:
        """The same of campaigns, ad sets and ads."""
        if kind == "campaign":
            begin, length, jitter = self._begin(index)
            return math.floor(begin + length * jitter)
        size = self._per_campaign[kind]
        begin, length, jitter = self._begin(index // size)
        # An ad set and its first ad are made in one go, a moment after the campaign.
        moment = math.floor(begin + length * (jitter + 0.6 * (index % size) / size))
        return min(moment + 1, math.floor(begin + length))

    def _find_begin(self, campaign: int) -> tuple[float, float, float]:
        """A campaign's stretch of time, as in `Timetable.slot`, and the share of it that passes before it is made."""
        return (*self._table.slot(campaign), 0.2 * (self._number(campaign) / MOST))
