"""No secret in any text, however it is written down."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.telemetry.redact import MASK, Redactor

TOKEN = "EAAB/tok+en=="


@pytest.mark.parametrize(
    "text",
    [
        f"Bearer {TOKEN}",
        f"https://graph.facebook.com/v26.0/x?access_token={quote(TOKEN, safe='')}&limit=25",
        json.dumps({"headers": {"Authorization": f"Bearer {TOKEN}"}}),
        f"token {TOKEN!r} in a sentence",
    ],
)
def test_a_known_secret_is_masked_in_every_form(text: str) -> None:
    masked = Redactor([TOKEN]).redact(text)
    assert TOKEN not in masked
    assert quote(TOKEN, safe="") not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "paging https://graph.facebook.com/v26.0/x?access_token=unknown123&limit=25",
        '{"access_token": "unknown123"}',
        "client_secret=unknown123",
        "appsecret_proof=unknown123",
        "input_token%3Dunknown123",
        "Authorization: Bearer unknown123",
    ],
)
def test_what_stands_where_a_secret_stands_is_masked_though_unknown(text: str) -> None:
    masked = Redactor([]).redact(text)
    assert "unknown123" not in masked
    assert "limit=25" in masked or "limit" not in text


def test_a_secret_that_starts_another_leaves_no_rest() -> None:
    assert Redactor(["abc", "abcdef"]).redact("x abcdef y") == f"x {MASK} y"


@given(st.text(min_size=6), st.text(), st.text())
def test_a_secret_never_survives(secret: str, before: str, after: str) -> None:
    if secret not in MASK + before + after:
        assert secret not in Redactor([secret]).redact(f"{before}\n{secret}\n{after}")


def test_logs_are_masked_with_arguments_and_stack_traces(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("test.redact")
    caplog.handler.addFilter(Redactor([TOKEN]).filter())
    try:
        raise ValueError(f"no luck with {TOKEN}")
    except ValueError:
        logger.exception("asked with %s", TOKEN)
    assert TOKEN not in caplog.text
    assert "no luck with" in caplog.text
