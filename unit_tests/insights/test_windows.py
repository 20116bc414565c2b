"""Which days a report asks for: every day once, whole increments, the same boundaries on every day of asking."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.insights.windows import Plan, Window, plan_windows

TODAY = date(2026, 11, 24)
ONE = timedelta(days=1)

days = st.dates(date(2023, 1, 1), date(2029, 12, 31))
cadences = st.one_of(st.integers(1, 90).map(lambda n: (n, None)), st.just((7, "weekly")), st.just((None, "monthly")))


def plan(**changes: Any) -> Plan:
    settings: dict[str, Any] = {
        "today": TODAY, "start_date": date(2026, 11, 1), "end_date": None, "cursor": None, "done_days": frozenset(),
        "lookback_days": 28, "increment_days": 1, "period": None, "max_days_per_window": 7,
    }  # fmt: skip
    return plan_windows(**{**settings, **changes})


def each_day(windows: list[Window]) -> list[date]:
    return [window.since + n * ONE for window in windows for n in range(len(window))]


def between(since: date, until: date) -> list[date]:
    return [since + n * ONE for n in range((until - since).days + 1)]


def boundaries(windows: list[Window], increment: int) -> set[date]:
    return {day for window in windows for day in each_day([window])[::increment]}


def test_a_window_cannot_be_turned_round() -> None:
    with pytest.raises(ValueError, match="2026-11-01"):
        Window(date(2026, 11, 2), date(2026, 11, 1))


def test_a_first_read_goes_from_the_start_date_to_today_oldest_first() -> None:
    windows = plan().windows
    assert each_day(windows) == between(date(2026, 11, 1), TODAY)
    assert windows == sorted(windows)


def test_without_a_start_date_a_first_read_goes_two_years_back() -> None:
    windows, notes = plan(start_date=None).windows, plan(start_date=None).notes
    assert (windows[0].since, windows[-1].until, notes) == (date(2024, 11, 24), TODAY, [])


def test_two_years_before_a_leap_day_is_a_day_that_exists() -> None:
    assert plan(start_date=None, today=date(2028, 2, 29)).windows[0].since == date(2026, 2, 28)


def test_a_later_read_begins_a_lookback_below_the_cursor() -> None:
    windows = plan(start_date=date(2026, 1, 1), cursor=date(2026, 11, 20), lookback_days=3).windows
    assert each_day(windows) == between(date(2026, 11, 17), TODAY)


def test_the_lookback_never_reaches_below_the_start_date() -> None:
    assert each_day(plan(cursor=date(2026, 11, 3)).windows)[0] == date(2026, 11, 1)


def test_a_cursor_in_the_future_still_reads_the_lookback_window() -> None:
    windows = plan(start_date=date(2026, 1, 1), cursor=date(9999, 12, 31), lookback_days=5).windows
    assert each_day(windows) == between(date(2026, 11, 19), TODAY)


def test_a_cursor_of_the_first_day_there_is_reads_from_the_start() -> None:
    assert each_day(plan(cursor=date.min).windows)[0] == date(2026, 11, 1)


def test_an_end_date_ends_the_range_and_one_in_the_future_does_not_pass_today() -> None:
    assert plan(end_date=date(2026, 11, 10)).windows[-1].until == date(2026, 11, 10)
    assert plan(end_date=date(2027, 1, 1)).windows[-1].until == TODAY


@pytest.mark.parametrize(
    "changes",
    [
        {"start_date": date(2026, 12, 1)},
        {"end_date": date(2025, 12, 31)},
        {"cursor": TODAY, "end_date": date(2026, 11, 1), "lookback_days": 3},
        {"start_date": date(2026, 12, 1), "increment_days": None, "period": "all_days"},
    ],
)
def test_an_empty_range_plans_nothing(changes: dict[str, Any]) -> None:
    assert plan(**{"start_date": date(2026, 1, 1), **changes}) == Plan([], [])


def test_a_start_before_retention_is_moved_and_said_once() -> None:
    moved = plan(start_date=date(2020, 1, 1))
    assert moved.windows[0].since == date(2023, 10, 25)
    assert moved.notes == ["start_date 2020-01-01 is before the 37 months that Meta keeps: reading from 2023-10-25"]


@given(today=days, length=st.integers(1, 400), cadence=cadences, cut=st.dates(date(2022, 1, 1), date(2029, 12, 31)))
def test_no_window_has_increments_on_both_sides_of_a_cut(
    today: date, length: int, cadence: tuple[int | None, str | None], cut: date
) -> None:
    settings: dict[str, Any] = {"today": today, "start_date": today - length * ONE, "increment_days": cadence[0],
                                "period": cadence[1], "max_days_per_window": 93}  # fmt: skip
    whole, severed = plan(**settings).windows, plan(**settings, cuts=(cut,)).windows
    assert each_day(severed) == each_day(whole)
    single = plan(**{**settings, "max_days_per_window": 1}).windows
    for window in severed:
        begins = {each.since >= cut for each in single if window.since <= each.since <= window.until}
        assert len(begins) == 1


def test_some_breakdowns_are_kept_for_fewer_months() -> None:
    assert plan(start_date=None, retention_months=13).windows[0].since == date(2025, 10, 25)
    assert plan(start_date=None, retention_months=13).notes == []


def test_retention_before_a_long_month_stays_on_the_safe_side() -> None:
    assert plan(start_date=date(2020, 1, 1), today=date(2026, 3, 31)).windows[0].since == date(2023, 3, 1)


def test_a_week_begins_on_monday_also_the_one_the_start_date_lies_in() -> None:
    windows = plan(start_date=date(2026, 11, 4), increment_days=7, period="weekly").windows
    assert [window.since for window in windows] == [date(2026, 11, day) for day in (2, 9, 16, 23)]
    assert windows[-1].until == TODAY


def test_a_month_is_read_whole_over_leap_days_and_the_new_year() -> None:
    months = plan(start_date=date(2023, 12, 15), today=date(2024, 3, 2), increment_days=None, period="monthly").windows
    assert months == [
        Window(date(2023, 12, 1), date(2023, 12, 31)),
        Window(date(2024, 1, 1), date(2024, 1, 31)),
        Window(date(2024, 2, 1), date(2024, 2, 29)),
        Window(date(2024, 3, 1), date(2024, 3, 2)),
    ]


def test_a_lookback_that_ends_within_a_month_reads_that_month_whole() -> None:
    windows = plan(
        start_date=date(2026, 1, 1), cursor=TODAY, lookback_days=28, increment_days=None, period="monthly"
    ).windows
    assert windows[0] == Window(date(2026, 10, 1), date(2026, 10, 31))


def test_all_days_are_one_window_read_every_time() -> None:
    windows = plan(increment_days=None, period="all_days", cursor=TODAY, done_days=between(TODAY, TODAY)).windows
    assert windows == [Window(date(2026, 11, 1), TODAY)]


def test_increments_of_days_share_a_window_as_far_as_they_fit() -> None:
    windows = plan(increment_days=3, end_date=date(2026, 11, 20)).windows
    assert [len(window) for window in windows] == [6, 6, 6, 2]
    assert [len(window) for window in plan(increment_days=10).windows] == [10, 10, 4]


def test_an_increment_with_one_day_not_done_is_read_whole() -> None:
    done = between(date(2026, 11, 1), date(2026, 11, 5))
    assert plan(increment_days=3, done_days=done).windows[0].since == date(2026, 11, 4)


@given(
    start=days, end=st.none() | days, today=days, cursor=st.none() | days, lookback=st.integers(1, 28),
    most=st.integers(1, 40), done=st.sets(st.integers(0, 60)),
)  # fmt: skip
def test_every_day_asked_for_and_not_done_is_planned_once(
    start: date, end: date | None, today: date, cursor: date | None, lookback: int, most: int, done: set[int]
) -> None:
    last = min(end or today, today)
    done_days = {last - n * ONE for n in done}
    windows = plan(
        today=today, start_date=start, end_date=end, cursor=cursor, lookback_days=lookback, done_days=done_days,
        max_days_per_window=most,
    ).windows  # fmt: skip
    planned = each_day(windows)
    since = start if cursor is None else max(start, min(cursor, today) - lookback * ONE)
    asked = [day for day in between(since, last) if day not in done_days]
    assert planned == [day for day in asked if planned and day >= planned[0]]
    # What is not planned of the days asked for is older than 37 months less a day.
    assert all((today - day).days >= 37 * 28 + 80 for day in asked if day not in planned)
    assert all(len(window) <= most for window in windows)


@given(start=st.none() | st.dates(date(2015, 1, 1), date(2029, 12, 31)), today=days, cadence=cadences)
def test_no_window_begins_before_retention(
    start: date | None, today: date, cadence: tuple[int | None, str | None]
) -> None:
    windows = plan(start_date=start, today=today, increment_days=cadence[0], period=cadence[1]).windows
    for window in windows:
        later = window.since.month - 1 + 37
        # The last day on which Meta still keeps `since`, reckoned forwards.
        end_of_retention = date(window.since.year + later // 12, later % 12 + 1, 1) + (window.since.day - 1) * ONE
        assert today < end_of_retention


@given(
    start=st.none() | days, today=days, later=st.integers(0, 1500), cadence=cadences, cursor=st.none() | days,
    most=st.integers(1, 40),
)  # fmt: skip
def test_a_later_plan_has_the_same_boundaries(
    start: date | None, today: date, later: int, cadence: tuple[int | None, str | None], cursor: date | None, most: int
) -> None:
    increment, period = cadence
    settings: dict[str, Any] = {
        "start_date": start, "increment_days": increment, "period": period, "max_days_per_window": most,
    }  # fmt: skip
    before = plan(today=today, **settings).windows
    after = plan(today=today + later * ONE, cursor=cursor, **settings).windows
    if not before or not after:
        return
    if period == "monthly":
        assert all(window.since.day == 1 for window in (*before, *after))
        return
    if period == "weekly":
        assert all(window.since.weekday() == 0 for window in (*before, *after))
    assert increment
    overlap = after[0].since
    first, second = boundaries(before, increment), boundaries(after, increment)
    common = {day for day in first if day >= overlap}
    assert common == {day for day in second if day <= before[-1].until and day >= before[0].since}


@given(start=days, today=days, cadence=cadences, most=st.integers(1, 200), cursor=st.none() | days)
def test_windows_are_disjoint_ordered_and_hold_whole_increments(
    start: date, today: date, cadence: tuple[int | None, str | None], most: int, cursor: date | None
) -> None:
    increment, period = cadence
    windows = plan(
        start_date=start, today=today, increment_days=increment, period=period, max_days_per_window=most, cursor=cursor
    ).windows
    assert all(before.until < after.since for before, after in pairwise(windows))
    assert all(window.until <= today for window in windows)
    for window in windows[:-1]:
        if increment:
            assert len(window) % increment == 0
            assert len(window) <= max(most, increment)
        else:
            assert (window.until + ONE).day == 1
