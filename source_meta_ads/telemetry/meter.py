"""Counts of one run: calls, bytes, rows, spend, report jobs, retries, errors, drift, waits."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# A counter has one entry a stream, edge, class or account; this bounds them, whatever a world is like.
_MOST_SERIES = 1000
_OTHERS = "other accounts"


@dataclass(frozen=True)
class Metric:
    """One kind of count: its name, its unit, what its entries are told apart by; `is_signed`: it may go down."""

    name: str
    unit: str
    labels: tuple[str, ...]
    is_signed: bool = False


CALLS = Metric("calls", "1", ("edge", "status"))
CALLS_BY_STREAM = Metric("calls_by_stream", "1", ("stream",))
CALLS_BY_ACCOUNT = Metric("calls_by_account", "1", ("account",))
BYTES = Metric("bytes", "By", ("edge",))
ROWS = Metric("rows", "1", ("stream",))
SPEND = Metric("spend", "1", ("stream", "account", "currency"), is_signed=True)
DIFFERENCES = Metric("differences", "1", ("stream", "metric"), is_signed=True)
DRIFTS = Metric("drifts", "1", ("stream", "kind"))
JOBS = Metric("jobs", "1", ("stream", "outcome"))
JOB_SECONDS = Metric("job_seconds", "s", ("stream",))
RETRIES = Metric("retries", "1", ("class",))
ERRORS = Metric("errors", "1", ("class",))
WAITS = Metric("waited_seconds", "s", ())
METRICS = (CALLS, CALLS_BY_STREAM, CALLS_BY_ACCOUNT, BYTES, ROWS, SPEND, DIFFERENCES, DRIFTS, JOBS, JOB_SECONDS,
           RETRIES, ERRORS, WAITS)  # fmt: skip


@dataclass(frozen=True)
class Count:
    """One entry of a metric: the values of its labels, in their order, and how much."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


class Listener(Protocol):
    """Who wants to know not only how much, but when and of what: the recorder."""

    def called(self, edge: str, status: int) -> None:
        """A call was answered; status 0: no answer came."""

    def retried(self, error_class: str) -> None:
        """A try will be repeated."""

    def failed(self, error_class: str, told: Mapping[str, Any]) -> None:
        """An error was given up on."""

    def waited(self, seconds: float) -> None:
        """A call was held back."""

    def day_read(self, day: tuple[str, str, str, str], rows: int, spend: float | None) -> None:
        """A (stream, account, currency, date) was read whole."""


class Meter:
    """Counters of one run; thread-safe. One is made a run and handed down."""

    def __init__(self, listener: Listener | None = None) -> None:
        self._lock = threading.Lock()
        self._listener = listener
        self._counts: dict[Metric, dict[tuple[str, ...], float]] = {metric: {} for metric in METRICS}
        self._read: defaultdict[str, set[str]] = defaultdict(set)

    def call(
        self, edge: str, status: int, stream: str | None = None, account_id: str | None = None, n_bytes: int = 0
    ) -> None:
        """Count a call that was sent; status 0: no answer came. `stream` is whom it was made for, if one.

        `n_bytes` is the size of the answer's body as it was parsed, not as it was packed.
        """
        with self._lock:
            self._add(CALLS, (edge, str(status)), 1)
            if n_bytes:
                self._add(BYTES, (edge,), n_bytes)
            if account_id:
                self._add(CALLS_BY_ACCOUNT, (account_id,), 1)
            if stream:
                self._add(CALLS_BY_STREAM, (stream,), 1)
        if self._listener:
            self._listener.called(edge, status)

    def rows(self, stream: str, count: int) -> None:
        """Count records handed to Airbyte."""
        with self._lock:
            self._add(ROWS, (stream,), count)

    def slice_read(self, stream: str, account_id: str) -> None:
        """Note that a slice of an account was read whole."""
        with self._lock:
            self._read[stream].add(account_id)

    def accounts_read(self) -> dict[str, int]:
        """Of how many accounts each stream has read a slice."""
        with self._lock:
            return {stream: len(accounts) for stream, accounts in self._read.items()}

    @property
    def total_rows(self) -> int:
        """Records of all slices that are read."""
        with self._lock:
            return int(sum(self._counts[ROWS].values()))

    def retry(self, error_class: str) -> None:
        """Count a try that will be repeated."""
        with self._lock:
            self._add(RETRIES, (error_class,), 1)
        if self._listener:
            self._listener.retried(error_class)

    def error(self, error_class: str, told: Mapping[str, Any] | None = None) -> None:
        """Count an error given up on; `told` is what is known of it."""
        with self._lock:
            self._add(ERRORS, (error_class,), 1)
        if self._listener:
            self._listener.failed(error_class, told or {})

    def spend(self, stream: str, account_id: str, currency: str, amount: float) -> None:
        """Add spend read by a stream, in major units of the account's currency."""
        with self._lock:
            self._add(SPEND, (stream, f"act_{account_id}", currency), amount)

    def day(self, stream: str, account_id: str, currency: str, date: str, *, rows: int, spend: float | None) -> None:
        """Note a day of an account that a stream has read whole: its rows, and their spend (None: not asked for)."""
        if self._listener:
            self._listener.day_read((stream, account_id, currency, date), rows, spend)

    def difference(self, stream: str, metric: str, amount: float) -> None:
        """Add what a report's rows are more (or less) than the account's own figure."""
        with self._lock:
            self._add(DIFFERENCES, (stream, metric), amount)

    def drift(self, stream: str, kind: str) -> None:
        """Count a field of a stream that is not what its schema says."""
        with self._lock:
            self._add(DRIFTS, (stream, kind), 1)

    def job(self, stream: str, outcome: str, seconds: float) -> None:
        """Count a report job that ended, and the time from its submission until that was known."""
        with self._lock:
            self._add(JOBS, (stream, outcome), 1)
            self._add(JOB_SECONDS, (stream,), seconds)

    def wait(self, seconds: float) -> None:
        """Add time that a call was held back."""
        with self._lock:
            self._add(WAITS, (), seconds)
        if self._listener and seconds > 0:
            self._listener.waited(seconds)

    def counts(self) -> Iterator[Count]:
        """Every count, in the order of METRICS and then of its labels."""
        with self._lock:
            found = [
                Count(metric, labels, value)
                for metric, counts in self._counts.items()
                for labels, value in sorted(counts.items())
            ]
        yield from found

    def summary(self) -> dict[str, Any]:
        """All counters as plain JSON, each sorted by name."""
        by_metric: dict[Metric, dict[str, float]] = {metric: {} for metric in METRICS}
        for count in self.counts():
            by_metric[count.metric][" ".join(count.labels)] = count.value
        return {
            "calls": sum(by_metric[CALLS].values()),
            "calls_by_edge_and_status": by_metric[CALLS],
            "calls_by_stream": by_metric[CALLS_BY_STREAM],
            "calls_by_account": by_metric[CALLS_BY_ACCOUNT],
            "bytes_by_edge": by_metric[BYTES],
            "rows_by_stream": by_metric[ROWS],
            "spend_by_account": _rounded(by_metric[SPEND], 2),
            "differences_by_metric": _rounded(by_metric[DIFFERENCES], 2),
            "drifts_by_kind": by_metric[DRIFTS],
            "jobs_by_stream": by_metric[JOBS],
            "job_seconds_by_stream": _rounded(by_metric[JOB_SECONDS], 1),
            "retries_by_class": by_metric[RETRIES],
            "errors_by_class": by_metric[ERRORS],
            "waited_seconds": round(by_metric[WAITS].get("", 0.0), 1),
        }

    def _add(self, metric: Metric, labels: tuple[str, ...], amount: float) -> None:
        """Add to an entry; past the bound of entries, to one that stands for the accounts without one. Lock held."""
        counts = self._counts[metric]
        if labels not in counts and len(counts) >= _MOST_SERIES:
            labels = tuple(
                _OTHERS if name == "account" else value for name, value in zip(metric.labels, labels, strict=True)
            )
            if "account" not in metric.labels:
                labels = ("other",) * len(metric.labels)
        counts[labels] = counts.get(labels, 0) + amount


def _rounded(values: dict[str, float], digits: int) -> dict[str, float]:
    return {name: round(value, digits) for name, value in values.items()}
