"""What happened in a run and when: bounded, as JSON, for the report page and the next run's comparison."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from source_meta_ads.telemetry.series import Series

FORMAT = 1
_MOST_JOBS = 1_000
_MOST_DAYS = 50_000
_MOST_ERRORS = 200
_MOST_QUOTA_SAMPLES = 240
_MOST_LIMITS = 40
_MOST_ACCOUNTS = 1_000
_WORDS_KEPT = 500

# Of each limit, by name: percent used.
Quota = Callable[[], Mapping[str, float]]


@dataclass
class Job:
    """A report job: what it was about, and when it was under way, in seconds since the start."""

    stream: str
    account_id: str
    since: str
    until: str
    started_seconds: float
    ended_seconds: float | None = None
    outcome: str = "running"

    def as_json(self) -> dict[str, Any]:
        """The job as a recording has it."""
        return dict(self.__dict__)


@dataclass
class _Day:
    """What was read of one day; `spend` None: it was not asked for."""

    rows: int = 0
    spend: float | None = None

    @property
    def rounded_spend(self) -> float | None:
        return None if self.spend is None else round(self.spend, 2)


class Recorder:
    """Takes note of one run, as the meter's listener and from those who make report jobs. Thread-safe.

    `now` gives the present moment, `monotonic` seconds that only grow: a clock may learn from Meta's first answer that
    it was wrong. `quota`, set once there is a throttle, is asked at most once in each span of time;
    `accounts` has name and timezone of the accounts read, by id.
    """

    def __init__(self, run_id: str, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self.run_id = run_id
        self._now, self._monotonic = now, monotonic
        self._started = monotonic()
        self._lock = threading.Lock()
        self._calls, self._retries, self._waits = Series(), Series(), Series()
        self._samples: list[tuple[float, dict[str, float]]] = []
        self._sample_seconds = 1.0
        self._running: dict[str, Job] = {}
        self._ended: list[tuple[float, int, Job]] = []
        self._n_jobs = 0
        self._days: dict[tuple[str, str, str, str], _Day] = {}
        self._n_days_left_out = 0
        self._errors: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.quota: Quota = dict
        self.accounts: dict[str, dict[str, str]] = {}

    def seconds(self) -> float:
        """Seconds since the start."""
        return max(0.0, self._monotonic() - self._started)

    def called(self, edge: str, status: int) -> None:
        """Note a call by its edge, and once in a while how much of each limit is used."""
        at = self.seconds()
        self._calls.add(edge if status == 200 else f"{edge} {status}", at)
        self._sample(at)

    def retried(self, error_class: str) -> None:
        """Note a try that will be repeated."""
        self._retries.add(error_class, self.seconds())

    def waited(self, seconds: float) -> None:
        """Note time that a call was held back."""
        self._waits.add("waits", self.seconds(), seconds)

    def day_read(self, day: tuple[str, str, str, str], rows: int, spend: float | None) -> None:
        """Note a (stream, account, currency, date) that was read whole; `spend` None: it was not asked for."""
        with self._lock:
            found = self._days.get(day)
            if found is None:
                if len(self._days) >= _MOST_DAYS:
                    self._n_days_left_out += 1
                    return
                found = self._days[day] = _Day()
            found.rows += rows
            if spend is not None:
                found.spend = (found.spend or 0.0) + spend

    def job_started(self, run_id: str, stream: str, account_id: str, since: str, until: str) -> None:
        """Note a report job that was submitted, or taken over from an earlier run."""
        with self._lock:
            if run_id not in self._running:
                self._running[run_id] = Job(stream, account_id, since, until, round(self.seconds(), 2))

    def job_ended(self, run_id: str, outcome: str) -> float:
        """Note how a job ended; its seconds. Of very many jobs the slowest are kept."""
        with self._lock:
            job = self._running.pop(run_id, None)
            if job is None:
                return 0.0
            job.ended_seconds, job.outcome = round(self.seconds(), 2), outcome
            took = job.ended_seconds - job.started_seconds
            self._n_jobs += 1
            keep = heapq.heappush if len(self._ended) < _MOST_JOBS else heapq.heappushpop
            keep(self._ended, (took, self._n_jobs, job))
            return took

    def failed(self, error_class: str, told: Mapping[str, Any]) -> None:
        """Note an error given up on; equal ones are counted."""
        message = str(told.get("message") or "")[:_WORDS_KEPT]
        key = (error_class, message, told.get("account_id"), told.get("edge"))
        with self._lock:
            if key in self._errors:
                self._errors[key]["count"] += 1
            elif len(self._errors) < _MOST_ERRORS:
                at = round(self.seconds(), 2)
                self._errors[key] = {**told, "class": error_class, "message": message, "at_seconds": at, "count": 1}

    def recording(self, **about: Any) -> dict[str, Any]:
        """All of it as plain JSON; `about` has what else is known of the run: its status, its summary."""
        took, ended = self.seconds(), self._now()
        self._sample(took, is_last=True)
        with self._lock:
            jobs = sorted((job for _, _, job in self._ended), key=lambda job: job.started_seconds)
            jobs += self._running.values()
            return {
                "format": FORMAT,
                "run_id": self.run_id,
                "started_at": (ended - timedelta(seconds=took)).isoformat(timespec="seconds"),
                "ended_at": ended.isoformat(timespec="seconds"),
                "seconds": round(took, 1),
                **about,
                "accounts": dict(list(self.accounts.items())[:_MOST_ACCOUNTS]),
                "calls": self._calls.as_json(),
                "retries": self._retries.as_json(),
                "waits": self._waits.as_json(),
                "quota": [[round(at, 1), used] for at, used in self._samples],
                "jobs": [job.as_json() for job in jobs],
                "jobs_left_out": self._n_jobs - len(self._ended),
                "days": [[*day, found.rows, found.rounded_spend] for day, found in sorted(self._days.items())],
                "days_left_out": self._n_days_left_out,
                "errors": sorted(self._errors.values(), key=lambda error: error["at_seconds"]),
            }

    def _sample(self, at: float, *, is_last: bool = False) -> None:
        """Note what is used of the limits that are used most; ever less often, the longer the run takes."""
        with self._lock:
            if self._samples and at - self._samples[-1][0] < self._sample_seconds and not is_last:
                return
            self._samples.append((at, {}))
            place = self._samples[-1]
            if len(self._samples) > _MOST_QUOTA_SAMPLES:
                self._samples = self._samples[::2]
                self._sample_seconds *= 2
        # Asked with no lock held: the throttle has its own.
        used = sorted(self.quota().items(), key=lambda item: item[1], reverse=True)[:_MOST_LIMITS]
        place[1].update({name: round(pct, 1) for name, pct in used})
