"""All report jobs of a run: slots an account, polling, resubmitting, splitting; results handed out when complete."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from source_meta_ads.clock import Clock
from source_meta_ads.graph.errors import (
    AuthError,
    BadRequest,
    GraphError,
    PermissionDenied,
    TooMuchData,
    TransientError,
    VersionExpired,
)
from source_meta_ads.insights.report_run import Job, Progress, ReportRuns
from source_meta_ads.insights.split import split

# Meta documents no limit on jobs in flight; third parties report trouble above three to five an account.
_SLOTS_PER_ACCOUNT = 4
_FIRST_POLL_SECONDS = 0.5
_POLL_GROWTH = 1.5
_LONGEST_POLL_SECONDS = 20.0
_MOST_SUBMISSIONS = 4
# Polls for which "no such report run" is taken as "not visible yet".
_NEW_FOR_POLLS = 5
# Polls of one run that may fail in passing: a failed poll says nothing of the job, and a second job costs more.
_MOST_FAILED_POLLS = 3
# What is refused for one window would be for every other one; each further try would only count against the quota.
_HOPELESS = (AuthError, PermissionDenied, VersionExpired)
# Reports refused as wrong, with none of the account's accepted before, until the rest is taken to be wrong too.
_REFUSALS_ENOUGH = 2


@dataclass(frozen=True)
class Finished:
    """A job that needs nothing more: its run's id, or the error it ended with."""

    job: Job
    run_id: str | None = None
    error: GraphError | None = None


@dataclass
class _Running:
    job: Job
    run_id: str
    submissions: int
    started_at: float
    due_at: float
    interval: float = _FIRST_POLL_SECONDS
    polls: int = 0
    failed_polls: int = 0


@dataclass
class _Work:
    """One stream's share: jobs to submit (with how often each was) and runs under way."""

    waiting: deque[tuple[Job, int]]
    running: list[_Running] = field(default_factory=list)
    finished: deque[Finished] = field(default_factory=deque)
    accepted: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)


class Scheduler:
    """Runs many report jobs at once, within a number of slots that all streams share. Thread-safe.

    Each stream drives its own jobs through `completed`, on the thread that consumes it; what the streams share
    is the slots of each account, so that ten reports don't put ten times the jobs in flight.
    """

    def __init__(self, runs: ReportRuns, clock: Clock, logger: logging.Logger) -> None:
        self._runs, self._clock, self._logger = runs, clock, logger
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def completed(self, jobs: Iterable[Job]) -> Iterator[Finished]:
        """Each job, or the smaller jobs it was split into, once complete or failed; in order of completion.

        A failed job is handed out with its error, so that the other accounts' jobs go on. Where the error is bound
        to meet the account's other waiting jobs too, these are dropped unasked: they count as not read. Nothing is
        raised.
        """
        work = _Work(waiting=deque((job, 0) for job in jobs))
        try:
            while work.waiting or work.running or work.finished:
                self._fill_slots(work)
                self._poll_due(work)
                while work.finished:
                    yield work.finished.popleft()
                self._rest(work)
        finally:
            for run in work.running:
                self._release(run.job)

    def _fill_slots(self, work: _Work) -> None:
        """Submit waiting jobs, in order, as far as their accounts have free slots."""
        for _ in range(len(work.waiting)):
            if not work.waiting:
                return
            job, submissions = work.waiting.popleft()
            if not self._take(job):
                work.waiting.append((job, submissions))
                continue
            try:
                run_id = self._runs.submit(job)
            except GraphError as error:
                self._release(job)
                self._recover(work, job, submissions + 1, error)
                continue
            work.accepted.add(job.account.id)
            now = self._clock.monotonic()
            work.running.append(_Running(job, run_id, submissions + 1, now, now + _FIRST_POLL_SECONDS))

    def _poll_due(self, work: _Work) -> None:
        """Ask after every run whose time has come; completed and failed runs leave their slot."""
        for run in [run for run in work.running if run.due_at <= self._clock.monotonic()]:
            progress = self._poll(run)
            error = None if progress.is_done else progress.error or self._overdue(run)
            if error is None and not progress.is_done:
                run.interval = min(_LONGEST_POLL_SECONDS, run.interval * _POLL_GROWTH)
                run.due_at = self._clock.monotonic() + run.interval
                continue
            work.running.remove(run)
            self._release(run.job)
            if error is None:
                work.finished.append(Finished(run.job, run_id=run.run_id))
            else:
                self._recover(work, run.job, run.submissions, error)

    def _poll(self, run: _Running) -> Progress:
        """How far a run is, with the error it ended with; a poll that fails in passing counts as no progress."""
        run.polls += 1
        try:
            return self._runs.poll(run.run_id, run.job, is_new=run.polls <= _NEW_FOR_POLLS)
        except TransientError as failure:
            run.failed_polls += 1
            return Progress(is_done=False, percent=0, error=failure if run.failed_polls > _MOST_FAILED_POLLS else None)
        except GraphError as failure:
            return Progress(is_done=False, percent=0, error=failure)

    def _overdue(self, run: _Running) -> GraphError | None:
        """The error of a run that takes longer than its report's job timeout: taken as too large."""
        limit = run.job.report.job_timeout
        if self._clock.monotonic() - run.started_at <= limit.total_seconds():
            return None
        minutes = round(limit.total_seconds() / 60)
        return TooMuchData(
            message=f"the report job was not done after {minutes} minutes: raise insights_job_timeout, or ask for less"
        ).at("GET", "report run", run.job.account.id)

    def _recover(self, work: _Work, job: Job, submissions: int, error: GraphError) -> None:
        """Cut a job that is too large, submit a passing failure again, hand out anything else."""
        if isinstance(error, TooMuchData):
            if parts := split(job):
                self._logger.info(f"{job}: too much for one report job, split by days ({error})")
                work.waiting.extendleft((part, 0) for part in reversed(parts))
                return
        elif isinstance(error, TransientError) and submissions < _MOST_SUBMISSIONS:
            self._logger.info(f"{job}: submitting the report again ({error})")
            work.waiting.append((job, submissions))
            return
        work.finished.append(Finished(job, error=error))
        if self._is_hopeless(work, job.account.id, error):
            kept = [(each, tries) for each, tries in work.waiting if each.account.id != job.account.id]
            if dropped := len(work.waiting) - len(kept):
                self._logger.warning(f"{job}: {dropped} more report jobs of the account are not asked for: {error}")
                work.waiting = deque(kept)

    @staticmethod
    def _is_hopeless(work: _Work, account_id: str, error: GraphError) -> bool:
        """Whether the account's other jobs would end with this error too."""
        if isinstance(error, BadRequest) and account_id not in work.accepted:
            work.refused[account_id] += 1
            return work.refused[account_id] >= _REFUSALS_ENOUGH
        return isinstance(error, _HOPELESS)

    def _rest(self, work: _Work) -> None:
        """Sleep until the next poll is due, or briefly where only other streams' slots are awaited."""
        if work.running:
            self._clock.sleep(min(run.due_at for run in work.running) - self._clock.monotonic())
        elif work.waiting:
            self._clock.sleep(_FIRST_POLL_SECONDS)

    def _take(self, job: Job) -> bool:
        with self._lock:
            if self._taken[job.account.id] >= _SLOTS_PER_ACCOUNT:
                return False
            self._taken[job.account.id] += 1
            return True

    def _release(self, job: Job) -> None:
        with self._lock:
            self._taken[job.account.id] -= 1
