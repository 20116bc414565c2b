"""An insights report as a stream: days to read, finished report runs as slices, typed rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import zip_longest
from typing import Any

import requests
from airbyte_cdk.models import SyncMode

from source_meta_ads.accounts import Account, Refused
from source_meta_ads.graph.client import body_of
from source_meta_ads.graph.errors import GraphError
from source_meta_ads.graph.paging import rows
from source_meta_ads.insights.report_run import Job, ReportRuns
from source_meta_ads.insights.reports import Report, shape_row
from source_meta_ads.insights.windows import Window, plan_windows
from source_meta_ads.schemas.coerce import compile_coercer
from source_meta_ads.streams.base import MetaStream, Row, Runtime, Slice
from source_meta_ads.streams.progress import DaysDone, day_of, days_to_skip

# Several days share a job, each still a row of its own: creating and polling costs calls, rows don't.
_MOST_DAYS_PER_JOB = 7
RESULT_PAGE_SIZE = 500


class InsightsStream(MetaStream):
    """One report over all accounts; a slice is (account, days, finished report run)."""

    cursor_field = "date_start"

    def __init__(
        self,
        report: Report,
        api_version: str,
        selected: Collection[str] | None,
        runtime: Runtime | None,
        *,
        state: Mapping[str, Any] | None = None,
        progress: DaysDone | None = None,
    ) -> None:
        self._report = report
        super().__init__(api_version, selected, runtime)
        self._saved = state or {}
        self._progress = progress
        self._schema = report.json_schema(api_version)
        self._coerce = compile_coercer(self._schema)
        self._failures: dict[tuple[str, str, str], GraphError] = {}
        accounts = runtime.reach.accounts if runtime else ()
        self._currencies = {account.id: account.currency or "" for account in accounts}

    @property
    def name(self) -> str:
        """The report's stream name."""
        return self._report.stream_name

    @property
    def primary_key(self) -> list[str]:
        """Date, account, the level's id and every breakdown column: what makes a row unique."""
        return list(self._report.primary_key)

    @property
    def schema(self) -> Mapping[str, Any]:
        """The schema of a row."""
        return self._schema

    def path(
        self,
        *,
        stream_state: Mapping[str, Any] | None = None,
        stream_slice: Slice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> str:
        """The result edge of the slice's report run."""
        return f"{(stream_slice or {})['report_run_id']}/insights"

    def request_params(
        self,
        stream_state: Mapping[str, Any] | None,
        stream_slice: Slice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """`limit` and `after`: what a run answers was said when it was made."""
        return {"limit": str(RESULT_PAGE_SIZE), **(next_page_token or {})}

    def parse_response(self, response: requests.Response, **_: Any) -> Iterable[Row]:
        """The page's rows, shaped and typed."""
        return [self._coerce(shape_row(self._report, row)) for row in rows(body_of(response))]

    def stream_slices(
        self,
        *,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterable[Slice]:
        """A slice for every finished report run, as it finishes; one that failed raises when it is read."""
        by_account = []
        for account in self.slice_accounts():
            if isinstance(account, Refused):
                yield {"account_id": account.account_id}
            else:
                by_account.append(self._plan(account))
        # Accounts take turns, so that a long history doesn't keep the others waiting.
        jobs = [job for turn in zip_longest(*by_account) for job in turn if job is not None]
        for finished in self.runtime.scheduler.completed(jobs):
            days = _days(finished.job.window)
            if finished.error:
                self._failures[finished.job.account.id, days["since"], days["until"]] = finished.error
            yield {"account_id": finished.job.account.id, **days, "report_run_id": finished.run_id}

    def records(self, account_slice: Slice) -> Iterable[Row]:
        """The typed rows of one finished report run. Raises: GraphError, also for a run that failed."""
        account_id, since, until = (str(account_slice[key]) for key in ("account_id", "since", "until"))
        if error := self._failures.get((account_id, since, until)):
            raise error
        runs = ReportRuns(self.runtime.session, RESULT_PAGE_SIZE)
        spend = 0.0
        try:
            for row in runs.rows(str(account_slice["report_run_id"]), account_id, self.name):
                record = self._coerce({**shape_row(self._report, row), "account_id": account_id})
                spend += amount if isinstance(amount := record.get("spend"), (int, float)) else 0.0
                yield record
        finally:
            self.runtime.meter.spend(self.name, account_id, self._currencies.get(account_id, ""), spend)

    def _plan(self, account: Account) -> list[Job]:
        """The jobs that read what is missing of one account, oldest days first."""
        today = self.runtime.clock.today(account.timezone)
        entry = self._saved.get(account.id) or {}
        cursor = entry.get("date_start")
        lookback = self._report.lookback_days
        plan = plan_windows(
            today=today,
            start_date=self._report.start_date,
            end_date=self._report.end_date,
            cursor=day_of(cursor, self.name, account.id) if isinstance(cursor, str) else None,
            done_days=days_to_skip(entry, today, lookback),
            lookback_days=lookback,
            increment_days=self._report.increment_days,
            period=self._report.time_increment_period,
            max_days_per_window=_MOST_DAYS_PER_JOB,
            retention_months=self._report.retention_months,
        )
        for note in plan.notes:
            self.logger.info(f"{self.name}, account act_{account.id}: {note}")
        if self._progress:
            self._progress.plan(account.id, plan.windows, today)
        fields = tuple(self._report.request_fields(self._selected, self._api_version))
        return [Job(account, self._report, window, fields) for window in plan.windows]


def _days(window: Window) -> dict[str, str]:
    return {"since": window.since.isoformat(), "until": window.until.isoformat()}
