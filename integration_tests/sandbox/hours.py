"""The hours of an account's day: how its impressions lie among them, and which the clocks skip."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from integration_tests.sandbox.figures import Cells

# Impressions by hour of the account's day, per mille.
HOURS = (22, 15, 11, 8, 8, 12, 22, 35, 43, 47, 49, 50, 53, 52, 49, 48, 50, 54, 60, 68, 74, 72, 58, 40)
HOUR_CELLS = Cells.of([((f"{hour:02d}:00:00 - {hour:02d}:59:59",), share) for hour, share in enumerate(HOURS)])


def hours_of(cells: Cells, zone: str, day: int) -> Cells:
    """The cells of an hourly report that a day has: all but the hour that the clocks skip."""
    hour = skipped_hour(zone, day)
    return cells if hour is None else cells.without(HOUR_CELLS.values[hour][0])


@lru_cache(10_000)
def skipped_hour(zone: str, day: int) -> int | None:
    """The hour of the clock that a day lacks because the clocks go forward in it; None on nearly every day."""
    begins = datetime.combine(day_of(day), time(), ZoneInfo(zone))
    if begins.utcoffset() == (begins + timedelta(days=1)).utcoffset() and begins.hour == 0:
        return None
    for hour in range(24):
        moments = (datetime.combine(day_of(day), time(hour, minute), ZoneInfo(zone)) for minute in (0, 59))
        if all(each.astimezone(UTC).astimezone(each.tzinfo).hour != hour for each in moments):
            return hour
    return None


def day_of(ordinal: int) -> date:
    """The day with this ordinal."""
    return date.min + timedelta(days=ordinal - 1)
