"""When to ask after a report run: as soon as it is likely done, seldom otherwise, and never many times a second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from source_meta_ads.clock import Clock
from source_meta_ads.graph.batch import MOST_ITEMS
from source_meta_ads.insights.pieces import Piece

if TYPE_CHECKING:
    from source_meta_ads.insights.feed import Feed

# Over all streams and runs, also those that share a request; what none was due for is saved up. Each account has a
# quota of its own, so many of them may be asked after more often together: each every five seconds.
_POLLS_A_SECOND = 2.0
_POLLS_A_SECOND_EACH = 0.2
_MOST_SAVED_SECONDS = 2.0
_FIRST_SECONDS = 2.0
_SHORTEST_SECONDS = 0.5
_LONGEST_SECONDS = 20.0
# Share of the usual time after which to ask first: a little early costs a poll, late costs time.
_EXPECTED_SHARE = 0.9
# Meta's percentages are no clock: however far off the end seems, a run is asked after when it is so much older; a run
# of which it says nothing, sooner.
_MOST_GROWTH = 1.5
_BLIND_GROWTH = 0.7
# Runs due this soon are asked after together.
_TOGETHER_SECONDS = 0.1
_ROUNDING = 1e-9
# Polls for which "no such report run" is taken as "not visible yet".
_NEW_FOR_POLLS = 5


@dataclass(eq=False)
class Run:
    """A report run under way, when to ask after it next, and when it seems to end."""

    piece: Piece
    run_id: str
    feed: Feed
    started_at: float
    due_at: float
    ends_at: float
    polls: int = 0
    failed_polls: int = 0

    @property
    def is_new(self) -> bool:
        """Whether Meta may not know of it yet."""
        return self.polls <= _NEW_FOR_POLLS and self.run_id != self.piece.job.known_run


class Pace:
    """Sets the times of polls; learns from each run how long those of its report take. Thread-safe.

    `n_accounts`: how many have had runs until now.
    """

    def __init__(self, clock: Clock, n_accounts: Callable[[], int]) -> None:
        self._clock, self._n_accounts = clock, n_accounts
        self._lock = threading.Lock()
        self._saved, self._saved_at = 0.0, clock.monotonic()
        self._usual_seconds: dict[str, float] = {}

    def begun(self, piece: Piece, run_id: str, feed: Feed) -> Run:
        """A run made just now, or by an earlier sync: that one is asked after at once."""
        now = self._clock.monotonic()
        usual = self._usual_seconds.get(piece.job.report.name)
        first = (
            _FIRST_SECONDS if usual is None else min(_LONGEST_SECONDS, max(_SHORTEST_SECONDS, usual * _EXPECTED_SHARE))
        )
        due_at = now if run_id == piece.job.known_run else now + first
        return Run(piece, run_id, feed, now, due_at, due_at)

    def due(self, running: Sequence[Run]) -> list[Run]:
        """The runs to ask after now, likely ends first; waits until one more poll is allowed among all streams'."""
        now = self._clock.monotonic()
        if not any(run.due_at <= now for run in running):
            return []
        with self._lock:
            # Taken before it is there, so that the next stream waits for the poll after it.
            self._save()
            self._saved -= 1
            wait = max(0.0, -self._saved / self._polls_a_second)
        self._clock.sleep(wait)
        soon = self._clock.monotonic() + _TOGETHER_SECONDS
        due = sorted((run for run in running if run.due_at <= soon), key=lambda run: run.ends_at)[:MOST_ITEMS]
        with self._lock:
            self._save()
            # Each run asked after counts as a call, whether it shares a request or not.
            more = min(len(due) - 1, int(max(0.0, self._saved) + _ROUNDING))
            self._saved -= more
        for run in due[: 1 + more]:
            run.polls += 1
        return due[: 1 + more]

    def polled(self, run: Run, percent: int) -> None:
        """Set the next time for a run that goes on, by how far and how old it is."""
        now = self._clock.monotonic()
        elapsed = now - run.started_at
        is_told = 0 < percent < 100
        remaining = elapsed * ((100 - percent) / percent if is_told else _BLIND_GROWTH)
        most = min(_LONGEST_SECONDS, elapsed * _MOST_GROWTH)
        run.ends_at = now + remaining
        run.due_at = now + max(_SHORTEST_SECONDS, min(most, remaining))

    @property
    def _polls_a_second(self) -> float:
        return max(_POLLS_A_SECOND, _POLLS_A_SECOND_EACH * self._n_accounts())

    def _save(self) -> None:
        """Count the polls that time has allowed since; with the lock held."""
        now, rate = self._clock.monotonic(), self._polls_a_second
        self._saved = min(_MOST_SAVED_SECONDS * rate, self._saved + (now - self._saved_at) * rate)
        self._saved_at = now

    def ended(self, run: Run) -> None:
        """Learn how long a run took."""
        took = self._clock.monotonic() - run.started_at
        name = run.piece.job.report.name
        with self._lock:
            self._usual_seconds[name] = (self._usual_seconds.get(name, took) + took) / 2
