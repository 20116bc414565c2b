"""Report runs whose beginnings and ends are taken note of."""

from __future__ import annotations

from collections.abc import Sequence

from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import RateLimited
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.report_run import Poll, Progress, ReportRuns
from source_meta_ads.telemetry.meter import Meter
from source_meta_ads.telemetry.recorder import Recorder


class RecordedRuns(ReportRuns):
    """ReportRuns that tell recorder and meter of each run: when it was made, when it had ended, and how."""

    def __init__(self, session: GraphSession, page_size: int, recorder: Recorder, meter: Meter) -> None:
        super().__init__(session, page_size)
        self._recorder, self._meter = recorder, meter

    def _submit(self, job: Job) -> str:
        run_id = super()._submit(job)
        self._began(run_id, job)
        return run_id

    def poll(self, polls: Sequence[Poll]) -> list[Progress]:
        """As ReportRuns has it; a run of an earlier sync begins for us when it is first asked after."""
        for each in polls:
            self._began(each.run_id, each.job)
        found = super().poll(polls)
        for each, progress in zip(polls, found, strict=True):
            if progress.is_done:
                self._ended(each, "done")
            elif progress.error and not progress.is_unanswered and not isinstance(progress.error, RateLimited):
                self._ended(each, type(progress.error).__name__)
        return found

    def _began(self, run_id: str, job: Job) -> None:
        window = job.window
        self._recorder.job_started(
            run_id, job.report.stream_name, job.account.id, window.since.isoformat(), window.until.isoformat()
        )

    def _ended(self, poll: Poll, outcome: str) -> None:
        seconds = self._recorder.job_ended(poll.run_id, outcome)
        self._meter.job(poll.job.report.stream_name, outcome, seconds)
