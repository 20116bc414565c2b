"""SourceMetaAds: config → accounts → streams → slices → records and state, in that order."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateMessage,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    ConnectorSpecification,
    SyncMode,
)
from airbyte_cdk.sources.concurrent_source.concurrent_source_adapter import ConcurrentSourceAdapter
from airbyte_cdk.sources.concurrent_source.thread_pool_manager import ThreadPoolManager
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository, MessageRepository
from airbyte_cdk.sources.message.concurrent_repository import ConcurrentMessageRepository
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor, FinalStateCursor
from airbyte_cdk.sources.utils.slice_logger import DebugSliceLogger
from airbyte_cdk.utils import AirbyteTracedException

from source_meta_ads.catalog import Built, Chosen, build_streams
from source_meta_ads.check import check_access, check_selected, require_accounts, require_possible
from source_meta_ads.clock import Clock
from source_meta_ads.closing import Told, closing
from source_meta_ads.config import Config, ConfigError
from source_meta_ads.connection import Connection, connect, runtime
from source_meta_ads.credentials import Credentials
from source_meta_ads.files import ReadableFiles
from source_meta_ads.graph.errors import GraphError
from source_meta_ads.graph.versions import find
from source_meta_ads.pulse import estimate, expected_rows, pulse
from source_meta_ads.registration import Registrar
from source_meta_ads.schemas.drift import SchemaLog
from source_meta_ads.spec import connector_specification
from source_meta_ads.streams.base import Runtime
from source_meta_ads.streams.cursor import AccountCursor
from source_meta_ads.streams.engine import Engine, RowQueue
from source_meta_ads.streams.failure import Failure, Failures, failure_of
from source_meta_ads.streams.legacy_state import adopt_state
from source_meta_ads.streams.rows import concurrent_stream
from source_meta_ads.token_health import begin_with_token

# Records and states wait here for stdout; a full queue holds the workers back, so memory stays flat.
_QUEUE_SIZE = 1_000
_DEFAULT_WORKERS = 10
# Threads that wait for a limit or make slices hold no turn, so there are more threads than turns.
_THREADS_A_TURN = 4


@dataclass(frozen=True)
class _Reading:
    """What one `read` works with: made at its start, gone at its end."""

    config: Config
    catalog: ConfiguredAirbyteCatalog
    states: ConnectorStateManager
    runtime: Runtime
    schema_log: SchemaLog | None = None

    @cached_property
    def registrar(self) -> Registrar:
        """What compares, registers and watches the schemas of the read's streams."""
        return Registrar(self.config, lambda name: _chosen(name, self), self.runtime, self.schema_log)


class SourceMetaAds(ReadableFiles, ConcurrentSourceAdapter):
    """Meta Marketing API source. One instance serves one command at a time."""

    raise_exception_on_missing_stream = True

    def __init__(
        self,
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
        schema_log: SchemaLog | None = None,
        on_recorded: Told | None = None,
    ) -> None:
        self._on_recorded = on_recorded
        self._schema_log = schema_log
        self._clock = clock or Clock()
        self._environ = os.environ if environ is None else environ
        self._repository: MessageRepository = InMemoryMessageRepository()
        self._reading: _Reading | None = None
        super().__init__(self._concurrent_source_of(_DEFAULT_WORKERS))

    @property
    def name(self) -> str:
        """The name under which the CDK logs."""
        return "source-meta-ads"

    @property
    def message_repository(self) -> MessageRepository:
        """Where states and logs queue up; while reading, the very queue of the records, so that none overtakes."""
        return self._repository

    def spec(self, logger: logging.Logger) -> ConnectorSpecification:
        """The connection specification."""
        return connector_specification()

    def check_connection(self, logger: logging.Logger, config: Mapping[str, Any]) -> tuple[bool, Any]:
        """(True, None), or a Failure that says what to change; waits out no limit."""
        credentials = Credentials(config, self._environ)
        settings = self._parse(logger, credentials)
        connection = self._connect(settings, credentials, logger, waits_for_limits=False)
        try:
            check_access(settings, connection)
        except Failure as failure:
            # Only a config error becomes a verdict with a message; a passing failure is an answer to `check` too.
            raise ConfigError(str(failure.message)) from None
        return True, None

    def streams(self, config: Mapping[str, Any]) -> list[Stream]:
        """Every stream; while reading, those that are read are concurrent. No call to Meta."""
        reading = self._reading
        if reading is None:
            settings = Config.parse(config)
            require_possible(settings)
            return [built.stream for built in build_streams(settings, None, lambda _: Chosen())]
        configured = {each.stream.name: each for each in reading.catalog.streams}
        # The others are only told from what doesn't exist: making their schemas would take longer than some reads.
        return [
            self._concurrent(built, entry, reading) if (entry := configured.get(built.stream.name)) else built.stream
            for built in build_streams(reading.config, reading.runtime, lambda name: _chosen(name, reading))
        ]

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Records, states and statuses of the configured streams. Raises: Failure once all that can be read is."""
        credentials = Credentials(config, self._environ)
        settings = self._parse(logger, credentials)
        require_possible(settings)
        connection = self._connect(settings, credentials, logger)
        with closing(connection, self._environ, logger, self._on_recorded):
            yield from begin_with_token(settings, credentials, connection)
            yield from self._read(settings, connection, logger, config, catalog=catalog, state=state)

    def _read(
        self,
        settings: Config,
        connection: Connection,
        logger: logging.Logger,
        config: Mapping[str, Any],
        *,
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None,
    ) -> Iterator[AirbyteMessage]:
        try:
            means = runtime(settings, connection)
        except GraphError as error:
            raise failure_of(error) from None
        require_accounts(means.reach)
        self._concurrent_source = self._concurrent_source_of(settings.num_workers)
        reading = _Reading(settings, catalog, ConnectorStateManager(state), means, self._schema_log)
        _preflight(reading, connection)
        self._reading = reading
        failures = Failures()
        try:
            with pulse(connection, len(means.reach.accounts), logger):
                for each in super().read(logger, config, catalog, state):
                    for message in _settled(each, reading.registrar):
                        yield _masked(message, connection)
                        failures.note(message)
        except AirbyteTracedException as error:
            raise failures.closing(connection.redactor.redact(error.message or str(error))) from None
        else:
            if failures.are_any:
                raise failures.closing("")
        finally:
            self._reading = None

    def _parse(self, logger: logging.Logger, credentials: Credentials) -> Config:
        settings = credentials.settings()
        if settings.unknown_keys:
            logger.warning(f"unknown configuration keys are ignored: {', '.join(settings.unknown_keys)}")
        if warning := find(settings.api_version).warning(self._clock.now().date()):
            logger.warning(warning)
        return settings

    def _connect(
        self, settings: Config, credentials: Credentials, logger: logging.Logger, *, waits_for_limits: bool = True
    ) -> Connection:
        connection = connect(
            settings,
            self._environ,
            self._clock,
            logger,
            waits_for_limits=waits_for_limits,
            renewal=credentials.renewed,
        )
        connection.learn(credentials.secrets)
        return connection

    def _concurrent_source_of(self, workers: int) -> Engine:
        """The CDK's engine over one queue for records and states; with threads enough for some to wait for limits."""
        queue = RowQueue(maxsize=_QUEUE_SIZE)
        logger = logging.getLogger(f"airbyte.{self.name}")
        self._repository = ConcurrentMessageRepository(queue, InMemoryMessageRepository())
        return Engine(
            threadpool=ThreadPoolManager(ThreadPoolExecutor(workers * _THREADS_A_TURN, "workerpool"), logger),
            logger=logger,
            slice_logger=DebugSliceLogger(),
            queue=queue,
            message_repository=self._repository,
            initial_number_partitions_to_generate=workers,
        )

    def _concurrent(self, built: Built, configured: ConfiguredAirbyteStream, reading: _Reading) -> Stream:
        """The stream as the engine reads it; with our cursor where it is read incrementally."""
        logger = reading.runtime.logger
        built = reading.registrar.begin(built)
        stream = built.stream
        cursor: Cursor = FinalStateCursor(stream.name, stream.namespace, self._repository)
        if built.progress and configured.sync_mode == SyncMode.incremental:
            cursor = kept = AccountCursor(stream.name, built.state, built.progress, reading.states, self._repository)
            stream.keep_place(kept.update)
            self._tell_estimate(built, reading)
        return concurrent_stream(stream, self.followed(stream, cursor), self._repository, DebugSliceLogger(), logger)

    def _tell_estimate(self, built: Built, reading: _Reading) -> None:
        lookback = reading.config.insights_lookback_window
        rows = expected_rows(built.stream.name, built.state, reading.runtime.reach.accounts, lookback, self._clock)
        if rows is not None:
            self._repository.emit_message(estimate(built.stream.name, rows, self._clock))

    def followed(self, stream: Stream, cursor: Cursor) -> Cursor:
        """The cursor that the engine gets for a stream; one who follows what is read puts another around it."""
        return cursor


def _preflight(reading: _Reading, connection: Connection) -> None:
    chosen = {each.stream.name: _chosen(each.stream.name, reading) for each in reading.catalog.streams}
    columns = {name: None if each.columns is None else list(each.columns) for name, each in chosen.items()}
    states = {name: each.state or {} for name, each in chosen.items()}
    check_selected(reading.config, columns, states, reading.runtime.reach.accounts, connection)


def _chosen(name: str, reading: _Reading) -> Chosen:
    """The columns and the state that a read has for a stream; no state where it is read in full."""
    configured = next((each for each in reading.catalog.streams if each.stream.name == name), None)
    if configured is None:
        return Chosen()
    columns = (configured.stream.json_schema or {}).get("properties")
    incremental = configured.sync_mode == SyncMode.incremental
    return Chosen(columns=tuple(columns) if columns else None, state=_state(name, reading) if incremental else None)


def _state(name: str, reading: _Reading) -> dict[str, Any]:
    accounts = [account.id for account in reading.runtime.reach.accounts]
    return adopt_state(reading.states.get_stream_state(name, None), accounts)


def _settled(message: AirbyteMessage, registrar: Registrar) -> Iterator[AirbyteMessage]:
    """The message; for a stream that drifted where it may not, what says that it failed instead of its completion."""
    status = message.trace.stream_status if message.trace else None
    if status and status.status == AirbyteStreamStatus.COMPLETE:
        reason = registrar.end(status.stream_descriptor.name)
        if reason:
            yield Failure(reason).as_airbyte_message(stream_descriptor=status.stream_descriptor)
            status.status = AirbyteStreamStatus.INCOMPLETE
    yield message


def _masked(message: AirbyteMessage, connection: Connection) -> AirbyteMessage:
    """The message with every secret out of its error; the concurrent CDK passes errors on unfiltered."""
    error = message.trace.error if message.trace else None
    if error:
        error.message = connection.redactor.redact(error.message)
        if error.internal_message:
            error.internal_message = connection.redactor.redact(error.internal_message)
        if error.stack_trace:
            error.stack_trace = connection.redactor.redact(error.stack_trace)
    return message
