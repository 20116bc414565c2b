"""Many report jobs at once, on simulated time, against a Meta that does what each test says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_meta_ads.accounts import Account
from source_meta_ads.graph.errors import BadRequest, GraphError, PermissionDenied, TooMuchData, TransientError
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.pieces import Read, Rows, Together
from source_meta_ads.insights.report_run import Poll, Progress, ReportRuns
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.scheduler import Finished, Scheduler
from source_meta_ads.insights.windows import Window
from unit_tests.simulated import SimulatedClock

Outcome = Callable[[Job, int], "float | GraphError"]


class FakeMeta:
    """Report runs that take as long, or fail, as `outcome(job, times submitted)` says."""

    def __init__(self, clock: SimulatedClock, outcome: Outcome) -> None:
        self._clock, self._outcome = clock, outcome
        self.jobs: list[tuple[Job, float | GraphError, float]] = []
        self.polls = 0
        self.poll_times: list[float] = []
        self.blocked_until: dict[str, float] = {}
        self.ids: dict[str, list[str]] = {}
        self.most_in_flight: dict[str, int] = {}
        self._in_flight: set[tuple[str, str]] = set()

    def submit(self, jobs: Sequence[Job]) -> list[str | GraphError]:
        return [self.made(job) for job in jobs]

    def made(self, job: Job) -> str | GraphError:
        times = sum(each == job for each, _, _ in self.jobs) + 1
        self.jobs.append((job, self._outcome(job, times), self._clock.monotonic()))
        run_id = str(len(self.jobs) - 1)
        self._in_flight.add((job.account.id, run_id))
        now = sum(account == job.account.id for account, _ in self._in_flight)
        self.most_in_flight[job.account.id] = max(now, self.most_in_flight.get(job.account.id, 0))
        return run_id

    def blocked_seconds(self, account_id: str) -> float:
        return max(0.0, self.blocked_until.get(account_id, 0.0) - self._clock.monotonic())

    def objects(self, job: Job, level: str) -> list[str]:
        return self.ids.get(level, [])

    def poll(self, polls: list[Poll]) -> list[Progress]:
        self.polls += 1
        self.poll_times += [self._clock.monotonic()] * len(polls)
        return [self._progress(each.run_id, each.job.account.id) for each in polls]

    def _progress(self, run_id: str, account_id: str) -> Progress:
        _, outcome, started = self.jobs[int(run_id)]
        if isinstance(outcome, GraphError):
            self._in_flight.discard((account_id, run_id))
            return Progress(is_done=False, percent=0, error=outcome)
        if self._clock.monotonic() < started + outcome:
            return Progress(is_done=False, percent=50)
        self._in_flight.discard((account_id, run_id))
        return Progress(is_done=True, percent=100)


def jobs(accounts: int = 1, windows: int = 1, days: int = 7, increment: int = 1) -> list[Job]:
    report = Report(name="r", time_increment=increment)
    first = date(2026, 10, 1)
    return [
        Job(
            Account(str(a), f"account {a}", "UTC", "USD", 1),
            report,
            Window(first + timedelta(days=w * days), first + timedelta(days=(w + 1) * days - 1)),
            ("spend",),
        )
        for a in range(accounts)
        for w in range(windows)
    ]


def run(work: list[Job], outcome: Outcome) -> tuple[list[Finished], FakeMeta, SimulatedClock]:
    clock = SimulatedClock()
    meta = FakeMeta(clock, outcome)
    scheduler = Scheduler(cast(ReportRuns, meta), clock, logging.getLogger("test"))
    return list(scheduler.completed(by_account(work))), meta, clock


def by_account(work: list[Job]) -> list[list[Job]]:
    accounts = dict.fromkeys(job.account.id for job in work)
    return [[job for job in work if job.account.id == account] for account in accounts]


def covered(finished: list[Finished], account: str = "0") -> list[date]:
    return sorted(
        each.job.window.since + timedelta(days=n)
        for each in finished
        if each.job.account.id == account and each.error is None
        for n in range((each.job.window.until - each.job.window.since).days + 1)
    )


def test_every_job_is_handed_out_once() -> None:
    finished, _, _ = run(jobs(accounts=3, windows=9), lambda job, times: 4.0)
    assert len(finished) == len({(each.job.account.id, each.job.window) for each in finished}) == 27
    assert all(isinstance(each.rows, Read) and each.rows.run_id for each in finished)


def test_jobs_run_side_by_side_within_each_accounts_slots() -> None:
    _, meta, clock = run(jobs(accounts=2, windows=8), lambda job, times: 10.0)
    assert meta.most_in_flight == {"0": 4, "1": 4}
    one_after_another = 2 * 8 * 10.0
    assert clock.elapsed < one_after_another / 4


def test_a_slow_account_does_not_hold_up_a_quick_one() -> None:
    finished, _, _ = run(jobs(accounts=2, windows=4), lambda job, times: 300.0 if job.account.id == "0" else 1.0)
    assert [each.job.account.id for each in finished] == ["1"] * 4 + ["0"] * 4


def test_waiting_for_a_long_job_takes_few_polls() -> None:
    _, meta, _ = run(jobs(), lambda job, times: 600.0)
    assert meta.polls < 45


def test_a_job_too_large_is_cut_by_days_and_no_day_is_lost_or_doubled() -> None:
    def outcome(job: Job, times: int) -> float | GraphError:
        days = (job.window.until - job.window.since).days + 1
        return TooMuchData(message="Report Too Large") if days > 2 else 1.0

    finished, _, _ = run(jobs(days=7), outcome)
    assert covered(finished) == [date(2026, 10, 1) + timedelta(days=n) for n in range(7)]


def test_a_cut_keeps_increments_of_several_days_whole() -> None:
    def outcome(job: Job, times: int) -> float | GraphError:
        days = (job.window.until - job.window.since).days + 1
        return TooMuchData(message="Report Too Large") if days > 3 else 1.0

    finished, _, _ = run(jobs(days=9, increment=3), outcome)
    assert {(each.job.window.until - each.job.window.since).days + 1 for each in finished} == {3}
    assert len(covered(finished)) == 9


def test_a_single_day_that_is_too_large_is_an_error_of_that_day_alone() -> None:
    def outcome(job: Job, times: int) -> float | GraphError:
        bad = job.window.since <= date(2026, 10, 3) <= job.window.until
        return TooMuchData(message="Report Too Large") if bad else 1.0

    finished, _, _ = run(jobs(days=7), outcome)
    failed = [each.job.window for each in finished if each.error]
    assert failed == [Window(date(2026, 10, 3), date(2026, 10, 3))]
    assert len(covered(finished)) == 6


def test_a_passing_failure_is_submitted_again_and_then_given_up() -> None:
    finished, meta, _ = run(jobs(), lambda job, times: TransientError(message="Report Failed") if times < 3 else 1.0)
    assert finished[0].error is None
    assert len(meta.jobs) == 3
    finished, meta, _ = run(jobs(), lambda job, times: TransientError(message="Report Failed"))
    assert isinstance(finished[0].error, TransientError)
    assert len(meta.jobs) == 4


def test_a_refused_report_is_not_submitted_again_and_stops_no_other() -> None:
    finished, meta, _ = run(
        jobs(accounts=2), lambda job, times: BadRequest(message="invalid") if job.account.id == "0" else 1.0
    )
    assert {each.job.account.id: each.error is None for each in finished} == {"0": False, "1": True}
    assert len(meta.jobs) == 2


def test_a_stuck_job_is_given_up_after_the_timeout_and_cut_smaller() -> None:
    finished, _, clock = run(jobs(days=2), lambda job, times: 1e9 if job.window.since < job.window.until else 1.0)
    assert len(covered(finished)) == 2
    assert 3600 < clock.elapsed < 3600 + 60


def test_a_consumer_that_stops_gives_its_slots_back() -> None:
    clock = SimulatedClock()
    scheduler = Scheduler(cast(ReportRuns, FakeMeta(clock, lambda job, times: 5.0)), clock, logging.getLogger("test"))
    first = scheduler.completed([jobs(windows=6)])
    next(iter(first))
    first.close()  # type: ignore[attr-defined]
    assert len(list(scheduler.completed([jobs(windows=6)]))) == 6


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_to_do_takes_no_time(share: float) -> None:
    finished, meta, clock = run([], lambda job, times: share)
    assert (finished, meta.polls, clock.elapsed) == ([], 0, 0.0)


def test_what_is_refused_for_the_account_is_not_asked_for_again_window_by_window() -> None:
    def outcome(job: Job, times: int) -> float | GraphError:
        return PermissionDenied(code=200, message="no") if job.account.id == "0" else 1.0

    finished, meta, _ = run(jobs(accounts=2, windows=30), outcome)
    assert (
        sum(each.error is not None for each in finished) == sum(job.account.id == "0" for job, _, _ in meta.jobs) <= 4
    )
    assert len(covered(finished, "1")) == 30 * 7


def test_two_refusals_as_wrong_are_enough_where_nothing_was_accepted() -> None:
    refusals: list[Job] = []

    class Refusing(FakeMeta):
        def made(self, job: Job) -> str | GraphError:
            refusals.append(job)
            return BadRequest(code=100, message="invalid")

    clock = SimulatedClock()
    meta = Refusing(clock, lambda job, times: 1.0)
    finished = list(Scheduler(cast(ReportRuns, meta), clock, logging.getLogger("test")).completed([jobs(windows=30)]))
    assert len(refusals) == len(finished) == 2


def test_one_window_refused_as_wrong_leaves_the_others_alone() -> None:
    class RefusingOne(FakeMeta):
        def made(self, job: Job) -> str | GraphError:
            if job.window.since == date(2026, 10, 1):
                return BadRequest(code=3018, message="beyond 37 months")
            return super().made(job)

    clock = SimulatedClock()
    meta = RefusingOne(clock, lambda job, times: 1.0)
    finished = list(Scheduler(cast(ReportRuns, meta), clock, logging.getLogger("test")).completed([jobs(windows=9)]))
    assert [each.job.window.since for each in finished if each.error] == [date(2026, 10, 1)]
    assert len(covered(finished)) == 8 * 7


def reads(rows: Rows | None) -> list[Read]:
    """Every report run that an answer is in."""
    if rows is None or isinstance(rows, Read):
        return [rows] if rows else []
    return [read for part in rows.parts for read in reads(part)]


def test_one_day_that_is_too_large_is_cut_by_objects_level_after_level_and_stays_one_answer() -> None:
    def outcome(job: Job, times: int) -> float | GraphError:
        return TooMuchData(message="Report Too Large") if len(job.conditions) < 3 else 1.0

    clock = SimulatedClock()
    meta = FakeMeta(clock, outcome)
    meta.ids = {"campaign": ["c1"], "adset": ["s1", "s2"], "ad": ["a1", "a2"]}
    scheduler = Scheduler(cast(ReportRuns, meta), clock, logging.getLogger("test"))
    (answer,) = scheduler.completed([jobs(days=1)])
    assert answer.job == jobs(days=1)[0]
    assert isinstance(answer.rows, Together)
    assert not answer.rows.is_join
    conditions = [[(each.field, each.operator) for each in read.job.conditions] for read in reads(answer.rows)]
    assert len(conditions) == 8
    assert {each[0] for each in conditions} == {("adset.id", "IN"), ("adset.id", "NOT_IN")}


def test_what_can_be_cut_by_fields_alone_is_joined_and_stays_one_answer() -> None:
    def outcome(job: Job, times: int) -> float | GraphError:
        return TooMuchData(message="Report Too Large") if len(job.fields) > 2 else 1.0

    job = replace(jobs(days=1)[0], fields=("ad_id", "spend", "clicks", "actions"))
    finished, _, _ = run([job], outcome)
    assert [each.error for each in finished] == [None]
    assert isinstance(finished[0].rows, Together)
    assert finished[0].rows.is_join
    assert sorted(read.job.fields for read in reads(finished[0].rows)) == [
        ("ad_id", "actions"), ("ad_id", "clicks"), ("ad_id", "spend"),
    ]  # fmt: skip


def test_an_answer_with_a_part_that_fails_fails_as_a_whole_and_its_other_parts_are_left() -> None:
    def outcome(job: Job, times: int) -> float | GraphError:
        if not job.conditions:
            return TooMuchData(message="Report Too Large")
        return BadRequest(message="no") if job.conditions[0].operator == "IN" else 500.0

    clock = SimulatedClock()
    meta = FakeMeta(clock, outcome)
    meta.ids = {"campaign": ["c1", "c2"]}
    scheduler = Scheduler(cast(ReportRuns, meta), clock, logging.getLogger("test"))
    (answer,) = scheduler.completed([jobs(days=1)])
    assert isinstance(answer.error, BadRequest)


def test_a_run_of_an_earlier_sync_is_picked_up_instead_of_a_new_one() -> None:
    clock = SimulatedClock()
    meta = FakeMeta(clock, lambda job, times: 1.0)
    meta.submit(jobs()[:1])
    known = replace(jobs()[0], known_run="0")
    noted: list[str] = []
    scheduler = Scheduler(cast(ReportRuns, meta), clock, logging.getLogger("test"))
    (answer,) = scheduler.completed([[known]], lambda runs: noted.extend(run_id for _, run_id in runs))
    assert answer.rows == Read(known, "0")
    assert (len(meta.jobs), noted) == (1, [])


def test_a_run_that_can_not_be_picked_up_is_made_anew() -> None:
    clock = SimulatedClock()
    meta = FakeMeta(clock, lambda job, times: 1.0 if job.known_run is None else TransientError(message="gone"))
    meta.submit([replace(jobs()[0], known_run="0")])
    meta._outcome = lambda job, times: 1.0  # the second run goes well
    noted: list[str] = []
    scheduler = Scheduler(cast(ReportRuns, meta), clock, logging.getLogger("test"))
    (answer,) = scheduler.completed(
        [[replace(jobs()[0], known_run="0")]], lambda runs: noted.extend(run_id for _, run_id in runs)
    )
    assert [read.run_id for read in reads(answer.rows)] == ["1"] == noted


def test_a_small_question_needs_no_report_run() -> None:
    finished, meta, clock = run([replace(jobs()[0], is_small=True)], lambda job, times: 1.0)
    assert finished[0].rows == Read(finished[0].job, None)
    assert (meta.jobs, meta.polls, clock.elapsed) == ([], 0, 0.0)


def test_a_blocked_account_is_not_asked_until_its_block_ends_and_holds_up_nobody() -> None:
    clock = SimulatedClock()
    meta = FakeMeta(clock, lambda job, times: 1.0)
    meta.blocked_until["0"] = 300.0
    scheduler = Scheduler(cast(ReportRuns, meta), clock, logging.getLogger("test"))
    order = [each.job.account.id for each in scheduler.completed(by_account(jobs(accounts=2, windows=3)))]
    assert order == ["1"] * 3 + ["0"] * 3
    assert all(at >= 300 for job, _, at in meta.jobs if job.account.id == "0")
    assert all(at < 10 for job, _, at in meta.jobs if job.account.id == "1")


@pytest.mark.parametrize(("accounts", "windows"), [(1, 1), (3, 2), (5, 6), (10, 2), (100, 1)])
def test_polls_are_at_most_two_a_second_or_one_an_account_in_five_seconds(accounts: int, windows: int) -> None:
    _, meta, _ = run(jobs(accounts=accounts, windows=windows), lambda job, times: 7.0)
    rate = max(2.0, accounts / 5)
    for number, at in enumerate(meta.poll_times, start=1):
        assert number <= rate * at + 1e-6
    in_any_second = max(sum(at <= each < at + 1 for each in meta.poll_times) for at in meta.poll_times)
    assert in_any_second <= 3 * rate


def test_the_pace_of_polls_holds_up_no_more_the_more_accounts_there_are() -> None:
    _, _, few = run(jobs(accounts=20), lambda job, times: 7.0)
    _, _, many = run(jobs(accounts=400), lambda job, times: 7.0)
    assert many.elapsed <= 1.5 * few.elapsed


@pytest.mark.parametrize("percent_at", [lambda share: 0, lambda share: 100 * share**3, lambda share: 100 * share**0.3])
@pytest.mark.parametrize("seconds", [4.0, 30.0, 200.0])
def test_a_finished_run_is_noticed_soon_whatever_meta_says_of_its_progress(
    percent_at: Callable[[float], float], seconds: float
) -> None:
    class Telling(FakeMeta):
        def _progress(self, run_id: str, account_id: str) -> Progress:
            progress = super()._progress(run_id, account_id)
            share = self._clock.monotonic() / seconds
            return progress if progress.is_done else Progress(is_done=False, percent=int(percent_at(share)))

    clock = SimulatedClock()
    meta = Telling(clock, lambda job, times: seconds)
    list(Scheduler(cast(ReportRuns, meta), clock, logging.getLogger("test")).completed([jobs()]))
    assert clock.elapsed <= seconds + min(20.0, 0.7 * seconds) + 0.5


def test_new_jobs_are_drawn_only_when_there_is_room_for_them() -> None:
    drawn: list[Job] = []

    def draw() -> Iterator[Job]:
        for job in jobs(windows=20):
            drawn.append(job)
            yield job

    clock = SimulatedClock()
    scheduler = Scheduler(cast(ReportRuns, FakeMeta(clock, lambda job, times: 5.0)), clock, logging.getLogger("test"))
    answers = scheduler.completed([draw()])
    next(answers)
    assert len(drawn) <= 4 + 4 + 1


@given(
    days=st.integers(1, 12),
    limit=st.integers(1, 40),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    flaky=st.integers(0, 3),
)
@settings(deadline=None, max_examples=60)
def test_whatever_is_too_large_every_day_and_object_is_in_exactly_one_part(
    days: int, limit: int, sizes: list[int], flaky: int
) -> None:
    campaigns = {f"c{n}": size for n, size in enumerate(sizes)}

    def about(job: Job) -> set[str]:
        kept = set(campaigns)
        for each in job.conditions:
            kept = kept & set(each.values) if each.operator == "IN" else kept - set(each.values)
        return kept

    def outcome(job: Job, times: int) -> float | GraphError:
        if times <= flaky:
            return TransientError(message="Report Failed")
        n_rows = len(job.window) * sum(campaigns[each] for each in about(job))
        return TooMuchData(message="Report Too Large") if n_rows > max(limit, *sizes) else 1.0

    clock = SimulatedClock()
    meta = FakeMeta(clock, outcome)
    meta.objects = lambda job, level: sorted(about(job)) if level == "campaign" else []  # type: ignore[method-assign]
    scheduler = Scheduler(cast(ReportRuns, meta), clock, logging.getLogger("test"))
    cells: list[tuple[date, str]] = []
    for answer in scheduler.completed([jobs(days=days)]):
        assert answer.error is None
        for read in reads(answer.rows):
            assert read.job.window == answer.job.window
            for n in range(len(read.job.window)):
                cells += [(read.job.window.since + timedelta(days=n), each) for each in about(read.job)]
    whole = [(date(2026, 10, 1) + timedelta(days=n), each) for n in range(days) for each in campaigns]
    assert sorted(cells) == sorted(whole)
