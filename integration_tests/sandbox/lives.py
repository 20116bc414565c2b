"""What happens to an object after it was made: edits at discrete moments, and perhaps its end.

The number of the last edit is the object's revision; everything that can change is a function of it, so an object is
the same until the next edit, and `updated_time` tells of every edit that is not silent.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from integration_tests.sandbox.scenario import Changes

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Life:
    """An object at a moment: its revision, when it changed (epoch seconds), how it ended, until when this holds."""

    revision: int
    updated: int
    ended: str | None
    ended_at: float
    until: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for an object, its parents included, from a moment until another (epoch seconds)."""

    effective: str
    updated: int
    since: float
    until: float


class Lives:
    """The edits and ends of the objects of one account."""

    def __init__(self, changes: Changes, start: float, share: Callable[..., float]) -> None:
        self._changes, self._start, self._share = changes, start, share

    def at(self, object_id: str, born: int, now: float, *, ends: bool) -> Life:
        """An object's life up to `now`; `ends` for the kinds that can be archived and deleted."""
        end, how = self._end(object_id, born) if ends else (math.inf, "")
        period = max(self._changes.edit_days, 0.01) * DAY * (0.5 + self._share(object_id, "pace"))
        moment = min(now, end)
        revision, edited = self._revision(object_id, born, period, moment)
        updated = self._told(object_id, born, period, revision, edited)
        if end <= now:
            return Life(revision, max(int(end), updated), how, end, math.inf)
        following = self._edit(object_id, born, period, revision + 1)
        return Life(revision, updated, None, end, min(following, end))

    def _revision(self, object_id: str, born: int, period: float, moment: float) -> tuple[int, int]:
        revision = max(0, math.floor((moment - born) / period))
        edited = self._edit(object_id, born, period, revision)
        while revision and edited > moment:
            revision -= 1
            edited = self._edit(object_id, born, period, revision)
        return revision, edited

    def _edit(self, object_id: str, born: int, period: float, revision: int) -> int:
        """When an edit is made: once a period, at an hour of its own; revision 0 is the creation."""
        if revision <= 0:
            return born
        return math.floor(born + period * (revision + 0.6 * self._share(object_id, "edit", revision)))

    def _told(self, object_id: str, born: int, period: float, revision: int, edited: int) -> int:
        """The updated time: that of the last edit that is not silent. Before the start no edit is."""
        while (
            revision and edited > self._start and self._share(object_id, "silent", revision) < self._changes.silent_rate
        ):
            revision -= 1
            edited = self._edit(object_id, born, period, revision)
        return edited

    def _end(self, object_id: str, born: int) -> tuple[float, str]:
        """When and how an object ends."""
        changes = self._changes
        chance = self._share(object_id, "end")
        if born < self._start and chance < changes.retired_share:
            lived = (self._start - born) * (0.3 + 0.6 * self._share(object_id, "lived"))
            return math.floor(born + lived), "DELETED" if chance < changes.retired_share * 0.4 else "ARCHIVED"
        rate = changes.archive_rate + changes.delete_rate
        if rate <= 0:
            return math.inf, ""
        days = math.log(max(1 - self._share(object_id, "last"), 1e-12)) / math.log(max(1 - min(rate, 0.999), 1e-12))
        archived = self._share(object_id, "how") * rate < changes.archive_rate
        return math.floor(max(born, self._start) + days * DAY) + 1, "ARCHIVED" if archived else "DELETED"
