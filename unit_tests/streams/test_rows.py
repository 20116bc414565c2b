"""Rows between a worker and stdout: JSON for stdout, records for everyone else, counted and ordered as the CDK does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import orjson
import pytest
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer, AirbyteRecordMessage, SyncMode, Type
from airbyte_cdk.sources.concurrent_source.thread_pool_manager import ThreadPoolManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.message.concurrent_repository import ConcurrentMessageRepository
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.cursor import FinalStateCursor
from airbyte_cdk.sources.utils.slice_logger import DebugSliceLogger
from airbyte_cdk.utils import AirbyteTracedException

from source_meta_ads.schemas.typed_row import TypedRow
from source_meta_ads.streams.engine import Engine, RowQueue
from source_meta_ads.streams.rows import RowMessage, RowRecord, concurrent_stream

N_SLICES, N_ROWS = 7, 130


class Numbers(Stream):
    """Slices of numbered rows; `kind` makes a row of a dictionary. The slice `failing` fails after its rows."""

    primary_key = "id"
    cursor_field = "at"

    def __init__(self, kind: Any = dict, failing: int | None = None) -> None:
        super().__init__()
        self._kind, self._failing = kind, failing

    @property
    def name(self) -> str:
        return "numbers"

    @cache  # noqa: B019 - the CDK declares it so
    def get_json_schema(self) -> Mapping[str, Any]:
        return {"type": "object", "properties": {"id": {"type": "integer"}, "at": {"type": "string"}}}

    def stream_slices(
        self, *, sync_mode: Any, cursor_field: Any = None, stream_state: Any = None
    ) -> Iterable[Mapping[str, Any]]:
        self.asked_for = sync_mode
        yield from ({"n": n} for n in range(N_SLICES))

    def read_records(
        self, sync_mode: Any, cursor_field: Any = None, stream_slice: Any = None, stream_state: Any = None
    ) -> Iterable[Any]:
        yield from (self._kind({"id": n, "at": f"{stream_slice['n']:03}", "x": None}) for n in range(N_ROWS))
        if stream_slice["n"] == self._failing:
            raise ValueError("no more")


def read(stream: Stream) -> list[AirbyteMessage]:
    """Every message of a read of the stream."""
    return list(reading(stream))


def reading(stream: Stream) -> Iterator[AirbyteMessage]:
    logger = logging.getLogger("test")
    queue = RowQueue(100)
    repository = ConcurrentMessageRepository(queue, InMemoryMessageRepository())
    engine = Engine(
        ThreadPoolManager(ThreadPoolExecutor(5), logger), logger, DebugSliceLogger(), queue, repository, 2
    )  # fmt: skip
    facade = concurrent_stream(
        stream, FinalStateCursor(stream.name, None, repository), repository, DebugSliceLogger(), logger
    )
    found: list[AbstractStream] = [facade.get_underlying_stream()]
    return engine.read(found)


@pytest.mark.parametrize("kind", [dict, TypedRow.of])
def test_every_row_arrives_once_counted_and_with_its_stream_status(kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="test"):
        messages = read(Numbers(kind))
    found = [(message.record.data["at"], message.record.data["id"]) for message in messages if message.record]
    assert sorted(found) == [(f"{n:03}", i) for n in range(N_SLICES) for i in range(N_ROWS)]
    statuses = [message.trace.stream_status.status.value for message in messages if message.trace]
    assert statuses == ["STARTED", "RUNNING", "COMPLETE"]
    assert messages.index(next(each for each in messages if each.record)) > 1
    assert f"Read {N_SLICES * N_ROWS} records from numbers stream" in caplog.text


def test_rows_read_before_a_failure_arrive_all_the_same() -> None:
    messages: list[AirbyteMessage] = []
    with pytest.raises(AirbyteTracedException, match="numbers"):
        messages += reading(Numbers(failing=3))
    assert sum(message.record is not None for message in messages) == N_SLICES * N_ROWS
    assert any(message.trace and message.trace.error for message in messages)


def test_a_row_that_is_none_is_refused_by_name() -> None:
    messages: list[AirbyteMessage] = []
    with pytest.raises(AirbyteTracedException):
        messages += reading(Numbers(list))
    errors = [message.trace.error.internal_message for message in messages if message.trace and message.trace.error]
    assert errors == ["stream numbers gave a list for a row"] * N_SLICES


def message() -> RowMessage:
    return RowMessage("numbers", TypedRow.of({"id": 1, "text": "é\n", "list": [None]}), 1_700_000_000_123)


def test_a_line_is_what_the_cdk_would_write() -> None:
    line = message().line()
    assert line is not None
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert orjson.loads(line) == AirbyteMessageSerializer.dump(message())


def test_null_is_written_as_null() -> None:
    # The CDK's serializer leaves such a column out.
    line = RowMessage("numbers", TypedRow.of({"id": 1, "spend": None}), 1).line()
    assert line is not None
    assert orjson.loads(line)["record"]["data"] == {"id": 1, "spend": None}


def test_everyone_else_sees_a_record_message() -> None:
    row = message()
    assert row.type == Type.RECORD
    assert isinstance(row.record, AirbyteRecordMessage)
    assert row.record is row.record
    assert row.record.data == {"id": 1, "text": "é\n", "list": [None]}
    assert (row.record.stream, row.record.emitted_at) == ("numbers", 1_700_000_000_123)


def test_a_record_that_somebody_had_in_hand_is_not_written_from_its_old_json() -> None:
    row = message()
    assert row.record is not None
    row.record.data["id"] = 2
    assert row.line() is None
    assert AirbyteMessageSerializer.dump(row)["record"]["data"]["id"] == 2
    row.record = None
    assert isinstance(row.record, AirbyteRecordMessage)


def test_a_record_is_true_even_when_empty_since_the_cdks_loop_ends_at_what_is_not() -> None:
    assert RowRecord(TypedRow.of({}), "numbers", None, {})


def test_a_cursor_finds_what_was_noted_and_everything_else_in_the_row() -> None:
    record = RowRecord(TypedRow.of({"at": "2", "id": 1}), "numbers", None, {"at": "2"})
    assert (record["at"], record["id"], record.get("x"), dict(record)) == ("2", 1, None, {"at": "2", "id": 1})
    assert record.data == {"at": "2", "id": 1}


def test_what_is_no_row_takes_the_rows_before_it_along() -> None:
    queue = RowQueue(1000)
    rows = [RowRecord(TypedRow.of({"id": n}), "numbers", None, {}) for n in range(30)]
    for row in rows[:3]:
        queue.put(row)
    assert queue.empty()
    state = AirbyteMessage(type=Type.STATE)
    queue.put(state)
    for row in rows[3:]:
        queue.put(row)
    queue.put(state)
    got = []
    while not queue.empty():
        got.append(queue.get())
    assert got == [*rows[:3], state, *rows[3:], state]


def test_a_full_queue_holds_a_thread_back_and_loses_nothing() -> None:
    queue = RowQueue(50)
    rows = [RowRecord(TypedRow.of({"id": n}), "numbers", None, {}) for n in range(500)]
    end = AirbyteMessage(type=Type.STATE)

    def work() -> None:
        for row in rows:
            queue.put(row)
        queue.put(end)

    thread = threading.Thread(target=work)
    thread.start()
    got = list(iter(queue.get, end))
    thread.join()
    assert got == rows


def test_the_slices_of_a_stream_without_a_cursor_are_those_of_a_full_read() -> None:
    stream = Numbers()
    read(stream)
    assert stream.asked_for == SyncMode.full_refresh
