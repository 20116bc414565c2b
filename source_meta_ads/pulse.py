"""Signs of life of a long read: what is done, how fast, how much of the limits is used, and what it waits for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteTraceMessage,
    EstimateType,
    TraceType,
    Type,
)

from source_meta_ads.accounts import Account
from source_meta_ads.clock import Clock
from source_meta_ads.connection import Connection
from source_meta_ads.streams.progress import day_of

# Between two lines, in seconds; metadata.yaml promises Airbyte a message at least every ten times as long.
INTERVAL_SECONDS = 30.0
_LOOK_SECONDS = 1.0
_MOST_STREAMS_TOLD = 8
# A limit that is used less than this is nobody's worry.
_NOTEWORTHY_PCT = 50.0


@contextmanager
def pulse(connection: Connection, n_accounts: int, logger: logging.Logger) -> Iterator[None]:
    """While inside, write a progress line every 30 seconds, also while every thread that reads waits for a limit."""
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(connection, n_accounts, logger, ended), name="pulse", daemon=True)
    beating.start()
    try:
        yield
    finally:
        # Not waited for: it only looks at the clock, and says nothing more.
        ended.set()


def _beat(connection: Connection, n_accounts: int, logger: logging.Logger, ended: threading.Event) -> None:
    clock = connection.clock
    last, rows_before = clock.monotonic(), 0
    while not ended.is_set():
        clock.sleep(_LOOK_SECONDS)
        now = clock.monotonic()
        if now - last >= INTERVAL_SECONDS and not ended.is_set():
            rows = connection.meter.total_rows
            logger.info(progress_line(connection, n_accounts, rows, (rows - rows_before) / (now - last)))
            last, rows_before = now, rows


def progress_line(connection: Connection, n_accounts: int, rows: int, rows_per_second: float) -> str:
    """One line: rows and their rate, accounts read by stream, limits that are used much, the longest wait and why."""
    read = sorted(connection.meter.accounts_read().items())
    streams = [f"{stream} {accounts} of {n_accounts} accounts" for stream, accounts in read[:_MOST_STREAMS_TOLD]]
    if len(read) > _MOST_STREAMS_TOLD:
        streams.append(f"{len(read) - _MOST_STREAMS_TOLD} more streams")
    parts = [f"{rows:,} rows, {rows_per_second:,.0f} a second", ", ".join(streams) or "no account read yet"]
    used = max(((pct, limit) for limit, (pct, _) in connection.throttle.used().items()), default=None)
    if used and used[0] >= _NOTEWORTHY_PCT:
        parts.append(f"{_named(used[1])} is used to {used[0]:.0f} %")
    if waits := connection.throttle.blocked():
        seconds, limit = max((seconds, limit) for limit, seconds in waits.items())
        others = f" (and {len(waits) - 1} other limits)" if len(waits) > 1 else ""
        parts.append(f"no calls for {seconds:,.0f} s: {_named(limit)} has no room{others}")
    return f"progress: {'; '.join(parts)}"


def _named(limit: tuple[str, str | None]) -> str:
    kind, owner = limit
    return f"the limit {kind}{f' of act_{owner}' if owner else ''}"


def expected_rows(
    stream: str, state: Mapping[str, Any], accounts: tuple[Account, ...], lookback_days: int, clock: Clock
) -> int | None:
    """About how many rows a report will have, by what an earlier sync learnt of each account; None where it didn't.

    Raises: Failure for a state whose cursor is no day.
    """
    total = 0.0
    for account in accounts:
        entry = state.get(account.id) or {}
        rows_per_day, cursor = entry.get("rows_per_day"), entry.get("date_start")
        if not isinstance(rows_per_day, (int, float)) or not isinstance(cursor, str):
            return None
        days = (clock.today(account.timezone) - day_of(cursor, stream, account.id)).days + 1 + lookback_days
        total += rows_per_day * max(days, 0)
    return round(total) if accounts else None


def estimate(stream: str, rows: int, clock: Clock) -> AirbyteMessage:
    """How many rows a stream will have, as Airbyte takes it."""
    told = AirbyteEstimateTraceMessage(name=stream, type=EstimateType.STREAM, row_estimate=rows)
    emitted_at = clock.now().timestamp() * 1000
    trace = AirbyteTraceMessage(type=TraceType.ESTIMATE, emitted_at=emitted_at, estimate=told)
    return AirbyteMessage(type=Type.TRACE, trace=trace)
