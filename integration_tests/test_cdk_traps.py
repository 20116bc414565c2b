"""The traps of airbyte-cdk 7.39 that cost others data or secrets; each would spring again without our glue.

T1: a full-refresh HttpStream read concurrently stops after its first page.
T2: states overtake the records they cover, unless both go through one queue.
T3: a state that is handed out live changes after it was emitted.
T4: errors of concurrent streams are printed with their secrets in.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise
from typing import Any

from integration_tests.connector import Connector
from integration_tests.truth import Truth

MANY_STATES = {"start_date": "2026-06-01", "page_size": 2}


def test_t1_every_page_of_a_full_refresh_stream_is_read(connector: Connector, truth: Truth) -> None:
    paged = connector.with_config(page_size=1)
    for name in ("ad_creatives", "custom_audiences"):
        records = paged.read([name], full_refresh=True).records(name)
        assert len(records) == len({record["id"] for record in records})
    true = truth.objects("customaudiences", ["1001", "1002"])
    assert {record["id"] for record in records} == {row["id"] for row in true}
    assert sum(call["edge"] == "customaudiences" for call in truth.journal()) >= len(records)


def test_t2_no_state_is_written_before_the_records_it_covers(connector: Connector) -> None:
    output = connector.with_config(**MANY_STATES).read(["ads_insights", "ads_insights_country"])
    rows_of_day = Counter(_day_of(record) for record in output.of("record"))
    written: Counter[tuple[str, str, str]] = Counter()
    n_states = 0
    for message in output.messages:
        if message["type"] == "RECORD":
            written[_day_of(message["record"])] += 1
        if message["type"] != "STATE":
            continue
        n_states += 1
        name = message["state"]["stream"]["stream_descriptor"]["name"]
        for account, entry in message["state"]["stream"]["stream_state"].items():
            if account.isdigit():
                covered = {
                    key
                    for key in rows_of_day
                    if key[:2] == (name, account)
                    and (key[2] <= entry.get("date_start", "") or key[2] in entry.get("slices", ()))
                }
                assert {key for key in covered if written[key] < rows_of_day[key]} == set()
    assert n_states > 10


def _day_of(record: dict[str, Any]) -> tuple[str, str, str]:
    return record["stream"], record["data"]["account_id"], record["data"]["date_start"]


def test_t3_states_already_written_differ_from_each_other_and_only_grow(connector: Connector) -> None:
    output = connector.with_config(**MANY_STATES).read(["ads_insights"])
    states = [state["stream"]["stream_state"] for state in output.of("state")]
    done = [
        sum(len(entry.get("slices", ())) for key, entry in state.items() if key.isdigit())
        + sum(
            (ord_of(entry["date_start"]) - ord_of("2026-05-31"))
            for key, entry in state.items()
            if key.isdigit() and "date_start" in entry
        )
        for state in states
    ]
    assert done[0] == 0 < done[-1]
    assert all(before <= after for before, after in pairwise(done))
    assert len(set(done)) > 5


def ord_of(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def test_every_state_says_how_many_records_came_since_the_one_before(connector: Connector) -> None:
    """Rows pass the CDK's counters as JSON: the platform compares these counts with what the destination got."""
    names = ["ads_insights", "campaigns"]
    output = connector.read(names)
    counted: Counter[str] = Counter()
    n_states = 0
    for message in output.messages:
        if message["type"] == "RECORD":
            counted[message["record"]["stream"]] += 1
        elif message["type"] == "STATE":
            n_states += 1
            name = message["state"]["stream"]["stream_descriptor"]["name"]
            assert message["state"]["sourceStats"]["recordCount"] == counted.pop(name, 0)
    assert n_states > 2
    assert not counted
    logs = [log["message"] for log in output.of("log")]
    for name in names:
        assert f"Read {len(output.records(name))} records from {name} stream" in logs
        assert output.statuses(name) == ["STARTED", "RUNNING", "COMPLETE"]


def test_t4_an_error_of_a_concurrent_stream_is_printed_without_its_secrets(connector: Connector, truth: Truth) -> None:
    truth.set_faults(
        {
            "kind": "error", "edge": ["campaigns", "insights"], "code": 100,
            "message": "(#100) no access_token=tok-all here, nor Bearer tok-all",
        }
    )  # fmt: skip
    output = connector.read(["campaigns", "ads_insights"])
    assert output.exit_code == 1
    assert any("****" in error for error in output.errors), output.errors
    assert "tok-all" not in output.text
