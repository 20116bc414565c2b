"""What is said of a token, and what it is exchanged for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from source_meta_ads.graph.errors import TransientError
from source_meta_ads.graph.token import TokenInfo, exchange_token, inspect_token

NOW = datetime(2026, 11, 24, 15, 1, tzinfo=UTC)


class Answers:
    """A session that answers one body."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.asked: tuple[str, dict[str, Any]] = ("", {})

    def get_json(self, path: str, params: Mapping[str, Any] | None = None, **how: Any) -> dict[str, Any]:
        self.asked = (path, dict(params or {}))
        return self.body


def info(**data: Any) -> TokenInfo:
    return inspect_token(Answers({"data": data}), "tok")


def test_a_token_that_never_expires_gives_no_warning() -> None:
    token = info(is_valid=True, expires_at=0, data_access_expires_at=0, scopes=["ads_read"], type="SYSTEM_USER")
    assert token.expires_at is None
    assert token.warnings(NOW) == []


def test_what_will_soon_stop_working_is_said_with_its_date() -> None:
    soon = int((NOW + timedelta(days=3)).timestamp())
    (first, second) = info(is_valid=True, expires_at=soon, data_access_expires_at=soon, scopes=["ads_read"]).warnings(
        NOW
    )
    assert "2026-11-27" in first
    assert "2026-11-27" in second


def test_a_token_without_a_reading_permission_is_said_to_lack_it() -> None:
    (warning,) = info(is_valid=True, scopes=["read_insights"]).warnings(NOW)
    assert "ads_read" in warning
    assert "read_insights" in warning


def test_an_invalid_token_says_why() -> None:
    token = info(is_valid=False, error={"code": 190, "message": "expired"})
    assert (token.is_valid, token.error_message) == (False, "expired")


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, {"data": {"scopes": "x", "expires_at": "soon"}}])
def test_an_answer_without_details_is_not_taken_for_a_bad_token(body: dict[str, Any]) -> None:
    token = inspect_token(Answers(body), "tok")
    assert token.is_valid
    assert token.warnings(NOW) == []


def at(**later: float) -> int:
    return int((NOW + timedelta(**later)).timestamp())


@pytest.mark.parametrize(
    ("later", "spoken"),
    [
        ({"minutes": 20}, "in less than an hour"),
        ({"hours": 1, "minutes": 5}, "in 1 hour"),
        ({"hours": 26}, "in 26 hours"),
        ({"days": 2}, "in 2 days"),
        ({"days": -3}, "in less than an hour"),
    ],
)
def test_the_time_that_is_left_is_said_as_people_say_it(later: dict[str, float], spoken: str) -> None:
    (warning,) = info(expires_at=at(**later), scopes=["ads_read"]).warnings(NOW)
    assert spoken in warning


def test_a_token_that_lasts_is_no_warning_but_its_health_is_told() -> None:
    token = info(
        expires_at=at(days=40), data_access_expires_at=at(days=80), scopes=["ads_read", "pages_show_list"], type="USER"
    )
    assert token.warnings(NOW) == []
    assert token.health(NOW) == (
        "the access token (user) expires in 40 days, its data access ends in 80 days; "
        "permissions: ads_read, pages_show_list"
    )
    assert token.lasts(NOW) == timedelta(days=40)
    assert info(scopes=["ads_read"], expires_at=0).lasts(NOW) is None


def test_accounts_that_the_permission_leaves_out_are_named() -> None:
    granular = [{"scope": "ads_read", "target_ids": ["1", "act_2"]}, {"scope": "email"}]
    token = info(scopes=["ads_read", "email"], granular_scopes=granular)
    assert token.warnings(NOW, ["1", "2"]) == []
    (warning,) = token.warnings(NOW, ["1", "3", "4"])
    assert "act_3, act_4" in warning
    assert "act_1" not in warning


def test_a_permission_for_all_accounts_leaves_none_out() -> None:
    granular = [{"scope": "ads_read", "target_ids": ["1"]}, {"scope": "ads_management"}]
    token = info(scopes=["ads_read", "ads_management"], granular_scopes=granular)
    assert token.warnings(NOW, ["9"]) == []


def test_a_token_of_another_app_is_said_to_be_one() -> None:
    token = info(scopes=["ads_read"], app_id="77")
    assert token.warnings(NOW, app_id="77") == []
    (warning,) = token.warnings(NOW, app_id="78")
    assert "app 77" in warning
    assert "app 78" in warning


def test_an_exchange_asks_as_meta_documents_it() -> None:
    session = Answers({"access_token": "long", "token_type": "bearer", "expires_in": 86400 * 60})
    found = exchange_token(session, "short", "77", "secret", NOW)
    assert (found.access_token, found.expires_at) == ("long", NOW + timedelta(days=60))
    path, asked = session.asked
    assert path == "oauth/access_token"
    assert asked == {
        "grant_type": "fb_exchange_token", "client_id": "77", "client_secret": "secret", "fb_exchange_token": "short",
    }  # fmt: skip


@pytest.mark.parametrize("seconds", [None, 0, -1, "soon", True and 1 << 40])
def test_an_exchange_without_a_time_gives_a_token_without_an_end(seconds: Any) -> None:
    assert exchange_token(Answers({"access_token": "t", "expires_in": seconds}), "s", "7", "x", NOW).expires_at is None


@pytest.mark.parametrize("body", [{}, {"access_token": None}, {"access_token": ["t"]}, {"access_token": ""}])
def test_an_exchange_that_brings_no_token_has_failed(body: dict[str, Any]) -> None:
    with pytest.raises(TransientError, match="sent none"):
        exchange_token(Answers(body), "s", "7", "x", NOW)
