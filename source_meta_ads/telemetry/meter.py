"""Counts of one run: calls, rows, spend, retries, errors, waits."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from typing import Any

# A counter has one entry a stream, edge, class or account; this bounds the last of them.
_MOST_ACCOUNTS = 1000


class Meter:
    """Counters of one run; thread-safe. One is made a run and handed down."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._calls_by_stream: Counter[str] = Counter()
        self._calls_by_account: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._retries: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._spend: defaultdict[str, float] = defaultdict(float)
        self._differences: defaultdict[str, float] = defaultdict(float)
        self._waited_seconds = 0.0

    def call(self, edge: str, status: int, stream: str | None = None, account_id: str | None = None) -> None:
        """Count a call that was sent; status 0: no answer came. `stream` is whom it was made for, if one."""
        with self._lock:
            self._calls[f"{edge} {status}"] += 1
            if account_id and (account_id in self._calls_by_account or len(self._calls_by_account) < _MOST_ACCOUNTS):
                self._calls_by_account[account_id] += 1
            if stream:
                self._calls_by_stream[stream] += 1

    def rows(self, stream: str, count: int) -> None:
        """Count records handed to Airbyte."""
        with self._lock:
            self._rows[stream] += count

    def retry(self, error_class: str) -> None:
        """Count a try that will be repeated."""
        with self._lock:
            self._retries[error_class] += 1

    def error(self, error_class: str) -> None:
        """Count an error given up on."""
        with self._lock:
            self._errors[error_class] += 1

    def spend(self, stream: str, account_id: str, currency: str, amount: float) -> None:
        """Add spend read by a stream, in major units of the account's currency."""
        key = f"{stream} act_{account_id} {currency}"
        with self._lock:
            known = key in self._spend or len(self._spend) < _MOST_ACCOUNTS
            self._spend[key if known else f"{stream} other accounts"] += amount

    def difference(self, stream: str, metric: str, amount: float) -> None:
        """Add what a report's rows are more (or less) than the account's own figure."""
        with self._lock:
            self._differences[f"{stream} {metric}"] += amount

    def wait(self, seconds: float) -> None:
        """Add time that a call was held back."""
        with self._lock:
            self._waited_seconds += seconds

    def summary(self) -> dict[str, Any]:
        """All counters as plain JSON, each sorted by name."""
        with self._lock:
            return {
                "calls": sum(self._calls.values()),
                "calls_by_edge_and_status": dict(sorted(self._calls.items())),
                "calls_by_stream": dict(sorted(self._calls_by_stream.items())),
                "calls_by_account": dict(sorted(self._calls_by_account.items())),
                "rows_by_stream": dict(sorted(self._rows.items())),
                "spend_by_account": {key: round(value, 2) for key, value in sorted(self._spend.items())},
                "differences_by_metric": {key: round(value, 2) for key, value in sorted(self._differences.items())},
                "retries_by_class": dict(sorted(self._retries.items())),
                "errors_by_class": dict(sorted(self._errors.items())),
                "waited_seconds": round(self._waited_seconds, 1),
            }
