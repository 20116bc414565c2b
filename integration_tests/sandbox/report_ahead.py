"""Rows of report runs made while the runs are under way, as Meta does, in slices too short to hold up a call.

Nothing but time may tell: rows are made from the world as of now, so they go out only where the world as of the moment
they are asked for is the same; otherwise they are dropped, and made as if nothing had been done.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from integration_tests.sandbox.insights import Report
from integration_tests.sandbox.insights_query import Query
from integration_tests.sandbox.insights_rows import Collector, Found, TooMuchWork, ads_under, ordered
from integration_tests.sandbox.world import World

SLICE = 0.002
# How much is kept for readers that have not come yet: runs, rows, and bytes of written rows.
MOST_RUNS, MOST_ROWS, MOST_BYTES = 500, 75_000, 24_000_000
# Larger reports, and those that filter or sort by figures, are put in order when they are asked for: it takes too long.
MOST_ORDERED = 5_000


@dataclass(slots=True)
class _Making:
    """The rows of one run so far; they hold from `since` until `until` (epoch seconds), for so many ads."""

    query: Query
    since: float
    until: float
    n_ads: int
    found: Found = field(default_factory=dict)
    gathering: Iterator[None] = field(default_factory=lambda: iter(()))
    report: Report | None = None
    n_written: int = 0


class Ahead:
    """Makes the rows of runs before somebody asks for them."""

    def __init__(self, world: World, collector: Collector, max_work: int) -> None:
        self._world, self._collector, self._max_work = world, collector, max_work
        self._waiting: dict[str, tuple[Query, float]] = {}
        self._begun: dict[str, _Making] = {}
        self._current: str | None = None
        self._is_full = False

    @property
    def n_rows(self) -> int:
        """How many rows are there, written or not."""
        return sum(len(each.found) for each in self._begun.values())

    @property
    def n_written(self) -> int:
        """How many of them are written."""
        return sum(each.n_written for each in self._begun.values())

    @property
    def has_work(self) -> bool:
        """Whether there is something to make, and room for it."""
        return self._current is not None or (bool(self._waiting) and not self._is_full)

    @property
    def n_bytes(self) -> int:
        """How many bytes these have."""
        return sum(each.report.n_kept for each in self._begun.values() if each.report)

    def add(self, run_id: str, query: Query, expires: float) -> None:
        """Make the rows of a run when there is time, unless it has expired (epoch seconds) by then."""
        self._waiting[run_id] = (query, expires)
        # What is there may have become of no use.
        self._is_full = False

    def work(self) -> None:
        """Make rows for a moment."""
        stops = time.perf_counter() + SLICE
        self._sweep()
        while (run_id := self._next()) is not None:
            making = self._begun[run_id]
            try:
                while is_going_on := self._step(making):
                    if time.perf_counter() >= stops:
                        break
            except TooMuchWork:
                # Whoever asks for the rows is told so.
                self._drop(run_id)
                continue
            except Exception:
                # A part is not to be taken for the whole.
                self._drop(run_id)
                raise
            if len(making.found) > 2 * MOST_ROWS:
                self._drop(run_id)
            elif not is_going_on or self.n_bytes >= MOST_BYTES:
                self._current = None
            if time.perf_counter() >= stops:
                return

    def take(self, run_id: str) -> Report | None:
        """The rows of a run, the rest of them made now; None where nothing was made, or it does not hold any more."""
        self._waiting.pop(run_id, None)
        making = self._drop(run_id)
        if making is None or not self._holds(making):
            return None
        for _ in making.gathering:
            pass
        return making.report or Report(self._collector.texts, making.query, ordered(making.found))

    def _next(self) -> str | None:
        """The run to go on with."""
        if self._current is not None or not self._waiting:
            return self._current
        self._is_full = len(self._begun) >= MOST_RUNS or self.n_rows >= MOST_ROWS or self.n_bytes >= MOST_BYTES
        if self._is_full:
            return None
        run_id = self._current = next(iter(self._waiting))
        query, expires = self._waiting.pop(run_id)
        making = _Making(query, self._world.now_seconds(), expires, len(ads_under(self._world, query.node)))
        making.gathering = self._gather(making)
        self._begun[run_id] = making
        return run_id

    def _gather(self, making: _Making) -> Iterator[None]:
        """Make figures; what is made of an ad holds as long as the ad and its parents stay what they are."""
        world = self._world
        for ad in self._collector.gather(making.query, self._max_work, making.found):
            if ad is not None:
                now = world.now_seconds()
                making.since, making.until = now, min(making.until, world.standing_at(ad, now).until)
            yield

    def _step(self, making: _Making) -> bool:
        """Do a little; False when nothing is left to do."""
        if making.report is None:
            for _ in making.gathering:
                return True
            query = making.query
            if (
                len(making.found) > MOST_ORDERED
                or query.sort
                or not all(each.is_about_objects for each in query.filters)
            ):
                return False
            making.report = Report(self._collector.texts, query, ordered(making.found))
        rows = making.report.rows
        if making.n_written == len(rows):
            return False
        making.report.written(rows[making.n_written])
        making.n_written += 1
        return True

    def _holds(self, making: _Making) -> bool:
        now = self._world.now_seconds()
        is_same_time = making.since <= now < making.until
        return is_same_time and len(ads_under(self._world, making.query.node)) == making.n_ads

    def _sweep(self) -> None:
        """Drop what nobody can be given any more."""
        now = self._world.now_seconds()
        for run_id, (_, expires) in list(self._waiting.items()):
            if expires <= now:
                del self._waiting[run_id]
        for run_id, making in list(self._begun.items()):
            if not self._holds(making):
                self._drop(run_id)

    def _drop(self, run_id: str) -> _Making | None:
        if run_id == self._current:
            self._current = None
        self._is_full = False
        return self._begun.pop(run_id, None)
