"""What no ad account lists: businesses of a token, people of an account, leads of its ads."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests_mock

from source_meta_ads.graph.errors import BadRequest, PermissionDenied, TransientError
from source_meta_ads.streams.below import Below
from unit_tests.graph.test_client import Door
from unit_tests.test_accounts import BUSY, DENIED, MISSING, NO_EDGE, SmallMeta


@pytest.fixture
def meta() -> Iterator[SmallMeta]:
    small = SmallMeta()
    with requests_mock.Mocker() as mocker:
        mocker.get(requests_mock.ANY, json=small.get)
        mocker.post("https://graph.facebook.com/v26.0/", json=small.post)
        yield small


def below(page_size: int = 50) -> Below:
    return Below(Door().session, "some_stream", page_size, logging.getLogger("test"))


def ad_set(key: str, **more: object) -> dict[str, object]:
    plain = {
        "optimization_goal": "LINK_CLICKS",
        "destination_type": "WEBSITE",
        "campaign": {"objective": "OUTCOME_SALES"},
    }
    return {"id": key, **plain, **more}


def test_businesses_come_over_all_pages(meta: SmallMeta) -> None:
    meta.edges["me/businesses"] = [{"id": str(n)} for n in range(5)]
    assert list(below().objects("token", None, ["id"], None)) == [{"id": str(n)} for n in range(5)]


def test_people_are_those_that_the_businesses_of_an_account_assigned_each_once(meta: SmallMeta) -> None:
    meta.nodes["act_1"] = {"id": "act_1", "business": {"id": "70"}}
    meta.edges["me/businesses"] = [{"id": "70"}, {"id": "71"}]
    meta.edges["act_1/assigned_users"] = [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    assert [row["id"] for row in below().objects("business", "1", ["id"], None)] == ["a", "b", "c"]
    asked = [params["business"] for path, params in zip(meta.asked, meta.params, strict=True) if "assigned" in path]
    assert set(asked) == {"70", "71"}


def test_the_businesses_of_a_token_are_asked_for_once_for_all_accounts(meta: SmallMeta) -> None:
    meta.edges["me/businesses"] = [{"id": "70"}]
    reads = below()
    for account_id in ("1", "2", "3"):
        meta.nodes[f"act_{account_id}"] = {"id": f"act_{account_id}"}
        meta.edges[f"act_{account_id}/assigned_users"] = [{"id": account_id}]
        assert list(reads.assigned_users(account_id, ["id"])) == [{"id": account_id}]
    assert meta.asked.count("me/businesses") == 1


def test_the_owner_of_an_account_is_asked_where_the_tokens_businesses_are_unknown(meta: SmallMeta) -> None:
    meta.nodes["act_1"] = {"id": "act_1", "business": {"id": "70"}}
    meta.edges |= {"me/businesses": DENIED, "act_1/assigned_users": [{"id": "a"}]}
    assert [row["id"] for row in below().assigned_users("1", ["id"])] == ["a"]


def test_an_account_without_a_business_has_nobody_assigned(meta: SmallMeta) -> None:
    meta.nodes["act_1"] = {"id": "act_1"}
    assert list(below().assigned_users("1", ["id"])) == []


def test_people_that_no_business_may_be_asked_for_are_a_refusal(meta: SmallMeta) -> None:
    meta.nodes["act_1"] = {"id": "act_1", "business": {"id": "70"}}
    meta.edges |= {"me/businesses": [{"id": "71"}], "act_1/assigned_users": DENIED}
    with pytest.raises(PermissionDenied):
        list(below().assigned_users("1", ["id"]))


def test_a_business_that_has_nothing_to_do_with_an_account_costs_nothing_of_the_others(meta: SmallMeta) -> None:
    meta.nodes["act_1"] = {"id": "act_1", "business": {"id": "70"}}
    meta.edges |= {"me/businesses": [{"id": "71"}], "act_1/assigned_users": [{"id": "a"}]}
    meta.passing["act_1/assigned_users"] = [NO_EDGE]
    assert [row["id"] for row in below().assigned_users("1", ["id"])] == ["a"]


@pytest.mark.parametrize(
    "sign",
    [
        {"campaign": {"objective": "OUTCOME_LEADS"}}, {"campaign": {"objective": "LEAD_GENERATION"}},
        {"optimization_goal": "QUALITY_LEAD"}, {"destination_type": "ON_AD"}, {},
    ],
)  # fmt: skip
def test_ads_are_lead_ads_by_what_their_ad_sets_are_for(meta: SmallMeta, sign: dict[str, object]) -> None:
    meta.edges |= {"act_1/adsets": [ad_set("s1", **sign), ad_set("s2"), {"id": "s3"}], "act_1/ads": [{"id": "a1"}]}
    assert list(below().lead_ads("1")) == (["a1"] if sign else [])
    if sign:
        groups = json.loads(meta.params[-1]["filtering"])
        assert groups[0] == {"field": "adset.id", "operator": "IN", "value": ["s1"]}
        assert {"ARCHIVED", "DELETED", "PAUSED"} <= set(groups[1]["value"])
    assert meta.asked.count("act_1/ads") == (1 if sign else 0)


def test_where_deleted_objects_cannot_be_listed_the_others_are(meta: SmallMeta) -> None:
    meta.edges |= {"act_1/adsets": [ad_set("s1", destination_type="ON_AD")], "act_1/ads": [{"id": "a1"}]}
    meta.passing = {"act_1/adsets": [NO_EDGE], "act_1/ads": [NO_EDGE]}
    assert list(below().lead_ads("1")) == ["a1"]
    assert "DELETED" not in meta.params[-1]["filtering"]
    meta.passing = {"act_1/adsets": [NO_EDGE, NO_EDGE]}
    with pytest.raises(BadRequest):
        list(below().lead_ads("1"))


def with_leads(meta: SmallMeta, ads: int) -> None:
    meta.edges |= {
        "act_1/adsets": [ad_set("s1", optimization_goal="LEAD_GENERATION")],
        "act_1/ads": [{"id": str(n)} for n in range(ads)],
    }
    meta.edges |= {f"{n}/leads": [{"id": f"{n}-{each}"} for each in range(n % 4)] for n in range(ads)}


def test_every_lead_of_every_lead_ad_comes_in_a_few_requests(meta: SmallMeta) -> None:
    with_leads(meta, 120)
    found = [row["id"] for row in below().objects("ad", "1", ["id"], None)]
    assert found == [f"{n}-{each}" for n in range(120) for each in range(n % 4)]
    assert meta.batches == 3


def test_leads_after_a_moment_are_asked_for_with_a_filter(meta: SmallMeta) -> None:
    with_leads(meta, 1)
    list(below().leads("1", ["id"], datetime(2026, 11, 1, tzinfo=UTC)))
    assert json.loads(meta.params[-1]["filtering"]) == [
        {"field": "time_created", "operator": "GREATER_THAN", "value": 1793491200}
    ]


def test_an_ad_that_is_gone_by_now_has_no_leads_and_what_passes_is_asked_again(meta: SmallMeta) -> None:
    with_leads(meta, 4)
    meta.edges["2/leads"] = MISSING
    meta.passing["3/leads"] = [BUSY, BUSY]
    assert [row["id"] for row in below().leads("1", ["id"], None)] == ["1-0", "3-0", "3-1", "3-2"]


@pytest.mark.parametrize(("answer", "error"), [(DENIED, PermissionDenied), (BUSY, TransientError)])
def test_leads_that_cannot_be_read_end_the_stream_rather_than_be_missing(
    meta: SmallMeta, answer: object, error: type
) -> None:
    with_leads(meta, 4)
    meta.edges["3/leads"] = answer  # type: ignore[assignment]
    with pytest.raises(error):
        list(below().leads("1", ["id"], None))


@pytest.mark.parametrize(
    "words",
    ["(#100) Tried accessing nonexisting field (two_factor_type) on node type (Business)",
     "(#200) two_factor_type needs a permission"],
)  # fmt: skip
def test_a_field_that_is_refused_by_name_is_left_out_and_said(
    meta: SmallMeta, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    meta.edges["me/businesses"] = [{"id": "1"}]
    meta.passing["me/businesses"] = [(400, {"error": {"message": words, "code": int(words[2:5])}})]
    assert list(below().objects("token", None, ["id", "two_factor_type"], None)) == [{"id": "1"}]
    assert [params["fields"] for params in meta.params] == ["id,two_factor_type", "id"]
    assert "some_stream: two_factor_type left empty" in caplog.text


def test_a_refusal_that_names_no_field_is_one_of_the_stream(meta: SmallMeta) -> None:
    meta.edges["me/businesses"] = DENIED
    with pytest.raises(PermissionDenied):
        list(below().objects("token", None, ["id", "two_factor_type"], None))
    assert len(meta.asked) == 1
