"""All report jobs of a run: slots an account, polling, resubmitting, splitting; results handed out when complete."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from source_meta_ads.clock import Clock
from source_meta_ads.graph.errors import GraphError, TooMuchData, TransientError
from source_meta_ads.insights.report_run import Job, ReportRuns
from source_meta_ads.insights.split import split

# Meta documents no limit on jobs in flight; third parties report trouble above three to five an account.
_SLOTS_PER_ACCOUNT = 4
_FIRST_POLL_SECONDS = 0.5
_POLL_GROWTH = 1.5
_LONGEST_POLL_SECONDS = 20.0
_MOST_SUBMISSIONS = 4
# Polls for which "no such report run" is taken as "not visible yet".
_NEW_FOR_POLLS = 5


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


@dataclass
class _Work:
    """One stream's share: jobs to submit (with how often each was) and runs under way."""

    waiting: deque[tuple[Job, int]]
    running: list[_Running] = field(default_factory=list)
    finished: deque[Finished] = field(default_factory=deque)


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

        A failed job is handed out with its error, so that the other accounts' jobs go on. Nothing is raised.
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
            now = self._clock.monotonic()
            work.running.append(_Running(job, run_id, submissions + 1, now, now + _FIRST_POLL_SECONDS))

    def _poll_due(self, work: _Work) -> None:
        """Ask after every run whose time has come; completed and failed runs leave their slot."""
        for run in [run for run in work.running if run.due_at <= self._clock.monotonic()]:
            run.polls += 1
            error = None
            try:
                progress = self._runs.poll(run.run_id, run.job.account.id, is_new=run.polls <= _NEW_FOR_POLLS)
            except GraphError as failure:
                error = failure
            else:
                error = progress.error or self._overdue(run)
                if progress.is_done:
                    error = None
                elif error is None:
                    run.interval = min(_LONGEST_POLL_SECONDS, run.interval * _POLL_GROWTH)
                    run.due_at = self._clock.monotonic() + run.interval
                    continue
            work.running.remove(run)
            self._release(run.job)
            if error is None:
                work.finished.append(Finished(run.job, run_id=run.run_id))
            else:
                self._recover(work, run.job, run.submissions, error)

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
