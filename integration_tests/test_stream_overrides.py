"""Keys and cursors of the user's own: in the catalog, in the read, and refused where they can't hold."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.connector import Connector
from integration_tests.truth import Truth


def overridden(connector: Connector, **override: Any) -> Connector:
    return connector.with_config(stream_overrides=[override])


def test_a_key_of_the_users_own_is_in_the_catalog_and_in_every_record(connector: Connector) -> None:
    keyed = overridden(connector, name="campaigns", primary_key=["account_id", "id", "objective"])
    assert keyed.streams()["campaigns"]["source_defined_primary_key"] == [["account_id"], ["id"], ["objective"]]
    assert keyed.streams()["ads"]["source_defined_primary_key"] == [["id"]]
    rows = keyed.read(["campaigns"], columns=["name"]).records("campaigns")
    assert rows
    assert all(row["objective"] and row["id"] and row["account_id"] for row in rows)


def test_a_reports_key_may_hold_further_columns(connector: Connector) -> None:
    key = ["date_start", "account_id", "ad_id", "campaign_id"]
    keyed = overridden(connector, name="ads_insights", primary_key=key)
    assert keyed.streams()["ads_insights"]["source_defined_primary_key"] == [[name] for name in key]
    rows = keyed.read(["ads_insights"], columns=["impressions"]).records("ads_insights")
    assert rows
    assert all(row["campaign_id"] for row in rows)


def test_a_key_that_leaves_out_what_tells_rows_apart_is_warned_about(connector: Connector) -> None:
    output = overridden(connector, name="ads_insights", primary_key=["ad_id"]).read(["ads_insights"])
    texts = [log["message"] for log in output.of("log") if log["level"] == "WARN"]
    assert any("leaves out account_id, date_start" in text for text in texts)
    assert output.exit_code == 0


def test_a_stream_without_a_cursor_can_be_given_one_and_keeps_its_place_by_it(
    connector: Connector, truth: Truth
) -> None:
    assert connector.streams()["ad_account"]["supported_sync_modes"] == ["full_refresh"]
    moved = overridden(connector, name="ad_account", cursor_field="created_time")
    stream = moved.streams()["ad_account"]
    assert "incremental" in stream["supported_sync_modes"]
    assert stream["default_cursor_field"] == ["created_time"]
    first = moved.read(["ad_account"])
    accounts = {row["account_id"]: row["created_time"] for row in first.records("ad_account")}
    (state,) = first.state
    saved = state["stream"]["stream_state"]
    assert {account: saved[account]["created_time"] for account in accounts} == accounts
    assert len(moved.read(["ad_account"], first.state).records("ad_account")) == len(accounts) == 2


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ({"name": "campains", "primary_key": ["id"]}, ["campains", "did you mean campaigns?"]),
        ({"name": "campaigns", "primary_key": ["idd"]}, ["campaigns", "'idd'", "did you mean id?"]),
        ({"name": "campaigns", "primary_key": ["adlabels"]}, ["adlabels", "array", "plain columns"]),
        ({"name": "campaigns", "primary_key": ["id", "id"]}, ["twice"]),
        ({"name": "campaigns", "cursor_field": "created_time"}, ["campaigns", "updated_time", "can't be another"]),
        ({"name": "ads_insights", "cursor_field": "date_stop"}, ["ads_insights", "date_start"]),
        ({"name": "ad_account", "cursor_field": "name"}, ["name", "no date-time", "created_time"]),
        ({"name": "campaigns"}, ["changes nothing", "primary_key"]),
        ({"name": "campaigns", "key": ["id"]}, ["key"]),
    ],
)
def test_an_override_that_cannot_hold_is_refused_with_what_to_write(
    connector: Connector, override: dict[str, Any], words: list[str]
) -> None:
    (verdict,) = overridden(connector, **override).check().of("connectionStatus")
    assert verdict["status"] == "FAILED"
    assert all(word in verdict["message"] for word in ["stream_overrides", *words]), verdict["message"]


def test_two_overrides_of_a_stream_are_refused(connector: Connector) -> None:
    twice = [{"name": "ads", "primary_key": ["id"]}, {"name": "ads", "primary_key": ["name"]}]
    (verdict,) = connector.with_config(stream_overrides=twice).check().of("connectionStatus")
    assert "two overrides of 'ads'" in verdict["message"]
