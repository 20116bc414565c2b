"""Fields that Meta will remove, add or change: announced by a version to come, unannounced, or refused to a reader."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from integration_tests.conftest import WORLD
from integration_tests.graph_client import Client
from integration_tests.sandbox.futures import TYPES
from integration_tests.sandbox.scenario import load
from integration_tests.sandbox.server import Handle, serve_in_thread

V27: dict[str, Any] = {
    "name": "v27.0",
    "released": "2026-11-20",
    "remove": {"Campaign": ["special_ad_category"], "AdsInsights": ["cpp"]},
    "add": {
        "Campaign": {"brand_safety": {"type": "object", "value": {"level": "STRICT"}}, "score": {"type": "integer"}},
        "AdsInsights": {"attention_seconds": {"value": "12.5"}},
    },
    "retype": {
        "Campaign": {"daily_budget": "integer", "pacing_type": "string"},
        "AdCreative": {"name": "object"},
        "AdsInsights": {"impressions": "integer"},
        "AdActivity": {"extra_data": "object"},
    },
    "removed_breakdowns": ["country"],
}
V28 = {"name": "v28.0", "released": "2027-03-01", "remove": {"Campaign": ["score"]}, "add": {"Ad": {"mood": "calm"}}}
Served = Callable[..., Client]


@pytest.fixture
def served() -> Iterator[Served]:
    handles: list[Handle] = []

    def serve(**sections: Any) -> Client:
        clock = {"now": "2026-11-24T15:01:00Z", "speed": 0}
        handles.append(serve_in_thread({**WORLD, "clock": clock, "jobs": {"seconds": [0, 0]}, **sections}))
        return Client(handles[-1].url)

    yield serve
    for handle in handles:
        handle.stop()


def test_a_version_to_come_shows_its_fields_and_refuses_those_it_removed(served: Served) -> None:
    client = served(versions={"future": V27})
    fields = "id,name,daily_budget,pacing_type,created_time"
    old = client.every("v26.0/act_1001/campaigns", fields=fields)
    new = client.every("v27.0/act_1001/campaigns", fields=f"{fields},brand_safety,score")
    for before, now in zip(old, new, strict=True):
        expected = {**before, "brand_safety": {"level": "STRICT"}, "score": 5, "pacing_type": "['standard']"}
        if "daily_budget" in before:
            expected["daily_budget"] = int(before["daily_budget"])
        assert now == expected
    for version, name in (("v27.0", "special_ad_category"), ("v26.0", "brand_safety")):
        error = client.error(f"{version}/act_1001/campaigns", fields=f"id,{name}")
        message = f"(#100) Tried accessing nonexisting field ({name}) on node type (Campaign)"
        assert (error["code"], error["message"]) == (100, message)
    node = client.get(f"v27.0/{old[0]['id']}", fields="brand_safety{level}")
    assert node == {"id": old[0]["id"], "brand_safety": {"level": "STRICT"}}
    ad = client.get("v27.0/act_1001/ads", fields="creative{name}", limit=1)["data"][0]
    assert list(ad["creative"]["name"]) == ["value"]
    activity = client.get("v27.0/act_1001/activities", fields="extra_data", since="2026-11-01")["data"][0]
    assert isinstance(activity["extra_data"], dict)
    true = client.control("truth/campaigns?account_id=1001&version=v27.0")["data"]
    named = {*fields.split(","), "brand_safety", "score"}
    assert [{name: row[name] for name in row if name in named} for row in true] == new[::-1]
    assert all("special_ad_category" not in row for row in true)


def test_a_version_to_come_changes_insights_too(served: Served) -> None:
    client = served(versions={"future": V27})
    asked = {"fields": "campaign_id,impressions,spend", "level": "campaign", "date_preset": "last_7d"}
    old = client.every("v26.0/act_1001/insights", **asked)
    new = client.every("v27.0/act_1001/insights", **{**asked, "fields": f"{asked['fields']},attention_seconds"})
    assert new == [{**row, "impressions": int(row["impressions"]), "attention_seconds": "12.5"} for row in old]
    assert len(old) > 1
    headers = {"Authorization": "Bearer tok-all"}
    form = {**asked, "fields": "impressions,attention_seconds"}
    run = requests.post(f"{client.url}/v27.0/act_1001/insights", form, headers=headers, timeout=10).json()
    client.get(f"v27.0/{run['report_run_id']}")
    rows = client.every(f"v27.0/{run['report_run_id']}/insights")
    assert {type(row["impressions"]) for row in rows} == {int}
    assert "cpp is not valid for fields param" in client.error("v27.0/act_1001/insights", fields="cpp")["message"]
    assert "attention_seconds" in client.error("v26.0/act_1001/insights", fields="attention_seconds")["message"]
    error = client.error("v27.0/act_1001/insights", breakdowns="country")
    assert error["message"].startswith("(#100) breakdowns[0] must be one of the following values:")
    assert " country" not in error["message"]
    assert client.get("v26.0/act_1001/insights", breakdowns="country")["data"]
    body = {"account_id": "1001", "level": "campaign", "since": "2026-11-17", "until": "2026-11-23",
            "time_increment": "all_days", "fields": ["campaign_id", "impressions", "spend", "attention_seconds"],
            "version": "v27.0", "all_statuses": False}  # fmt: skip
    assert client.control("truth/insights", **body)["data"] == new


def test_versions_to_come_follow_each_other_and_end_an_older_one(served: Served) -> None:
    client = served(versions={"future": [V27, V28], "expire": {"v26.0": "2027-01-31"}})
    assert client.error("v28.0/act_1001")["message"] == "Unknown path components: /v28.0"
    client.control("clock", set="2027-03-02T00:00:00Z")
    assert client.get("v28.0/act_1001/campaigns", fields="brand_safety", limit=1)["data"][0]["brand_safety"]
    assert client.error("v28.0/act_1001/campaigns", fields="score")["code"] == 100
    assert client.get("v28.0/act_1001/ads", fields="mood", limit=1)["data"][0]["mood"] == "calm"
    answer = client.answer("v26.0/act_1001")
    assert answer.headers["X-Ad-Api-Version-Warning"].endswith("auto-upgraded to v25.0 as v26.0 has been deprecated")
    client.control("reset", **{**WORLD, "clock": {"now": "2027-03-02T00:00:00Z"}, "versions": {
        "auto_upgrade": False, "future": V27, "expire": {"v26.0": "2027-01-31"}}})  # fmt: skip
    assert client.error("v26.0/act_1001")["code"] == 2635


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ({"future": {**V27, "name": "27"}}, "versions.future.name: '27'"),
        ({"future": {"name": "v27.0"}}, "versions.future.released: missing"),
        ({"future": {**V27, "removes": {}}}, "versions.future.removes"),
        ({"future": {**V27, "remove": {"Campaigns": []}}}, "versions.future.remove.Campaigns"),
        ({"future": {**V27, "retype": {"Ad": {"id": "int"}}}}, "Ad.id: 'int' is not one of"),
        ({"future": {**V27, "add": {"Ad": {"x": {"type": "blob"}}}}}, "Ad.x: 'blob' is not one of"),
        ({"future": [V28, V27]}, r"versions.future\[1\].name: v27.0 does not come after v28.0"),
        ({"expire": {"v26.0": "soon"}}, "versions.expire.v26.0"),
    ],
)
def test_a_future_that_cannot_be_is_named(versions: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load({"versions": versions})


def test_every_type_can_be_made_from_every_value() -> None:
    kinds = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict}
    for name, kind in kinds.items():
        for value in ("12", "a", 3, 2.5, True, [1], {"a": 1}):
            assert type(TYPES[name](value)) is kind


# Unannounced


def test_drift_at_the_same_version_adds_drops_and_retypes_without_being_asked(served: Served) -> None:
    drift = {"kind": "drift", "edge": ["campaigns", "insights"], "add": {"surprise": [1]}, "remove": ["spend"],
             "retype": {"daily_budget": "number", "impressions": "integer"}}  # fmt: skip
    fields = "id,name,daily_budget"
    client = served()
    before = client.every("v26.0/act_1001/campaigns", fields=fields)
    rows = client.every("v26.0/act_1001/insights", fields="impressions,spend", time_increment="1")
    client.control("faults", add=[drift])
    for old, new in zip(before, client.every("v26.0/act_1001/campaigns", fields=fields), strict=True):
        budget = {"daily_budget": int(old["daily_budget"]) + 0.5} if "daily_budget" in old else {}
        assert new == {**old, "surprise": [1], **budget}
    found = client.every("v26.0/act_1001/insights", fields="impressions,spend", time_increment="1")
    for old, new in zip(rows, found, strict=True):
        del old["spend"]
        assert new == {**old, "impressions": int(old["impressions"]), "surprise": [1]}


# Refused


def test_a_field_can_be_refused_of_every_object(served: Served) -> None:
    client = served(faults=[{"kind": "field_refused", "edge": ["adsets", "ads"], "fields": ["targeting"]}])
    for edge, fields in (("adsets", "id,targeting"), ("ads", "adset{targeting}")):
        error = client.error(f"v26.0/act_1001/{edge}", fields=fields)
        assert (error["status"], error["code"], error["type"]) == (403, 200, "OAuthException")
        assert error["message"] == "(#200) Requires business_management permission to manage the object"
    assert client.get("v26.0/act_1001/adsets", fields="id,name")["data"]
    assert client.get("v26.0/act_1001/adcreatives", fields="id,name")["data"]


@pytest.mark.parametrize("subcode", [2446211, 1443048])
def test_a_field_can_be_refused_of_one_object(served: Served, subcode: int) -> None:
    client = served()
    every = [row["id"] for row in client.every("v26.0/act_1001/adcreatives")]
    client.control("faults", add=[{"kind": "field_refused", "fields": "object_story_spec", "ids": [every[3]],
                                   "code": 100, "subcode": subcode}])  # fmt: skip
    for path, limit in (("act_1001/adcreatives", 5), (every[3], 1)):
        error = client.error(f"v26.0/{path}", fields="name,object_story_spec", limit=limit)
        assert (error["status"], error["code"], error["error_subcode"]) == (400, 100, subcode)
        assert error["message"] == "Invalid parameter"
    assert len(client.get("v26.0/act_1001/adcreatives", fields="object_story_spec", limit=3)["data"]) == 3
    assert client.get(f"v26.0/{every[2]}", fields="object_story_spec")
    assert client.get(f"v26.0/{every[3]}", fields="name")
    item = {"method": "GET", "relative_url": f"v26.0/{every[3]}?fields=object_story_spec"}
    other = {"method": "GET", "relative_url": f"v26.0/{every[2]}?fields=object_story_spec"}
    assert [row["code"] for row in client.batch(item, other)] == [400, 200]
    ads = client.every("v26.0/act_1001/ads", fields="creative{id}")
    owner = next((ad["id"] for ad in ads if ad["creative"]["id"] == every[3]), None)
    if owner is not None:
        assert client.error(f"v26.0/{owner}", fields="creative{object_story_spec}")["error_subcode"] == subcode


def test_a_field_can_be_refused_of_a_share_of_objects_always_the_same(served: Served) -> None:
    client = served()
    rule = {"kind": "field_refused", "fields": ["body"], "share": 0.4, "code": 10}
    client.control("faults", add=[rule])
    ids = [row["id"] for row in client.every("v26.0/act_1001/adcreatives")]
    codes = [client.answer(f"v26.0/{each}", fields="body").status_code for each in ids]
    assert {200, 403} == set(codes)
    assert codes == [client.answer(f"v26.0/{each}", fields="body").status_code for each in ids]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "field_refused"}, "faults[0].fields: missing"),
        ({"kind": "redirect"}, "faults[0].to: missing"),
        ({"kind": "oversize"}, "faults[0].bytes: missing"),
        ({"kind": "oversize", "bytes": "many"}, "faults[0].bytes: 'many'"),
        ({"kind": "drift", "retype": {"spend": "int"}}, "spend: 'int' is not one of"),
        ({"kind": "drift", "drop": ["spend"]}, "faults[0].drop: unknown"),
    ],
)
def test_a_rule_that_cannot_be_is_named(served: Served, rule: dict[str, Any], words: str) -> None:
    client = served()
    answer = requests.post(f"{client.url}/_sandbox/faults", json=[rule], timeout=10)
    assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text


def test_a_scenario_is_not_changed_by_being_served(served: Served) -> None:
    versions = {"future": copy.deepcopy(V27)}
    served(versions=versions).get("v27.0/act_1001/campaigns")
    assert json.dumps(versions) == json.dumps({"future": V27})
