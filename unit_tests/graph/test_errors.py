"""Every way the Graph API says no, told apart by code, then words, then status."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.graph.classify import classify, classify_report_run, policy_for
from source_meta_ads.graph.errors import (
    AuthError,
    BadRequest,
    CursorExpired,
    GraphError,
    NotFound,
    PermissionDenied,
    RateLimited,
    TooMuchData,
    TransientError,
    VersionExpired,
)

CASES: list[tuple[int, int | None, str, int, type[GraphError], str]] = [
    (1, None, "Please reduce the amount of data you're asking for, then retry your request", 500, TooMuchData, ""),
    (1, None, "An unknown error occurred", 500, TransientError, ""),
    (1, 99, "An unknown error occurred", 500, TransientError, ""),
    (1, 2853001, "profile is not linked to delegate page", 400, PermissionDenied, ""),
    (2, None, "Service temporarily unavailable", 500, TransientError, ""),
    (2, 1504038, "Request Timed Out", 400, TooMuchData, ""),
    (2, 1504041, "Invalid Breakdowns", 400, BadRequest, ""),
    (-2, 2490547, "Report Failed", 200, TransientError, ""),
    (-3, 1504045, "Report Too Large", 200, TooMuchData, ""),
    (3, None, "Capability", 400, PermissionDenied, ""),
    (4, None, "Application request limit reached", 403, RateLimited, "app"),
    (4, 1504022, "There have been too many calls from this app", 400, RateLimited, "app_insights"),
    (10, None, "Application does not have permission", 403, PermissionDenied, ""),
    (17, None, "User request limit reached", 400, RateLimited, "user"),
    (17, 2446079, "User request limit reached", 400, RateLimited, "account"),
    (32, None, "Page request limit reached", 400, RateLimited, "page"),
    (100, None, "(#100) Tried accessing nonexisting field (x)", 400, BadRequest, ""),
    (100, None, "(#100) Missing permissions", 400, PermissionDenied, ""),
    (100, None, "(#100) Cannot include spend in summary param because they weren't there", 400, TransientError, ""),
    (100, None, "Invalid appsecret_proof provided in the API argument", 400, AuthError, ""),
    (100, 33, "Unsupported get request", 400, NotFound, ""),
    (100, 1487534, "Please reduce the amount of data", 400, TooMuchData, ""),
    (100, 1504018, "Request timed out", 400, TooMuchData, ""),
    (100, 3191001, "Permission Error", 400, PermissionDenied, ""),
    (102, None, "API Session", 400, AuthError, ""),
    (190, None, "Invalid OAuth 2.0 Access Token", 400, AuthError, ""),
    (190, 463, "Session has expired", 400, AuthError, ""),
    (190, 99999, "something new", 400, AuthError, ""),
    (200, None, "Requires business_management", 403, PermissionDenied, ""),
    (275, None, "one of the permission codes", 400, PermissionDenied, ""),
    (294, None, "needs ads_management", 400, PermissionDenied, ""),
    (341, None, "Application limit reached", 400, RateLimited, "app"),
    (368, None, "Temporarily blocked", 400, RateLimited, "app"),
    (613, None, "exceeded the rate limit", 400, RateLimited, "app"),
    (613, 1487742, "too many calls from this ad-account", 400, RateLimited, "account"),
    (960, None, "batch timed out", 400, TransientError, ""),
    (2500, None, "Error parsing graph query", 400, BadRequest, ""),
    (2635, None, "You are calling a deprecated version", 400, VersionExpired, ""),
    (2642, None, "Invalid cursors values", 400, CursorExpired, ""),
    (3018, None, "The start date of the time range cannot be beyond 37 months", 400, BadRequest, ""),
    (5000, None, "Unknown error code", 400, TransientError, ""),
    (80000, 2446079, "too many calls from this ad-account", 400, RateLimited, "buc:ads_insights"),
    (80003, 2446079, "too many calls from this ad-account", 400, RateLimited, "buc:custom_audience"),
    (80004, 2446079, "too many calls from this ad-account", 400, RateLimited, "buc:ads_management"),
    (80014, None, "There have been too many calls", 400, RateLimited, "buc:catalog_batch"),
]


def body(code: int | None, subcode: int | None = None, message: str = "", **more: Any) -> bytes:
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "fbtrace_id": "Axyz", **more}
    if code is not None:
        error["code"] = code
    if subcode is not None:
        error["error_subcode"] = subcode
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(("code", "subcode", "message", "status", "kind", "scope"), CASES)
def test_codes_decide_the_class(
    code: int, subcode: int | None, message: str, status: int, kind: type[GraphError], scope: str
) -> None:
    error = classify(status, body(code, subcode, message))
    assert type(error) is kind
    assert error.scope == scope
    assert error.fix
    assert error.fbtrace_id == "Axyz"


def test_an_error_in_a_200_is_an_error() -> None:
    assert isinstance(classify(200, body(190)), AuthError)


def test_codes_in_strings_are_read() -> None:
    assert isinstance(classify(400, b'{"error": {"code": "190", "message": "x"}}'), AuthError)


def test_words_decide_where_the_code_is_missing_or_new() -> None:
    assert isinstance(classify(500, body(None, message="Please reduce the amount of data")), TooMuchData)
    limited = classify(400, body(91234, message="There have been too many calls to this thing"))
    assert isinstance(limited, RateLimited)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthError), (403, PermissionDenied), (404, NotFound), (400, BadRequest), (429, RateLimited),
        (500, TransientError), (502, TransientError), (503, TransientError), (302, TransientError),
    ],
)  # fmt: skip
def test_the_status_decides_where_the_body_says_nothing(status: int, kind: type[GraphError]) -> None:
    for content in (b"", None, b"<html>Sorry</html>", b'{"error": "x"', b"[]", b"null"):
        assert type(classify(status, content)) is kind


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"data": [{"id": "1"', b"7"])
def test_a_200_that_is_no_complete_object_is_a_passing_failure(content: bytes) -> None:
    assert isinstance(classify(200, content), TransientError)


@pytest.mark.parametrize("content", [b'{"data": []}', b"{}", b'{"error": null, "data": []}', b"[]"])
def test_a_complete_200_is_a_success(content: bytes) -> None:
    assert classify(200, content) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(status=st.integers(100, 599), error=JSON, wrap=st.booleans())
def test_no_body_crashes_the_classifier(status: int, error: Any, wrap: bool) -> None:
    content = json.dumps({"error": error} if wrap else error).encode()
    verdict = classify(status, content)
    assert verdict is None or str(verdict)


@given(status=st.integers(100, 599), content=st.binary(max_size=200))
def test_no_bytes_crash_the_classifier(status: int, content: bytes) -> None:
    verdict = classify(status, content)
    assert verdict is None or str(verdict)


def test_the_message_names_account_call_code_meaning_fix_and_trace() -> None:
    error = classify(400, body(190, 463, "Session has expired"))
    assert error is not None
    assert str(error.at("GET", "campaigns", "123")) == (
        "account act_123 · GET campaigns · (#190/463) the access token has expired (Meta says: Session has expired): "
        "generate a new token, or use a system-user token that does not expire [fbtrace_id Axyz]"
    )


def test_a_failed_run_says_why_and_one_without_a_reason_may_be_submitted_again() -> None:
    too_large = {"async_status": "Job Failed", "error_code": -3, "error_subcode": 1504045, "error_message": "x"}
    assert isinstance(classify_report_run(too_large), TooMuchData)
    assert isinstance(classify_report_run({"async_status": "Job Failed"}), TransientError)
    assert isinstance(classify_report_run({"async_status": "Job Skipped"}), TransientError)
    for status in ("Job Not Started", "Job Started", "Job Running", "Job Completed", "Job Something New"):
        assert classify_report_run({"async_status": status}) is None


def test_only_limits_and_passing_failures_are_tried_again() -> None:
    retried = {kind for kind in GraphError.__subclasses__() if policy_for(kind()).retry}
    assert retried == {RateLimited, TransientError}


def test_errors_survive_pickling() -> None:
    error = RateLimited(message="x", code=17, scope="user", account_id="1")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.__dict__) == (RateLimited, error.__dict__)
