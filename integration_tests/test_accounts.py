"""Which accounts a sync reads: those found, those that patterns let through, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integration_tests.connector import Connector, Output
from integration_tests.truth import Truth

TINY = {"campaigns": 1, "adsets_per_campaign": 1, "ads_per_adset": 1, "creatives": 1, "audiences": 1}
WORLD = {
    "seed": 5,
    "clock": {"now": "2026-11-24T15:01:00Z"},
    "tokens": [
        {"token": "few", "accounts": ["1001", "1002"]},
        {"token": "all", "accounts": "all", "scopes": ["ads_read", "business_management"]},
    ],
    "businesses": [{"id": "900", "name": "Agency", "client": ["1003"]}],
    "accounts": [
        {"id": "1001", "name": "Shop West", "business": "900", **TINY},
        {"id": "1002", "name": "Shop East", "status": 101, **TINY},
        {"id": "1003", "name": "Shop (test)", "status": 2, **TINY},
    ],
}


@pytest.fixture
def connector(truth: Truth) -> Connector:
    return Connector(truth.url, {"credentials": {"auth_type": "Service", "access_token": "all"}})


def with_token(connector: Connector, token: str, **changes: Any) -> Connector:
    return connector.with_config(credentials={"auth_type": "Service", "access_token": token}, **changes)


def accounts_in(output: Output, name: str = "campaigns") -> set[str]:
    return {record["account_id"] for record in output.records(name)}


def test_an_account_that_the_token_gets_later_is_read_from_the_start_and_the_others_go_on(
    connector: Connector, truth: Truth
) -> None:
    first = with_token(connector, "few").read(["campaigns"])
    assert (first.exit_code, accounts_in(first)) == (0, {"1001", "1002"})
    second = connector.read(["campaigns"], first.state)
    assert (second.exit_code, accounts_in(second)) == (0, {"1003"})
    assert {record["id"] for record in second.records("campaigns")} == {
        row["id"] for row in truth.objects("campaigns", ["1003"])
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"account_include": ["shop*"], "account_exclude": ["*(TEST)"]}, {"1001", "1002"}),
        ({"account_include": ["act_1003", 1001]}, {"1001", "1003"}),
        ({"account_ids": ["1001", "1002"], "account_exclude": ["1002"]}, {"1001"}),
    ],
)
def test_patterns_choose_by_id_and_name(connector: Connector, changes: dict[str, Any], expected: set[str]) -> None:
    output = connector.with_config(**changes).read(["campaigns"])
    assert (output.exit_code, accounts_in(output)) == (0, expected)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account_include": ["Shop ["]}, ["account_include.0", "'Shop ['", "never closed"]),
        ({"account_exclude": ["ok", ""]}, ["account_exclude.1", "empty"]),
        ({"account_include": ["Nope*"]}, ["account_include", "none of 3 ad accounts", "act_1001 (Shop West)"]),
        ({"account_ids": ["1001"], "account_exclude": ["1*"]}, ["none of 1 ad accounts", "act_1001"]),
    ],
)
def test_patterns_that_are_none_or_leave_nothing_are_named(
    connector: Connector, changes: dict[str, Any], words: list[str]
) -> None:
    output = connector.with_config(**changes).check()
    assert all(word in output.text for word in words), output.text


def test_a_read_that_patterns_leave_no_account_fails(connector: Connector) -> None:
    output = connector.with_config(account_exclude=["*"]).read(["campaigns"])
    assert output.exit_code == 1
    assert "none of 3 ad accounts" in output.errors[0]


def test_a_closed_account_is_read_where_it_can_be(connector: Connector) -> None:
    output = connector.read(["campaigns"])
    assert (output.exit_code, accounts_in(output)) == (0, {"1001", "1002", "1003"})


def test_a_closed_account_that_cannot_be_read_is_named_and_costs_no_sync(connector: Connector, truth: Truth) -> None:
    truth.set_faults({"kind": "error", "code": 200, "status": 403, "account": "1002", "edge": "campaigns"})
    output = connector.read(["campaigns"])
    assert (output.exit_code, accounts_in(output)) == (0, {"1001", "1003"})
    assert "act_1002 (Shop East, closed) is skipped" in output.text
    assert connector.check().of("connectionStatus")[0]["status"] == "SUCCEEDED"
    # Asked for by its id it is an error.
    named = connector.with_config(account_ids=["1001", "1002"]).read(["campaigns"])
    assert named.exit_code == 1
    assert accounts_in(named) == {"1001"}
    assert "act_1002" in named.errors[0]


def test_without_business_management_the_users_accounts_are_read_and_it_is_said_once(connector: Connector) -> None:
    output = with_token(connector, "few").read(["campaigns"])
    assert accounts_in(output) == {"1001", "1002"}
    assert output.text.count("not every place where ad accounts are found") == 1
    assert "not every place" not in connector.read(["campaigns"]).text


def test_hundreds_of_configured_accounts_are_looked_up_in_a_few_requests(sandboxes: Callable[..., Truth]) -> None:
    truth = sandboxes(accounts=[{"count": 230, "template": {"id": 7_000, "name": "Shop {n}", **TINY}}])
    ids = [str(7_000 + n) for n in range(230)]
    config = {"credentials": {"auth_type": "Service", "access_token": "all"}, "account_ids": ids}
    output = (
        Connector(truth.url, config).with_config(account_exclude=["Shop ?", "Shop ??", "Shop 1*"]).read(["ad_account"])
    )
    assert {record["id"] for record in output.records("ad_account")} == {f"act_{7_000 + n}" for n in range(199, 230)}
    assert len([call for call in truth.journal() if call["edge"] == "batch"]) == 5
