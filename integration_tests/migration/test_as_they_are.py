"""Configuration, catalog and state of source-facebook-marketing work as they are, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.connector import Connector
from integration_tests.migration import official
from integration_tests.truth import EDGES, REPORTS, Truth, differences
from source_meta_ads.schemas.official import load_differences

ACCOUNTS = ("1001", "1002")
START = "2026-11-10"
DAY = "2026-11-24"


@pytest.fixture
def theirs(truth: Truth) -> Connector:
    """Their configuration, over a sandbox."""
    return Connector(
        truth.url,
        {
            "account_ids": list(ACCOUNTS),
            "credentials": {"auth_type": "Service", "access_token": "tok-all"},
            "start_date": f"{START}T00:00:00Z",
        },
        haste=20,
    )


def key_of(name: str) -> list[str]:
    return [part[0] for part in official.streams()[name]["source_defined_primary_key"]]


def compared(name: str) -> list[str]:
    """The columns to compare: what their catalog asks for and Meta still has."""
    return list(official.streams()[name]["json_schema"]["properties"])


@pytest.mark.parametrize("name", ["ads_insights", "ads_insights_country"])
@pytest.mark.parametrize(
    "state",
    [
        official.insights_state(dict.fromkeys(ACCOUNTS, "2026-11-22"), ["2026-11-24"]),
        official.insights_state({"1001": DAY}),
        official.old_insights_state(DAY),
    ],
    ids=["several accounts", "an account is new", "older form"],
)
def test_a_report_goes_on_from_their_state(theirs: Connector, truth: Truth, name: str, state: dict[str, Any]) -> None:
    # What their connector had delivered by the day of its state is what ours reads by then.
    before = theirs.read_with(official.configured([name])).records(name)
    truth.advance_days(5)
    output = theirs.read_with(official.configured([name]), [official.message(name, state)])
    assert (output.exit_code, output.errors) == (0, [])
    columns = [column for column in compared(name) if column != "wish_bid"]
    true = truth.report(REPORTS[name], ACCOUNTS, START, "2027-01-01", [c for c in columns if c != "country"])
    assert differences([*before, *output.records(name)], true, key_of(name), columns) == []


@pytest.mark.parametrize("name", ["campaigns", "ad_sets", "ads"])
@pytest.mark.parametrize("statuses", [[], ["ACTIVE", "PAUSED"]])
def test_objects_go_on_from_their_state(theirs: Connector, truth: Truth, name: str, statuses: list[str]) -> None:
    before = theirs.read_with(official.configured([name]))
    moment = truth.clock().isoformat()
    truth.advance_days(5)
    state = official.message(name, official.object_state(dict.fromkeys(ACCOUNTS, moment), statuses))
    output = theirs.read_with(official.configured([name]), [state])
    assert (output.exit_code, output.errors) == (0, [])
    held = [*before.records(name), *output.records(name)]
    true = truth.objects(EDGES[name], ACCOUNTS)
    columns = [column for column in compared(name) if column in true[0]]
    assert differences(held, true, key_of(name), columns) == []
    if not statuses:
        assert len(output.records(name)) < len(true), "a state that is gone on from spares rows"


def test_every_stream_key_cursor_and_column_of_theirs_is_here_or_explained(theirs: Connector) -> None:
    explained, ours = load_differences(), theirs.streams()
    for name, stream in official.streams().items():
        if name not in ours:
            assert name in explained.absent_streams
            continue
        for what in ("default_cursor_field", "source_defined_primary_key"):
            assert what not in stream or ours[name][what] == stream[what], (name, what)
        assert set(stream["supported_sync_modes"]) <= set(ours[name]["supported_sync_modes"]), name
        columns = set(ours[name]["json_schema"]["properties"])
        missing = set(stream["json_schema"]["properties"]) - columns - set(explained.absent_columns.get(name, ()))
        assert missing == set(), name
