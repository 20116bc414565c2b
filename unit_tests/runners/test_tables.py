"""Rows become files when their slice is whole, files come before states, and what is not whole is dropped."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from source_meta_ads.registry.states import States
from source_meta_ads.registry.store import VersionLog, open_store
from source_meta_ads.runners.outcome import Outcome
from source_meta_ads.runners.selection import Table
from source_meta_ads.runners.shard import LeaseLost
from source_meta_ads.runners.tables import RowsWithoutSlice, Tables
from source_meta_ads.sinks.files import open_files
from source_meta_ads.sinks.formats import open_format
from source_meta_ads.sinks.sink import Sink
from source_meta_ads.sinks.spool import Spool

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SCHEMA: dict[str, Any] = {"properties": {}}
DAYS = Table("ads_insights", "days", True, SCHEMA, ("date_start", "account_id", "ad_id"), "q1")
CHANGES = Table("campaigns", "changes", True, SCHEMA, ("id",), "q2")
SNAPSHOT = Table("ad_creatives", "snapshot", False, SCHEMA, ("id",), "q3")
WHOLE = {"account_id": "1001", "since": "2026-11-01", "until": "2026-11-03"}


@dataclass
class Rig:
    """Tables over a folder; each `begin` is a new run."""

    folder: Path
    guard: Callable[[], None] = lambda: None
    steps: list[str] = field(default_factory=list)
    accounts: tuple[str, ...] = ("1001", "1002")

    @property
    def log(self) -> VersionLog:
        return open_store(f"file://{self.folder}/registry")

    def begin(self, table: Table = DAYS) -> Tables:
        states = States(self.log, "shop", "run", lambda: NOW, "here")
        states.load([each.stream for each in (DAYS, CHANGES)], self.accounts)
        sink = Sink(open_files(str(self.folder / "out")), open_format("jsonl"))
        (self.folder / "spool").mkdir(exist_ok=True)
        self.outcome = Outcome("run", "shop", NOW)
        return Tables(
            {each.stream: each for each in (DAYS, CHANGES, SNAPSHOT)},
            sink, Spool(self.folder / "spool"), states, self.outcome,
            guard=self.guard, checkpoint=self.steps.append,
        )  # fmt: skip

    def held(self) -> dict[str, list[str]]:
        """The ids of the rows by the folders' last names."""
        found = {}
        for path in sorted((self.folder / "out").rglob("*.gz")):
            rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
            name = "/".join(part.partition("=")[2] for part in path.relative_to(self.folder / "out").parts[:-1])
            found[name] = [row.get("ad_id") or row["id"] for row in rows]
        return found


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def day(number: int, ad: str, account_id: str = "1001") -> dict[str, Any]:
    return {"date_start": f"2026-11-{number:02d}", "account_id": account_id, "ad_id": ad, "spend": 1.0}


def test_nothing_is_written_before_the_slice_is_whole(rig: Rig) -> None:
    tables = rig.begin()
    tables.take("ads_insights", day(1, "a"))
    assert rig.held() == {}
    tables.close("ads_insights", WHOLE)
    assert rig.held() == {"ads_insights/1001/2026-11-01": ["a"]}
    assert rig.steps == ["file"]
    assert (rig.outcome.streams["ads_insights"].rows, rig.outcome.streams["ads_insights"].slices) == (1, 1)


def test_rows_of_slices_that_come_mixed_are_told_apart(rig: Rig) -> None:
    tables = rig.begin()
    for row in (day(1, "a"), day(5, "b"), day(1, "c", "1002"), day(2, "d"), day(6, "e")):
        tables.take("ads_insights", row)
    tables.close("ads_insights", WHOLE)
    assert rig.held() == {"ads_insights/1001/2026-11-01": ["a"], "ads_insights/1001/2026-11-02": ["d"]}
    tables.close("ads_insights", {**WHOLE, "account_id": "1002"})
    assert rig.held().keys() >= {"ads_insights/1002/2026-11-01"}
    assert not any("2026-11-05" in name for name in rig.held())


def test_days_of_a_slice_that_have_no_rows_now_lose_those_they_had(rig: Rig) -> None:
    first = rig.begin()
    for row in (day(1, "a"), day(2, "b"), day(4, "c")):
        first.take("ads_insights", row)
    first.close("ads_insights", {**WHOLE, "until": "2026-11-04"})
    second = rig.begin()
    second.take("ads_insights", day(1, "a"))
    second.close("ads_insights", WHOLE)
    assert rig.held() == {
        "ads_insights/1001/2026-11-01": ["a"],
        "ads_insights/1001/2026-11-02": [],
        "ads_insights/1001/2026-11-04": ["c"],
    }


def test_a_stream_that_failed_drops_what_was_not_whole(rig: Rig) -> None:
    tables = rig.begin()
    tables.take("ads_insights", day(1, "a"))
    tables.end("ads_insights", "INCOMPLETE")
    assert rig.held() == {}
    assert rig.outcome.streams["ads_insights"].status == "incomplete"
    assert list((rig.folder / "spool").iterdir()) == []


def test_rows_that_no_slice_answers_for_never_pass_for_a_whole_table(rig: Rig) -> None:
    tables = rig.begin()
    tables.take("ads_insights", day(7, "a"))
    tables.close("ads_insights", WHOLE)
    with pytest.raises(RowsWithoutSlice, match="ads_insights: 1 rows belong to no slice that was read"):
        tables.end("ads_insights", "COMPLETE")


def test_changes_are_numbered_by_the_state_that_they_go_on_from(rig: Rig) -> None:
    first = rig.begin()
    first.take("campaigns", {"id": "a", "account_id": "1001"})
    first.close("campaigns", {"account_id": "1001"})
    crashed = rig.begin()
    crashed.take("campaigns", {"id": "b", "account_id": "1001"})
    crashed.close("campaigns", {"account_id": "1001"})
    assert rig.held() == {"campaigns/1001/0000000001": ["b"]}
    crashed.commit("campaigns", {"1001": {"updated_time": "1"}})
    third = rig.begin()
    third.take("campaigns", {"id": "c", "account_id": "1001"})
    third.close("campaigns", {"account_id": "1001"})
    assert rig.held() == {"campaigns/1001/0000000001": ["b"], "campaigns/1001/0000000002": ["c"]}


def test_of_an_object_that_comes_twice_the_later_row_is_kept(rig: Rig) -> None:
    tables = rig.begin()
    for name in ("a", "b"):
        tables.take("ad_creatives", {"id": "1", "account_id": "1001", "name": name})
    (written,) = tables.close("ad_creatives", {"account_id": "1001"})
    assert written.rows == 1
    assert rig.held() == {"ad_creatives/1001/0000000000": ["1"]}


def test_an_account_s_objects_in_two_slices_are_a_mistake_that_is_told(rig: Rig) -> None:
    tables = rig.begin()
    tables.close("ad_creatives", {"account_id": "1001"})
    with pytest.raises(RowsWithoutSlice, match="act_1001 was read in two slices"):
        tables.close("ad_creatives", {"account_id": "1001"})


def test_objects_of_no_account_have_a_place_too(rig: Rig) -> None:
    tables = rig.begin()
    tables.take("ad_creatives", {"id": "b"})
    tables.close("ad_creatives", {})
    tables.end("ad_creatives", "COMPLETE")
    assert rig.held() == {"ad_creatives/all/0000000000": ["b"]}


def test_states_of_streams_that_are_read_in_full_are_not_kept(rig: Rig) -> None:
    rig.begin().commit("ad_creatives", {"__ab_no_cursor_state_message": True})
    assert rig.log.keys("") == []


def test_a_run_that_lost_its_lease_writes_neither_files_nor_states(rig: Rig) -> None:
    def lost() -> None:
        raise LeaseLost("lost")

    rig.guard = lost
    tables = rig.begin()
    tables.take("ads_insights", day(1, "a"))
    with pytest.raises(LeaseLost):
        tables.close("ads_insights", WHOLE)
    with pytest.raises(LeaseLost):
        tables.commit("ads_insights", {"1001": {"date_start": "2026-11-01"}})
    assert rig.held() == {}
    assert rig.log.keys("") == []
