"""Rows on their way from a worker to stdout: as JSON, which stdout gets; as the CDK's records for everyone else."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, SyncMode, Type
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.sources.streams.concurrent.adapters import StreamFacade, StreamPartition
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor, CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.helpers import get_cursor_field_from_stream, get_primary_key_from_stream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record
from airbyte_cdk.sources.utils.slice_logger import SliceLogger

from source_meta_ads.schemas.typed_row import TypedRow


class RowRecord(Record):
    """A row in the engine's queue; `noted` is what its cursor will look at, so that nothing is parsed for it."""

    def __init__(self, row: TypedRow, stream_name: str, account_slice: Any, noted: Mapping[str, Any]) -> None:
        super().__init__(row, stream_name, account_slice)
        self.row = row
        self._noted = noted

    def __bool__(self) -> bool:
        # The CDK's loop asks; by its length a row would be parsed for that, and an empty one end the run.
        return True

    def __getitem__(self, name: str) -> Any:
        return self._noted[name] if name in self._noted else self.row[name]


class RowMessage(AirbyteMessage):
    """A message with a row as JSON: the record that the protocol has in it is made for whoever asks for it."""

    def __init__(self, stream: str, row: TypedRow, emitted_at: int) -> None:
        super().__init__(type=Type.RECORD)
        self._record: AirbyteRecordMessage | None = None
        self.stream, self.emitted_at = stream, emitted_at
        self._row = row

    @property
    def record(self) -> AirbyteRecordMessage | None:
        """The record, the same object at every call."""
        if self._record is None:
            self._record = AirbyteRecordMessage(stream=self.stream, data=dict(self._row), emitted_at=self.emitted_at)
        return self._record

    @record.setter
    def record(self, record: AirbyteRecordMessage | None) -> None:
        self._record = record

    def line(self) -> bytes | None:
        """The message as a line of JSON; None where somebody had its record in hand, and may have changed it."""
        if self._record is not None:
            return None
        return b'{"type":"RECORD","record":{"stream":%b,"data":%b,"emitted_at":%d}}\n' % (
            orjson.dumps(self.stream), self._row.json, self.emitted_at,
        )  # fmt: skip


class RowPartition(StreamPartition):
    """A slice of a stream, read into rows as JSON."""

    def read(self) -> Iterable[Record]:
        """The slice's rows. Raises: what the stream does."""
        name, account_slice, cursor_field = self.stream_name(), self._slice, self._stream.cursor_field
        rows = self._stream.read_records(
            sync_mode=SyncMode.full_refresh,
            cursor_field=self._cursor_field,
            stream_slice=copy.deepcopy(account_slice),
            stream_state=self._state,
        )
        for row in rows:
            if isinstance(row, TypedRow):
                yield RowRecord(row, name, account_slice, {})
            elif isinstance(row, dict):
                noted = {cursor_field: row.get(cursor_field)} if isinstance(cursor_field, str) else {}
                yield RowRecord(TypedRow.of(row), name, account_slice, noted)
            else:
                raise TypeError(f"stream {name} gave a {type(row).__name__} for a row")


class _RowPartitions(PartitionGenerator):
    def __init__(self, stream: Stream, repository: MessageRepository) -> None:
        self._stream, self._repository = stream, repository
        self._cursor_field = get_cursor_field_from_stream(stream)

    def generate(self) -> Iterable[Partition]:
        cursor_field = [self._cursor_field] if self._cursor_field else None
        for each in self._stream.stream_slices(sync_mode=SyncMode.full_refresh, cursor_field=cursor_field):
            yield RowPartition(
                self._stream, copy.deepcopy(each), self._repository, SyncMode.full_refresh, cursor_field, None
            )


def concurrent_stream(
    stream: Stream,
    cursor: Cursor,
    repository: MessageRepository,
    slice_logger: SliceLogger,
    logger: logging.Logger,
) -> StreamFacade:
    """The stream as the concurrent engine takes it."""
    cursor_field = get_cursor_field_from_stream(stream)
    concurrent = DefaultStream(
        partition_generator=_RowPartitions(stream, repository),
        name=stream.name,
        namespace=stream.namespace,
        json_schema=stream.get_json_schema(),
        primary_key=get_primary_key_from_stream(stream.primary_key),
        cursor_field=CursorField(cursor_field_key=cursor_field) if cursor_field else None,
        logger=logger,
        cursor=cursor,
    )
    return StreamFacade(concurrent, stream, cursor, slice_logger, logger)
