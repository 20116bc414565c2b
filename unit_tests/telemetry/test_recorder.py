"""What a recording keeps of a run, and how little of a huge one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from source_meta_ads.telemetry.meter import Meter
from source_meta_ads.telemetry.recorder import Recorder

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


class Run:
    """A recorder and the time it goes by."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.wall = START
        self.recorder = Recorder("run-1", lambda: self.wall + timedelta(seconds=self.elapsed), lambda: self.elapsed)
        self.meter = Meter(self.recorder)


@pytest.fixture
def run() -> Run:
    return Run()


def test_a_recording_is_json_with_all_that_was_noted(run: Run) -> None:
    run.recorder.quota = lambda: {"app": 12.34}
    run.recorder.accounts = {"1": {"name": "West", "timezone": "UTC"}}
    run.meter.call("ads", 200, "ads", "1")
    run.elapsed = 2.0
    run.meter.call("ads", 400)
    run.meter.retry("TransientError")
    run.meter.wait(1.5)
    run.meter.day("ads_insights", "1", "USD", "2026-11-23", rows=2, spend=1.005)
    run.meter.day("ads_insights", "1", "USD", "2026-11-23", rows=1, spend=0.1)
    run.meter.day("other", "1", "USD", "2026-11-23", rows=1, spend=None)
    run.meter.error("AuthError", {"code": 190, "edge": "ads", "account_id": "1", "message": "no"})
    run.meter.error("AuthError", {"code": 190, "edge": "ads", "account_id": "1", "message": "no"})
    run.recorder.job_started("9", "ads_insights", "1", "2026-11-01", "2026-11-02")
    run.elapsed = 5.0
    assert run.recorder.job_ended("9", "done") == 3.0
    found = json.loads(json.dumps(run.recorder.recording(status="failed")))
    assert found["started_at"] == "2026-11-24T15:00:00+00:00"
    assert found["ended_at"] == "2026-11-24T15:00:05+00:00"
    assert (found["seconds"], found["status"]) == (5.0, "failed")
    assert found["calls"] == {"span_seconds": 1, "amounts": {"ads": [[0, 1]], "ads 400": [[2, 1]]}}
    assert found["retries"]["amounts"] == {"TransientError": [[2, 1]]}
    assert found["waits"]["amounts"] == {"waits": [[2, 1.5]]}
    assert found["quota"] == [[0.0, {"app": 12.3}], [2.0, {"app": 12.3}], [5.0, {"app": 12.3}]]
    assert found["days"] == [
        ["ads_insights", "1", "USD", "2026-11-23", 3, 1.1],
        ["other", "1", "USD", "2026-11-23", 1, None],
    ]
    assert found["jobs"] == [
        {"stream": "ads_insights", "account_id": "1", "since": "2026-11-01", "until": "2026-11-02",
         "started_seconds": 2.0, "ended_seconds": 5.0, "outcome": "done"}
    ]  # fmt: skip
    (error,) = found["errors"]
    assert (error["class"], error["count"], error["at_seconds"], error["code"]) == ("AuthError", 2, 2.0, 190)
    assert found["accounts"] == {"1": {"name": "West", "timezone": "UTC"}}


def test_a_clock_that_learns_it_was_wrong_makes_no_run_of_months(run: Run) -> None:
    run.elapsed = 1.0
    run.wall = START + timedelta(days=200)
    run.elapsed = 4.0
    found = run.recorder.recording()
    assert found["seconds"] == 4.0
    assert found["started_at"] == "2027-06-12T15:00:00+00:00"


def test_of_very_many_jobs_the_slowest_are_kept_and_the_others_counted(run: Run) -> None:
    for number in range(1500):
        run.elapsed = float(number)
        run.recorder.job_started(str(number), "s", "1", "a", "b")
        run.elapsed = number + number / 1000
        run.recorder.job_ended(str(number), "done")
    found = run.recorder.recording()
    assert (len(found["jobs"]), found["jobs_left_out"]) == (1000, 500)
    assert min(job["ended_seconds"] - job["started_seconds"] for job in found["jobs"]) >= 0.499


def test_a_job_that_never_ended_is_told_as_running_and_an_unknown_one_is_none(run: Run) -> None:
    run.recorder.job_started("1", "s", "1", "a", "b")
    assert run.recorder.job_ended("2", "done") == 0.0
    (job,) = run.recorder.recording()["jobs"]
    assert (job["outcome"], job["ended_seconds"]) == ("running", None)


def test_a_huge_run_is_recorded_in_little(run: Run) -> None:
    run.recorder.quota = lambda: {f"account act_{number}": float(number % 100) for number in range(500)}
    for number in range(60_000):
        run.elapsed = float(number)
        run.meter.day("s", str(number), "USD", "2026-11-23", rows=1, spend=1.0)
        if number % 10 == 0:
            run.meter.call(f"edge {number % 90}", 200)
            run.meter.error("BadRequest", {"message": f"number {number}"})
    found = run.recorder.recording()
    assert (len(found["days"]), found["days_left_out"]) == (50_000, 10_000)
    assert len(found["errors"]) == 200
    assert len(found["quota"]) <= 242
    assert all(len(used) <= 40 for _, used in found["quota"])
    assert max(span for pairs in found["calls"]["amounts"].values() for span, _ in pairs) < 240
    assert found["quota"][-1][0] == 59_999.0
