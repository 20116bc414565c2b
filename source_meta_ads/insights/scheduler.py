"""All report jobs of a run: slots an account, polling, resubmitting, cutting; answers handed out when complete."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from source_meta_ads.clock import Clock
from source_meta_ads.graph.errors import GraphError, RateLimited, TooMuchData, TransientError
from source_meta_ads.insights.feed import Feed
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.mending import without_unknown
from source_meta_ads.insights.pieces import Piece, Read, Rows
from source_meta_ads.insights.polling import Pace, Run
from source_meta_ads.insights.report_run import Poll, Progress, ReportRuns
from source_meta_ads.insights.split import object_levels, split_days, split_fields, split_objects

# Meta documents no limit on jobs in flight; third parties report trouble above three to five an account.
_SLOTS_PER_ACCOUNT = 4
_MOST_SUBMISSIONS = 4
# Submissions an account between two looks at the runs under way: a long queue may not leave finished runs waiting.
_SUBMISSIONS_A_TURN = 8
_FOR_SLOTS_SECONDS = 0.5
# Polls of one run that may fail in passing: a failed poll says nothing of the job, and a second job costs more.
_MOST_FAILED_POLLS = 3
# Blocks that one question waits out, each of a minute at least.
_MOST_LIMITED = 20


@dataclass(frozen=True)
class Finished:
    """A job that needs nothing more: where its rows are, or the error it ended with."""

    job: Job
    rows: Rows | None = None
    error: GraphError | None = None


@dataclass
class _Work:
    """One stream's share: what is to be asked, account by account, and the runs under way."""

    feeds: list[Feed]
    started: list[tuple[Job, str]] = field(default_factory=list)
    running: list[Run] = field(default_factory=list)
    finished: deque[Finished] = field(default_factory=deque)

    @property
    def is_over(self) -> bool:
        return not self.running and not self.finished and all(feed.is_empty for feed in self.feeds)


def _needs_run(piece: Piece) -> bool:
    """Whether a question is to be asked by a new report run: none that an earlier sync made answers it."""
    return not piece.job.is_small and (piece.tries > 1 or not piece.job.known_run)


class Scheduler:
    """Runs many report jobs at once, within a number of slots that all streams share. Thread-safe.

    Each stream drives its own jobs through `completed`, on the thread that consumes it; what the streams share
    is the slots of each account, so that ten reports don't put ten times the jobs in flight, and the pace of polls.
    """

    def __init__(
        self, runs: ReportRuns, clock: Clock, logger: logging.Logger, patience_seconds: float = float("inf")
    ) -> None:
        self._patience_seconds = patience_seconds
        self._runs, self._clock, self._logger = runs, clock, logger
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._pace = Pace(clock, lambda: len(self._taken))

    def completed(
        self, feeds: Iterable[Iterable[Job]], started: Callable[[Sequence[tuple[Job, str]]], None] | None = None
    ) -> Iterator[Finished]:
        """Each job, or the smaller ones it was cut into by days, once complete or failed; in order of completion.

        A feed holds one account's jobs and is drawn from as its slots get free. `started` is told of the report runs
        that answer whole jobs, some at a time. A failed job is handed out with its error, so that the other accounts'
        jobs go on. Where the error is bound to meet the account's other jobs too, these are dropped unasked: they
        count as not read. Nothing is raised.
        """
        work = _Work([Feed(jobs) for jobs in feeds])
        try:
            while not work.is_over:
                self._submit(work)
                if started and work.started:
                    started(work.started)
                work.started = []
                self._poll(work)
                while work.finished:
                    yield work.finished.popleft()
                self._rest(work)
        finally:
            for run in work.running:
                self._release(run.piece.job)

    def _submit(self, work: _Work) -> None:
        """Ask what is due, of all accounts at once, as far as slots are free and Meta blocks nobody."""
        for _ in range(_SUBMISSIONS_A_TURN):
            drawn = [(feed, piece) for feed in work.feeds if (piece := self._draw(feed))]
            new = [piece.job for _, piece in drawn if _needs_run(piece)]
            made = iter(self._runs.submit(new))
            if not [feed for feed, piece in drawn if self._asked(work, feed, piece, made)]:
                return

    def _draw(self, feed: Feed) -> Piece | None:
        """The account's next question, with a slot where it needs one; None when it has none that may be asked now."""
        if feed.account_id and 0 < self._runs.blocked_seconds(feed.account_id) <= self._patience_seconds:
            return None
        piece = feed.next(self._clock.monotonic())
        if piece is None or piece.job.is_small:
            return piece
        if not self._take(piece.job):
            feed.put_back(piece)
            return None
        piece.tries += 1
        return piece

    def _asked(self, work: _Work, feed: Feed, piece: Piece, made: Iterator[str | GraphError]) -> bool:
        """Go by what became of a question that was asked; False where a limit is in its way."""
        if piece.job.is_small:
            self._answered(work, piece, None)
            return True
        run_id = next(made) if _needs_run(piece) else str(piece.job.known_run)
        if isinstance(run_id, GraphError):
            self._release(piece.job)
            if isinstance(run_id, RateLimited) and self._will_end(piece, run_id):
                piece.tries -= 1
                feed.put_back(piece)
                return False
            self._recover(work, feed, piece, run_id)
            return True
        feed.is_accepted = True
        work.running.append(self._pace.begun(piece, run_id, feed))
        if piece.parent is None and run_id != piece.job.known_run:
            work.started.append((piece.job, run_id))
        return True

    def _poll(self, work: _Work) -> None:
        """Ask after the runs whose time has come; completed and failed ones leave their slot."""
        due = self._pace.due(work.running)
        if not due:
            return
        polls = [Poll(run.run_id, run.piece.job, run.is_new) for run in due]
        try:
            answers = self._runs.poll(polls)
        except GraphError as error:
            is_passing = isinstance(error, (TransientError, RateLimited))
            answers = [Progress(is_done=False, percent=0, error=error, is_unanswered=is_passing) for _ in polls]
        for run, progress in zip(due, answers, strict=True):
            self._judge(work, run, progress)

    def _judge(self, work: _Work, run: Run, progress: Progress) -> None:
        """Keep a run that goes on, hand out what is complete, mend what failed."""
        error = progress.error
        if isinstance(error, RateLimited):
            if self._will_end(run.piece, error):
                # The run goes on at Meta's while nobody may ask after it; that time is none that it took.
                wait = max(1.0, self._runs.blocked_seconds(run.piece.job.account.id))
                run.due_at, run.started_at = self._clock.monotonic() + wait, run.started_at + wait
                return
        elif progress.is_unanswered:
            run.failed_polls += 1
            error = error if run.failed_polls > _MOST_FAILED_POLLS else None
        error = error or (None if progress.is_done else self._overdue(run))
        if error is None and not progress.is_done:
            self._pace.polled(run, progress.percent)
            return
        work.running.remove(run)
        self._release(run.piece.job)
        if error is None:
            self._pace.ended(run)
            self._answered(work, run.piece, run.run_id)
        else:
            self._recover(work, run.feed, run.piece, error)

    def _will_end(self, piece: Piece, error: RateLimited) -> bool:
        """Whether the limit that is in a piece's way is one to wait for; refusals again and again are not."""
        # Without a code nobody was refused: the throttle held the call back, as it will until there is room.
        piece.n_limited += error.code is not None
        blocked = self._runs.blocked_seconds(piece.job.account.id)
        return piece.n_limited <= _MOST_LIMITED and blocked <= self._patience_seconds

    def _overdue(self, run: Run) -> GraphError | None:
        """The error of a run that takes longer than its report's job timeout: taken as too large."""
        limit = run.piece.job.report.job_timeout
        if self._clock.monotonic() - run.started_at <= limit.total_seconds():
            return None
        minutes = round(limit.total_seconds() / 60)
        return TooMuchData(
            message=f"the report job was not done after {minutes} minutes: raise insights_job_timeout, or ask for less"
        ).at("GET", "report run", run.piece.job.account.id)

    def _answered(self, work: _Work, piece: Piece, run_id: str | None) -> None:
        """Note where a piece's rows are; hand the whole question out when all its pieces are there."""
        piece.read = Read(piece.job, run_id)
        root = piece.root
        rows = None if root.is_over else root.rows()
        if rows is not None:
            root.is_over = True
            work.finished.append(Finished(root.job, rows=rows))

    def _recover(self, work: _Work, feed: Feed, piece: Piece, error: GraphError) -> None:
        """Cut a job that is too large, ask without unknown fields, repeat a passing failure, hand out anything else."""
        if piece.root.is_over:
            return
        if known := without_unknown(piece.job, error):
            self._logger.info(f"{piece.job}: asking again without what Meta doesn't know ({error})")
            feed.put_first(piece.cut([known], is_join=False))
            return
        if isinstance(error, TooMuchData):
            if self._cut(feed, piece, error):
                return
        elif isinstance(error, TransientError) and piece.tries < _MOST_SUBMISSIONS:
            self._logger.info(f"{piece.job}: submitting the report again ({error})")
            piece.due_at = self._clock.monotonic() + self._clock.jitter(2.0**piece.tries)
            feed.retry(piece)
            return
        piece.root.is_over = True
        work.finished.append(Finished(piece.root.job, error=error))
        if dropped := feed.give_up(error):
            self._logger.warning(f"{piece.job}: {dropped} more report jobs of the account are not asked for: {error}")

    def _cut(self, feed: Feed, piece: Piece, error: GraphError) -> bool:
        """Put smaller questions in a piece's place; False when it can't be cut."""
        if jobs := split_days(piece.job):
            self._logger.info(f"{piece.job}: too much for one report job, split by days ({error})")
            # Days are answers of their own, unless the piece is already part of one.
            parts = piece.cut(jobs, is_join=False) if piece.parent else [Piece(job) for job in jobs]
            feed.put_first(parts)
            return True
        for level in object_levels(piece.job):
            try:
                ids = self._runs.objects(piece.job, level)
            except GraphError as failure:
                self._logger.info(f"{piece.job}: its {level}s could not be listed ({failure})")
                continue
            if jobs := split_objects(piece.job, level, ids):
                self._logger.info(f"{piece.job}: too much for one report job, split by {len(ids)} {level}s ({error})")
                feed.put_first(piece.cut(jobs, is_join=False))
                return True
        if jobs := split_fields(piece.job):
            self._logger.info(f"{piece.job}: too much for one report job, split by fields ({error})")
            feed.put_first(piece.cut(jobs, is_join=True))
            return True
        return False

    def _rest(self, work: _Work) -> None:
        """Sleep until the next poll or retry is due, a block ends, or briefly where only slots are awaited."""
        if work.is_over:
            return
        now = self._clock.monotonic()
        moments = [run.due_at for run in work.running]
        for feed in work.feeds:
            if feed.is_empty:
                continue
            blocked = self._runs.blocked_seconds(feed.account_id) if feed.account_id else 0.0
            waits = [wait for wait in (blocked, feed.due_at - now) if wait > 0]
            moments.append(now + (max(waits) if waits else _FOR_SLOTS_SECONDS))
        self._clock.sleep(min(moments) - now)

    def _take(self, job: Job) -> bool:
        with self._lock:
            if self._taken[job.account.id] >= _SLOTS_PER_ACCOUNT:
                return False
            self._taken[job.account.id] += 1
            return True

    def _release(self, job: Job) -> None:
        with self._lock:
            self._taken[job.account.id] -= 1
