"""One asynchronous insights job: submit it, ask how far it is, read its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from source_meta_ads.accounts import Account
from source_meta_ads.graph.classify import classify_report_run
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import GraphError, NotFound, TransientError
from source_meta_ads.graph.paging import pages, rows
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.windows import Window

_STATUS_FIELDS = ("id", "async_status", "async_percent_completion")
# Only v25 and later say why a run failed.
_FAILURE_FIELDS = ("error_code", "error_message", "error_subcode", "error_user_title", "error_user_msg")
_FAILURE_FIELDS_SINCE = 25


@dataclass(frozen=True)
class Job:
    """What one report run is to answer: a report, for one account, over days both inclusive."""

    account: Account
    report: Report
    window: Window
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.report.stream_name} of account act_{self.account.id}, {self.window.since}..{self.window.until}"


@dataclass(frozen=True)
class Progress:
    """How far a run is: `percent` 0 to 100; `error` set when it ended without a result."""

    is_done: bool
    percent: int
    error: GraphError | None = None


class ReportRuns:
    """The report-run protocol over one session.

    Meta: docs/marketing-api/insights/best-practices (v26.0, read 2026-11)
    """

    def __init__(self, session: GraphSession, page_size: int) -> None:
        self._session = session
        self._page_size = page_size
        major = int(session.version.removeprefix("v").split(".")[0])
        self._fields = _STATUS_FIELDS + (_FAILURE_FIELDS if major >= _FAILURE_FIELDS_SINCE else ())

    def submit(self, job: Job) -> str:
        """The id of a newly made report run. Raises: GraphError."""
        params = job.report.request_params(job.window.since, job.window.until, job.fields)
        answer = self._session.post_json(
            f"act_{job.account.id}/insights", params, account_id=job.account.id, stream=job.report.stream_name
        )
        run_id = answer.get("report_run_id")
        if not isinstance(run_id, (str, int)) or not str(run_id).isdigit():
            raise TransientError(message="Meta accepted the report but named no report run").at(
                "POST", "insights", job.account.id
            )
        return str(run_id)

    def poll(self, run_id: str, job: Job, *, is_new: bool) -> Progress:
        """How far a run is; one that Meta no longer knows has ended with a passing error. Raises: GraphError.

        A run just made may not be visible yet (100/33): that is no progress, not an error.
        """
        account_id = job.account.id
        try:
            run = self._session.get_json(
                run_id, {"fields": self._fields}, account_id=account_id, stream=job.report.stream_name
            )
        except NotFound:
            if is_new:
                return Progress(is_done=False, percent=0)
            # Nothing that the user named is missing: the run is gone, and another may succeed.
            error = TransientError(message="Meta no longer knows the report run")
            return Progress(is_done=False, percent=0, error=error.at("GET", "report run", account_id))
        percent = _percent(run.get("async_percent_completion"))
        if failure := classify_report_run(run):
            return Progress(is_done=False, percent=percent, error=failure.at("GET", "report run", account_id))
        return Progress(is_done=run.get("async_status") == "Job Completed" and percent >= 100, percent=percent)

    def rows(self, run_id: str, account_id: str, stream: str) -> Iterator[dict[str, Any]]:
        """Every row of a completed run, as Meta sent it; `stream` is whose calls they are. Raises: GraphError."""

        def fetch(params: dict[str, Any]) -> dict[str, Any]:
            return self._session.get_json(f"{run_id}/insights", params, account_id=account_id, stream=stream)

        for page in pages(fetch, self._page_size):
            yield from rows(page)


def _percent(value: object) -> int:
    """A percentage, whether it came as 100, 100.0 or "100"; 0 for anything else, so that no run passes for done."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return 0
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return 0
