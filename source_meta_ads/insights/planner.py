"""From the days that are missing to as few report jobs as sensible, each drawn when there is room for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from source_meta_ads.accounts import Account
from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.retention import cuts, fields_at
from source_meta_ads.insights.windows import Window

# Rows that a job is meant to have: enough that creating and polling it costs little beside reading it, few enough
# that the first are read while others still run, and that a sync stopped in the middle repeats little.
_ROWS_PER_JOB = 3_000
# Where nothing is known of an account's rows: a lookback window in two jobs.
_DAYS_UNKNOWN = 16
_MOST_DAYS = 92
# Rows that surely fit one page of the synchronous edge; three calls (create, poll, read) become one.
_ROWS_SMALL = 350
# Beyond it the two endpoints answer differently (reach by breakdown), so everything is asked as a job.
_DAYS_ALIKE = 365


class Learned:
    """Rows a day of each account, as read in this run or noted by earlier ones. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows_per_day: dict[str, float] = {}

    def note(self, account_id: str, rows_per_day: float) -> None:
        """Take over what an earlier sync learnt."""
        with self._lock:
            self._rows_per_day.setdefault(account_id, rows_per_day)

    def observe(self, account_id: str, n_rows: int, n_days: int) -> None:
        """Learn from an answer: half of what was known, half of what was seen; never less than half of either."""
        seen = n_rows / n_days
        with self._lock:
            known = self._rows_per_day.get(account_id, seen)
            self._rows_per_day[account_id] = (known + seen) / 2

    def rows_per_day(self, account_id: str) -> float | None:
        """Rows a day, None where nothing is known."""
        with self._lock:
            return self._rows_per_day.get(account_id)


@dataclass(frozen=True)
class Planner:
    """The jobs of one report. `fields`: what to ask for; `known_runs`: earlier syncs' runs by question."""

    report: Report
    fields: tuple[str, ...]
    learned: Learned

    def jobs(
        self, account: Account, increments: Sequence[Window], today: date, known_runs: Mapping[str, str]
    ) -> Iterator[Job]:
        """The jobs for the increments (oldest first) of one account: the newest days first, then history in order.

        The newest days are what budgets are steered by; history after them is read from its oldest day on, so that
        the state's cursor can follow it. Drawn one by one, each sized by what has been learnt until then. Metrics
        that Meta no longer has of days so old are not asked for, and no job has days of both kinds.
        """
        waiting = list(increments)
        limits = cuts(self.report, self.fields, today)
        is_newest = True
        while waiting:
            count = self._count(account.id, len(waiting), len(waiting[0]))
            some = waiting[-count:] if is_newest else waiting[:count]
            some = _unbroken(some, limits, from_end=is_newest)
            waiting = waiting[: -len(some)] if is_newest else waiting[len(some) :]
            is_newest = False
            window = Window(some[0].since, some[-1].until)
            fields = fields_at(self.report, self.fields, window.since, today)
            job = Job(account, self.report, window, fields)
            known_run = known_runs.get(job.query_hash())
            yield replace(job, known_run=known_run, is_small=known_run is None and self._is_small(job, today))

    def _count(self, account_id: str, n_left: int, increment_days: int) -> int:
        """How many increments the next job holds: the rest in jobs of equal size, each as large as sensible."""
        rows_per_day = self.learned.rows_per_day(account_id)
        days = _DAYS_UNKNOWN
        if rows_per_day is not None:
            days = max(1, min(_MOST_DAYS, int(_ROWS_PER_JOB / max(rows_per_day, 0.1))))
        most = max(1, days // max(1, increment_days))
        n_jobs = -(-n_left // most)
        return -(-n_left // n_jobs)

    def _is_small(self, job: Job, today: date) -> bool:
        """Whether one synchronous call is sure to answer it as well."""
        if self._needs_job() or (today - job.window.since).days > _DAYS_ALIKE:
            return False
        rows_per_day = self.learned.rows_per_day(job.account.id)
        if rows_per_day is None:
            # The account itself has one row an increment.
            rows_per_day = 1.0 if self.report.level == "account" and not self.report.breakdowns else None
        return rows_per_day is not None and rows_per_day * len(job.window) <= _ROWS_SMALL

    def _needs_job(self) -> bool:
        """Whether the synchronous endpoint may leave rows out: Meta says so of `mmm` and of opt-in breakdowns."""
        return any(name == "mmm" or table().breakdowns[name].opt_in for name in self.report.breakdowns)


def _unbroken(increments: Sequence[Window], limits: Sequence[date], *, from_end: bool) -> list[Window]:
    """The longest run of increments that follow one another on one side of every limit, from the start or the end."""
    ordered = list(reversed(increments)) if from_end else list(increments)
    kept = [ordered[0]]
    for each in ordered[1:]:
        older, newer = (each, kept[-1]) if from_end else (kept[-1], each)
        if newer.since != older.until + timedelta(days=1) or any(older.since < day <= newer.since for day in limits):
            break
        kept.append(each)
    return list(reversed(kept)) if from_end else kept
