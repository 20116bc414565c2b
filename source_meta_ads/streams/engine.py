"""The CDK's concurrent engine with less to do a row: rows pass its queue some at a time, and stay JSON."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from queue import Queue
from typing import Any

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.concurrent_source.concurrent_read_processor import ConcurrentReadProcessor
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.streams.concurrent.partitions.types import QueueItem
from airbyte_cdk.sources.types import Record

from source_meta_ads.streams.rows import RowMessage, RowRecord

_ROWS_AT_ONCE = 25


class RowQueue(Queue[Any]):
    """A queue that hands on a thread's rows some at a time, since each handing on may cost a switch of threads.

    What a thread puts comes out in its order: whatever is no row (a state, the end of a slice) takes the rows before
    it along. Any thread may put, one gets. `maxsize` is in rows.
    """

    def __init__(self, maxsize: int) -> None:
        super().__init__(max(1, maxsize // _ROWS_AT_ONCE))
        self._own = threading.local()
        self._opened: deque[QueueItem] = deque()

    def put(self, item: QueueItem, block: bool = True, timeout: float | None = None) -> None:
        """Put an item; a row may wait for its thread's next ones. Raises: queue.Full, with the item not taken."""
        rows: list[RowRecord] = self._own.__dict__.setdefault("rows", [])
        if type(item) is RowRecord:
            rows.append(item)
            if len(rows) < _ROWS_AT_ONCE:
                return
        if rows:
            # Copied, since the queue's reader has it while this thread's list fills again.
            super().put(rows.copy(), block, timeout)
            rows.clear()
        if type(item) is not RowRecord:
            super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> QueueItem:
        """The next item."""
        if not self._opened:
            item: QueueItem | list[QueueItem] = super().get(block, timeout)
            if not isinstance(item, list):
                return item
            self._opened.extend(item)
        return self._opened.popleft()

    def empty(self) -> bool:
        """Whether there is nothing to get now."""
        return not self._opened and super().empty()


class Engine(ConcurrentSource):
    """The CDK's engine. Were its hook for items renamed, rows would still come out right, only parsed once more."""

    def _handle_item(
        self, queue_item: QueueItem, concurrent_stream_processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        if type(queue_item) is not RowRecord:
            yield from super()._handle_item(queue_item, concurrent_stream_processor)
            return
        # The CDK counts the record and sets the stream's status; what it is told of has no values to be copied.
        for message in concurrent_stream_processor.on_record(Record({}, queue_item.stream_name)):
            record = message.record
            yield RowMessage(record.stream, queue_item.row, record.emitted_at) if record else message
