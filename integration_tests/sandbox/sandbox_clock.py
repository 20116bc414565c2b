"""The sandbox's own time: it starts where the scenario says, runs at the scenario's speed, and can be moved."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """One timeline for everything in the sandbox: creation, edits, report jobs, rate limits."""

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._start = start.astimezone(UTC)
        self._speed = speed
        self._anchor = time.monotonic()
        self._moved = timedelta()
        self._moved_seconds = 0.0

    @property
    def speed(self) -> float:
        """Sandbox seconds per real second; 0 is a clock that stands still."""
        return self._speed

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Sandbox seconds since the scenario began, on the same timeline as `now`."""
        if not self._speed:
            return self._moved_seconds
        return (time.monotonic() - self._anchor) * self._speed + self._moved_seconds

    def advance(self, by: timedelta) -> None:
        """Move on (or back, with a negative duration)."""
        with self._lock:
            self._moved += by
            self._moved_seconds = self._moved.total_seconds()

    def set(self, moment: datetime) -> None:
        """Make `moment` the present."""
        self.advance(moment.astimezone(UTC) - self.now())
