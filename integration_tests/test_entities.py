"""Objects read whole, whatever Meta makes of it: refused fields, pages too large, rows that shift, big accounts."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integration_tests.connector import Connector, Output
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import EDGES, Truth, differences

ACCOUNT, OTHER = "1001", "1002"
STILL = {"edit_days": 1_000_000, "new_campaign_days": 1_000_000, "retired_share": 0}
# So much that an hour has every kind of change.
RESTLESS = {
    "edit_days": 1, "new_campaign_days": 1, "archive_rate": 0.2, "delete_rate": 0.1, "restore_rate": 0.3,
}  # fmt: skip
WORLD: dict[str, Any] = {
    "seed": 5,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "tokens": [{"token": "tok", "scopes": ["ads_read", "ads_management", "business_management"]}],
    "accounts": [
        {
            "id": ACCOUNT, "campaigns": 24, "adsets_per_campaign": 5, "ads_per_adset": 2, "creatives": 30,
            "changes": STILL,
        },
        {"id": OTHER, "campaigns": 3, "adsets_per_campaign": 2, "ads_per_adset": 2, "creatives": 30, "changes": STILL},
    ],
}  # fmt: skip
EVERY_STATUS = [
    "ACTIVE", "ADSET_PAUSED", "ARCHIVED", "CAMPAIGN_PAUSED", "DELETED", "DISAPPROVED", "IN_PROCESS", "PAUSED",
    "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED", "WITH_ISSUES",
]  # fmt: skip
World = tuple[Truth, Connector]


@pytest.fixture
def world() -> Iterator[Callable[..., World]]:
    """Makes sandboxes of WORLD with other settings, and a connector at each."""
    handles = []

    def made(changes: dict[str, Any] | None = None, *, config: dict[str, Any] | None = None, **sections: Any) -> World:
        scenario = {**copy.deepcopy(WORLD), **sections}
        if changes:
            scenario["accounts"][0]["changes"] = changes
        handles.append(serve_in_thread(scenario))
        url = handles[-1].url
        return Truth(url), Connector(url, {"credentials": {"auth_type": "Service", "access_token": "tok"},
                                           "account_ids": [ACCOUNT, OTHER], **(config or {})})  # fmt: skip

    yield made
    for handle in handles:
        handle.stop()


def warnings(output: Output) -> list[str]:
    return [log["message"] for log in output.of("log") if log["level"] == "WARN"]


def columns_of(connector: Connector, stream: str) -> set[str]:
    """The columns that come from Meta."""
    properties = connector.streams()[stream]["json_schema"]["properties"]
    return set(properties) - {"is_deleted", "deleted_at", "thumbnail_data_url"}


def is_whole(
    world: World, output: Output, stream: str, *, without: tuple[str, ...] = (), **query: str
) -> list[dict[str, Any]]:
    """Assert that a stream's records are the truth, each once, but for some columns; return them."""
    truth, connector = world
    assert (output.exit_code, output.errors) == (0, [])
    records = output.records(stream)
    true = truth.objects(EDGES[stream], [ACCOUNT, OTHER], **query)
    assert differences(records, true, ["id"], columns_of(connector, stream) - set(without)) == []
    assert max(Counter(record["id"] for record in records).values()) == 1
    assert len(records) == len(true)
    return records


def calls_of(truth: Truth, edge: str, account: str = ACCOUNT) -> list[dict[str, Any]]:
    return [call for call in truth.journal() if call["edge"] == edge and call["account_id"] == account]


def test_a_big_account_is_read_in_parts_with_few_calls_more_and_equals_the_truth(world: Callable[..., World]) -> None:
    truth, connector = world(config={"page_size": 6})
    output = connector.read(["ad_sets", "ads"])
    is_whole((truth, connector), output, "ads")
    is_whole((truth, connector), output, "ad_sets")
    # 240 ads and 120 ad sets on pages of six, and the same as page by page where an account is small.
    assert 40 < len(calls_of(truth, "ads")) <= 40 + 8
    assert 20 < len(calls_of(truth, "adsets")) <= 20 + 5
    assert len(calls_of(truth, "ads", OTHER)) == 2
    assert calls_of(truth, "campaigns"), "the account was not cut by its campaigns"
    # A later sync reads what changed alone.
    before = len(truth.journal())
    again = connector.read(["ads"], output.state)
    assert again.exit_code == 0
    assert len(truth.journal()) - before < 40


def test_parts_hold_archived_and_deleted_objects_where_they_are_asked_for(world: Callable[..., World]) -> None:
    truth, connector = world({**STILL, "retired_share": 0.4}, config={"page_size": 6, "ad_statuses": EVERY_STATUS})
    records = is_whole((truth, connector), connector.read(["ads"]), "ads", statuses=",".join(EVERY_STATUS))
    assert {"ARCHIVED", "DELETED"} <= {record["effective_status"] for record in records}
    assert calls_of(truth, "campaigns"), "the account was not cut by its campaigns"
    assert len(calls_of(truth, "ads")) <= 40 + 8, "campaigns that are gone were left out, so that all was read twice"


@pytest.mark.parametrize("page_size", [6, 60])
@pytest.mark.parametrize("cursors", ["objects", "positions"])
def test_rows_that_shift_while_they_are_read_are_not_lost(
    world: Callable[..., World], cursors: str, page_size: int
) -> None:
    """In parts of a big account, with pages of six, and page by page."""
    truth, connector = world(RESTLESS, config={"page_size": page_size}, paging={"cursors": cursors})
    before = {row["id"] for row in truth.objects("ads", [ACCOUNT, OTHER])}
    truth.set_faults({"kind": "advance_clock", "edge": "ads", "account": ACCOUNT, "seconds": 7200, "nth": [3, 4, 9]})
    output = connector.read(["ads"])
    assert truth.fault_hits() >= 2
    truth.set_faults()
    after = {row["id"] for row in truth.objects("ads", [ACCOUNT, OTHER])}
    assert before - after, "nothing went while the ads were read: nothing could shift"
    held = {row["id"] for row in output.records("ads")}
    assert (output.exit_code, output.errors) == (0, [])
    assert before & after <= held
    # What came or changed in the meantime is the next sync's: then everything is as it is with Meta.
    again = connector.read(["ads"], output.state)
    rows = {row["id"]: row for row in [*output.records("ads"), *again.records("ads")]}
    listed = [row for row in rows.values() if not row["is_deleted"] and row["effective_status"] != "ARCHIVED"]
    true = truth.objects("ads", [ACCOUNT, OTHER])
    assert differences(listed, true, ["id"], columns_of(connector, "ads")) == []


def test_a_field_that_is_refused_is_left_empty_with_a_notice_and_all_rows_come(world: Callable[..., World]) -> None:
    truth, connector = world()
    truth.set_faults({"kind": "field_refused", "fields": ["tracking_specs"], "account": OTHER})
    output = connector.read(["ads"])
    records = is_whole((truth, connector), output, "ads", without=("tracking_specs",))
    having = {record["account_id"] for record in records if record.get("tracking_specs")}
    assert having == {ACCOUNT}
    (notice,) = [text for text in warnings(output) if "tracking_specs" in text]
    assert f"ads: account act_{OTHER}: Meta refuses tracking_specs" in notice
    assert "(#200)" in notice


def test_a_field_that_a_new_version_has_no_more_is_left_empty_and_all_rows_come(world: Callable[..., World]) -> None:
    gone = {"name": "v27.0", "released": "2026-11-20", "remove": {"Campaign": ["buying_type"]}}
    truth, connector = world(config={"api_version": "v27.0"}, versions={"future": gone})
    output = connector.read(["campaigns"])
    records = is_whole((truth, connector), output, "campaigns", version="v27.0")
    assert not any("buying_type" in record for record in records)
    assert [text for text in warnings(output) if "Meta refuses buying_type" in text and "nonexisting" in text]


def test_creatives_that_fail_on_their_story_come_without_it(world: Callable[..., World]) -> None:
    truth, connector = world()
    story = {row["id"]: row for row in truth.objects("adcreatives", [ACCOUNT]) if row.get("object_story_spec")}
    bad = list(story)[3]
    truth.set_faults({"kind": "field_refused", "fields": ["object_story_spec"], "ids": [bad], "code": 100,
                      "subcode": 2446211})  # fmt: skip
    output = connector.read(["ad_creatives"])
    records = {
        row["id"]: row for row in is_whole((truth, connector), output, "ad_creatives", without=("object_story_spec",))
    }
    assert [each for each in story if "object_story_spec" not in records[each]] == [bad]
    (notice,) = [text for text in warnings(output) if "object_story_spec" in text]
    assert "of 1 objects" in notice
    assert "2446211" in notice


def test_an_error_that_is_not_about_fields_fails_the_account_and_no_other(world: Callable[..., World]) -> None:
    truth, connector = world()
    truth.set_faults({"kind": "permission_lost", "edge": "campaigns", "account": ACCOUNT, "nth": 1})
    output = connector.read(["campaigns"])
    assert output.exit_code == 1
    assert {record["account_id"] for record in output.records("campaigns")} == {OTHER}
    assert any(f"act_{ACCOUNT}" in error and "200" in error for error in output.errors)
    # The page, the same without its count, and the key alone: more wouldn't tell more.
    assert len(calls_of(truth, "campaigns")) == 2


@pytest.mark.parametrize("cells", [30, 300])
def test_pages_and_objects_that_are_too_much_come_in_smaller_pieces_and_nothing_is_lost(
    world: Callable[..., World], cells: int
) -> None:
    """Thirty cells are less than one creative has columns: it comes in groups of fields."""
    truth, connector = world()
    truth.set_faults({"kind": "too_much_rows", "cells": cells, "edge": ["adcreatives", "object", "batch"]})
    output = connector.read(["ad_creatives"])
    is_whole((truth, connector), output, "ad_creatives")
    assert warnings(output) == []
    told = [log["message"] for log in output.of("log") if "in groups" in log["message"]]
    assert len(told) == (2 if cells == 30 else 0), "one notice an account"
