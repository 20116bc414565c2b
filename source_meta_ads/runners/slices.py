"""The source with a word after each slice: when all of its rows are out, and before the state that says so."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.models import AirbyteMessage, Type
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from source_meta_ads.connection import Connection
from source_meta_ads.source import SourceMetaAds

Slice = Mapping[str, Any]


@dataclass
class SliceRead(AirbyteMessage):
    """All records of a slice are out, none included. Never leaves the process: Airbyte has no such message."""

    type: Type = Type.LOG
    stream: str = ""
    account_slice: Slice | None = None


class SlicedSource(SourceMetaAds):
    """The source as a runner reads it: a `SliceRead` follows the records of each slice that was read whole.

    It goes through the queue of the records, and before the slice's own state: so a state never comes before the
    `SliceRead` of a slice that it counts as done.
    """

    connection: Connection | None = None

    def followed(self, stream: Stream, cursor: Cursor) -> Cursor:
        """A cursor that tells of slices."""
        return _TellingCursor(cursor, stream.name, self.message_repository)

    def _connect(self, *arguments: Any, **options: Any) -> Connection:
        self.connection = super()._connect(*arguments, **options)
        return self.connection


class _TellingCursor(Cursor):
    """Another cursor, which also tells of each slice that is read."""

    def __init__(self, inner: Cursor, stream: str, repository: MessageRepository) -> None:
        self._inner, self._stream, self._repository = inner, stream, repository

    @property
    def state(self) -> MutableMapping[str, Any]:
        return self._inner.state

    def observe(self, record: Record) -> None:
        self._inner.observe(record)

    def close_partition(self, partition: Partition) -> None:
        account_slice = dict(partition.to_slice() or {})
        self._repository.emit_message(SliceRead(stream=self._stream, account_slice=account_slice))
        self._inner.close_partition(partition)

    def ensure_at_least_one_state_emitted(self) -> None:
        self._inner.ensure_at_least_one_state_emitted()

    def should_be_synced(self, record: Record) -> bool:
        return self._inner.should_be_synced(record)
