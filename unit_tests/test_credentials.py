"""Where credentials stand in a configuration, and what they are now."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from source_meta_ads.config import ConfigError
from source_meta_ads.credentials import Credentials
from source_meta_ads.graph.auth import Key

NESTED = {"credentials": {"auth_type": "Service", "access_token": "env://T", "app_secret": "s"}, "num_workers": 4}
LOOSE = {"access_token": "env://T", "client_id": "7", "client_secret": "s"}


@pytest.mark.parametrize("raw", [NESTED, LOOSE])
def test_the_settings_hold_what_the_references_lead_to(raw: dict[str, Any]) -> None:
    credentials = Credentials(raw, {"T": "tok"})
    assert credentials.settings().credentials.access_token == "tok"
    assert credentials.secrets == ["tok"]
    assert credentials.are_referenced
    assert credentials.token_is_referenced


def test_a_secret_that_is_referenced_does_not_make_the_token_so() -> None:
    raw = {"credentials": {"auth_type": "Service", "access_token": "tok", "app_secret": "env://S"}}
    assert Credentials(raw, {}).are_referenced
    assert not Credentials(raw, {}).token_is_referenced


def test_without_a_reference_nothing_can_be_renewed() -> None:
    credentials = Credentials({"access_token": "tok"}, {})
    assert not credentials.are_referenced
    assert credentials.renewed(logging.getLogger("test")) is None


def test_a_renewed_key_is_what_the_stores_have_now() -> None:
    environ = {"T": "old"}
    credentials = Credentials(NESTED, environ)
    credentials.settings()
    environ["T"] = "new"
    assert credentials.renewed(logging.getLogger("test")) == Key("new", "s")


def test_a_store_that_fails_by_then_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    environ = {"T": "old"}
    credentials = Credentials(NESTED, environ)
    credentials.settings()
    del environ["T"]
    assert credentials.renewed(logging.getLogger("test")) is None
    assert "the environment has no T" in caplog.text


def test_a_reference_that_leads_nowhere_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"credentials\.access_token: env://T: the environment has no T"):
        Credentials(NESTED, {}).settings()


@pytest.mark.parametrize(
    ("raw", "changed"),
    [
        (NESTED, {**NESTED, "credentials": {**NESTED["credentials"], "access_token": "new"}}),  # type: ignore[dict-item]
        (LOOSE, {**LOOSE, "access_token": "new"}),
    ],
)
def test_another_token_stands_where_the_old_one_stood(raw: dict[str, Any], changed: dict[str, Any]) -> None:
    assert Credentials(raw, {}).with_token("new") == changed
