"""Asynchronous report runs: made, under way for some seconds, then complete, failed or skipped; or never done.

submit ─ Job Not Started ─ Job Started ─ Job Running 0…100 % ─┬─ Job Completed 100 %
  │      (within race_seconds: 100/33)          │             ├─ Job Failed (why: error_* from v25)
  │                                             └─ stuck      └─ Job Skipped
  └─ after expire_days: 100/33
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.insights import Report, Settings, page_of, sync_report
from integration_tests.sandbox.insights_query import Node, Query, check_fields, listed, parse, tables
from integration_tests.sandbox.insights_rows import Collector, TooMuchWork
from integration_tests.sandbox.report_ahead import Ahead
from integration_tests.sandbox.world import World

FIRST_ID = 6_000_000_000_000_000
DEFAULT_FIELDS = (
    "id", "account_id", "time_ref", "time_completed", "async_status", "async_percent_completion", "date_start",
    "date_stop",
)  # fmt: skip
OLD_REACH_A_DAY = 10
# How many rows are kept in memory, and of how many answers; a run whose rows are gone makes them again.
KEPT_ROWS, KEPT_REPORTS = 150_000, 500
# How many bytes of written rows are kept, for pages that are asked for again.
KEPT_BYTES = 48_000_000
TOO_LARGE: dict[str, Any] = {
    "error_code": -3, "error_subcode": 1504045, "error_message": "Report Too Large",
    "error_user_title": "Report Too Large",
    "error_user_msg": "The report is too large. Please ask for less data, such as fewer days or fewer fields.",
}  # fmt: skip
FAILED: dict[str, Any] = {
    "error_code": -2, "error_subcode": 2490547, "error_message": "Report Failed", "error_user_title": "Report Failed",
    "error_user_msg": "The report could not be made. Please try again.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobSettings:
    """The scenario's `jobs` section."""

    seconds: tuple[float, float] = (0.2, 1.0)
    fail_rate: float = 0.0
    skip_rate: float = 0.0
    stuck_rate: float = 0.0
    race_seconds: float = 0.0
    expire_days: float = 30.0
    errors: tuple[Mapping[str, Any], ...] = ()
    clock: str = "real"
    completes_early: bool = False

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> JobSettings:
        """The settings from a scenario; ValueError names an unknown key."""
        for key in raw:
            if key not in cls.__slots__:
                raise ValueError(f"jobs.{key}: unknown; known are {', '.join(cls.__slots__)}")
        values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
        return cls(**values)


@dataclass(slots=True)
class Run:
    """One report run and what will become of it."""

    id: str
    query: Query
    since: float
    made: datetime
    seconds: float
    outcome: str
    error: Mapping[str, Any] = field(default_factory=dict)
    is_counted: bool = False


class ReportRuns:
    """Every report run of a sandbox."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.settings = JobSettings.of(world.scenario.jobs)
        self._limits = Settings.of(world.scenario.insights)
        self._collector = Collector(world)
        self.ahead = Ahead(world, self._collector, self._limits.max_work_async)
        self._runs: dict[str, Run] = {}
        self._reports: OrderedDict[str, Report] = OrderedDict()
        self._n_rows = 0
        self._old_reach: dict[tuple[str, str], int] = {}

    def submit(self, call: Call, node: Node) -> dict[str, Any]:
        """Begin a run: the answer to `POST /{node}/insights`.

        Raises:
            Refusal: a parameter that Meta refuses, or the day's quota of old reach used up.
        """
        query = parse(self._world, call, node, is_async=True)
        self._count_old_reach(call, query)
        number = len(self._runs)
        chance = self._world.share("run", number)
        least, most = self.settings.seconds
        run = Run(
            id=str(FIRST_ID + number * 7_919 + self._world.hash("runs") % 10**14),
            query=query, since=self._now(), made=self._world.clock.now(),
            seconds=least + (most - least) * self._world.share("run", number, "seconds"),
            outcome=self._outcome(chance),
        )  # fmt: skip
        if run.outcome == "Job Failed":
            errors = self.settings.errors or (FAILED,)
            run.error = errors[self._world.hash("run", number, "error") % len(errors)]
        self._runs[run.id] = run
        if run.outcome == "Job Completed":
            expires = run.made + timedelta(days=self.settings.expire_days)
            self.ahead.add(run.id, query, expires.timestamp())
        return {"report_run_id": run.id}

    def answer(self, call: Call, node: Node) -> dict[str, Any]:
        """The answer to `GET /{node}/insights`; within a minute its pages are made from the same rows."""
        query = parse(self._world, call, node, is_async=False)
        asked = {name: value for name, value in call.params.items() if name not in ("after", "before", "limit")}
        minute = self._world.clock.now().replace(second=0, microsecond=0)
        key = f"{node.id} {call.version} {minute} {sorted(asked.items())}"
        report = self._taken(key) or sync_report(self._world, self._collector, query)
        return self._page(self._kept(key, report), call, query.summary)

    def knows(self, run_id: str) -> bool:
        """Whether an id is (or was) that of a run."""
        return run_id in self._runs

    def account_of(self, run_id: str) -> str | None:
        """The account that a run is about, digits; None for an unknown run."""
        run = self._runs.get(run_id)
        return run.query.account.id if run else None

    def describe(self, run_id: str, call: Call) -> dict[str, Any]:
        """How a run stands: the answer to `GET /{report_run_id}`.

        Raises:
            Refusal: 100/33 for an id that is unknown, expired or too new; 100 for an unknown field.
        """
        run = self._find(run_id)
        status, percent = self._progress(run)
        query = run.query
        values: dict[str, Any] = {
            "id": run.id,
            "account_id": query.account.id,
            "time_ref": int(run.made.timestamp()),
            "async_status": status,
            "async_percent_completion": percent,
            "date_start": min(period.since for period in query.periods).isoformat(),
            "date_stop": max(period.until for period in query.periods).isoformat(),
            "is_running": status in ("Job Started", "Job Running"),
            "is_bookmarked": False,
        }
        if status == "Job Completed":
            values["time_completed"] = int(run.made.timestamp() + run.seconds)
        if status == "Job Failed" and _major(call.version) >= 25:
            values |= run.error
        asked = self._described(call, values)
        return {name: values[name] for name in asked if name in values}

    def page(self, run_id: str, call: Call) -> dict[str, Any]:
        """A page of a finished run's rows: the answer to `GET /{report_run_id}/insights`."""
        run = self._find(run_id)
        status, percent = self._progress(run)
        if (status, percent) != ("Job Completed", 100):
            raise Refusal(100, f"(#100) The report run {run_id} has no result: {status}, {percent}%")
        report = self._report(run)
        summary = [name for name in listed(call.params, "summary") if name not in ("true", "total_count")]
        check_fields(summary, "summary")
        for name in summary:
            if name not in run.query.fields:
                raise Refusal(
                    100, f"(#100) Cannot include {name} in summary param because they weren't there while creating "
                    "the report run"
                )  # fmt: skip
        return self._page(report, call, summary or run.query.summary)

    def _page(self, report: Report, call: Call, summary: Sequence[str]) -> dict[str, Any]:
        """A page of a report that is kept; the rows written long ago are forgotten."""
        body = page_of(report, call, summary)
        n_bytes = sum(each.n_kept for each in self._reports.values())
        for each in self._reports.values():
            if n_bytes <= KEPT_BYTES:
                break
            n_bytes -= each.n_kept
            each.forget()
        return body

    def _described(self, call: Call, values: Mapping[str, Any]) -> list[str]:
        known = tables()["report_run_fields"]
        asked = listed(call.params, "fields")
        for name in asked:
            if name not in known:
                raise Refusal(100, f"(#100) Tried accessing nonexisting field ({name}) on node type (AdReportRun)")
        if asked:
            return list(dict.fromkeys([*asked, "id"]))
        return [*DEFAULT_FIELDS, *(name for name in values if name.startswith("error_"))]

    def _find(self, run_id: str) -> Run:
        run = self._runs.get(run_id)
        lives = timedelta(days=self.settings.expire_days)
        if run is None or self._world.clock.now() - run.made > lives or self._age(run) < self.settings.race_seconds:
            raise Refusal(
                100,
                f"Unsupported get request. Object with ID '{run_id}' does not exist, cannot be loaded due to missing "
                "permissions, or does not support this operation",
                subcode=33, kind="GraphMethodException",
            )  # fmt: skip
        return run

    def _progress(self, run: Run) -> tuple[str, int]:
        """Status and percent of a run as of now."""
        done = self._age(run) / max(run.seconds, 1e-9)
        if run.outcome == "stuck":
            return ("Job Not Started", 0) if run.id[-1] in "02468" else ("Job Running", min(41, int(done * 41)))
        if done < 0.1:
            return "Job Not Started", 0
        if done < 0.2:
            return "Job Started", 0
        if done < 1:
            early = self.settings.completes_early and done > 0.8
            return "Job Completed" if early else "Job Running", int(done * 100)
        if run.outcome == "Job Completed" and not run.is_counted:
            self._check_size(run)
        return run.outcome, 100 if run.outcome == "Job Completed" else 0

    def _check_size(self, run: Run) -> None:
        run.is_counted = True
        try:
            report = self._report(run)
        except TooMuchWork:
            run.outcome, run.error = "Job Failed", TOO_LARGE
            return
        if len(report.rows) > self._limits.max_rows_async or report.points > self._limits.max_points_async:
            run.outcome, run.error = "Job Failed", TOO_LARGE
            self._taken(run.id)

    def _report(self, run: Run) -> Report:
        """A run's rows, as of its submission."""
        report = self._taken(run.id) or self.ahead.take(run.id)
        if report is None:
            report = Report.of(self._collector, run.query, self._limits.max_work_async)
        return self._kept(run.id, report)

    def _taken(self, key: str) -> Report | None:
        report = self._reports.pop(key, None)
        self._n_rows -= len(report.rows) if report else 0
        return report

    def _kept(self, key: str, report: Report) -> Report:
        self._reports[key] = report
        self._n_rows += len(report.rows)
        while len(self._reports) > 1 and (self._n_rows > KEPT_ROWS or len(self._reports) > KEPT_REPORTS):
            self._n_rows -= len(self._reports.popitem(last=False)[1].rows)
        return report

    def _count_old_reach(self, call: Call, query: Query) -> None:
        """Ration reach by breakdowns of more than 13 months ago: so many runs an account and day."""
        if not query.asks_old_reach:
            return
        key = (query.account.id, query.moment.today.isoformat())
        used = self._old_reach.get(key, 0)
        call.reach_pct = 100.0 * min(used + 1, OLD_REACH_A_DAY) / OLD_REACH_A_DAY
        if used >= OLD_REACH_A_DAY:
            raise Refusal(100, "Reach-related metric breakdowns are unavailable due to rate limit threshold.")
        self._old_reach[key] = used + 1

    def _outcome(self, chance: float) -> str:
        for outcome, rate in (
            ("Job Failed", self.settings.fail_rate), ("Job Skipped", self.settings.skip_rate),
            ("stuck", self.settings.stuck_rate),
        ):  # fmt: skip
            if chance < rate:
                return outcome
            chance -= rate
        return "Job Completed"

    def _age(self, run: Run) -> float:
        return self._now() - run.since

    def _now(self) -> float:
        return self._world.clock.monotonic() if self.settings.clock == "sandbox" else time.monotonic()


def _major(version: str) -> int:
    digits = version.removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdecimal() else 0
