"""What the connector writes equals what the sandbox says is true: all streams, restated days, any restart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from integration_tests.connector import Connector, Output
from integration_tests.truth import EDGES, REPORTS, Asked, Truth, differences, keyed

ACCOUNTS = ("1001", "1002")
START = "2026-11-10"
UNTIL = "2027-12-31"
STREAMS = (*EDGES, *REPORTS)


def key_of(connector: Connector, name: str) -> list[str]:
    return [part[0] for part in connector.streams()[name]["source_defined_primary_key"]]


def true_rows(
    truth: Truth, connector: Connector, name: str, asked: Asked | None = None
) -> tuple[list[dict[str, Any]], list[str]]:
    """The truth of a stream and the columns to compare."""
    columns = list(connector.streams()[name]["json_schema"]["properties"])
    if name in EDGES:
        # The owner of an account is for tokens with business_management.
        return truth.objects(EDGES[name], ACCOUNTS), [column for column in columns if column != "owner"]
    report = asked or REPORTS[name]
    fields = [column for column in columns if column not in report.breakdowns]
    return truth.report(report, ACCOUNTS, START, UNTIL, fields), columns


def check_equal(connector: Connector, truth: Truth, name: str, held: Sequence[dict[str, Any]]) -> None:
    true, columns = true_rows(truth, connector, name)
    assert true, f"the sandbox has nothing for {name}: the test would prove nothing"
    assert differences(held, true, key_of(connector, name), columns) == []


@pytest.mark.parametrize("name", STREAMS)
def test_a_first_read_equals_the_truth(connector: Connector, truth: Truth, name: str) -> None:
    output = connector.read([name])
    assert (output.exit_code, output.errors) == (0, [])
    assert output.statuses(name)[0] == "STARTED"
    assert output.statuses(name)[-1] == "COMPLETE"
    check_equal(connector, truth, name, output.records(name))


@pytest.mark.parametrize("name", REPORTS)
def test_no_key_comes_twice_in_one_read(connector: Connector, name: str) -> None:
    records = connector.read([name]).records(name)
    assert len(records) == len(keyed(records, key_of(connector, name))) > 0


@pytest.mark.parametrize("days", [1, 3, 10, 40])
def test_a_second_read_brings_restated_days_up_to_date(connector: Connector, truth: Truth, days: int) -> None:
    first = connector.read(["ads_insights", "ads"])
    truth.advance_days(days)
    second = connector.read(["ads_insights", "ads"], first.state)
    assert second.errors == []
    for name in ("ads_insights", "ads"):
        check_equal(connector, truth, name, first.records(name) + second.records(name))


def test_a_second_read_reads_only_the_lookback_window_again(connector: Connector, truth: Truth) -> None:
    lasting = connector.with_config(insights_lookback_window=3)
    first = lasting.read(["ads_insights"])
    second = lasting.read(["ads_insights"], first.state)
    days = {record["date_start"] for record in second.records("ads_insights")}
    assert days
    assert min(days) >= "2026-11-21"


def states_and_records(output: Output, name: str) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each state message with the records that were out before it."""
    found, records = [], []
    for message in output.messages:
        if message["type"] == "RECORD" and message["record"]["stream"] == name:
            records.append(message["record"]["data"])
        elif message["type"] == "STATE" and message["state"]["stream"]["stream_descriptor"]["name"] == name:
            found.append((message["state"], list(records)))
    return found


@pytest.mark.parametrize("name", ["ads_insights", "campaigns"])
def test_stopping_at_any_state_and_resuming_gives_the_same_set(connector: Connector, truth: Truth, name: str) -> None:
    whole = connector.with_config(start_date="2026-09-20") if name == "ads_insights" else connector
    stops = states_and_records(whole.read([name]), name)
    assert len(stops) > 1
    key = key_of(connector, name)
    true, _ = true_rows(truth, connector, name)
    for state, before in stops:
        after = whole.read([name], [state]).records(name)
        held = keyed([*before, *after], key)
        assert set(keyed(true, key)) <= set(held)


def test_a_state_never_stands_before_the_records_it_covers(connector: Connector) -> None:
    output = connector.with_config(start_date="2026-08-01").read(["ads_insights"])
    total: dict[str, set[str]] = {}
    for record in output.records("ads_insights"):
        total.setdefault(record["account_id"], set()).add(json.dumps([record["date_start"], record["ad_id"]]))
    for state, before in states_and_records(output, "ads_insights"):
        seen: dict[str, set[str]] = {}
        for record in before:
            seen.setdefault(record["account_id"], set()).add(json.dumps([record["date_start"], record["ad_id"]]))
        for account, entry in state["stream"]["stream_state"].items():
            if account.isdigit() and "date_start" in entry:
                due = {each for each in total[account] if json.loads(each)[0] <= entry["date_start"]}
                assert due <= seen.get(account, set())


def test_only_selected_columns_are_asked_for_and_written(connector: Connector, truth: Truth) -> None:
    output = connector.read(["ads_insights", "campaigns"], columns=["id", "name", "ad_id", "date_start", "spend"])
    assert {column for row in output.records("campaigns") for column in row} == {
        "id", "name", "account_id", "updated_time",
    }  # fmt: skip
    assert not {column for row in output.records("ads_insights") for column in row} & {"impressions", "actions"}


def test_a_full_refresh_starts_from_nothing_whatever_the_state_says(connector: Connector, truth: Truth) -> None:
    first = connector.read(["ads_insights"])
    again = connector.read(["ads_insights"], first.state, full_refresh=True)
    check_equal(connector, truth, "ads_insights", again.records("ads_insights"))


def test_a_report_of_the_users_own_equals_the_truth(connector: Connector, truth: Truth) -> None:
    report = {
        "name": "by_platform", "level": "campaign", "breakdowns": ["publisher_platform"],
        "action_breakdowns": ["action_type"], "fields": ["campaign_name", "impressions", "spend", "actions"],
    }  # fmt: skip
    own = connector.with_config(custom_insights=[report])
    name = "customby_platform"
    key = [part[0] for part in own.streams()[name]["source_defined_primary_key"]]
    assert key == ["date_start", "account_id", "campaign_id", "publisher_platform"]
    asked = Asked(("publisher_platform",), ("action_type",), level="campaign")
    true, columns = true_rows(truth, own, name, asked)
    assert differences(own.read([name]).records(name), true, key, columns) == []


def test_the_totals_of_additive_metrics_are_the_same_over_every_breakdown(connector: Connector) -> None:
    reports = ("ads_insights", "ads_insights_country", "ads_insights_age_and_gender")
    output = connector.read(reports)
    for metric in ("impressions", "clicks", "spend"):
        sums = [sum(row.get(metric) or 0 for row in output.records(name)) for name in reports]
        assert sums == pytest.approx([sums[0]] * len(reports))
        assert sums[0] > 0


def test_the_token_travels_in_the_header_alone(connector: Connector, truth: Truth) -> None:
    connector.read(["campaigns", "ads_insights"])
    assert {call["token_in"] for call in truth.journal()} == {"header"}


def test_two_accounts_on_two_sides_of_the_date_line_end_on_their_own_today(connector: Connector) -> None:
    (state,) = [each["stream"]["stream_state"] for each in connector.read(["ads_insights"]).state]
    assert state["1001"]["date_start"] == "2026-11-24"
    assert state["1002"]["date_start"] == "2026-11-25"
