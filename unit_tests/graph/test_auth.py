"""How a call proves who it is, and what is said of a token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from source_meta_ads.graph.auth import BearerAuth, TokenInfo, appsecret_proof, inspect_token

NOW = datetime(2026, 11, 24, 15, 1, tzinfo=UTC)


def prepared(auth: BearerAuth) -> requests.PreparedRequest:
    url = "https://graph.facebook.com/v26.0/act_1/ads"
    return requests.Request("GET", url, params={"fields": "id,name"}, auth=auth).prepare()


def test_the_proof_is_the_hmac_that_meta_documents() -> None:
    # Vector from RFC 4231 test case 2: key "Jefe", data "what do ya want for nothing?".
    assert appsecret_proof("what do ya want for nothing?", "Jefe") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_the_token_is_in_the_header_and_nowhere_else() -> None:
    request = prepared(BearerAuth("tok-1"))
    assert request.headers["Authorization"] == "Bearer tok-1"
    assert "tok-1" not in (request.url or "")


def test_a_signed_call_carries_the_proof_once_and_keeps_its_parameters() -> None:
    auth = BearerAuth("tok-1", "secret")
    request = auth(prepared(auth))
    url = request.url or ""
    assert url.count("appsecret_proof=" + appsecret_proof("tok-1", "secret")) == 1
    assert "fields=id%2Cname" in url
    assert "secret" not in url.replace("appsecret_proof", "")


class Answers:
    """A session that answers one body."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body

    def get_json(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
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
