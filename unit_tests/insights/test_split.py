"""A job too large is cut by days: nothing lost, nothing doubled, no increment torn."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.accounts import Account
from source_meta_ads.insights.report_run import Job
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.split import split
from source_meta_ads.insights.windows import Window

FIRST = date(2026, 9, 28)


def job(days: int, **report: Any) -> Job:
    window = Window(FIRST, FIRST + timedelta(days=days - 1))
    return Job(Account("1", "One", "UTC", "USD", 1), Report(name="r", **report), window, ("spend",))


@given(days=st.integers(1, 400), increment=st.integers(1, 89))
def test_the_parts_are_the_whole_and_meet_between_increments(days: int, increment: int) -> None:
    whole = job(days, time_increment=increment)
    parts = split(whole)
    if days <= increment:
        assert parts == []
        return
    older, newer = parts
    assert (older.window.since, newer.window.until) == (whole.window.since, whole.window.until)
    assert newer.window.since == older.window.until + timedelta(days=1)
    assert len(older.window) % increment == 0
    assert (older.report, older.account, older.fields) == (whole.report, whole.account, whole.fields)


def test_two_weeks_are_cut_on_a_monday() -> None:
    _, newer = split(job(14, time_increment_period="weekly"))
    assert newer.window.since.weekday() == 0


@pytest.mark.parametrize("period", ["monthly", "all_days"])
def test_what_is_one_row_is_never_cut(period: str) -> None:
    assert split(job(60, time_increment_period=period)) == []


def test_cutting_again_and_again_ends_with_single_days() -> None:
    waiting, single = [job(11)], []
    while waiting:
        each = waiting.pop()
        parts = split(each)
        waiting += parts
        single += [] if parts else [each.window]
    assert sorted(single) == [Window(FIRST + timedelta(days=n), FIRST + timedelta(days=n)) for n in range(11)]
