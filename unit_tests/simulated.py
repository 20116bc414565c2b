"""Doubles for time: everything under test gets its clock as an argument, so none of this patches anything."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pendulum

from source_meta_ads.clock import Clock


class SimulatedClock(Clock):
    """A clock that moves only when somebody sleeps, and a die that always rolls the same share."""

    def __init__(self, now: datetime = datetime(2026, 11, 24, 15, 1, tzinfo=UTC), share: float = 1.0) -> None:
        super().__init__()
        self.start = now
        self.elapsed = 0.0
        self.share = share
        self.naps: list[float] = []

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed)

    def today(self, timezone: str) -> date:
        return self.now().astimezone(pendulum.timezone(timezone)).date()

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.elapsed += max(0.0, seconds)

    def jitter(self, seconds: float) -> float:
        return seconds * self.share

    def observe_server_date(self, header: str | None) -> None:
        """Simulated time follows nobody."""
