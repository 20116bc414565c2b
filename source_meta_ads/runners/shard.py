"""The core of every runner: one connection, once. Lease its accounts, read, write files, then states, give back."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    AirbyteStreamStatus,
    AirbyteTraceMessage,
    Level,
    StreamDescriptor,
)
from airbyte_cdk.utils import AirbyteTracedException

from source_meta_ads.accounts import Reach
from source_meta_ads.check import require_accounts
from source_meta_ads.clock import Clock
from source_meta_ads.config import Config
from source_meta_ads.connection import RUN_ID_VARIABLE, connect, runtime
from source_meta_ads.credentials import Credentials
from source_meta_ads.graph.errors import GraphError
from source_meta_ads.registry.leases import Leases
from source_meta_ads.registry.schemas import RegisteredSchemas
from source_meta_ads.registry.states import States
from source_meta_ads.registry.store import VersionLog
from source_meta_ads.runners.outcome import Outcome
from source_meta_ads.runners.plan import ConnectionPlan, PlanError
from source_meta_ads.runners.selection import Selection, select
from source_meta_ads.runners.slices import SlicedSource, SliceRead
from source_meta_ads.runners.stop import Stop, StoppableClock, Stopped
from source_meta_ads.runners.tables import RowsWithoutSlice, Tables
from source_meta_ads.sinks.files import Files
from source_meta_ads.sinks.formats import FormatName, open_format
from source_meta_ads.sinks.sink import Sink
from source_meta_ads.sinks.spool import Spool
from source_meta_ads.streams.failure import failure_of
from source_meta_ads.telemetry.context import new_run_id
from source_meta_ads.telemetry.meter import Count

_LEVELS = {Level.FATAL: logging.CRITICAL, Level.ERROR: logging.ERROR, Level.WARN: logging.WARNING,
           Level.DEBUG: logging.DEBUG, Level.TRACE: logging.DEBUG}  # fmt: skip


_ENDS = (AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE)


class LeaseLost(OSError):
    """Others may take this run for dead: it writes nothing more."""


class Watcher(Protocol):
    """Who follows a run while it goes on. Called by one thread."""

    def begun(self, streams: Sequence[str], accounts: int) -> None:
        """The reading of so many accounts begins."""

    def read(self, stream: str) -> None:
        """A row was read."""

    def closed(self, stream: str, account_slice: Mapping[str, Any]) -> None:
        """A slice was read whole, and its files are written."""

    def estimated(self, stream: str, rows: int) -> None:
        """A stream will have about so many rows."""

    def ended(self, stream: str, status: str) -> None:
        """A stream ended: COMPLETE or INCOMPLETE."""


class _Nobody:
    """Follows nothing."""

    def begun(self, streams: Sequence[str], accounts: int) -> None: ...
    def read(self, stream: str) -> None: ...
    def closed(self, stream: str, account_slice: Mapping[str, Any]) -> None: ...
    def estimated(self, stream: str, rows: int) -> None: ...
    def ended(self, stream: str, status: str) -> None: ...


def _no_checkpoint(step: str) -> None:
    """Where nobody wants to know."""


@dataclass(frozen=True)
class Place:
    """Where a run writes and remembers; `output` is what states say of where their rows are."""

    log: VersionLog
    files: Files
    format: FormatName
    lease: timedelta
    output: str


@dataclass
class Means:
    """What a runner gives the core: its environment, its log, a way to stop it, and who follows it.

    `checkpoint` is told of each step after which a crash would leave something half done. `told` gets the counts and
    the limits of a run that ended, for metrics.
    """

    environ: Mapping[str, str]
    logger: logging.Logger
    stop: Stop = field(default_factory=Stop)
    clock: Clock = field(default_factory=Clock)
    watcher: Watcher = field(default_factory=_Nobody)
    checkpoint: Callable[[str], None] = _no_checkpoint
    told: Callable[[Outcome, Sequence[Count], Mapping[str, tuple[float, float]]], None] | None = None


def work(connection: ConnectionPlan, place: Place, means: Means) -> Outcome:
    """Run a connection once. Whatever goes wrong is in the outcome, and the next run goes on from what was written."""
    shard = _Shard(connection, place, means)
    outcome = shard.outcome
    try:
        shard.run()
    except Stopped:
        outcome.is_stopped = True
    except AirbyteTracedException as error:
        outcome.fail(error.message or str(error))
    except (OSError, PlanError, RowsWithoutSlice, ImportError) as error:
        outcome.fail(str(error))
    shard.finish()
    return outcome


class _Shard:
    """One run of a connection."""

    def __init__(self, connection: ConnectionPlan, place: Place, means: Means) -> None:
        self._connection, self._place, self._means = connection, place, means
        self._logger = means.logger
        now = means.clock.now()
        self.outcome = Outcome(new_run_id(now), connection.name, now)
        self._environ = {**means.environ, RUN_ID_VARIABLE: self.outcome.run_id}
        # Its own clock: it learns Meta's time, by which no lease is kept.
        self._clock = StoppableClock(means.stop)
        self._leases = Leases(place.log, self.outcome.run_id, means.clock, place.lease)
        self._source: SlicedSource | None = None

    def run(self) -> None:
        """Everything but the end. Raises: what `work` catches."""
        form = open_format(self._place.format)
        config = dict(self._connection.config)
        credentials = Credentials(config, self._environ)
        settings = credentials.settings()
        selection = select(settings, self._connection.streams)
        reach = self._reach(settings, credentials)
        require_accounts(reach)
        found = [account.id for account in reach.accounts]
        self._leases.renew()
        with self._leases.kept(self._logger):
            held = self._leases.acquire(found)
            self._means.checkpoint("lease")
            self.outcome.held = {account_id: str(holder) for account_id, holder in held.items()}
            self.outcome.accounts = [account for account in reach.accounts if account.id not in held]
            for account_id, holder in self.outcome.held.items():
                self._logger.warning(f"act_{account_id} is left out: {holder} works it")
            refused = [each.account_id for each in reach.refused]
            mine = [account.id for account in self.outcome.accounts]
            if mine or refused:
                config |= {"account_ids": [*mine, *refused], "account_include": [], "account_exclude": []}
                sink = Sink(self._place.files, form)
                with tempfile.TemporaryDirectory(prefix="meta-ads-") as folder:
                    self._read(config, selection, mine, sink, Spool(Path(folder)))

    def finish(self) -> None:
        """Write the manifest and tell of the end; a manifest that can't be written fails the run."""
        outcome = self.outcome
        outcome.ended_at = self._means.clock.now()
        plan = {
            "streams": [each.model_dump(exclude_none=True) for each in self._connection.streams],
            "output": self._place.files.url,
            "format": self._place.format,
        }
        sink = Sink(self._place.files, open_format("jsonl"))
        try:
            content = json.dumps(outcome.as_manifest(plan), ensure_ascii=False, indent=1).encode()
            outcome.manifest = sink.put_manifest(outcome.run_id, content)
        except OSError as error:
            outcome.fail(f"the manifest was not written: {error}")
        self._means.checkpoint("manifest")
        self._logger.info(f"run {outcome.run_id} of {outcome.connection}: {json.dumps(outcome.summary())}")
        if self._means.told:
            used = self._source.connection if self._source else None
            self._means.told(outcome, list(used.meter.counts()) if used else [], used.limits() if used else {})

    def _reach(self, settings: Config, credentials: Credentials) -> Reach:
        """The accounts that the connection has. Raises: Failure, Stopped."""
        connection = connect(
            settings, self._environ, self._clock, self._logger, renewal=credentials.renewed
        )  # fmt: skip
        connection.learn([*settings.secrets, *credentials.secrets])
        try:
            return runtime(settings, connection).reach
        except GraphError as error:
            raise failure_of(error) from None

    def _read(
        self, config: Mapping[str, Any], selection: Selection, account_ids: Sequence[str], sink: Sink, spool: Spool
    ) -> None:
        place, means, outcome = self._place, self._means, self.outcome
        states = States(place.log, outcome.connection, outcome.run_id, means.clock.now, place.output)
        incremental = [name for name, table in selection.tables.items() if table.is_incremental]
        before = states.load(incremental, account_ids)
        tables = Tables(
            selection.tables, sink, spool, states, outcome, guard=self._raise_if_lost, checkpoint=means.checkpoint
        )
        schemas = RegisteredSchemas(place.log, outcome.connection)
        self._source = SlicedSource(self._clock, self._environ, schemas, self._record)
        means.watcher.begun(list(selection.tables), len(account_ids))
        messages = self._source.read(self._logger, config, selection.catalog, _as_messages(before))
        try:
            for message in messages:
                self._clock.while_preparing = False
                self._take(tables, message)
        except AirbyteTracedException as error:
            if not means.stop.is_asked_for and not outcome.errors:
                outcome.fail(error.message or str(error))
        except BaseException:
            self._drain(messages)
            raise
        outcome.is_stopped = means.stop.is_asked_for

    def _take(self, tables: Tables, message: AirbyteMessage) -> None:
        """Put one message where it belongs. Raises: OSError, RowsWithoutSlice."""
        watcher = self._means.watcher
        if message.record:
            tables.take(message.record.stream, message.record.data)
            watcher.read(message.record.stream)
        elif isinstance(message, SliceRead):
            tables.close(message.stream, message.account_slice or {})
            watcher.closed(message.stream, message.account_slice or {})
        elif message.state and message.state.stream:
            state = message.state.stream
            tables.commit(state.stream_descriptor.name, dict((state.stream_state or AirbyteStateBlob()).__dict__))
        elif message.log:
            self._logger.log(_LEVELS.get(message.log.level, logging.INFO), message.log.message)
        elif message.trace:
            self._heed(tables, message.trace)

    def _heed(self, tables: Tables, trace: AirbyteTraceMessage) -> None:
        """Note an error, the end of a stream, or how many rows one will have. Raises: RowsWithoutSlice."""
        watcher = self._means.watcher
        if trace.error and trace.error.message != Stopped(self._means.stop.reason).message:
            stream = trace.error.stream_descriptor
            self.outcome.fail(f"{stream.name}: {trace.error.message}" if stream else trace.error.message)
        if (ended := trace.stream_status) and ended.status in _ENDS:
            tables.end(ended.stream_descriptor.name, ended.status.value)
            watcher.ended(ended.stream_descriptor.name, ended.status.value)
        if trace.estimate and trace.estimate.row_estimate and trace.estimate.name in tables.streams:
            watcher.estimated(trace.estimate.name, trace.estimate.row_estimate)

    def _drain(self, messages: Iterator[AirbyteMessage]) -> None:
        """Let the reading threads end: they wait for room in the queue, which only this thread makes."""
        self._means.stop.ask("nothing can be written any more")
        with suppress(AirbyteTracedException):
            for _ in messages:
                pass

    def _raise_if_lost(self) -> None:
        if not self._leases.is_alive:
            raise LeaseLost(
                f"run {self.outcome.run_id} showed no sign of life for too long, and others may work its accounts now: "
                "it writes nothing more; run again, perhaps with longer lease_minutes"
            )

    def _record(self, recording: dict[str, Any]) -> None:
        self.outcome.recording = recording


def _as_messages(states: Mapping[str, Mapping[str, Any]]) -> list[AirbyteStateMessage]:
    found = [
        AirbyteStreamState(stream_descriptor=StreamDescriptor(name=name), stream_state=AirbyteStateBlob(state))
        for name, state in states.items()
    ]
    return [AirbyteStateMessage(type=AirbyteStateType.STREAM, stream=each) for each in found]
