"""Time, sleeping and chance: the only file of the package that touches any of the three."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

import pendulum

# The server's clock is believed only when ours is clearly off: an HTTP date has whole seconds and is some
# network time old, and a day boundary matters to reports, not a second.
_TOLERATED_SKEW = timedelta(minutes=2)


class Clock:
    """The wall clock as Meta sees it, a monotonic clock, sleep and jitter.

    "Today" decides which days a report asks for, so a machine with a wrong clock (a resumed laptop, a frozen
    container) would skip or repeat days. Every response carries the server's `Date`; when it is more than two
    minutes off, `now` follows the server. Thread-safe: the one mutable attribute is replaced, never edited.
    """

    def __init__(self) -> None:
        self._skew = timedelta(0)

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC) + self._skew

    def today(self, timezone: str) -> date:
        """The calendar day it is now in an IANA timezone. Raises ValueError for an unknown timezone."""
        return self.now().astimezone(pendulum.timezone(timezone)).date()

    def monotonic(self) -> float:
        """Seconds that only ever grow; for waits and deadlines."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread; zero or less returns at once."""
        if seconds > 0:
            time.sleep(seconds)

    def jitter(self, seconds: float) -> float:
        """A uniformly random duration from 0 to `seconds` (full jitter)."""
        return random.uniform(0, max(0.0, seconds))

    def observe_server_date(self, header: str | None) -> None:
        """Learn the server's time from an HTTP `Date` header; anything unreadable is ignored."""
        if not header:
            return
        try:
            server_now = parsedate_to_datetime(header)
        except ValueError:
            return
        if server_now.tzinfo is None:
            return
        skew = server_now - datetime.now(UTC)
        self._skew = skew if abs(skew) > _TOLERATED_SKEW else timedelta(0)
