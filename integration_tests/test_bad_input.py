"""Every bad input ends in one clear message: what is wrong, what to change, and no secret."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.connector import Connector, Output, printed
from integration_tests.truth import Truth

SERVICE = {"auth_type": "Service", "access_token": "tok-all"}


def verdict(output: Output) -> str:
    """The message of a failed check; there has to be exactly one verdict."""
    (status,) = output.of("connectionStatus")
    assert status["status"] == "FAILED"
    assert "Traceback" not in output.text
    return str(status["message"])


CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("a wrong token", {"credentials": {**SERVICE, "access_token": "tok-wrong-123"}}, ["190", "token"]),
    ("an expired token", {"credentials": {**SERVICE, "access_token": "tok-old"}}, ["190", "token"]),
    ("an account out of reach", {"account_ids": ["1001", "9999"]}, ["act_9999"]),
    ("an account id that is none", {"account_ids": ["act_12x"]}, ["account_ids", "act_12x", "digits"]),
    ("a bad date", {"start_date": "next tuesday"}, ["start_date", "next tuesday", "YYYY-MM-DD"]),
    ("dates the wrong way round", {"start_date": "2026-11-10", "end_date": "2026-11-01"}, ["end_date", "start_date"]),
    ("a lookback too long", {"insights_lookback_window": 90}, ["insights_lookback_window", "90", "28"]),
    (
        "an unknown breakdown",
        {"custom_insights": [{"name": "r", "breakdowns": ["contry"]}]},
        ["contry", "country"],
    ),
    ("an unknown level", {"custom_insights": [{"name": "r", "level": "keyword"}]}, ["keyword", "campaign"]),
    ("no credentials", {"credentials": None}, ["credentials"]),
    ("an unknown status", {"ad_statuses": ["RUNNING"]}, ["ad_statuses", "RUNNING", "ACTIVE"]),
    ("a malformed version", {"api_version": "26"}, ["api_version", "26"]),
]


@pytest.mark.parametrize(("changes", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_check_names_the_value_and_the_fix(connector: Connector, changes: dict[str, Any], words: list[str]) -> None:
    output = connector.with_config(**changes).check()
    message = verdict(output)
    assert all(word in message for word in words), message
    assert output.exit_code == 0
    assert "tok-" not in output.text


@pytest.mark.parametrize(("changes", "words"), [case[1:] for case in CASES[:6]], ids=[case[0] for case in CASES[:6]])
def test_read_fails_with_the_same_message_and_no_traceback(
    connector: Connector, changes: dict[str, Any], words: list[str]
) -> None:
    streams = connector.streams()
    broken = connector.with_config(**changes)
    output = read_with(broken, streams)
    assert output.exit_code == 1
    assert any(all(word in error for word in words) for error in output.errors), output.errors
    assert "Traceback" not in output.text
    assert "tok-" not in output.text


def read_with(connector: Connector, streams: dict[str, Any]) -> Output:
    return ReadAs(connector.url, connector.config, streams).read(["campaigns"])


class ReadAs(Connector):
    """Reads with a catalog that was discovered before the configuration broke."""

    def __init__(self, url: str, config: Any, known: dict[str, Any]) -> None:
        super().__init__(url, config)
        self._known = known

    def streams(self) -> dict[str, dict[str, Any]]:
        return self._known


def test_one_refused_account_does_not_stop_the_others_and_is_named(connector: Connector, truth: Truth) -> None:
    output = connector.with_config(account_ids=["1001", "9999"]).read(["campaigns"])
    assert {record["account_id"] for record in output.records("campaigns")} == {"1001"}
    assert output.exit_code == 1
    assert output.statuses("campaigns")[-1] == "INCOMPLETE"
    assert any("act_9999" in error for error in output.errors)


def test_a_good_configuration_passes_check(connector: Connector) -> None:
    output = connector.check()
    assert output.of("connectionStatus") == [{"status": "SUCCEEDED"}]
    assert "tok-all" not in output.text


def test_a_signed_call_is_accepted_and_an_unsigned_one_explained(connector: Connector) -> None:
    credentials = {"auth_type": "Service", "access_token": "tok-signed", "app_secret": "app-secret-77"}
    signed = connector.with_config(credentials=credentials)
    assert signed.check().of("connectionStatus") == [{"status": "SUCCEEDED"}]
    assert "app-secret-77" not in signed.read(["campaigns"]).text
    assert "appsecret_proof" in verdict(signed.with_config(use_appsecret_proof=False).check())


def test_legacy_top_level_credentials_still_work(connector: Connector) -> None:
    output = Connector(connector.url, {"access_token": "tok-all", "start_date": "2026-11-20"}).check()
    assert output.of("connectionStatus") == [{"status": "SUCCEEDED"}]


def test_unknown_keys_are_reported_and_not_fatal(connector: Connector) -> None:
    output = connector.with_config(max_batch_size=50).check()
    assert output.of("connectionStatus") == [{"status": "SUCCEEDED"}]
    assert any("max_batch_size" in log["message"] for log in output.of("log"))


def test_a_file_that_is_not_there_is_named_without_a_traceback() -> None:
    output = printed(["check", "--config", "/nowhere/config.json"])
    assert output.exit_code == 1
    assert output.errors == ["/nowhere/config.json: No such file or directory: name a file that can be read"]
    assert "Traceback" not in output.text
