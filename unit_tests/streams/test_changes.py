"""Which way an account is followed, what that leaves in the state, and what it says where Meta keeps silent."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from source_meta_ads.graph.errors import GraphError, PermissionDenied
from source_meta_ads.streams.changes import Following
from source_meta_ads.streams.progress import LatestMoment
from source_meta_ads.streams.sweep import Changes, Terms
from unit_tests.simulated import SimulatedClock

SINCE = datetime(2026, 11, 20, tzinfo=UTC)
TERMS = Terms(
    prefix="ad", cursor_field="updated_time", fields=("effective_status", "id", "updated_time"),
    watched=("effective_status",), statuses=(), every_status=("ACTIVE", "DELETED"), tells_deletions=True,
)  # fmt: skip


class Ads:
    """So many ads, of which one is newer than the state; the list never has those in `unlisted`."""

    page_size = 200

    def __init__(self, count: int, told: int | None = None) -> None:
        self.total, self.unlisted, self.asked, self.counted = count, set[int](), list[list[Any]](), 0
        self.told = count if told is None else told

    def rows(
        self, fields: Sequence[str], conditions: Sequence[Mapping[str, Any]], page_size: int
    ) -> Iterator[dict[str, Any]]:
        self.asked.append(list(conditions))
        by_field = {each["field"]: each["value"] for each in conditions}
        for key in range(1, self.total + 1):
            moment = SINCE + timedelta(days=1 if key == 1 else -1)
            if key in self.unlisted or moment.timestamp() <= by_field.get("ad.updated_time", 0):
                continue
            if str(key) in by_field.get("ad.id", [str(key)]):
                yield {"id": str(key), "effective_status": "ACTIVE", "updated_time": moment.isoformat()}

    def objects(self, ids: Sequence[int], fields: Sequence[str]) -> Iterator[tuple[int, dict[str, Any] | GraphError]]:
        yield from ((each, PermissionDenied(code=200)) for each in ids)

    def count(self, conditions: Sequence[Mapping[str, Any]]) -> int:
        self.counted += 1
        return self.told


def follow(
    edge: Ads, changes: Changes | None, entry: Mapping[str, Any], since: datetime | None = SINCE
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of one read, and the account's entry after it."""
    progress = LatestMoment("updated_time", [])
    following = Following("ads", changes, progress, SimulatedClock(), logging.getLogger("test"))
    following.begin("1")
    found = []
    for row in following.rows("1", edge, TERMS, entry, since):
        assert progress._fingerprints == {}, "what was read is known before it is out"
        found.append(row)
        progress.observe(row, {"account_id": "1"})
    state = {"1": dict(entry)}
    progress.close(state, {"account_id": "1"})
    return found, state["1"]


def test_a_first_read_leaves_a_fingerprint_with_which_the_next_one_emits_nothing() -> None:
    edge = Ads(3)
    rows, entry = follow(edge, None, {}, None)
    assert len(rows) == 3
    assert entry["fingerprint"].startswith("1.3.")
    again, after = follow(edge, None, entry)
    assert (again, after) == ([], entry)
    assert edge.counted == 0


def test_updated_time_alone_filters_at_meta_and_keeps_no_fingerprint() -> None:
    edge = Ads(3)
    _, entry = follow(edge, None, {}, None)
    edge.asked.clear()
    rows, entry = follow(edge, "updated_time", entry)
    assert [row["id"] for row in rows] == ["1"]
    assert edge.asked == [[{"field": "ad.updated_time", "operator": "GREATER_THAN", "value": 1795132800}]]
    assert "fingerprint" not in entry


def test_a_state_without_a_fingerprint_is_continued_and_gets_one() -> None:
    edge = Ads(3)
    rows, entry = follow(edge, None, {"updated_time": "2026-11-20T00:00:00+00:00"})
    assert ([row["id"] for row in rows], edge.counted) == (["1"], 1)
    assert entry["fingerprint"].startswith("1.3.")


def test_a_large_account_is_read_by_updated_time_unless_a_sweep_is_asked_for() -> None:
    edge = Ads(3, told=10_001)
    rows, entry = follow(edge, None, {"updated_time": "2026-11-20T00:00:00+00:00"})
    assert [row["id"] for row in rows] == ["1"]
    assert edge.asked[-1][0]["field"] == "ad.updated_time"
    assert "fingerprint" not in entry
    rows, entry = follow(edge, "sweep", {"updated_time": "2026-11-20T00:00:00+00:00"})
    assert entry["fingerprint"].startswith("1.3.")


def test_a_first_read_of_a_large_account_keeps_a_fingerprint_only_where_a_sweep_is_asked_for() -> None:
    edge = Ads(10_001)
    assert "fingerprint" not in follow(edge, None, {}, None)[1]
    assert "fingerprint" in follow(edge, "sweep", {}, None)[1]


def test_a_fingerprint_that_nobody_can_read_counts_as_none_and_is_named(caplog: pytest.LogCaptureFixture) -> None:
    rows, entry = follow(Ads(3), None, {"updated_time": "2026-11-20T00:00:00+00:00", "fingerprint": "2.spoilt"})
    assert [row["id"] for row in rows] == ["1"]
    assert entry["fingerprint"].startswith("1.3.")
    assert "act_1: the state's fingerprint can't be read" in caplog.text


def test_objects_that_meta_keeps_silent_about_are_named_in_one_notice(caplog: pytest.LogCaptureFixture) -> None:
    edge = Ads(3)
    _, entry = follow(edge, None, {}, None)
    edge.unlisted = {2, 3}
    rows, after = follow(edge, None, entry)
    assert (rows, after["fingerprint"]) == ([], entry["fingerprint"])
    assert "ads: account act_1: Meta lists 2 objects no more and refuses to say" in caplog.text


def test_a_cursor_stops_at_the_moment_when_the_reading_began() -> None:
    clock, progress = SimulatedClock(), LatestMoment("updated_time", [])
    Following("ads", None, progress, clock, logging.getLogger("test")).begin("1")
    clock.sleep(3600)
    progress.observe({"updated_time": clock.now().isoformat()}, {"account_id": "1"})
    state: dict[str, Any] = {}
    progress.close(state, {"account_id": "1"})
    assert state["1"]["updated_time"] == "2026-11-24T15:01:00+00:00"
