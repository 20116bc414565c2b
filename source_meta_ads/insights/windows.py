"""Which days a report asks for: lookback, retention, days already done, and increments kept whole. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

RETENTION_MONTHS = 37
_DEFAULT_HISTORY_MONTHS = 24
_ONE_DAY = timedelta(days=1)
# A Monday, so that increments of seven days counted from it are calendar weeks.
_FIXED_ANCHOR = date(2001, 1, 1)


@dataclass(frozen=True, order=True)
class Window:
    """Days `since` to `until`, both inclusive, in the account's timezone. Raises ValueError when turned round."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise ValueError(f"a window can't end on {self.until}, before it begins on {self.since}")

    def __len__(self) -> int:
        return (self.until - self.since).days + 1


@dataclass(frozen=True)
class Plan:
    """The windows to read, oldest first, and what the user should know about them."""

    windows: list[Window]
    notes: list[str]


class _Increments(Protocol):
    """How days are cut into increments, each a row of its own. Boundaries never depend on the day of asking."""

    def first_day(self, day: date) -> date:
        """The first day of the increment that holds `day`."""

    def following(self, first_day: date) -> date:
        """The first day of the next increment."""

    def per_window(self, most_days: int) -> int:
        """How many increments share one window, at least one."""


@dataclass(frozen=True)
class _DayIncrements:
    days: int
    anchor: date

    def first_day(self, day: date) -> date:
        return day - timedelta(days=(day - self.anchor).days % self.days)

    def following(self, first_day: date) -> date:
        return first_day + timedelta(days=self.days)

    def per_window(self, most_days: int) -> int:
        return max(1, most_days // self.days)


@dataclass(frozen=True)
class _Months:
    def first_day(self, day: date) -> date:
        return day.replace(day=1)

    def following(self, first_day: date) -> date:
        return first_day.replace(day=calendar.monthrange(first_day.year, first_day.month)[1]) + _ONE_DAY

    def per_window(self, most_days: int) -> int:
        return max(1, most_days // 31)


def plan_windows(
    *,
    today: date,
    start_date: date | None,
    end_date: date | None,
    cursor: date | None,
    done_days: Collection[date],
    lookback_days: int,
    increment_days: int | None,
    period: str | None,
    max_days_per_window: int,
    retention_months: int = RETENTION_MONTHS,
    cuts: Collection[date] = (),
) -> Plan:
    """The windows that bring an account from `cursor` to today, oldest first and disjoint.

    `today` is the account's. Without `start_date` the history begins two years back. `increment_days` None means
    whole months with `period` "monthly", else all days as one increment. Increments are never cut but by the last
    day, and keep their boundaries from sync to sync, since `date_start` is part of a row's key: increments of days
    are counted from `start_date` (from a fixed day without one), weeks begin on Monday, months on the 1st, also the
    week or month that `start_date` lies in. An increment is left out when every day of it is in `done_days`.
    No window has increments that begin on both sides of one of the `cuts`: what Meta gives changes on that day.
    Meta: docs/marketing-api/insights/best-practices, retention of 37 months (read 2026-11)
    """
    earliest = kept_since(today, retention_months)
    last = today if end_date is None else min(end_date, today)
    asked = start_date or default_start(today, retention_months)
    if increment_days is None and period != "monthly":
        first = max(asked, earliest)
        windows = [Window(first, last)] if first <= last else []
        return Plan(windows, _notes(start_date, first, retention_months))
    increments: _Increments
    if increment_days is None:
        increments = _Months()
    else:
        increments = _DayIncrements(increment_days, start_date if start_date and not period else _FIXED_ANCHOR)
    first = _first_increment(increments, asked, earliest)
    notes = _notes(start_date, first, retention_months)
    since = first
    if cursor is not None:
        # A cursor in the future comes from a machine whose clock was wrong: it proves nothing beyond today.
        read_up_to = min(cursor, today)
        if (read_up_to - first).days > lookback_days:
            since = increments.first_day(read_up_to - timedelta(days=lookback_days))
    due = _due(increments, since, last, done_days)
    return Plan(list(_grouped(due, increments.per_window(max_days_per_window), cuts)), notes)


def kept_since(today: date, months: int) -> date:
    """The first day that Meta still keeps, to the safe side, of what it keeps for so many months."""
    return months_before(today, months) + _ONE_DAY


def default_start(today: date, retention_months: int = RETENTION_MONTHS) -> date:
    """Where the history begins without a start date: two years back, or where Meta's begins."""
    return max(months_before(today, _DEFAULT_HISTORY_MONTHS), kept_since(today, retention_months))


def _first_increment(increments: _Increments, asked: date, earliest: date) -> date:
    """The first day to read: the start of an increment, never one of which Meta has lost a part.

    A part would be a row whose `date_start` moves on with every day.
    """
    first = increments.first_day(max(asked, earliest))
    return first if first >= earliest else increments.following(first)


def _notes(start_date: date | None, first: date, retention_months: int) -> list[str]:
    if start_date is None or start_date >= first:
        return []
    return [f"start_date {start_date} is before the {retention_months} months that Meta keeps: reading from {first}"]


def _due(increments: _Increments, since: date, last: date, done_days: Collection[date]) -> Iterator[Window]:
    """Each increment from `since` to `last` that has a day not done yet."""
    while since <= last:
        following = increments.following(since)
        increment = Window(since, min(following - _ONE_DAY, last))
        if not all(since + timedelta(days=n) in done_days for n in range(len(increment))):
            yield increment
        since = following


def _grouped(increments: Iterable[Window], most: int, cuts: Collection[date]) -> Iterator[Window]:
    """Neighbouring increments on one side of every cut, joined to windows of at most `most` of them."""
    joined: Window | None = None
    count = 0
    for increment in increments:
        follows = joined is not None and increment.since == joined.until + _ONE_DAY
        if joined and follows and count < most and not any(joined.since < cut <= increment.since for cut in cuts):
            joined, count = Window(joined.since, increment.until), count + 1
            continue
        if joined:
            yield joined
        joined, count = increment, 1
    if joined:
        yield joined


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
