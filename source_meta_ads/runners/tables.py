"""What is read of each stream on its way into files: rows wait for their slice, files for its end, states for files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

from source_meta_ads.registry.states import States
from source_meta_ads.runners.outcome import Outcome, StreamOutcome
from source_meta_ads.runners.selection import Table
from source_meta_ads.sinks.sink import Partition, Sink, Written
from source_meta_ads.sinks.spool import Buffer, Spool

# Files of one slice that are written at once: each is a round trip to S3, or to the disk and back.
_WRITERS = 8
# Where rows are that belong to no account.
NO_ACCOUNT = "all"

Row = Mapping[str, Any]
Slice = Mapping[str, Any]


class RowsWithoutSlice(RuntimeError):
    """Rows came that no slice answers for: a mistake of ours, which must not pass for a table that is whole."""


class Tables:
    """The tables of one run. States are written once the files of their slices are, never before.

    `guard` raises where nothing may be written any more; `checkpoint` is told of each step that a crash may follow. To
    be used by one thread.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        sink: Sink,
        spool: Spool,
        states: States,
        outcome: Outcome,
        *,
        guard: Callable[[], None],
        checkpoint: Callable[[str], None],
    ) -> None:
        self._tables, self._sink, self._spool = tables, sink, spool
        self._states, self._outcome = states, outcome
        self._guard, self._checkpoint = guard, checkpoint
        self._waiting: dict[str, dict[tuple[str, date | None], Buffer]] = {name: {} for name in tables}
        self._closed: defaultdict[str, set[str]] = defaultdict(set)
        outcome.streams.update({name: StreamOutcome() for name in tables})

    @property
    def streams(self) -> Collection[str]:
        """The streams that there are tables of."""
        return self._tables.keys()

    def take(self, stream: str, row: Row) -> None:
        """Keep a row until its slice is whole."""
        table, waiting = self._tables[stream], self._waiting[stream]
        account_id = str(row.get("account_id") or NO_ACCOUNT)
        place = (account_id, date.fromisoformat(row["date_start"]) if table.kind == "days" else None)
        if place not in waiting:
            waiting[place] = self._spool.buffer(table.key)
        waiting[place].add(row)
        self._outcome.streams[stream].rows += 1

    def close(self, stream: str, account_slice: Slice) -> list[Written]:
        """Write the files of a slice whose rows are all there. Raises: OSError, RowsWithoutSlice."""
        table = self._tables[stream]
        account_id = str(account_slice.get("account_id") or NO_ACCOUNT)
        self._sink.prepare(stream, account_id)
        if table.kind == "days":
            partitions = self._days(table, account_id, account_slice)
        else:
            partitions = [self._whole(table, account_id)]
        self._guard()
        buffers = [self._waiting[stream].pop((account_id, each.date), None) for each in partitions]
        with ThreadPoolExecutor(_WRITERS) as pool:
            written = list(pool.map(self._replace, partitions, buffers))
        for buffer in buffers:
            if buffer is not None:
                buffer.drop()
        self._outcome.streams[stream].slices += 1
        files = [each for each in written if each]
        for each in files:
            self._outcome.wrote(stream, each)
        return files

    def commit(self, stream: str, state: Mapping[str, Any]) -> None:
        """Write a state that came after the slices that it counts as done. Raises: OSError."""
        if self._tables[stream].is_incremental:
            self._guard()
            if self._states.commit(stream, state):
                self._checkpoint("state")

    def end(self, stream: str, status: str) -> None:
        """Note how a stream ended; rows of slices that failed are dropped. Raises: RowsWithoutSlice."""
        waiting = self._waiting[stream]
        left = sum(len(buffer) for buffer in waiting.values())
        for buffer in waiting.values():
            buffer.drop()
        waiting.clear()
        if left and status == "COMPLETE":
            raise RowsWithoutSlice(f"{stream}: {left} rows belong to no slice that was read: please report this")
        self._outcome.streams[stream].status = status.lower()

    def _days(self, table: Table, account_id: str, account_slice: Slice) -> list[Partition]:
        """The days of a slice that have rows now, or had some."""
        since, until = (date.fromisoformat(account_slice[name]) for name in ("since", "until"))
        asked = {since + timedelta(days=n) for n in range((until - since).days + 1)}
        now = {day for account, day in self._waiting[table.stream] if account == account_id and day in asked}
        before = asked & self._sink.days(table.stream, account_id)
        return [
            Partition(table.stream, account_id, table.query, date=day)
            for day in sorted(now | before)
            if day is not None
        ]

    def _whole(self, table: Table, account_id: str) -> Partition:
        """The file of all that a slice of objects brought: the next one of changes, or the snapshot."""
        if account_id in self._closed[table.stream]:
            raise RowsWithoutSlice(f"{table.stream}: act_{account_id} was read in two slices: please report this")
        self._closed[table.stream].add(account_id)
        version = self._version(table.stream, account_id) if table.kind == "changes" else 0
        return Partition(table.stream, account_id, table.query, version=version)

    def _version(self, stream: str, account_id: str) -> int:
        """Which file of changes comes next: the same one until a state is written, so that a crash replaces its own."""
        return self._states.first_number(stream, account_id) + 1

    def _replace(self, partition: Partition, rows: Buffer | None) -> Written | None:
        written = self._sink.replace(partition, rows, self._tables[partition.stream].schema)
        if written:
            self._checkpoint("file")
        return written
