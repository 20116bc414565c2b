"""What a stream has read, one entry an account, and how it becomes state."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import orjson
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from source_meta_ads.streams.progress import State, StateProgress

# A state up to this size, in bytes, goes out with every slice.
_SMALL_STATE = 50_000
# A larger one, of thousands of accounts or hundreds of thousands of objects, waits until records of about its own size
# have gone out since the last one: else a run would write little but states. What a crash then loses is read again.
_BYTES_A_RECORD = 500


class AccountCursor(Cursor):
    """State by account for a concurrently read stream.

    State is emitted when a slice is closed, that is after its last record went into the output queue, and
    always as a deep copy: a queued message must not change when the next slice closes. A large one is emitted after
    several slices, and at the stream's end. Thread-safe.
    """

    def __init__(
        self,
        stream_name: str,
        initial_state: Mapping[str, Any],
        progress: StateProgress,
        state_manager: ConnectorStateManager,
        message_repository: MessageRepository,
    ) -> None:
        self._stream_name = stream_name
        self._state: State = copy.deepcopy(dict(initial_state))
        self._progress = progress
        self._state_manager = state_manager
        self._message_repository = message_repository
        self._lock = threading.Lock()
        self._is_due = True
        self._records = 0
        self._size = len(orjson.dumps(self._state, default=str))

    @property
    def state(self) -> MutableMapping[str, Any]:
        """A copy of the state as it stands."""
        with self._lock:
            return copy.deepcopy(self._state)

    def observe(self, record: Record) -> None:
        """Note a record that was queued; called by the worker that reads its slice."""
        with self._lock:
            self._records += 1
            self._progress.observe(record, record.associated_slice or {})

    def close_partition(self, partition: Partition) -> None:
        """Record that the slice is read, and emit the state that says so unless it is large."""
        with self._lock:
            self._progress.close(self._state, partition.to_slice() or {})
            self._emit_in_proportion()

    def update(self, change: Callable[[State], object]) -> None:
        """Write something into the state that no slice stands for, and emit it unless it is large."""
        with self._lock:
            change(self._state)
            self._emit_in_proportion()

    def ensure_at_least_one_state_emitted(self) -> None:
        """Emit the state that is not out yet, once even when there was nothing to read."""
        with self._lock:
            if self._is_due:
                self._emit()

    def should_be_synced(self, record: Record) -> bool:
        """Every record is: what to ask for was decided when the slice was made."""
        return True

    def _emit_in_proportion(self) -> None:
        self._is_due = True
        if self._size <= _SMALL_STATE or self._records * _BYTES_A_RECORD >= self._size:
            self._emit()

    def _emit(self) -> None:
        self._is_due = False
        self._records = 0
        self._size = len(orjson.dumps(self._state, default=str))
        self._state_manager.update_state_for_stream(self._stream_name, None, copy.deepcopy(self._state))
        self._message_repository.emit_message(self._state_manager.create_state_message(self._stream_name, None))
