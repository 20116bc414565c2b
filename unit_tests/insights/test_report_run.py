"""The report-run protocol over a real session, and what the scheduler makes of polls that go wrong."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests_mock

from source_meta_ads.accounts import Account
from source_meta_ads.graph.auth import BearerAuth
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import BadRequest, NotFound, RateLimited, TooMuchData, TransientError
from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.pieces import Read
from source_meta_ads.insights.report_run import Poll, ReportRuns
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.scheduler import Finished, Scheduler
from source_meta_ads.insights.windows import Window
from source_meta_ads.telemetry.meter import Meter
from unit_tests.graph.test_client import Door
from unit_tests.simulated import SimulatedClock
from unit_tests.wire import Answer, Wire

RUN_ID = "6023920149050"
DONE = {"id": RUN_ID, "async_status": "Job Completed", "async_percent_completion": 100}
GONE = {"error": {"message": "Unsupported get request", "code": 100, "error_subcode": 33}}
WRONG = {"error": {"message": "(#100) param", "code": 100, "type": "OAuthException"}}


@pytest.fixture
def meta() -> Iterator[Any]:
    with requests_mock.Mocker() as mocker:
        yield mocker


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def runs(clock: SimulatedClock) -> ReportRuns:
    return report_runs(clock)


def report_runs(clock: SimulatedClock, version: str = "v26.0", *, patient: bool = True) -> ReportRuns:
    session = GraphSession(
        base_url="https://graph.facebook.com",
        version=version,
        auth=BearerAuth("tok"),
        clock=clock,
        throttle=Throttle(clock),
        meter=Meter(),
        logger=logging.getLogger("test"),
        waits_for_limits=patient,
    )
    return ReportRuns(session, 2)


def job() -> Job:
    report = Report(name="r", breakdowns=["age"])
    return Job(Account("7", "Seven", "UTC", "USD", 1), report, Window(date(2026, 1, 1), date(2026, 1, 2)), ("spend",))


def poll(runs: ReportRuns, meta: Any, body: dict[str, Any], status: int = 200, *, is_new: bool = False) -> Any:
    meta.get(requests_mock.ANY, json=body, status_code=status)
    return runs.poll([Poll(RUN_ID, job(), is_new)])[0]


@pytest.mark.parametrize("run_id", [RUN_ID, int(RUN_ID)])
def test_a_submitted_job_gives_its_run_as_text(runs: ReportRuns, meta: Any, run_id: Any) -> None:
    meta.post("https://graph.facebook.com/v26.0/act_7/insights", json={"report_run_id": run_id})
    assert runs.submit([job()]) == [RUN_ID]
    form = {key: values[0] for key, values in parse_qs(meta.last_request.text).items()}
    assert json.loads(form["time_range"]) == {"since": "2026-01-01", "until": "2026-01-02"}
    assert (form["fields"], form["level"], form["time_increment"]) == ("spend", "ad", "1")
    assert json.loads(form["breakdowns"]) == ["age"]


def test_jobs_are_submitted_side_by_side_and_each_gets_its_own_run_or_error() -> None:
    meet = threading.Barrier(3, timeout=20)
    # Where Meta tells of usage nobody has to wait for another.
    usage = {"X-App-Usage": '{"call_count":1,"total_time":1,"total_cputime":1}'}

    def answer(path: str) -> Answer:
        account = path.split("?", maxsplit=1)[0].split("/")[2]
        if account == RUN_ID:
            return 200, usage, json.dumps(DONE).encode()
        meet.wait()
        made = {"report_run_id": account.removeprefix("act_") * 3}
        return (
            (400, usage, json.dumps(WRONG).encode()) if account == "act_8" else (200, usage, json.dumps(made).encode())
        )

    with contextlib.closing(Wire(answer)) as wire:
        runs = ReportRuns(Door(base_url=wire.url).session, 2)
        runs.poll([Poll(RUN_ID, job(), is_new=False)])
        asked = [replace(job(), account=replace(job().account, id=account)) for account in ("7", "8", "9")]
        first, error, last = runs.submit(asked)
    assert (first, last) == ("777", "999")
    assert isinstance(error, BadRequest)
    assert "act_8" in str(error)


@pytest.mark.parametrize("answer", [{}, {"report_run_id": ""}, {"report_run_id": True}, {"report_run_id": None}])
def test_an_answer_without_a_run_is_a_passing_failure(runs: ReportRuns, meta: Any, answer: dict[str, Any]) -> None:
    meta.post(requests_mock.ANY, json=answer)
    (error,) = runs.submit([job()])
    assert isinstance(error, TransientError)
    assert "act_7" in str(error)


@pytest.mark.parametrize("percent", [100, 100.0, "100", "100.0"])
def test_a_run_is_done_when_complete_and_at_a_hundred_percent(runs: ReportRuns, meta: Any, percent: Any) -> None:
    assert poll(runs, meta, {**DONE, "async_percent_completion": percent}).is_done


@pytest.mark.parametrize(
    "run",
    [
        {**DONE, "async_percent_completion": 99},
        {**DONE, "async_percent_completion": "99.9"},
        {**DONE, "async_percent_completion": True},
        {**DONE, "async_percent_completion": "soon"},
        {**DONE, "async_percent_completion": None},
        {**DONE, "async_status": "Job Running"},
        {},
    ],
)
def test_anything_less_is_not_done_and_no_error(runs: ReportRuns, meta: Any, run: dict[str, Any]) -> None:
    progress = poll(runs, meta, run)
    assert (progress.is_done, progress.error) == (False, None)


def test_a_failed_run_says_why_from_v25_on(clock: SimulatedClock, meta: Any) -> None:
    failed = {"async_status": "Job Failed", "error_code": -3, "error_subcode": 1504045, "error_message": "too large"}
    progress = poll(report_runs(clock), meta, failed)
    assert isinstance(progress.error, TooMuchData)
    assert "error_code" in meta.last_request.qs["fields"][0]
    poll(report_runs(clock, "v24.0"), meta, {"async_status": "Job Running"})
    assert "error_code" not in meta.last_request.qs["fields"][0]


def test_a_skipped_run_may_be_submitted_again(runs: ReportRuns, meta: Any) -> None:
    assert isinstance(poll(runs, meta, {"async_status": "Job Skipped"}).error, TransientError)


def test_a_new_run_not_visible_yet_is_no_error(runs: ReportRuns, meta: Any) -> None:
    progress = poll(runs, meta, GONE, 400, is_new=True)
    assert (progress.is_done, progress.error) == (False, None)


def test_a_run_that_meta_lost_is_a_passing_failure_and_nothing_the_user_can_mend(runs: ReportRuns, meta: Any) -> None:
    error = poll(runs, meta, GONE, 400).error
    assert isinstance(error, TransientError)
    assert not isinstance(error, NotFound)


def test_rows_come_page_by_page_as_meta_sent_them(runs: ReportRuns, meta: Any) -> None:
    url = f"https://graph.facebook.com/v26.0/{RUN_ID}/insights"
    following = {"cursors": {"after": "c1"}, "next": f"{url}?access_token=secret&after=c1"}
    meta.get(url, json={"data": [{"spend": "1.5"}, {"spend": "2"}], "paging": following})
    meta.get(f"{url}?after=c1", json={"data": [{"spend": "3"}], "paging": {"cursors": {"after": "c2"}}})
    assert list(runs.rows(job(), RUN_ID, dict)) == [{"spend": "1.5"}, {"spend": "2"}, {"spend": "3"}]


def finished(
    clock: SimulatedClock, meta: Any, *polls: dict[str, Any], patient: bool = True
) -> tuple[list[Finished], int]:
    """What becomes of one job whose polls are answered thus, the last for ever; and how often it was submitted."""
    submitted = meta.post(requests_mock.ANY, json={"report_run_id": RUN_ID})
    meta.get(requests_mock.ANY, [{"json": body, "status_code": 400 if "error" in body else 200} for body in polls])
    scheduler = Scheduler(report_runs(clock, patient=patient), clock, logging.getLogger("test"))
    return list(scheduler.completed([[job()]])), submitted.call_count


def test_a_poll_that_fails_in_passing_does_not_make_a_second_job(clock: SimulatedClock, meta: Any) -> None:
    passing = {"error": {"message": "unknown", "code": 2, "is_transient": True}}
    # More than the session itself retries, so that the failure reaches the scheduler once.
    results, submitted = finished(clock, meta, *[passing] * 6, DONE)
    assert (results[0].rows, submitted) == (Read(job(), RUN_ID), 1)


def test_polls_that_never_succeed_are_given_up(clock: SimulatedClock, meta: Any) -> None:
    results, _ = finished(clock, meta, {"error": {"message": "unknown", "code": 2, "is_transient": True}})
    assert isinstance(results[0].error, TransientError)


def test_a_run_that_meta_lost_is_submitted_again(clock: SimulatedClock, meta: Any) -> None:
    results, submitted = finished(clock, meta, *[GONE] * 6, DONE)
    assert (results[0].error, submitted) == (None, 2)


def test_a_wrong_poll_ends_the_job_with_its_error(clock: SimulatedClock, meta: Any) -> None:
    results, submitted = finished(clock, meta, WRONG)
    assert isinstance(results[0].error, BadRequest)
    assert submitted == 1


def test_a_limit_that_comes_again_and_again_ends_the_job_with_its_error(clock: SimulatedClock, meta: Any) -> None:
    limit = {"error": {"message": "too many calls", "code": 80000, "error_subcode": 2446079}}
    results, submitted = finished(clock, meta, limit)
    assert isinstance(results[0].error, RateLimited)
    assert submitted == 1
    assert clock.elapsed > 20 * 30


def test_a_run_goes_on_while_nobody_may_ask_after_it(clock: SimulatedClock, meta: Any) -> None:
    limit = {"error": {"message": "too many calls", "code": 80000, "error_subcode": 2446079}}
    results, submitted = finished(clock, meta, limit, limit, DONE)
    assert results[0].error is None
    assert submitted == 1


def test_runs_asked_after_together_do_not_wait_for_the_one_whose_account_is_blocked(
    clock: SimulatedClock, meta: Any
) -> None:
    usage = {"5": [{"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 50}]}
    meta.get(
        "https://graph.facebook.com/v26.0/act_5/insights",
        json={"data": []}, headers={"X-Business-Use-Case-Usage": json.dumps(usage)},
    )  # fmt: skip
    for number in range(6, 11):
        meta.get(f"https://graph.facebook.com/v26.0/{number}", json={**DONE, "id": str(number)})
    runs = report_runs(clock)
    accounts = [replace(job().account, id=str(number)) for number in range(5, 11)]
    jobs = [replace(job(), account=account) for account in accounts]
    list(runs.rows(jobs[0], None, lambda row: row))
    begun = clock.elapsed
    blocked, *others = runs.poll([Poll(each.account.id, each, False) for each in jobs])
    assert isinstance(blocked.error, RateLimited)
    assert [each.is_done for each in others] == [True] * 5
    assert clock.elapsed - begun < 60
