"""Asking for insights: asynchronous report runs (submit, ask how far, read rows), and the synchronous edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from source_meta_ads.graph.batch import Get, get_many
from source_meta_ads.graph.classify import classify_report_run
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import GraphError, NotFound, RateLimited, TransientError
from source_meta_ads.graph.page import parse_page
from source_meta_ads.graph.paging import pages, rows
from source_meta_ads.graph.together import side_by_side
from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.insights.job import Job

_STATUS_FIELDS = ("id", "async_status", "async_percent_completion")
# Only v25 and later say why a run failed.
_FAILURE_FIELDS = ("error_code", "error_message", "error_subcode", "error_user_title", "error_user_msg")
_FAILURE_FIELDS_SINCE = 25
# Below this many runs a request each costs no more than a batch, which counts each of its items.
_FEWEST_BATCHED = 4
_EDGE = "report run"

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """How far a run is: `percent` 0–100; `error` set when it ended without a result, or could not be asked after.

    `is_unanswered`: the question failed in passing, which says nothing of the run.
    """

    is_done: bool
    percent: int
    error: GraphError | None = None
    is_unanswered: bool = False


@dataclass(frozen=True)
class Poll:
    """A run to ask after. One just made (`is_new`) may not be visible yet."""

    run_id: str
    job: Job
    is_new: bool


class ReportRuns:
    """Insights over one session.

    Meta: docs/marketing-api/insights/best-practices (v26.0, read 2026-11)
    """

    def __init__(self, session: GraphSession, page_size: int) -> None:
        self._session = session
        self._page_size = page_size
        major = int(session.version.removeprefix("v").split(".")[0])
        self._fields = _STATUS_FIELDS + (_FAILURE_FIELDS if major >= _FAILURE_FIELDS_SINCE else ())

    def blocked_seconds(self, account_id: str) -> float:
        """How long Meta would refuse calls for the account from now."""
        return self._session.blocked_seconds("insights", account_id)

    def submit(self, jobs: Sequence[Job]) -> list[str | GraphError]:
        """For each job the id of a newly made report run, or its error.

        A limit is told at once and not waited for: other accounts wait behind it.
        """
        return side_by_side(self._submitted, jobs)

    def _submitted(self, job: Job) -> str | GraphError:
        try:
            return self._submit(job)
        except GraphError as error:
            return error

    def _submit(self, job: Job) -> str:
        answer = self._session.post_json(
            f"act_{job.account.id}/insights",
            job.params(),
            account_id=job.account.id,
            stream=job.report.stream_name,
            is_patient=False,
        )
        run_id = answer.get("report_run_id")
        if not isinstance(run_id, (str, int)) or not str(run_id).isdigit():
            raise TransientError(message="Meta accepted the report but named no report run").at(
                "POST", "insights", job.account.id
            )
        return str(run_id)

    def poll(self, polls: Sequence[Poll]) -> list[Progress]:
        """How far each run is, in the order asked.

        A run that Meta no longer knows has ended with a passing error; one just made may not be visible yet (100/33).
        Raises: GraphError where Meta refuses the request as a whole.
        """
        answers = self._together(polls) if len(polls) >= _FEWEST_BATCHED else None
        answers = answers or side_by_side(self._one, polls)
        return [self._progress(poll, answer) for poll, answer in zip(polls, answers, strict=True)]

    def _together(self, polls: Sequence[Poll]) -> list[dict[str, Any] | GraphError] | None:
        """The answers of one batch; None where a limit, perhaps of one account alone, holds it back."""
        gets = [Get(poll.run_id, {"fields": self._fields}, _EDGE, poll.job.account.id) for poll in polls]
        try:
            return get_many(self._session, gets, polls[0].job.report.stream_name, is_patient=False)
        except RateLimited as error:
            if error.code is not None:
                raise
            return None

    def _one(self, poll: Poll) -> dict[str, Any] | GraphError:
        try:
            return self._session.get_json(
                poll.run_id,
                {"fields": self._fields},
                account_id=poll.job.account.id,
                stream=poll.job.report.stream_name,
                edge=_EDGE,
                is_patient=False,
            )
        except GraphError as error:
            return error

    def _progress(self, poll: Poll, answer: dict[str, Any] | GraphError) -> Progress:
        account_id = poll.job.account.id
        if isinstance(answer, NotFound):
            if poll.is_new:
                return Progress(is_done=False, percent=0)
            # Nothing that the user named is missing: the run is gone, and another may succeed.
            gone = TransientError(message="Meta no longer knows the report run")
            return Progress(is_done=False, percent=0, error=gone.at("GET", _EDGE, account_id))
        if isinstance(answer, GraphError):
            unanswered = isinstance(answer, (TransientError, RateLimited))
            return Progress(is_done=False, percent=0, error=answer, is_unanswered=unanswered)
        percent = _percent(answer.get("async_percent_completion"))
        if failure := classify_report_run(answer):
            return Progress(is_done=False, percent=percent, error=failure.at("GET", _EDGE, account_id))
        return Progress(is_done=answer.get("async_status") == "Job Completed" and percent >= 100, percent=percent)

    def rows(
        self,
        job: Job,
        run_id: str | None,
        row_of: Callable[[dict[str, Any]], T],
        on_restart: Callable[[], None] | None = None,
        quick: Callable[[bytes], T | None] | None = None,
    ) -> Iterator[T]:
        """What `row_of` makes of every row of a completed run; without a run, of the synchronous edge.

        Rows are given to `row_of` as Meta sent them, and are its to change; `quick` as in `parse_page`. `on_restart` is
        told when rows come again, because a page's cursor expired. Raises: GraphError.
        """
        path = f"{run_id}/insights" if run_id else f"act_{job.account.id}/insights"
        asked = {} if run_id else job.params()

        def fetch(params: dict[str, Any]) -> dict[str, Any]:
            return self._session.get_json(
                path,
                {**asked, **params},
                account_id=job.account.id,
                stream=job.report.stream_name,
                is_page=True,
                parse=lambda body: parse_page(body, row_of, quick),
            )

        for page in pages(fetch, self._page_size, on_restart):
            waiting = rows(page)
            del page
            waiting.reverse()
            # Each row is let go of as it is handed on: only what waits stays in memory.
            while waiting:
                yield waiting.pop()

    def objects(self, job: Job, level: str) -> list[str]:
        """The ids of the objects of a level that a job has rows about, each once.

        Asked without breakdowns, which is cheap where the job itself was too much. Raises: GraphError.
        """
        key, asked = f"{level}_id", job.params()
        statuses = {"field": f"{level}.effective_status", "operator": "IN", "value": table().levels[level].statuses}
        params = {
            **asked,
            "level": level,
            "fields": (key,),
            "time_increment": "all_days",
            "breakdowns": None,
            "action_breakdowns": None,
            "action_attribution_windows": None,
            "filtering": [*(asked.get("filtering") or []), *([statuses] if level != job.report.level else [])],
        }
        found = (row.get(key) for row in rows_at_once(self._session, job, params, self._page_size))
        return list(dict.fromkeys(str(each) for each in found if each))


def rows_at_once(
    session: GraphSession, job: Job, params: Mapping[str, Any], page_size: int
) -> Iterator[dict[str, Any]]:
    """Rows of the synchronous edge of a job's account, for other `params` than the job's own. Raises: GraphError."""

    def fetch(page: dict[str, Any]) -> dict[str, Any]:
        return session.get_json(
            f"act_{job.account.id}/insights",
            {**params, **page},
            account_id=job.account.id,
            stream=job.report.stream_name,
            is_page=True,
        )

    for page in pages(fetch, page_size):
        yield from rows(page)


def _percent(value: object) -> int:
    """A percentage, whether it came as 100, 100.0 or "100"; 0 for anything else, so that no run passes for done."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return 0
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return 0
