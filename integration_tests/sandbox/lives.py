"""What happens to an object after it was made: edits at discrete moments, perhaps its end, perhaps its return.

The number of the last edit is the object's revision; everything that can change is a function of it, so an object is
the same until the next edit, and `updated_time` tells of every change that is not silent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import floor
from typing import NamedTuple

from integration_tests.sandbox.chance import MOST, mixed
from integration_tests.sandbox.scenario import Changes

DAY = 86_400
GOLDEN = 0x9E3779B97F4A7C15
_MASK = MOST - 1
# Times this a word is a number in [0, 1); to multiply is quicker than to divide.
_SHARE = 1 / MOST


class Ending(NamedTuple):
    """When an object is archived or deleted, comes back, and vanishes for good (epoch seconds, infinite for never)."""

    at: float
    how: str
    back: float
    vanishes: float


NEVER = Ending(math.inf, "", math.inf, math.inf)


# An object at a moment: its revision, when it changed (epoch seconds), how it ended if it did, until when.
Life = tuple[int, int, str | None, float]


@dataclass(slots=True)
class Standing:
    """What holds for an object, its parents included, from a moment until another (epoch seconds). Nobody changes it.

    `status` is the object's own, `edit` what the choices of its present revision follow from.
    `gone` is ARCHIVED or DELETED where it or a parent is; `paused` is the effective status of what lies below it, where
    it or a parent is paused.
    """

    status: str
    effective: str
    edit: int
    updated: int
    since: float
    until: float
    gone: str
    paused: str


class Lives:
    """The edits and ends of the objects of one account.

    Of an object's words the first belongs to its own fields, the last to its revisions, the others to its life.
    """

    def __init__(self, changes: Changes, start: float) -> None:
        self._changes, self._start = changes, start
        self._pace = max(changes.edit_days, 0.01) * DAY
        self._end_rate = changes.archive_rate + changes.delete_rate
        # Then nothing ends but what had ended before the start.
        self._is_calm = not self._end_rate and not changes.vanish_rate
        self._retired, self._silent = changes.retired_share, changes.silent_rate

    def at(self, words: tuple[int, ...], born: int, now: float, *, ends: bool) -> Life:
        """An object's life up to `now`; `ends` for the kinds that can be archived and deleted."""
        period = self._pace * (0.5 + words[1] * _SHARE)
        end, how, back, _ = self.ending(words, born) if ends else NEVER
        if end > now and not self._silent:
            revision, edited, following = _edits(words[6], born, period, now)
            return revision, edited, None, min(end, following)
        is_gone = end <= now < back
        revision, edited, following = _edits(words[6], born, period, end if is_gone else now)
        # The last edit that is not silent tells; nobody edits what is away, it only looks edited when it comes back.
        updated, told = edited, revision
        while told and (end < updated < back or self._is_silent(words[5] + told, updated)):
            told -= 1
            updated = _edit(words[6], born, period, told)
        if end <= now and not self._is_silent(words[2], end):
            updated = max(int(end), updated)
        if is_gone:
            return revision, updated, how, back
        if end <= now:
            if not self._is_silent(words[3], back):
                updated = max(int(back), updated)
            return revision, updated, None, following
        return revision, updated, None, min(following, end)

    def ending(self, words: tuple[int, ...], born: int) -> Ending:
        """When and how an object ends, and what becomes of it then; what was restored stays."""
        if self._is_calm and words[4] * _SHARE >= self._retired:
            return NEVER
        end, how = self._end(words, born)
        restored, vanishes = self._changes.restore_rate, self.vanishes(words, born)
        if vanishes == end == math.inf:
            return NEVER
        if vanishes < end:
            return Ending(vanishes, "DELETED", math.inf, vanishes)
        if not restored or end == math.inf:
            return Ending(end, how, math.inf, vanishes)
        back = math.floor(max(end, self._start) + _days(mixed(words[4]), restored) * DAY) + 1
        if vanishes <= back:
            return Ending(end, how, math.inf, vanishes)
        return Ending(end, how, back, math.inf)

    def vanishes(self, words: tuple[int, ...], born: int) -> float:
        """When nothing is left of an object that nothing else happens to, not even by its id."""
        rate = self._changes.vanish_rate
        if not rate:
            return math.inf
        return math.floor(max(born, self._start) + _days(mixed(words[6]), rate) * DAY) + 1

    def _is_silent(self, number: int, moment: float) -> bool:
        """Whether a change does not move the updated time. Before the start none is."""
        return bool(self._silent and moment > self._start and mixed(number) * _SHARE < self._silent)

    def _end(self, words: tuple[int, ...], born: int) -> tuple[float, str]:
        """When and how an object ends."""
        changes = self._changes
        chance = words[4] / MOST
        if born < self._start and chance < changes.retired_share:
            lived = (self._start - born) * (0.3 + 0.6 * words[2] / MOST)
            return math.floor(born + lived), "DELETED" if chance < changes.retired_share * 0.4 else "ARCHIVED"
        rate = self._end_rate
        if rate <= 0:
            return math.inf, ""
        archived = words[5] / MOST * rate < changes.archive_rate
        ends = math.floor(max(born, self._start) + _days(words[3], rate) * DAY) + 1
        return ends, "ARCHIVED" if archived else "DELETED"


def edit_of(words: tuple[int, ...], revision: int) -> int:
    """What the choices of a revision of an object follow from."""
    return mixed(words[7] + revision)


def _days(number: int, rate: float) -> float:
    """How many days it takes until something happens of which a share `rate` happens each day."""
    return math.log(max(1 - number / MOST, 1e-12)) / math.log(max(1 - min(rate, 0.999), 1e-12))


def _edits(number: int, born: int, period: float, moment: float) -> tuple[int, int, int]:
    """The number of the last edit up to a moment, when it was made, and when the next is."""
    if moment <= born:
        return 0, born, _edit(number, born, period, 1)
    revision = floor((moment - born) / period)
    edited = _edit(number, born, period, revision)
    # There is one a period: if that of the present one is still to come, then the last one was in the one before.
    if edited > moment:
        return revision - 1, _edit(number, born, period, revision - 1), edited
    return revision, edited, _edit(number, born, period, revision + 1)


def _edit(number: int, born: int, period: float, revision: int) -> int:
    """When an edit is made: once a period, at an hour that follows from a word; revision 0 is the creation."""
    if not revision:
        return born
    # The golden ratio spreads the edits of an object over their periods.
    return floor(born + period * (revision + 0.6 * ((number + revision * GOLDEN & _MASK) * _SHARE)))
