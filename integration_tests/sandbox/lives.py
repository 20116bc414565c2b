"""What happens to an object after it was made: edits at discrete moments, and perhaps its end.

The number of the last edit is the object's revision; everything that can change is a function of it, so an object is
the same until the next edit, and `updated_time` tells of every edit that is not silent.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from integration_tests.sandbox.chance import MOST, mixed
from integration_tests.sandbox.scenario import Changes

DAY = 86_400
GOLDEN = 0x9E3779B97F4A7C15


class Life(NamedTuple):
    """An object at a moment: its revision, when it changed (epoch seconds), how it ended, until when this holds."""

    revision: int
    updated: int
    ended: str | None
    ended_at: float
    until: float


class Standing(NamedTuple):
    """What holds for an object, its parents included, from a moment until another (epoch seconds).

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
    """The edits and ends of the objects of one account; `words` are the numbers that an object's choices follow from.

    The first of them belongs to the object's own fields, the last to its revisions.
    """

    def __init__(self, changes: Changes, start: float, words: Callable[[str], tuple[int, ...]]) -> None:
        self._changes, self._start, self._words = changes, start, words
        self._pace = max(changes.edit_days, 0.01) * DAY

    def at(self, object_id: str, born: int, now: float, *, ends: bool) -> Life:
        """An object's life up to `now`; `ends` for the kinds that can be archived and deleted."""
        words = self._words(object_id)
        end, how = self._end(words, born) if ends else (math.inf, "")
        period = self._pace * (0.5 + words[1] / MOST)
        moment = min(now, end)
        revision = max(0, math.floor((moment - born) / period))
        edited = _edit(words, born, period, revision)
        while revision and edited > moment:
            revision -= 1
            edited = _edit(words, born, period, revision)
        updated = self._told(words, born, period, revision, edited)
        if end <= now:
            return Life(revision, max(int(end), updated), how, end, math.inf)
        following = _edit(words, born, period, revision + 1)
        return Life(revision, updated, None, end, min(following, end))

    def _told(self, words: tuple[int, ...], born: int, period: float, revision: int, edited: int) -> int:
        """The updated time: that of the last edit that is not silent. Before the start no edit is."""
        rate = self._changes.silent_rate
        while rate and revision and edited > self._start and mixed(words[5] + revision) / MOST < rate:
            revision -= 1
            edited = _edit(words, born, period, revision)
        return edited

    def _end(self, words: tuple[int, ...], born: int) -> tuple[float, str]:
        """When and how an object ends."""
        changes = self._changes
        chance = words[4] / MOST
        if born < self._start and chance < changes.retired_share:
            lived = (self._start - born) * (0.3 + 0.6 * words[2] / MOST)
            return math.floor(born + lived), "DELETED" if chance < changes.retired_share * 0.4 else "ARCHIVED"
        rate = changes.archive_rate + changes.delete_rate
        if rate <= 0:
            return math.inf, ""
        days = math.log(max(1 - words[3] / MOST, 1e-12)) / math.log(max(1 - min(rate, 0.999), 1e-12))
        archived = words[5] / MOST * rate < changes.archive_rate
        return math.floor(max(born, self._start) + days * DAY) + 1, "ARCHIVED" if archived else "DELETED"


def _edit(words: tuple[int, ...], born: int, period: float, revision: int) -> int:
    """When an edit is made: once a period, at an hour of its own; revision 0 is the creation."""
    if revision <= 0:
        return born
    # The golden ratio spreads the edits of an object over their periods.
    return math.floor(born + period * (revision + 0.6 * ((words[6] + revision * GOLDEN) % MOST / MOST)))
