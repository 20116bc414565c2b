"""A request as it is spoken of, and its parameters on the wire."""

from __future__ import annotations

import pytest
import requests

from source_meta_ads.graph.auth import BearerAuth
from source_meta_ads.graph.call import describe, encode_params


@pytest.mark.parametrize(
    ("path", "edge", "account"),
    [
        ("act_1/campaigns", "campaigns", "1"),
        ("act_1", "ad account", "1"),
        ("6023920149050", "object", None),
        ("6023920149050/insights", "insights", None),
        ("me/adaccounts", "adaccounts", None),
        ("debug_token", "debug_token", None),
    ],
)
def test_a_call_is_described_by_its_path(path: str, edge: str, account: str | None) -> None:
    request = requests.Request("GET", f"https://graph.facebook.com/v26.0/{path}?x=1").prepare()
    assert (describe(request).edge, describe(request).account_id) == (edge, account)


def test_parameters_are_encoded_as_graph_reads_them() -> None:
    assert encode_params(
        {
            "fields": ["id", "name"],
            "limit": 5,
            "summary": True,
            "level": "ad",
            "after": None,
            "filtering": [{"field": "ad.id", "operator": "IN", "value": ["1"]}],
            "time_range": {"since": "2026-11-01", "until": "2026-11-02"},
        }
    ) == {
        "fields": "id,name",
        "limit": "5",
        "summary": "true",
        "level": "ad",
        "filtering": '[{"field":"ad.id","operator":"IN","value":["1"]}]',
        "time_range": '{"since":"2026-11-01","until":"2026-11-02"}',
    }


def hash_of(path: str, token: str = "tok-1", method: str = "GET", version: str = "v26.0", **asked: str) -> str | None:
    place = {"params": asked} if method == "GET" else {"data": asked}
    request = requests.Request(method, f"https://graph.facebook.com/{version}/{path}", **place)
    return describe(BearerAuth(token, "secret")(request.prepare())).log_fields()["query"]


def test_pages_and_tokens_make_no_other_query() -> None:
    first = hash_of("act_1/ads", fields="id,name", limit="200")
    assert first is not None
    assert len(first) == 12
    assert hash_of("act_1/ads", token="tok-2", limit="50", after="abc", fields="id,name") == first


@pytest.mark.parametrize(
    "other",
    [
        hash_of("act_1/ads", fields="id"),
        hash_of("act_2/ads", fields="id,name"),
        hash_of("act_1/campaigns", fields="id,name"),
        hash_of("act_1/ads", fields="id,name", version="v25.0"),
        hash_of("act_1/ads", fields="id,name", effective_status="PAUSED"),
    ],
)
def test_whatever_else_is_asked_makes_another_query(other: str) -> None:
    assert other != hash_of("act_1/ads", fields="id,name")


def test_a_query_in_a_body_counts_like_one_in_a_url() -> None:
    assert hash_of("act_1/insights", method="POST", level="ad") == hash_of("act_1/insights", level="ad")
    assert hash_of("act_1/insights", method="POST", level="ad") != hash_of("act_1/insights", method="POST")
