"""Turns among the threads that read: as many at once as is sensible, and none kept by a thread that only waits."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Protocol

# Turns of those that hold pages of tens of megabytes: more of them would only take memory, since one core parses.
_MOST_WIDE = 4
# Waiting shorter than this is not worth handing a turn on.
_SHORT_SECONDS = 0.2


class _Time(Protocol):
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    def jitter(self, seconds: float) -> float: ...


class Turns:
    """A number of turns that grows while all goes well and is halved when Meta says that it is too much.

    There are more reading threads than turns. A thread holds one while it reads a slice, pages and rows in memory
    included, and hands it on while it waits for a limit: so a blocked account keeps nobody else from reading.
    """

    def __init__(self, clock: _Time, most: int = 10) -> None:
        self._clock = clock
        self._most = most
        self._limit = float(most)
        self._taken = 0
        self._wide_taken = 0
        self._changed = threading.Condition()
        self._own = threading.local()

    @property
    def limit(self) -> int:
        """How many may read at once now."""
        return max(1, int(self._limit))

    @contextlib.contextmanager
    def turn(self, *, is_wide: bool = False) -> Iterator[None]:
        """Hold a turn, as soon as one is free; `is_wide` for a reader of large pages."""
        self._take(is_wide)
        self._own.holds, self._own.is_wide = True, is_wide
        try:
            yield
        finally:
            self._own.holds = False
            self._give(is_wide)

    def sleep(self, seconds: float) -> None:
        """Wait; the thread's turn, if it holds one, is somebody else's meanwhile."""
        if seconds < _SHORT_SECONDS or not getattr(self._own, "holds", False):
            self._clock.sleep(seconds)
            return
        self._give(self._own.is_wide)
        try:
            self._clock.sleep(seconds)
        finally:
            self._take(self._own.is_wide)

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Let another thread have this one's turn, if it holds one, while that reads for it."""
        if not getattr(self._own, "holds", False):
            yield
            return
        self._own.holds = False
        self._give(self._own.is_wide)
        try:
            yield
        finally:
            self._take(self._own.is_wide)
            self._own.holds = True

    def went_well(self) -> None:
        """A call was answered: one more turn after about as many such calls as there are turns."""
        with self._changed:
            if self._limit < self._most:
                self._limit = min(float(self._most), self._limit + 1.0 / self._limit)
                self._changed.notify_all()

    def was_too_much(self) -> None:
        """Meta refused calls of the whole app, or failed under them: half the turns."""
        with self._changed:
            self._limit = max(1.0, self._limit / 2)

    def _take(self, is_wide: bool) -> None:
        with self._changed:
            while self._taken >= self.limit or (is_wide and self._wide_taken >= _MOST_WIDE):
                self._changed.wait()
            self._taken += 1
            self._wide_taken += is_wide

    def _give(self, is_wide: bool) -> None:
        with self._changed:
            self._taken -= 1
            self._wide_taken -= is_wide
            self._changed.notify_all()
