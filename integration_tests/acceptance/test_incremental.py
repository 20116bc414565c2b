"""Incremental reads, by the rules of Airbyte's acceptance tests: two in a row, resumed, and from a future state."""

from __future__ import annotations

import copy
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from integration_tests.acceptance.conftest import LOOKBACK_DAYS, TODAY, cursored, key_of
from integration_tests.connector import Connector, Output

Catalog = dict[str, dict[str, Any]]
ACCOUNT = "1001"
MOST_STATES = 10
# How far before its cursor a read may begin: objects written while an edge was paged, days that still change.
OVERLAP = timedelta(minutes=15)


def cursor_of(stream: dict[str, Any]) -> str:
    (name,) = stream["default_cursor_field"]
    return str(name)


def is_report(stream: dict[str, Any]) -> bool:
    return cursor_of(stream) == "date_start"


def moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def entry(state: dict[str, Any]) -> dict[str, Any]:
    found = state["stream"]["stream_state"].get(ACCOUNT) or {}
    return dict(found)


def states_of(output: Output, name: str) -> list[dict[str, Any]]:
    return [each for each in output.of("state") if each["stream"]["stream_descriptor"]["name"] == name]


def as_input(*states: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "STREAM", "stream": each["stream"]} for each in states]


def not_before(records: list[dict[str, Any]], stream: dict[str, Any], cursor: str | None) -> bool:
    """Whether no record lies further before a cursor than a read may go back."""
    if cursor is None:
        return True
    name = cursor_of(stream)
    if is_report(stream):
        floor = date.fromisoformat(cursor[:10]) - timedelta(days=LOOKBACK_DAYS)
        # A row of a week or a month is read again whole, from its first day on, when one of its days is.
        return all(date.fromisoformat(record["date_stop"]) >= floor for record in records)
    return all(moment(record[name]) >= moment(cursor) - OVERLAP for record in records if record.get(name))


def test_a_first_read_has_records_and_a_state_of_each_stream(incremental: Output, catalog: Catalog) -> None:
    assert (incremental.exit_code, incremental.errors) == (0, [])
    for name in cursored(catalog):
        assert states_of(incremental, name), name


def test_a_read_goes_on_from_the_state_of_the_last(airbyte: Connector, incremental: Output, catalog: Catalog) -> None:
    again = airbyte.read(cursored(catalog), incremental.state)
    assert (again.exit_code, again.errors) == (0, [])
    for name in cursored(catalog):
        cursor = entry(states_of(incremental, name)[-1]).get(cursor_of(catalog[name]))
        assert not_before(again.records(name), catalog[name], cursor), name
        assert len(again.records(name)) <= len(incremental.records(name)), name
        assert states_of(again, name), name


@pytest.mark.parametrize("name", ["campaigns", "ads_insights", "ads_insights_country"])
def test_a_read_from_any_state_between_completes_what_was_read_before_it(
    airbyte: Connector, incremental: Output, catalog: Catalog, name: str
) -> None:
    stream, key = catalog[name], key_of(catalog[name])
    messages = [each for each in incremental.messages if each["type"] in ("RECORD", "STATE")]
    whole = {tuple(str(record[part]) for part in key) for record in incremental.records(name)}
    states = states_of(incremental, name)
    for state in states[:: max(1, len(states) // MOST_STATES)]:
        place = next(n for n, each in enumerate(messages) if each.get("state") is state)
        before = [each["record"] for each in messages[:place] if each["type"] == "RECORD"]
        held = {tuple(str(each["data"][part]) for part in key) for each in before if each["stream"] == name}
        resumed = airbyte.read([name], as_input(state)).records(name)
        assert not_before(resumed, stream, entry(state).get(cursor_of(stream)))
        assert held | {tuple(str(record[part]) for part in key) for record in resumed} == whole


def test_a_state_from_the_future_gives_states_and_nothing_older(
    airbyte: Connector, incremental: Output, catalog: Catalog
) -> None:
    names = cursored(catalog)
    future = copy.deepcopy(as_input(*(states_of(incremental, name)[-1] for name in names)))
    for state in future:
        stream = catalog[state["stream"]["stream_descriptor"]["name"]]
        held = state["stream"]["stream_state"][ACCOUNT]
        held[cursor_of(stream)] = "2099-01-01" if is_report(stream) else "2099-01-01T00:00:00+0000"
    output = airbyte.read(names, future)
    assert (output.exit_code, output.errors) == (0, [])
    for name in names:
        assert states_of(output, name), name
        if is_report(catalog[name]):
            # A cursor beyond today stands for today: the days that can still change are read again.
            floor = date.fromisoformat(TODAY) - timedelta(days=LOOKBACK_DAYS)
            assert all(date.fromisoformat(record["date_stop"]) >= floor for record in output.records(name)), name
        else:
            assert output.records(name) == [], name
