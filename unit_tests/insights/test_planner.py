"""As few report jobs as sensible, the newest days first, each sized by what was learnt."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.accounts import Account
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.planner import Learned, Planner
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.windows import Window

TODAY = date(2026, 11, 24)
ACCOUNT = Account("1", "One", "UTC", "USD", 1)


def increments(n: int, days: int = 1, skip: frozenset[int] = frozenset()) -> list[Window]:
    """N increments that end today, oldest first, without those whose place is in `skip`."""
    first = TODAY - timedelta(days=n * days - 1)
    windows = [Window(first + timedelta(days=k * days), first + timedelta(days=(k + 1) * days - 1)) for k in range(n)]
    return [window for k, window in enumerate(windows) if k not in skip]


def plan(windows: list[Window], rows_per_day: float | None = None, **report: object) -> list[Job]:
    learned = Learned()
    if rows_per_day is not None:
        learned.note("1", rows_per_day)
    planner = Planner(Report.model_validate({"name": "r", **report}), ("spend",), learned)
    return list(planner.jobs(ACCOUNT, windows, TODAY, {}))


def test_a_lookback_window_is_one_job_where_its_rows_are_few_and_two_where_nobody_knows() -> None:
    (job,) = plan(increments(29), rows_per_day=100)
    assert job.window == Window(TODAY - timedelta(days=28), TODAY)
    assert len(plan(increments(29))) == 2


def test_the_newest_days_come_first_and_history_after_them_in_order() -> None:
    jobs = plan(increments(200))
    assert jobs[0].window.until == TODAY
    rest = [job.window for job in jobs[1:]]
    assert rest == sorted(rest)
    assert rest[-1].until == jobs[0].window.since - timedelta(days=1)


def test_jobs_of_one_plan_are_about_equally_long() -> None:
    lengths = [len(job.window) for job in plan(increments(64))]
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) <= 16


def test_many_rows_a_day_make_short_jobs_and_few_make_long_ones() -> None:
    assert max(len(job.window) for job in plan(increments(60), rows_per_day=1000)) == 3
    assert max(len(job.window) for job in plan(increments(184), rows_per_day=10)) == 92
    assert [len(job.window) for job in plan(increments(2), rows_per_day=1_000_000)] == [1, 1]


def test_what_is_learnt_on_the_way_sizes_the_jobs_that_follow() -> None:
    learned = Learned()
    jobs = Planner(Report(name="r"), ("spend",), learned).jobs(ACCOUNT, increments(300), TODAY, {})
    assert len(next(jobs).window) == 16
    learned.observe("1", 16_000, 16)
    assert len(next(jobs).window) == 3


def test_a_question_that_fits_a_page_is_asked_at_once() -> None:
    assert plan(increments(30), rows_per_day=5)[0].is_small
    assert not plan(increments(30), rows_per_day=50)[0].is_small
    assert not plan(increments(30))[0].is_small
    assert plan(increments(30), level="account")[0].is_small


def test_what_the_synchronous_edge_answers_differently_is_asked_as_a_job() -> None:
    assert not plan(increments(30), rows_per_day=1, breakdowns=["mmm"], level="adset")[0].is_small
    breakdowns = ["publisher_platform", "impression_device"]
    assert not plan(increments(30), rows_per_day=1, breakdowns=breakdowns)[0].is_small
    assert not plan(increments(400)[:3], rows_per_day=1)[0].is_small


def test_the_run_of_an_earlier_sync_is_found_by_its_question() -> None:
    learned = Learned()
    planner = Planner(Report(name="r"), ("spend",), learned)
    (asked,) = planner.jobs(ACCOUNT, increments(9), TODAY, {})
    (again,) = planner.jobs(ACCOUNT, increments(9), TODAY, {asked.query_hash(): "77"})
    assert again.known_run == "77"
    (other,) = planner.jobs(ACCOUNT, increments(8), TODAY, {asked.query_hash(): "77"})
    assert other.known_run is None


@given(
    n=st.integers(1, 400),
    days=st.integers(1, 40),
    skip=st.frozensets(st.integers(0, 399), max_size=30),
    rows=st.none() | st.floats(0, 1e6),
)
def test_every_increment_is_in_exactly_one_job_and_no_job_spans_a_gap(
    n: int, days: int, skip: frozenset[int], rows: float | None
) -> None:
    windows = increments(n, days, skip)
    asked = []
    for job in plan(windows, rows, time_increment=days):
        since = job.window.since
        while since <= job.window.until:
            asked.append(Window(since, since + timedelta(days=days - 1)))
            since += timedelta(days=days)
    assert sorted(asked) == windows


def test_metrics_that_meta_no_longer_has_of_old_days_are_not_asked_for_there_and_are_for_younger_ones() -> None:
    report = Report(name="r", breakdowns=["age"])
    planner = Planner(report, ("ad_id", "spend", "reach"), Learned())
    jobs = list(planner.jobs(ACCOUNT, increments(500), TODAY, {}))
    first_with_reach = min(job.window.since for job in jobs if "reach" in job.fields)
    assert all(("reach" in job.fields) is (job.window.since >= first_with_reach) for job in jobs)
    assert all(not (job.window.since < first_with_reach <= job.window.until) for job in jobs)
    assert date(2025, 10, 23) <= first_with_reach <= date(2025, 10, 26)
    assert any("reach" not in job.fields for job in jobs)
