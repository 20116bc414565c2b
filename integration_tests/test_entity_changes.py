"""Objects created, edited, archived, deleted, restored and vanished between syncs: the destination equals the truth."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from jsonschema import Draft7Validator

from integration_tests.connector import Connector, Output
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import EDGES, OTHER_EDGES, Truth, differences, keyed
from source_meta_ads.streams.entities import ENTITIES

ACCOUNTS = ("1001", "1002")
SWEPT = {"campaigns": "campaigns", "ad_sets": "adsets", "ads": "ads"}
# Every stream of the table; a stream without an edge here has no truth to be held against, which is a failure.
ALL_EDGES = {**EDGES, **OTHER_EDGES}
NAMES = [entity.name for entity in ENTITIES]
# So much that two days between two syncs have every kind of change.
CHANGES = {
    "edit_days": 4, "new_campaign_days": 2, "silent_rate": 0.4,
    "archive_rate": 0.04, "delete_rate": 0.06, "vanish_rate": 0.02, "restore_rate": 0.2,
}  # fmt: skip
WORLD = {
    "seed": 11,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "tokens": [
        {
            "token": "tok", "accounts": list(ACCOUNTS),
            "scopes": ["ads_read", "ads_management", "business_management", "leads_retrieval"],
        },
    ],
    "businesses": [{"id": "9001", "name": "House", "owned": list(ACCOUNTS)}],
    "accounts": [
        {
            "id": "1001", "timezone": "America/Los_Angeles", "campaigns": 8, "adsets_per_campaign": 3,
            "ads_per_adset": 4, "creatives": 6, "audiences": 3, "business": "9001", "changes": CHANGES,
            "objectives": ["OUTCOME_LEADS", "OUTCOME_SALES"],
        },
        {
            "id": "1002", "timezone": "Asia/Tokyo", "campaigns": 4, "adsets_per_campaign": 2, "ads_per_adset": 3,
            "creatives": 4, "audiences": 2, "business": "9001", "changes": CHANGES,
        },
    ],
}  # fmt: skip
CONFIG = {"credentials": {"auth_type": "Service", "access_token": "tok"}, "account_ids": list(ACCOUNTS)}
DAYS = (2, 2, 3)
# Columns that Meta doesn't have.
OURS = {"deleted_at", "activity_id", "thumbnail_data_url"}
# How far back the truth of events goes: two years, as a first read does.
ASKED = {"activities": {"since": "2024-11-24"}}
# What a destination keeps though Meta forgets it: leads of ads that are gone or older than 90 days.
OUTLIVING = {"leads"}
EVERY_STATUS = (
    "ACTIVE,ADSET_PAUSED,ARCHIVED,CAMPAIGN_PAUSED,DELETED,DISAPPROVED,IN_PROCESS,PAUSED,PENDING_REVIEW,WITH_ISSUES"
)


@dataclass
class World:
    """A sandbox, the connector at it, what each sync wrote, and what was true at the time of each."""

    truth: Truth
    connector: Connector
    outputs: list[Output]
    true: list[dict[str, dict[str, Any]]]

    def sync(self, names: Sequence[str], days: int = 0) -> Output:
        """One more sync, so many days after the last one."""
        if days:
            self.truth.advance_days(days)
        state = self.outputs[-1].state if self.outputs else ()
        self.outputs.append(self.connector.read(names, state))
        self.true.append({name: self.true_of(name, in_any_status=True) for name in SWEPT})
        return self.outputs[-1]

    def true_of(self, name: str, *, in_any_status: bool = False) -> dict[str, Any]:
        """The true objects of a swept stream by id, those that Meta lists unless it is told more statuses."""
        asked = {"statuses": EVERY_STATUS} if in_any_status else {}
        return {row["id"]: row for row in self.truth.objects(SWEPT[name], ACCOUNTS, **asked)}

    @functools.cached_property
    def streams(self) -> dict[str, dict[str, Any]]:
        """What discover lists."""
        return self.connector.streams()

    def held(self, name: str) -> list[Mapping[str, Any]]:
        """What a deduplicating destination has after all syncs, tombstones among it."""
        read = self.outputs if "incremental" in self.streams[name]["supported_sync_modes"] else self.outputs[-1:]
        return list(keyed([row for output in read for row in output.records(name)], self.key_of(name)).values())

    def key_of(self, name: str) -> list[str]:
        """The columns of a stream's key; for activities, which have none, all that tells one from another."""
        parts = self.streams[name].get("source_defined_primary_key") or []
        return [part[0] for part in parts] or ["account_id", "event_type", "object_id", "extra_data"]


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[..., World]]:
    """Makes sandboxes of WORLD with other sections, each with a connector, and stops them."""
    handles = []

    def made(config: Mapping[str, Any] | None = None, **sections: Any) -> World:
        handles.append(serve_in_thread({**copy.deepcopy(WORLD), **sections}))
        url = handles[-1].url
        return World(Truth(url), Connector(url, {**CONFIG, **(config or {})}), [], [])

    yield made
    for handle in handles:
        handle.stop()


@pytest.fixture(scope="module")
def world(worlds: Callable[..., World]) -> World:
    """Every entity stream read once, and three times more with days of changes before each."""
    made = worlds()
    made.sync(NAMES)
    for days in DAYS:
        made.sync(NAMES, days)
    return made


def listed(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows that Meta would still list: neither deleted nor archived."""
    return [row for row in rows if not row.get("is_deleted") and row.get("effective_status") != "ARCHIVED"]


def states(output: Output) -> dict[str, dict[str, Any]]:
    """The newest state of each stream, its accounts alone."""
    return {
        state["stream"]["stream_descriptor"]["name"]: {
            key: entry for key, entry in state["stream"]["stream_state"].items() if key.isdigit()
        }
        for state in output.state
    }


def test_the_syncs_end_well(world: World) -> None:
    assert [(output.exit_code, output.errors) for output in world.outputs] == [(0, [])] * 4


@pytest.mark.parametrize("name", NAMES)
def test_after_three_more_syncs_the_destination_equals_the_truth(world: World, name: str) -> None:
    columns = set(world.streams[name]["json_schema"]["properties"]) - OURS
    true = world.truth.objects(ALL_EDGES[name], ACCOUNTS, **ASKED.get(name, {}))
    assert true, f"the sandbox has nothing for {name}: the test would prove nothing"
    found = differences(listed(world.held(name)), true, world.key_of(name), columns)
    assert [each for each in found if name not in OUTLIVING or not each.startswith("not true")] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_record_fits_its_schema_and_has_no_column_besides(world: World, name: str) -> None:
    schema = world.streams[name]["json_schema"]
    validator = Draft7Validator(schema)
    records = [record for output in world.outputs for record in output.records(name)]
    assert records
    assert [error.message for record in records for error in validator.iter_errors(record)] == []
    assert {column for record in records for column in record} <= set(schema["properties"])


@pytest.mark.parametrize("name", SWEPT)
def test_each_tombstone_is_of_an_object_that_was_gone_and_comes_once(world: World, name: str) -> None:
    told = 0
    gone: set[str] = set()
    for output, true in zip(world.outputs, world.true, strict=True):
        for row in output.records(name):
            assert isinstance(row["is_deleted"], bool)
            assert row["is_deleted"] is (row.get("deleted_at") is not None)
            if not row["is_deleted"]:
                gone.discard(row["id"])
                continue
            told += 1
            assert row["id"] not in gone
            gone.add(row["id"])
            assert row["account_id"] in ACCOUNTS
            assert true[name].get(row["id"], {"effective_status": "DELETED"})["effective_status"] == "DELETED"
    assert told


def test_the_world_had_every_kind_of_change(world: World) -> None:
    """Else equality with the truth would prove less than it says."""
    kinds: dict[str, int] = dict.fromkeys(("silent", "archived", "deleted", "vanished", "restored", "created"), 0)
    for name in SWEPT:
        last: dict[str, dict[str, Any]] = {}
        for number, output in enumerate(world.outputs):
            for row in output.records(name):
                before = last.get(row["id"])
                kinds["created"] += bool(number and before is None)
                kinds["archived"] += row.get("effective_status") == "ARCHIVED"
                kinds["deleted"] += row.get("effective_status") == "DELETED"
                kinds["vanished"] += row["is_deleted"] and "effective_status" not in row
                if before is not None and not row["is_deleted"]:
                    kinds["restored"] += before["is_deleted"] or before.get("effective_status") == "ARCHIVED"
                    kinds["silent"] += before.get("updated_time") == row["updated_time"] and before != row
                last[row["id"]] = row
    assert all(kinds.values()), kinds


@pytest.mark.parametrize("name", SWEPT)
def test_every_record_says_what_was_true_when_it_was_read(world: World, name: str) -> None:
    columns = set(world.streams[name]["json_schema"]["properties"]) - {"deleted_at"}
    for output, true in zip(world.outputs, world.true, strict=True):
        told = [row for row in output.records(name) if "effective_status" in row]
        assert differences(told, [true[name][row["id"]] for row in told], ["id"], columns) == []
        assert len(told) == len({row["id"] for row in told})


def test_without_changes_a_sync_is_one_light_list_a_stream_and_account_and_no_record(
    worlds: Callable[..., World],
) -> None:
    world = worlds()
    world.sync(list(SWEPT))
    before = len(world.truth.journal())
    output = world.sync(list(SWEPT))
    assert (output.exit_code, [output.records(name) for name in SWEPT]) == (0, [[], [], []])
    lists = [call for call in world.truth.journal()[before:] if call["edge"] in SWEPT.values()]
    assert len(lists) == len(SWEPT) * len(ACCOUNTS)
    assert states(output) == states(world.outputs[0])


def test_updated_time_alone_misses_what_moves_silently_and_keeps_no_fingerprint(worlds: Callable[..., World]) -> None:
    world = worlds({"entity_changes": "updated_time"})
    for days in (0, *DAYS):
        output = world.sync(["ads"], days)
    columns = set(world.streams["ads"]["json_schema"]["properties"]) - {"deleted_at"}
    found = differences(listed(world.held("ads")), world.true_of("ads").values(), ["id"], columns)
    assert any("not true" in each for each in found)
    assert any("effective_status" in each for each in found)
    assert not any(row["is_deleted"] for row in world.held("ads"))
    assert set(states(output)["ads"]["1001"]) == {"updated_time"}


def test_rows_that_shift_between_pages_are_neither_lost_nor_doubled(worlds: Callable[..., World]) -> None:
    """A day passes while each edge is paged: objects come and go under cursors that hold on to positions."""
    world = worlds({"page_size": 7, "entity_changes": "sweep"}, paging={"cursors": "positions"})
    for _ in range(3):
        world.truth.set_faults({"kind": "advance_clock", "seconds": 20_000, "edge": ["ads", "adsets"], "times": 5})
        output = world.sync(["ads", "ad_sets"])
        assert output.errors == []
        assert world.truth.fault_hits() == 5
    world.truth.set_faults()
    output = world.sync(["ads", "ad_sets"])
    for name in ("ads", "ad_sets"):
        columns = set(world.streams[name]["json_schema"]["properties"]) - {"deleted_at"}
        assert differences(listed(world.held(name)), world.true_of(name).values(), ["id"], columns) == []


def test_with_all_statuses_asked_for_archived_and_deleted_objects_are_followed_too(
    worlds: Callable[..., World],
) -> None:
    statuses = ["ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES"]
    world = worlds({"campaign_statuses": statuses})
    for days in (0, *DAYS):
        output = world.sync(["campaigns"], days)
    columns = set(world.streams["campaigns"]["json_schema"]["properties"]) - {"deleted_at"}
    held = [row for row in world.held("campaigns") if "effective_status" in row]
    assert differences(held, world.true_of("campaigns", in_any_status=True).values(), ["id"], columns) == []
    assert {row["effective_status"] for row in held} >= {"ARCHIVED", "DELETED"}
    assert states(output)["campaigns"]["1001"]["filter_statuses"] == statuses


def test_a_state_of_source_facebook_marketing_is_continued_and_swept_from_then_on(worlds: Callable[..., World]) -> None:
    world = worlds()
    legacy = {"1001": {"updated_time": "2026-11-20T00:00:00+00:00", "filter_statuses": []},
              "1002": {"updated_time": "2026-11-20T00:00:00+00:00", "filter_statuses": []}}  # fmt: skip
    message = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "ads"}, "stream_state": legacy}}
    output = world.connector.read(["ads"], [message])
    true = world.true_of("ads")
    assert 0 < len(output.records("ads")) < len(true)
    assert all(row["updated_time"] >= "2026-11-19" for row in output.records("ads"))
    world.outputs.append(output)
    changed = world.sync(["ads"], 2)
    now = world.true_of("ads")
    told = {row["id"] for row in changed.records("ads")}
    assert told >= {key for key in now if now[key] != true.get(key)}
    assert told >= set(true) - set(now)


def test_a_deletion_is_told_without_the_column_as_the_objects_last_state(worlds: Callable[..., World]) -> None:
    world = worlds()
    columns = ["id", "name", "effective_status", "updated_time"]
    first = world.connector.read(["ads"], columns=columns)
    world.truth.advance_days(4)
    second = world.connector.read(["ads"], first.state, columns=columns)
    records = second.records("ads")
    assert {row["effective_status"] for row in records} >= {"ARCHIVED", "DELETED"}
    assert {column for row in records for column in row} == {*columns, "account_id"}


def test_a_deletion_needs_metas_word_for_it(worlds: Callable[..., World]) -> None:
    """A list that comes back empty by a fault, and one that breaks off, delete nothing."""
    world = worlds()
    world.sync(["ads"])
    world.truth.set_faults({"kind": "short_page", "limit": 0, "edge": "ads", "times": 2})
    output = world.sync(["ads"])
    assert (output.exit_code, output.records("ads")) == (0, [])
    world.truth.set_faults({"kind": "error", "code": 100, "edge": "ads", "account": "1001"})
    failed = world.sync(["ads"])
    assert failed.exit_code == 1
    assert failed.records("ads") == []
    assert states(failed) == states(output)


def test_a_field_that_meta_refuses_keeps_no_change_and_no_deletion_from_being_told(
    worlds: Callable[..., World],
) -> None:
    world = worlds(faults=[{"kind": "field_refused", "fields": ["recommendations"], "code": 200}])
    world.sync(["ads"])
    output = world.sync(["ads"], 4)
    assert (output.exit_code, output.errors) == (0, [])
    columns = set(world.streams["ads"]["json_schema"]["properties"]) - {"deleted_at", "recommendations"}
    assert differences(listed(world.held("ads")), world.true_of("ads").values(), ["id"], columns) == []
    told = [row for row in output.records("ads") if row["is_deleted"]]
    assert {row.get("effective_status") for row in told} == {"DELETED", None}
