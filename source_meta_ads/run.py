"""The console entry: the Airbyte commands, nothing but protocol messages on stdout."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import init_logger
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor
from airbyte_cdk.utils import AirbyteTracedException
from airbyte_cdk.utils.airbyte_secrets_utils import get_secrets, update_secrets

from source_meta_ads.clock import Clock
from source_meta_ads.commands import execute, is_command
from source_meta_ads.config import Config
from source_meta_ads.registry.schemas import RegisteredSchemas
from source_meta_ads.registry.store import StoreError, open_store
from source_meta_ads.schemas.drift import SchemaLog
from source_meta_ads.secrets.reference import is_reference
from source_meta_ads.source import SourceMetaAds
from source_meta_ads.stdout import Stdout
from source_meta_ads.streams.failure import Failure, OneLine
from source_meta_ads.streams.rows import RowMessage
from source_meta_ads.telemetry.redact import Redactor

# glibc's numbers for two settings of its heaps; other C libraries have no such call.
_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3
_LARGE_BYTES = 4 * 1024 * 1024


class _Entrypoint(AirbyteEntrypoint):
    """The CDK's entrypoint, with our sentences instead of a JSON-schema validator's for a bad configuration."""

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Raise ConfigError for a configuration that can't be used."""
        Config.parse(config)

    def __init__(self, source: SourceMetaAds, stdout: Stdout) -> None:
        super().__init__(source)
        self._stdout = stdout

    def read(
        self, source_spec: ConnectorSpecification, config: Mapping[str, Any], catalog: Any, state: list[Any]
    ) -> Iterable[AirbyteMessage]:
        """The messages that are still to be written; rows that are JSON already are written in their place."""
        for message in super().read(source_spec, config, catalog, state):
            line = message.line() if isinstance(message, RowMessage) else None
            if line is None:
                yield message
            else:
                self._stdout.write_row(line)

    @staticmethod
    def set_up_secret_filter(config: Any, connection_specification: Mapping[str, Any]) -> None:
        """Mask the configuration's secrets; a reference to one is none, and has to be named in errors."""
        found = get_secrets(connection_specification, config) if isinstance(config, Mapping) else []
        update_secrets([secret for secret in found if not is_reference(secret)])

    @staticmethod
    def handle_record_counts(
        message: AirbyteMessage, stream_message_count: defaultdict[HashableStreamDescriptor, float]
    ) -> AirbyteMessage:
        """Count a record for its stream's next state; a row without having its record made."""
        if isinstance(message, RowMessage):
            stream_message_count[HashableStreamDescriptor(name=message.stream)] += 1.0
            return message
        return AirbyteEntrypoint.handle_record_counts(message, stream_message_count)


def run(args: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 when it did what it was asked, 1 when a read or discover failed.

    A failed `check` is an answer, not a failure, and exits 0, as Airbyte's protocol has it.
    """
    if args is None:
        # The process is ours; where somebody calls this, the interpreter is theirs.
        _tune_interpreter()
    arguments = list(sys.argv[1:] if args is None else args)
    if is_command(arguments):
        sys.exit(execute(arguments))
    init_logger("airbyte")
    stdout, quiet = Stdout(sys.stdout, Clock().monotonic), OneLine()
    with contextlib.ExitStack() as ending:
        for handler in logging.getLogger().handlers:
            for each in (quiet, Redactor(()).filter()):
                handler.addFilter(each)
                ending.callback(handler.removeFilter, each)
            if isinstance(handler, logging.StreamHandler) and (before := handler.setStream(stdout)):
                ending.callback(handler.setStream, before)
        sys.exit(_execute(arguments, stdout))


def _tune_interpreter() -> None:
    """Let the garbage collector and the threads rest more.

    Rows are short-lived dictionaries by the thousand, without a cycle among them: looking through them time and again
    took about a fifth of a read (benchmarks/insights.py). And a thread that is stopped in the middle of a row finds its
    data gone from the processor's cache when it goes on.
    """
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    sys.setswitchinterval(0.02)
    # A heap a thread never gives back what pages took of it: with two, and with whole pages in none, memory stays flat
    # however many rows are read.
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 2)
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def _schema_log(environ: Mapping[str, str]) -> SchemaLog | None:
    """Where the environment says that schemas are kept between runs, None where it doesn't.

    Connections that share a registry tell themselves apart by `META_ADS_CONNECTION`.
    Raises: Failure where the registry can't be opened.
    """
    url = environ.get("META_ADS_REGISTRY", "").strip()
    if not url:
        return None
    try:
        return RegisteredSchemas(open_store(url), environ.get("META_ADS_CONNECTION", "").strip() or "airbyte")
    except StoreError as error:
        raise Failure(f"META_ADS_REGISTRY: {error}") from None


def _execute(args: list[str], stdout: Stdout) -> int:
    # What anybody prints is a line of its own, and main.py flushes what it finds as stdout.
    with contextlib.redirect_stdout(stdout), contextlib.ExitStack() as ending:
        ending.callback(stdout.flush)
        try:
            schema_log = _schema_log(os.environ) if args[:1] == ["read"] else None
            entrypoint = _Entrypoint(SourceMetaAds(schema_log=schema_log), stdout)
            parsed = entrypoint.parse_args(args)
            for message in entrypoint.run(parsed):
                stdout.write(f"{message}\n")
        except AirbyteTracedException as error:
            stdout.write(f"{AirbyteEntrypoint.airbyte_message_to_string(_trace(error))}\n")
            return 1
    return 0


def _trace(error: AirbyteTracedException) -> AirbyteMessage:
    return error.as_sanitized_airbyte_message()
