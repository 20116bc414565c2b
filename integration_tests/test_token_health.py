"""What will soon stop working is said in time, and a short-lived token is exchanged where that is wanted."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.canaries import CLIENT_SECRET, TOKEN, leaks
from integration_tests.connector import Connector, Output
from integration_tests.truth import Truth

SHORT = TOKEN
NOW = "2026-11-24T15:01:00Z"
WORLD: dict[str, Any] = {
    "seed": 5,
    "clock": {"now": NOW},
    "tokens": [
        {"token": SHORT, "kind": "USER", "app_id": "7777", "app_secret": CLIENT_SECRET, "expires_at":
         "2026-11-24T16:31:00Z", "scopes": ["ads_read"]},
        {"token": "tok-week", "expires_at": "2026-11-27T15:01:00Z", "scopes": ["ads_read"]},
        {"token": "tok-never", "scopes": ["ads_read"]},
        {"token": "tok-blind", "scopes": ["read_insights"]},
        {"token": "tok-one", "scopes": ["ads_read"], "accounts": ["1001"]},
    ],
    "accounts": [{"id": each, "campaigns": 2} for each in ("1001", "1002")],
}  # fmt: skip
CLIENT = {"auth_type": "Client", "client_id": "7777", "client_secret": CLIENT_SECRET, "access_token": SHORT}
# What was got in exchange, in the sandbox: the old token and some digits, so a leak of the one is a leak of the other.


def service(truth: Truth, token: str, **settings: Any) -> Connector:
    return Connector(truth.url, {"credentials": {"auth_type": "Service", "access_token": token}, **settings})


def client(truth: Truth, **changes: Any) -> Connector:
    return Connector(truth.url, {"credentials": {**CLIENT, **changes}, "start_date": "2026-11-20"})


def logged(output: Output, words: str) -> list[dict[str, Any]]:
    return [log for log in output.of("log") if words in log["message"]]


@pytest.mark.parametrize("command", ["check", "read"])
def test_a_token_that_soon_expires_is_warned_about_once(truth: Truth, command: str) -> None:
    connector = service(truth, "tok-week")
    output = connector.check() if command == "check" else connector.read(["campaigns", "ads", "ad_sets"])
    (log,) = logged(output, "the access token expires on 2026-11-27 (in 3 days)")
    assert log["level"] == "WARN"


def test_a_token_that_lasts_is_told_of_in_check_and_not_in_a_read(truth: Truth) -> None:
    connector = service(truth, "tok-never")
    (log,) = logged(connector.check(), "the access token (system user) does not expire; permissions: ads_read")
    assert log["level"] == "INFO"
    assert not logged(connector.read(["campaigns"]), "the access token")


def test_accounts_that_the_permission_leaves_out_are_warned_about(truth: Truth) -> None:
    output = service(truth, "tok-one", account_ids=["1001", "1002"]).check()
    assert logged(output, "limited to other ad accounts than act_1002")


def test_a_missing_permission_is_warned_about(truth: Truth) -> None:
    assert logged(service(truth, "tok-blind").check(), "none of the permissions ads_read, ads_management")


def test_the_start_of_a_read_costs_one_call_whatever_is_read(truth: Truth) -> None:
    service(truth, "tok-never").read(["campaigns", "ads", "ad_sets"])
    assert [call["edge"] for call in truth.journal()].count("debug_token") == 1


@pytest.mark.parametrize("fault", [{"kind": "error", "code": 2}, {"kind": "reset"}, {"kind": "error", "code": 190},
                                   {"kind": "error", "code": 4}, {"kind": "not_json"}])  # fmt: skip
def test_a_read_goes_on_where_nothing_can_be_known_of_the_token(truth: Truth, fault: dict[str, Any]) -> None:
    truth.set_faults({**fault, "edge": "debug_token"})
    reader = service(truth, "tok-never")
    reader.haste = 2000
    output = reader.read(["campaigns"])
    assert output.exit_code == 0
    assert len(output.records("campaigns")) == 4
    assert [call["edge"] for call in truth.journal()].count("debug_token") == 1


@pytest.mark.parametrize("mode", ["off", "run", "save"])
def test_an_exchanged_token_is_used_and_kept_as_the_mode_says(truth: Truth, mode: str) -> None:
    output = client(truth, long_lived_exchange=mode).read(["campaigns"])
    assert output.exit_code == 0
    assert len(output.records("campaigns")) == 4
    controls = output.of("control")
    # Only the message that hands the token to Airbyte may hold it, and the configuration's own secrets with it.
    told = "\n".join(line for line in output.text.split("\n") if '"type":"CONTROL"' not in line)
    assert leaks(told) == []
    assert bool(logged(output, "exchanged for one that expires on 2027-01-23")) == (mode != "off")
    assert bool(logged(output, "the access token expires on 2026-11-24 (in 1 hour)")) == (mode == "off")
    if mode == "save":
        (control,) = controls
        kept = control["connectorConfig"]["config"]
        assert kept["credentials"] == {**CLIENT, "access_token": kept["credentials"]["access_token"],
                                       "long_lived_exchange": "save"}  # fmt: skip
        assert kept["credentials"]["access_token"].startswith(f"{SHORT}-")
        assert kept["start_date"] == "2026-11-20"
        # A sync with what Airbyte kept exchanges nothing: the token lasts.
        again = Connector(truth.url, kept).read(["campaigns"])
        assert again.exit_code == 0
        assert again.of("control") == []
        assert not logged(again, "exchanged")
    else:
        assert controls == []


def test_calls_after_an_exchange_are_signed_for_the_new_token(truth: Truth) -> None:
    """The short token is refused from its third call on: debug_token and the exchange were made with it."""
    truth.set_faults({"kind": "token_expires", "token": SHORT, "nth": 3})
    output = client(truth, long_lived_exchange="run").read(["campaigns"])
    assert output.exit_code == 0
    assert len(output.records("campaigns")) == 4


def test_an_exchange_that_is_refused_is_warned_about_and_the_token_is_used_as_it_is(truth: Truth) -> None:
    truth.set_faults(
        {
            "kind": "error",
            "code": 1,
            "message": f"no exchange for {SHORT}",
            "params": {"grant_type": "fb_exchange_token"},
        }
    )
    output = client(truth, long_lived_exchange="save").read(["campaigns"])
    assert output.exit_code == 0
    assert logged(output, "the access token was not exchanged for a long-lived one")
    assert output.of("control") == []
    assert leaks(output.text) == []


def test_a_token_kept_elsewhere_is_never_handed_to_airbyte(truth: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_SHORT_TOKEN", SHORT)
    output = client(truth, long_lived_exchange="save", access_token="env://META_SHORT_TOKEN").read(["campaigns"])
    assert output.exit_code == 0
    assert output.of("control") == []
    assert logged(output, "since Airbyte has a reference in its place")
    assert leaks(output.text) == []


def test_an_exchange_without_an_app_is_refused_with_what_to_enter(truth: Truth) -> None:
    output = client(truth, long_lived_exchange="run", client_id="").check()
    (status,) = output.of("connectionStatus")
    assert status["status"] == "FAILED"
    assert "long_lived_exchange needs client_id: enter them, or set long_lived_exchange to off" in status["message"]
    assert truth.journal() == []
