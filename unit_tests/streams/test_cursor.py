"""State by account: emitted after the slice, never changed afterwards, safe under threads."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from source_meta_ads.streams.cursor import AccountCursor
from source_meta_ads.streams.progress import LatestMoment


class Slice(Partition):
    """A partition that is nothing but its slice."""

    def __init__(self, account_id: str) -> None:
        self._slice = {"account_id": account_id}

    def read(self) -> Iterable[Record]:
        return ()

    def to_slice(self) -> Mapping[str, Any]:
        return self._slice

    def stream_name(self) -> str:
        return "ads"

    def __hash__(self) -> int:
        return hash(self._slice["account_id"])


def cursor_of(state: Mapping[str, Any] | None = None) -> tuple[AccountCursor, InMemoryMessageRepository]:
    repository = InMemoryMessageRepository()
    progress = LatestMoment("updated_time", [])
    return AccountCursor("ads", state or {}, progress, ConnectorStateManager([]), repository), repository


def read(cursor: AccountCursor, account_id: str, *moments: str) -> None:
    partition = Slice(account_id)
    for moment in moments:
        record = Record(data={"updated_time": moment}, stream_name="ads", associated_slice=partition.to_slice())  # type: ignore[arg-type]
        cursor.observe(record)
    cursor.close_partition(partition)


def emitted(repository: InMemoryMessageRepository) -> list[AirbyteMessage]:
    return list(repository.consume_queue())


def states(messages: Iterable[AirbyteMessage]) -> list[dict[str, Any]]:
    return [vars(message.state.stream.stream_state) for message in messages]  # type: ignore[union-attr]


def test_a_state_already_emitted_never_changes_when_the_next_slice_closes() -> None:
    cursor, repository = cursor_of()
    read(cursor, "1", "2026-11-01T00:00:00+00:00")
    first = emitted(repository)
    before = states(first)[0]["1"]["updated_time"]
    read(cursor, "1", "2026-11-20T00:00:00+00:00")
    read(cursor, "2", "2026-11-21T00:00:00+00:00")
    assert states(first) == [{"1": {"updated_time": before}}]
    assert before == "2026-11-01T00:00:00+00:00"


def test_the_state_handed_out_is_a_copy() -> None:
    cursor, _ = cursor_of({"1": {"updated_time": "2026-11-01T00:00:00+00:00"}})
    cursor.state["1"]["updated_time"] = "spoilt"
    assert cursor.state["1"]["updated_time"] == "2026-11-01T00:00:00+00:00"


def test_the_callers_state_is_not_changed() -> None:
    given = {"1": {"updated_time": "2026-11-01T00:00:00+00:00"}}
    cursor, _ = cursor_of(given)
    read(cursor, "1", "2026-11-20T00:00:00+00:00")
    assert given == {"1": {"updated_time": "2026-11-01T00:00:00+00:00"}}


def test_a_stream_with_nothing_to_read_still_says_its_state_once() -> None:
    cursor, repository = cursor_of({"1": {"updated_time": "2026-11-01T00:00:00+00:00"}})
    cursor.ensure_at_least_one_state_emitted()
    cursor.ensure_at_least_one_state_emitted()
    assert states(emitted(repository)) == [{"1": {"updated_time": "2026-11-01T00:00:00+00:00"}}]


def test_slices_that_close_at_once_all_come_into_the_last_state() -> None:
    cursor, repository = cursor_of()
    threads = [threading.Thread(target=read, args=(cursor, str(n), "2026-11-01T00:00:00+00:00")) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = states(emitted(repository))
    assert [len(each) for each in found] == list(range(1, 41))


LARGE = {str(account): {"updated_time": "2026-11-01T00:00:00+00:00", "kept": "x" * 1_000} for account in range(60)}


def test_a_large_state_goes_out_in_proportion_to_the_records_and_at_the_end() -> None:
    cursor, repository = cursor_of(LARGE)
    for account in range(60):
        read(cursor, str(account), *["2026-11-02T00:00:00+00:00"] * 10)
    found = states(emitted(repository))
    # 600 records of some 500 bytes stand against a state of 60 kB.
    assert 2 <= len(found) <= 6
    read(cursor, "60", "2026-11-03T00:00:00+00:00")
    assert emitted(repository) == []
    cursor.ensure_at_least_one_state_emitted()
    assert states(emitted(repository)) == [cursor.state]
    assert cursor.state["60"]["updated_time"] == "2026-11-03T00:00:00+00:00"
    cursor.ensure_at_least_one_state_emitted()
    assert emitted(repository) == []


def test_what_is_noted_between_slices_is_in_the_state_that_ends_the_stream() -> None:
    cursor, repository = cursor_of(LARGE)
    cursor.update(lambda state: state.update(noted=True))
    assert emitted(repository) == []
    cursor.ensure_at_least_one_state_emitted()
    assert states(emitted(repository))[-1]["noted"] is True
