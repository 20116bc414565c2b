"""Report runs as the recorder gets to know them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests_mock

from source_meta_ads.accounts import Account
from source_meta_ads.graph.auth import BearerAuth
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.recorded_runs import RecordedRuns
from source_meta_ads.insights.report_run import Poll
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.windows import Window
from source_meta_ads.telemetry.meter import Meter
from source_meta_ads.telemetry.recorder import Recorder
from unit_tests.simulated import SimulatedClock

GRAPH = "https://graph.facebook.com/v26.0"
JOB = Job(
    Account(id="1", name="A", timezone="UTC", currency="USD", status=1),
    Report.model_validate({"name": "mine"}), Window(date(2026, 11, 1), date(2026, 11, 2)), ("spend",),
)  # fmt: skip


class Recorded:
    """Runs on simulated time, and what is recorded of them."""

    def __init__(self, meta: Any) -> None:
        self.meta, self.clock, self.meter = meta, SimulatedClock(), Meter()
        self.recorder = Recorder("r", self.clock.now, self.clock.monotonic)
        session = GraphSession(
            base_url="https://graph.facebook.com", version="v26.0", auth=BearerAuth("tok"), clock=self.clock,
            throttle=Throttle(self.clock), meter=self.meter, logger=logging.getLogger("test"),
        )  # fmt: skip
        self.runs = RecordedRuns(session, 500, self.recorder, self.meter)

    def submit(self, run_id: str) -> None:
        self.meta.post(f"{GRAPH}/act_1/insights", json={"report_run_id": run_id})
        assert self.runs.submit([JOB]) == [run_id]

    def poll(self, run_id: str, after: float, **answer: Any) -> None:
        self.clock.elapsed += after
        self.meta.get(f"{GRAPH}/{run_id}", json=answer)
        self.runs.poll([Poll(run_id, JOB, is_new=False)])

    @property
    def jobs(self) -> list[tuple[float, float | None, str]]:
        found = self.recorder.recording()["jobs"]
        return [(job["started_seconds"], job["ended_seconds"], job["outcome"]) for job in found]


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    with requests_mock.Mocker() as meta:
        yield Recorded(meta)


def test_a_job_is_recorded_from_its_submission_until_it_is_known_to_be_done(recorded: Recorded) -> None:
    recorded.submit("11")
    recorded.poll("11", 3, async_status="Job Running", async_percent_completion=40)
    assert recorded.jobs == [(0.0, None, "running")]
    recorded.poll("11", 4, async_status="Job Completed", async_percent_completion=100)
    assert recorded.jobs == [(0.0, 7.0, "done")]
    summary = recorded.meter.summary()
    assert summary["jobs_by_stream"] == {f"{JOB.report.stream_name} done": 1}
    assert summary["job_seconds_by_stream"] == {JOB.report.stream_name: 7.0}


def test_a_job_that_failed_is_recorded_with_the_class_of_its_error(recorded: Recorded) -> None:
    recorded.submit("11")
    recorded.poll("11", 2, async_status="Job Failed", async_percent_completion=100)
    assert recorded.jobs == [(0.0, 2.0, "TransientError")]


def test_a_poll_that_brought_no_answer_ends_no_job(recorded: Recorded) -> None:
    recorded.submit("11")
    recorded.poll("11", 2, error={"message": "no", "code": 17, "error_subcode": 2446079})
    assert [outcome for _, _, outcome in recorded.jobs] == ["running"]


def test_a_run_of_an_earlier_sync_begins_when_it_is_first_asked_after(recorded: Recorded) -> None:
    recorded.poll("99", 5, async_status="Job Completed", async_percent_completion=100)
    assert recorded.jobs == [(5.0, 5.0, "done")]
