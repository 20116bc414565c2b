"""Every way a configuration can be wrong, in one sentence each; and every older form that still works."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from source_meta_ads.authentication import ClientCredentials, ServiceCredentials
from source_meta_ads.config import Config, ConfigError, fold_legacy_keys

SERVICE = {"auth_type": "Service", "access_token": "tok-canary-1"}


def config(**more: Any) -> Config:
    return Config.parse({"credentials": SERVICE, **more})


def refused(**more: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        config(**more)
    message = str(caught.value.message)
    assert "tok-canary" not in message
    assert "\n" not in message
    return message


def test_a_token_is_all_that_is_needed() -> None:
    settings = config()
    assert settings.account_ids == []
    assert settings.api_version == "v26.0"
    assert settings.insights_lookback_window == 28
    assert settings.start_date is None


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        (["111", "act_222"], ["111", "222"]),
        (["act_1", "1", 1], ["1"]),
        ("111, act_222", ["111", "222"]),
        (None, []),
        ([], []),
    ],
)
def test_account_ids_are_digits_each_once(given: Any, ids: list[str]) -> None:
    assert config(account_ids=given).account_ids == ids


@pytest.mark.parametrize(
    "given", ["2026-11-10", "2026-11-10T00:00:00Z", "2026-11-10T23:59:59+09:00", "2026-11-10T05:00:00"]
)
def test_dates_and_date_times_are_days(given: str) -> None:
    assert config(start_date=given).start_date == date(2026, 11, 10)


def test_an_empty_date_is_an_absent_one() -> None:
    assert config(end_date="").end_date is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account_ids": ["12x"]}, ["account_ids", "12x", "digits"]),
        ({"start_date": "10.11.2026"}, ["start_date", "10.11.2026", "YYYY-MM-DD"]),
        ({"start_date": "2026-02-30"}, ["start_date", "2026-02-30"]),
        ({"start_date": "2026-11-10", "end_date": "2026-11-01"}, ["end_date 2026-11-01", "start_date 2026-11-10"]),
        ({"insights_lookback_window": 29}, ["insights_lookback_window", "29", "28"]),
        ({"insights_lookback_window": 0}, ["insights_lookback_window", "0"]),
        ({"page_size": 0}, ["page_size", "0"]),
        ({"num_workers": 1}, ["num_workers", "1", "2"]),
        ({"api_version": "26"}, ["api_version", "26", "v26.0"]),
        ({"api_version": "v3.1"}, ["api_version", "v3.1", "v26.0"]),
        ({"campaign_statuses": ["LIVE"]}, ["campaign_statuses", "LIVE", "ACTIVE"]),
        ({"credentials": {"auth_type": "Key", "access_token": "tok-canary-2"}}, ["credentials", "Key", "Service"]),
        ({"credentials": {"auth_type": "Service"}}, ["credentials.access_token", "required"]),
        ({"credentials": {"auth_type": "Service", "access_token": ""}}, ["credentials.access_token"]),
        ({"credentials": None}, ["credentials", "required"]),
        ({"custom_insights": [{"level": "ad"}]}, ["custom_insights.0.name", "required"]),
    ],
)
def test_a_bad_value_is_named_with_what_is_wrong(changes: dict[str, Any], words: list[str]) -> None:
    message = refused(**changes)
    assert all(word in message for word in words), message


def test_several_bad_values_are_all_named() -> None:
    message = refused(start_date="x", num_workers=99)
    assert "start_date" in message
    assert "num_workers" in message


def test_unknown_keys_are_kept_apart_and_the_cdks_own_are_not_among_them() -> None:
    assert config(max_batch_size=50, action="x", _limit=5).unknown_keys == ["action", "max_batch_size"]


def test_a_token_at_the_top_is_a_system_users() -> None:
    credentials = Config.parse({"access_token": "tok"}).credentials
    assert isinstance(credentials, ServiceCredentials)
    assert credentials.access_token == "tok"


def test_an_app_beside_a_token_at_the_top_makes_it_an_app_users() -> None:
    credentials = Config.parse({"access_token": "tok", "client_id": "7", "client_secret": "s"}).credentials
    assert isinstance(credentials, ClientCredentials)
    assert credentials.app_secret == "s"


def test_credentials_win_over_older_keys_at_the_top() -> None:
    folded = fold_legacy_keys({"credentials": SERVICE, "access_token": "older"})
    assert folded == {"credentials": SERVICE}


def test_every_secret_is_known_for_masking() -> None:
    both = {"auth_type": "Client", "client_id": "7", "client_secret": "s3cret", "access_token": "tok"}
    assert set(config(credentials=both).secrets) == {"tok", "s3cret"}
    assert config().secrets == ["tok-canary-1"]
