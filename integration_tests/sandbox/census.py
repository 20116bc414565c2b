"""How many objects of each kind exist at a moment, and when each came to be.

Creation times grow with the index, so "what exists now" is a prefix, found by bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from math import ceil, floor, inf
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
        if isinstance(index, slice):
            return [self._make(self._start + each) for each in range(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(index)
        return self._make(self._start + index % self._length)

    def __iter__(self) -> Iterator[T]:
        return map(self._make, range(self._start, self._start + self._length))

    def pick(self, order: range) -> Iterator[T]:
        """Those at some indexes, none of them beyond the length, made one by one as they are taken."""
        return map(self._make, range(order.start + self._start, order.stop + self._start, order.step))


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
        self._begin = lru_cache(1_000)(self._find_begin)
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
            "image": (ceil(spec.creatives / 2), 0.5),
            "video": (ceil(spec.creatives / 3), 0.25),
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
        later = ceil((max(0, (now - self._table.start) / self._table.step) + 1) * each) if grows else 0
        born = self.births(kind)
        length = bisect_right(range(before + later), now, key=born)
        since = born(length - 1) if length else -inf
        until = born(length) if grows or length < before else inf
        self._known[kind] = (length, since, until)
        return length

    def births(self, kind: str) -> Callable[[int], int]:
        """When an object of a kind is created, in whole epoch seconds, by its index; it never falls as that grows."""
        size = self._per_campaign.get(kind)
        if size is None:
            return partial(self._born_beside, *self._sizes.get(kind, (0, 0)))
        return self._born_campaign if kind == "campaign" else partial(self._born_below, size)

    def _born_beside(self, before: float, each: float, index: int) -> int:
        table = self._table
        if index < before:
            return floor(table.first + (table.start - table.first) * (index + 0.5) / before)
        return ceil(table.slot(table.count + int((index - before) / each))[0])

    def _born_campaign(self, index: int) -> int:
        begin, length, jitter, _ = self._begin(index)
        return floor(begin + length * jitter)

    def _born_below(self, size: int, index: int) -> int:
        """Of an ad set or an ad, of which a campaign has `size`."""
        begin, length, jitter, last = self._begin(index // size)
        # An ad set and its first ad are made in one go, a moment after the campaign.
        moment = floor(begin + length * (jitter + 0.6 * (index % size) / size)) + 1
        return min(moment, last)

    def _find_begin(self, campaign: int) -> tuple[float, float, float, int]:
        """A campaign's stretch of time, the share of it that passes before it is made, and the second that ends it."""
        begin, length = self._table.slot(campaign)
        return begin, length, 0.2 * (self._number(campaign) / MOST), floor(begin + length)
