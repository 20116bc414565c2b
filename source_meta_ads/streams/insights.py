"""An insights report as a stream: days to read, finished report runs as slices, typed rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import requests
from airbyte_cdk.models import SyncMode

from source_meta_ads.accounts import Account, Refused
from source_meta_ads.graph.body import body_of
from source_meta_ads.graph.errors import BadRequest, TooMuchData
from source_meta_ads.graph.paging import rows
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.mending import left_out, without_unknown
from source_meta_ads.insights.pieces import Read, Rows
from source_meta_ads.insights.planner import Learned, Planner
from source_meta_ads.insights.quick_finder import QuickFinder, is_plain
from source_meta_ads.insights.reader import Found, Reader, asked_anew
from source_meta_ads.insights.reconcile import Reconciler
from source_meta_ads.insights.report_run import ReportRuns
from source_meta_ads.insights.reports import Report, shape_row
from source_meta_ads.insights.scheduler import Finished
from source_meta_ads.insights.windows import Window, plan_windows
from source_meta_ads.schemas.quick_row import QuickRows
from source_meta_ads.schemas.watch import Look
from source_meta_ads.streams.base import MetaStream, Row, Runtime, Slice
from source_meta_ads.streams.day_totals import DayTotals
from source_meta_ads.streams.progress import DaysDone, State, day_of, days_to_skip, runs_of

RESULT_PAGE_SIZE = 500


class InsightsStream(MetaStream):
    """One report over all accounts; a slice is (account, days, finished report run)."""

    cursor_field = "date_start"
    has_wide_pages = True
    watches_itself = True

    def __init__(
        self,
        report: Report,
        api_version: str,
        selected: Collection[str] | None,
        runtime: Runtime | None,
        *,
        state: Mapping[str, Any] | None = None,
        progress: DaysDone | None = None,
        reconcile: str = "off",
        key: Sequence[str] = (),
    ) -> None:
        self._report = report
        self._key = tuple(key) or report.primary_key
        super().__init__(api_version, selected, runtime)
        self._saved = state or {}
        self._progress = progress
        self._learned = Learned()
        self._unknown: frozenset[str] = frozenset()
        self._finished: dict[tuple[str, str, str], Finished] = {}
        self._reconcile = reconcile
        self._update_state: Callable[[Callable[[State], object]], None] | None = None
        accounts = runtime.reach.accounts if runtime else ()
        self._currencies = {account.id: account.currency or "" for account in accounts}

    @property
    def name(self) -> str:
        """The report's stream name."""
        return self._report.stream_name

    @property
    def primary_key(self) -> list[str]:
        """Date, account, the level's id and every breakdown column: what makes a row unique; or as the user says."""
        return list(self._key)

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """The schema of a row."""
        return self._report.json_schema(self._api_version)

    @cached_property
    def _quick_rows(self) -> QuickRows | None:
        """What reads most rows at once; None for a report whose rows take their shape otherwise."""
        return QuickRows(self.schema) if is_plain(self._report) else None

    @property
    def unfilled(self) -> list[str]:
        """As every stream's, and fields that the report itself names."""
        return sorted({*super().unfilled, *self._report.fields} - set(self.schema["properties"]))

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
        return [self.coerce(shape_row(self._report, row)) for row in rows(body_of(response))]

    def keep_place(self, update: Callable[[Callable[[State], object]], None]) -> None:
        """Note report runs in the state as they are made, so that a later sync can pick them up."""
        self._update_state = update

    def stream_slices(
        self,
        *,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterable[Slice]:
        """A slice for every answered question, as it is answered; one that failed raises when it is read."""
        feeds = []
        for account in self.slice_accounts():
            if isinstance(account, Refused):
                yield {"account_id": account.account_id}
            else:
                feeds.append(self._jobs(account))
        for finished in self.runtime.scheduler.completed(feeds, self._note_runs):
            self._note_unknown(finished)
            account_slice = {"account_id": finished.job.account.id, **_days(finished.job.window)}
            self._finished[_key(account_slice)] = finished
            run_id = finished.rows.run_id if isinstance(finished.rows, Read) else None
            yield {**account_slice, "report_run_id": run_id}

    def records(self, account_slice: Slice) -> Iterable[Row]:
        """The typed rows of one answered question. Raises: GraphError, also for a question that failed; KeyTwice."""
        finished = self._finished.pop(_key(account_slice))
        if finished.error:
            raise finished.error
        job, account_id = self._known_of(finished.job), finished.job.account.id
        totals = Reconciler(self.runtime.session, job, self._reconcile, self.runtime.meter, self.logger)
        days, count = DayTotals(job), 0
        currency = self._currencies.get(account_id, "")
        look = self.look()
        try:
            for _, figures, row in self._rows(job, finished.rows, look):
                days.add(figures["date_start"], figures["spend"])
                count += 1
                totals.add(figures)
                yield row
        finally:
            self.runtime.meter.spend(self.name, account_id, currency, days.spend)
            if look:
                look.close()
        totals.compare()
        days.tell(self.runtime.meter, self.name, currency)
        self._learned.observe(account_id, count, len(job.window))
        if self._progress:
            self._progress.learn(account_id, self._learned.rows_per_day(account_id))

    def _rows(self, job: Job, found: Rows | None, look: Look | None) -> Iterator[Found]:
        """The rows of an answer; a synchronous one that can't be had so is asked for as a report run instead."""
        account_id = job.account.id
        runs = ReportRuns(self.runtime.session, RESULT_PAGE_SIZE)
        coerce = look.seeing(self.coerce) if look else self.coerce
        quick = QuickFinder(self._report, account_id, self._quick_rows, look) if self._quick_rows else None
        reader = Reader(runs, self._report, account_id, coerce, quick)
        if found is None:
            return
        try:
            yield from reader.rows(found)
        except (TooMuchData, BadRequest) as error:
            is_mendable = isinstance(error, TooMuchData) or without_unknown(job, error)
            if not is_mendable or not isinstance(found, Read) or found.run_id:
                raise
            reader.again()
            for finished in self.runtime.scheduler.completed([[asked_anew(job)]]):
                self._note_unknown(finished)
                if finished.error or finished.rows is None:
                    raise finished.error or TooMuchData(message="the report has no rows") from None
                yield from reader.rows(finished.rows)

    def _jobs(self, account: Account) -> Iterator[Job]:
        """The questions about what is missing of one account."""
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
            max_days_per_window=1,
            retention_months=self._report.retention_months,
        )
        for note in plan.notes:
            self.logger.info(f"{self.name}, account act_{account.id}: {note}")
        if self._progress:
            self._progress.plan(account.id, plan.windows, today)
        if isinstance(rows_per_day := entry.get("rows_per_day"), (int, float)):
            self._learned.note(account.id, rows_per_day)
        fields = tuple(self._report.request_fields(self._selected, self._api_version))
        planner = Planner(self._report, fields, self._learned)
        return map(self._known_of, planner.jobs(account, plan.windows, today, runs_of(entry, today)))

    def _known_of(self, job: Job) -> Job:
        """The question without the fields that Meta turned out not to know."""
        if not self._unknown & set(job.fields):
            return job
        return replace(job, fields=tuple(name for name in job.fields if name not in self._unknown), known_run=None)

    def _note_unknown(self, finished: Finished) -> None:
        """Keep and tell which fields a question was answered without."""
        for name in sorted(left_out(finished.job, finished.rows) - self._unknown):
            self._unknown |= {name}
            self.lost(name, f"Meta doesn't know it in API {self._api_version}")

    def _note_runs(self, runs: Sequence[tuple[Job, str]]) -> None:
        """Write report runs into the state, for the sync after a crash."""
        if self._progress and self._update_state:
            noted = [
                self._progress.run_noted(job.account.id, job.window, job.query_hash(), run_id) for job, run_id in runs
            ]
            self._update_state(lambda state: [note(state) for note in noted])


def _days(window: Window) -> dict[str, str]:
    return {"since": window.since.isoformat(), "until": window.until.isoformat()}


def _key(account_slice: Slice) -> tuple[str, str, str]:
    return str(account_slice["account_id"]), str(account_slice["since"]), str(account_slice["until"])
