"""The sandbox as a Graph API over plain HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from integration_tests.conftest import WORLD
from integration_tests.graph_client import Client
from integration_tests.sandbox.fields import NODE_OF_KIND, node_fields
from integration_tests.sandbox.listings import ACCOUNT_EDGES
from integration_tests.sandbox.objects import Objects
from integration_tests.sandbox.scenario import load
from integration_tests.sandbox.server import Handle, serve_in_thread
from integration_tests.sandbox.world import World

BUSINESS = "1500000000000001"
SCENARIO: dict[str, Any] = {
    **WORLD,
    "tokens": [
        *WORLD["tokens"],  # type: ignore[misc]
        {"token": "tok-biz", "app_id": "88", "app_secret": "app-secret-88",
         "scopes": ["ads_read", "business_management"]},
        {"token": "tok-none", "scopes": ["pages_read_engagement"]},
    ],
    "businesses": [{"id": BUSINESS, "name": "Holding", "owned": ["1001"], "client": ["1002"]}],
    "accounts": [
        *WORLD["accounts"],  # type: ignore[misc]
        {"count": 500, "template": {"campaigns": 1000, "timezone": ["UTC", "Asia/Tokyo"]}},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def handle() -> Iterator[Handle]:
    handle = serve_in_thread(SCENARIO)
    yield handle
    handle.stop()


@pytest.fixture
def client(handle: Handle) -> Client:
    requests.post(f"{handle.url}/_sandbox/reset", json=SCENARIO, timeout=30).raise_for_status()
    return Client(handle.url)


def updated_since(level: str, unix: int) -> list[dict[str, Any]]:
    return [{"field": f"{level}.updated_time", "operator": "GREATER_THAN", "value": unix}]


# objects, fields, pages


@pytest.mark.parametrize("edge", [edge for edge in ACCOUNT_EDGES if edge != "activities"])
def test_every_edge_pages_through_what_the_truth_holds(client: Client, edge: str) -> None:
    true = client.control(f"truth/{edge}?account_id=1001")["data"]
    found = client.every(f"v26.0/act_1001/{edge}", limit=2)
    assert sorted(row["id"] for row in found) == sorted(row["id"] for row in true)
    assert len(found) > 0
    assert all(set(row) == {"id"} for row in found)


@pytest.mark.parametrize("edge", [edge for edge in ACCOUNT_EDGES if edge != "activities"])
def test_every_field_of_an_object_can_be_asked_for_and_is_in_the_reference(client: Client, edge: str) -> None:
    for row in client.control(f"truth/{edge}?account_id=1002")["data"]:
        known = node_fields(NODE_OF_KIND[ACCOUNT_EDGES[edge]], "v26.0").names
        asked = sorted(set(row) & known)
        assert set(row) - known <= {"account_id"}
        assert client.get(f"v26.0/{row['id']}", fields=",".join(asked)) == {name: row[name] for name in (*asked, "id")}


def test_ids_are_strings_beyond_a_float_and_times_are_local(client: Client) -> None:
    row = client.get("v26.0/act_1002/ads", fields="id,created_time,updated_time,account_id", limit=1)["data"][0]
    assert isinstance(row["id"], str)
    assert int(row["id"]) > 2**53
    assert row["account_id"] == "1002"
    assert row["created_time"].endswith("+0900")
    audience = client.get("v26.0/act_1002/customaudiences", fields="time_updated", limit=1)["data"][0]
    assert isinstance(audience["time_updated"], int)


def test_nested_fields_reach_other_objects_and_plain_json(client: Client) -> None:
    fields = "name,creative{id,title,object_story_spec{page_id}},adset{name,campaign{name}}"
    row = client.get("v26.0/act_1001/ads", fields=fields, limit=1)["data"][0]
    assert set(row) == {"id", "name", "creative", "adset"}
    assert set(row["creative"]) == {"id", "title", "object_story_spec"}
    assert set(row["creative"]["object_story_spec"]) == {"page_id"}
    assert (
        row["adset"]["campaign"]["name"] == client.get(f"v26.0/{row['adset']['campaign']['id']}", fields="name")["name"]
    )


def test_an_edge_can_be_asked_for_as_a_field(client: Client) -> None:
    body = client.get("v26.0/act_1001", fields="name,ads.limit(2){id,creative{title}}")
    assert len(body["ads"]["data"]) == 2
    rest = requests.get(body["ads"]["paging"]["next"], timeout=30).json()
    assert {"id", "creative"} == set(rest["data"][0])


@pytest.mark.parametrize(
    ("path", "fields", "code", "words"),
    [
        ("act_1001/campaigns", "id,nope", 100, "nonexisting field (nope) on node type (Campaign)"),
        ("act_1001/ads", "creative{nope}", 100, "nonexisting field (nope) on node type (AdCreative)"),
        ("act_1001/adsets", "id,{", 2500, "Syntax error"),
        ("act_1001/adwords", "id", 2500, "Unknown path components: /adwords"),
        ("120499999000000000", "id", 100, "does not exist"),
    ],
)
def test_what_does_not_exist_is_refused(client: Client, path: str, fields: str, code: int, words: str) -> None:
    error = client.error(f"v26.0/{path}", fields=fields)
    assert (error["status"], error["code"]) == (400, code)
    assert words in error["message"]
    assert error["fbtrace_id"]


def test_a_field_of_v26_is_unknown_in_v25(client: Client) -> None:
    client.get("v26.0/act_1001/campaigns", fields="bid_constraints")
    assert client.error("v25.0/act_1001/campaigns", fields="bid_constraints")["code"] == 100


def test_pages_keep_their_place_while_the_account_grows(client: Client) -> None:
    first = client.get("v26.0/act_1001/ads", limit=5)
    client.control("clock", advance_days=30)
    rest = client.every("v26.0/act_1001/ads", limit=5, after=first["paging"]["cursors"]["after"])
    ids = [row["id"] for row in (*first["data"], *rest)]
    assert len(ids) == len(set(ids))
    back = client.get("v26.0/act_1001/ads", limit=5, before=first["paging"]["cursors"]["before"])
    assert not {row["id"] for row in back["data"]} & set(ids)


def test_the_next_link_carries_the_token_and_leads_on(client: Client) -> None:
    first = client.get("v26.0/act_1001/ads", limit=3, summary="total_count")
    assert first["summary"]["total_count"] == len(client.every("v26.0/act_1001/ads"))
    assert "access_token=tok-all" in first["paging"]["next"]
    second = requests.get(first["paging"]["next"], timeout=30).json()
    assert not {row["id"] for row in first["data"]} & {row["id"] for row in second["data"]}
    assert client.error("v26.0/act_1001/ads", after="bm9uc2Vuc2U")["code"] == 2642
    assert client.error("v26.0/act_1001/ads", limit="many")["code"] == 100


# statuses, filters, time


def test_archived_and_deleted_come_only_when_asked_for(client: Client) -> None:
    everything = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "CAMPAIGN_PAUSED", "ADSET_PAUSED", "WITH_ISSUES",
                  "DISAPPROVED", "PENDING_REVIEW"]  # fmt: skip
    asked = client.every("v26.0/act_1001/ads", fields="effective_status", effective_status=everything)
    gone = {row["id"] for row in asked if row["effective_status"] in {"ARCHIVED", "DELETED"}}
    assert gone
    assert {row["id"] for row in client.every("v26.0/act_1001/ads")} == {row["id"] for row in asked} - gone
    only = [{"field": "ad.effective_status", "operator": "IN", "value": ["DELETED", "ARCHIVED"]}]
    assert {row["id"] for row in client.every("v26.0/act_1001/ads", filtering=only)} == gone


@pytest.mark.parametrize(("edge", "level"), [("campaigns", "campaign"), ("adsets", "adset"), ("ads", "ad")])
@pytest.mark.parametrize("days", [1, 6, 45])
def test_reading_what_was_updated_since_brings_a_copy_up_to_date(
    client: Client, edge: str, level: str, days: int
) -> None:
    fields = ",".join(sorted(set(client.control(f"truth/{edge}?account_id=1001")["data"][0]) - {"campaign", "adset"}))
    held = {row["id"]: row for row in client.every(f"v26.0/act_1001/{edge}", fields=fields)}
    since = int(datetime.fromisoformat(client.control("clock")["now"]).timestamp())
    client.control("clock", advance_days=days)
    changed = client.every(f"v26.0/act_1001/{edge}", fields=fields, filtering=updated_since(level, since))
    held |= {row["id"]: row for row in changed}
    now = {row["id"]: row for row in client.every(f"v26.0/act_1001/{edge}", fields=fields)}
    assert held == now
    assert changed or days == 1
    assert len(changed) < len(now) or days > 5


@pytest.mark.parametrize("edge", ["adcreatives", "customaudiences", "adimages", "advideos"])
def test_edges_without_an_updated_filter_refuse_it(client: Client, edge: str) -> None:
    error = client.error(f"v26.0/act_1001/{edge}", filtering=updated_since("ad", 1))
    assert (error["code"], error["type"]) == (100, "OAuthException")


@pytest.mark.parametrize(
    "params",
    [
        {"filtering": [{"field": "ad.updated_time", "operator": "NEWER", "value": 1}]},
        {"filtering": [{"field": "ad.colour", "operator": "EQUAL", "value": "red"}]},
        {"filtering": [{"field": "ad.effective_status", "operator": "IN", "value": ["RUNNING"]}]},
        {"filtering": "no list"},
        {"effective_status": ["RUNNING"]},
        {"date_preset": "someday"},
        {"time_range": {"since": "2026-11-02", "until": "yesterday"}},
        {"updated_since": "tuesday"},
        {"date_format": "U"},
        {"ids": "1,2"},
    ],
)
def test_a_parameter_value_that_is_unknown_is_refused(client: Client, params: dict[str, Any]) -> None:
    assert client.error("v26.0/act_1001/ads", **params)["code"] == 100


def test_activities_cover_the_time_asked_for_newest_first(client: Client) -> None:
    rows = client.every(
        "v26.0/act_1001/activities", fields="event_time,object_id", since="2026-10-01", until="2026-11-01"
    )
    times = [row["event_time"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert "2026-10-01" <= times[-1] < times[0] < "2026-11-01T00:00:01"
    assert client.get(f"v26.0/{rows[0]['object_id']}")["id"] == rows[0]["object_id"]


def test_nothing_changes_but_by_the_clock_and_the_same_seed_is_the_same_world(client: Client) -> None:
    before = client.control("truth/ads?account_id=1001")["data"]
    assert client.control("truth/ads?account_id=1001")["data"] == before
    client.control("clock", advance_days=20)
    after = client.control("truth/ads?account_id=1001")["data"]
    old = {row["id"]: row for row in before}
    assert [row for row in after if row["id"] not in old]
    assert [row for row in after if row["id"] in old and row != old[row["id"]]]
    assert all(row["name"] == old[row["id"]]["name"] for row in after if row["id"] in old)
    client.control("clock", set="2027-01-05T12:00:00Z")
    assert client.answer("v26.0/me").headers["Date"].startswith("Tue, 05 Jan 2027 12:00:")
    client.control("clock", set="2026-11-24T15:01:00Z")
    assert client.control("truth/ads?account_id=1001")["data"] == before


def test_a_world_of_a_thousand_ads_in_each_of_500_accounts_is_lazy() -> None:
    world = World(load(SCENARIO))
    assert len(world.accounts()) == 502
    account = world.accounts()[400]
    assert len(world.ads(account.id)) == 6000
    ad = world.ads(account.id)[5999]
    assert world.find(ad.id) == ad
    assert Objects(world).whole(ad)["campaign_id"] == world.campaign_of(ad).id


def test_archiving_rates_end_objects_after_the_start() -> None:
    raw = json.loads(json.dumps(SCENARIO))
    raw["accounts"][0]["changes"] = {"archive_rate": 0.05, "delete_rate": 0.05}
    handle = serve_in_thread(raw)
    try:
        client = Client(handle.url)
        before = {row["id"] for row in client.every("v26.0/act_1001/ads")}
        client.control("clock", advance_days=30)
        gone = before - {row["id"] for row in client.every("v26.0/act_1001/ads")}
        assert gone
        assert client.get(f"v26.0/{gone.pop()}", fields="status")["id"]
    finally:
        handle.stop()


def test_a_silent_edit_changes_an_object_and_not_its_updated_time() -> None:
    raw = json.loads(json.dumps(SCENARIO))
    raw["accounts"][0]["changes"] = {"silent_rate": 1, "edit_days": 3}
    world = World(load(raw))
    objects = Objects(world)
    before = {row["id"]: row for row in map(objects.whole, list(world.campaigns("1001")))}
    world.clock.advance(timedelta(days=10))
    after = [row for row in map(objects.whole, list(world.campaigns("1001"))) if row["id"] in before]
    assert any(row != before[row["id"]] for row in after)
    assert all(row["updated_time"] == before[row["id"]]["updated_time"] for row in after)


# tokens, versions


@pytest.mark.parametrize(
    ("token", "path", "expected"),
    [
        ("tok-wrong", "act_1001", (400, 190, None, "OAuthException")),
        ("tok-old", "act_1001", (400, 190, 463, "OAuthException")),
        (None, "act_1001", (400, 104, None, "OAuthException")),
        ("tok-signed", "act_1001", (400, 100, None, "GraphMethodException")),
        ("tok-none", "act_1001", (403, 200, None, "OAuthException")),
        ("tok-all", "act_9999", (400, 100, 33, "GraphMethodException")),
        ("tok-all", f"{BUSINESS}/owned_ad_accounts", (403, 200, None, "OAuthException")),
    ],
)
def test_a_token_without_the_right_is_refused(
    client: Client, token: str | None, path: str, expected: tuple[int, int, int | None, str]
) -> None:
    error = client.error(f"v26.0/{path}", token)
    assert (error["status"], error["code"], error.get("error_subcode"), error["type"]) == expected


def test_a_signed_call_reaches_its_own_accounts_alone(client: Client) -> None:
    proof = hmac.new(b"app-secret-77", b"tok-signed", hashlib.sha256).hexdigest()
    assert client.get("v26.0/act_1001", "tok-signed", appsecret_proof=proof)["id"] == "act_1001"
    assert client.error("v26.0/act_1002", "tok-signed", appsecret_proof=proof)["code"] == 200
    assert "Invalid appsecret_proof" in client.error("v26.0/act_1001", "tok-signed", appsecret_proof="00")["message"]


def test_a_token_in_the_query_or_the_body_works_and_the_journal_says_where_it_was(client: Client) -> None:
    client.answer("v26.0/act_1001", None, access_token="tok-all")
    requests.post(
        f"{client.url}/v26.0/act_1001/insights", data={"access_token": "tok-all", "fields": "spend"}, timeout=30
    )
    client.get("v26.0/act_1001")
    calls = client.control("journal")["data"]
    assert [call["token_in"] for call in calls] == ["query", "body", "header"]
    assert [call["n"] for call in client.control("journal?since=2")["data"]] == [3]
    assert "tok-all" not in json.dumps(calls)


def test_accounts_come_by_every_way_to_them(client: Client) -> None:
    assert [row["id"] for row in client.every("v26.0/me/adaccounts")] == ["act_1001", "act_1002"]
    me = client.get("v26.0/me")["id"]
    assert len(client.every(f"v26.0/{me}/assigned_ad_accounts")) == 2
    assert client.get("v26.0/me/businesses", "tok-biz")["data"][0]["id"] == BUSINESS
    for edge, account in (("owned_ad_accounts", "act_1001"), ("client_ad_accounts", "act_1002")):
        assert [row["id"] for row in client.get(f"v26.0/{BUSINESS}/{edge}", "tok-biz")["data"]] == [account]
    assert len(client.get("v26.0/me/adaccounts", "tok-biz", limit=1000)["data"]) == 502


def test_debug_token_and_exchange(client: Client) -> None:
    body = client.get("debug_token", "88|app-secret-88", input_token="tok-biz")["data"]
    assert (body["is_valid"], body["expires_at"], body["app_id"]) == (True, 0, "88")
    assert client.get("v26.0/debug_token", input_token="tok-old")["data"]["error"]["subcode"] == 463
    exchange = {"grant_type": "fb_exchange_token", "client_id": "88", "fb_exchange_token": "tok-biz"}
    fresh = client.get("oauth/access_token", client_secret="app-secret-88", **exchange)
    assert fresh["expires_in"] > 5_000_000
    assert client.get("v26.0/me/adaccounts", fresh["access_token"])["data"]
    assert "client secret" in client.error("oauth/access_token", client_secret="wrong", **exchange)["message"]


def test_an_expired_version_is_upgraded_with_a_warning_or_refused(client: Client) -> None:
    answer = client.answer("v24.0/act_1001")
    assert answer.headers["facebook-api-version"] == "v25.0"
    assert "auto-upgraded to v25.0 as v24.0" in answer.headers["X-Ad-Api-Version-Warning"]
    client.control("reset", **{**SCENARIO, "versions": {"auto_upgrade": False}})
    assert client.error("v24.0/act_1001")["code"] == 2635
    assert client.error("act_1001")["code"] == 2635
    assert client.error("v31.0/act_1001")["code"] == 2500
    assert client.get("v26.0/act_1001")["id"] == "act_1001"


# batch, control, process


def test_a_batch_answers_each_item_on_its_own(client: Client) -> None:
    good, bad, other, nobody = client.batch(
        {"method": "GET", "relative_url": "v26.0/act_1001?fields=name"},
        {"method": "GET", "relative_url": "act_1001/nope"},
        {"method": "GET", "relative_url": "act_1001/ads?limit=2", "access_token": "tok-biz"},
        {"method": "GET", "relative_url": "act_1001", "access_token": "tok-wrong"},
    )
    assert json.loads(good["body"]) == {"name": "West", "id": "act_1001"}
    assert any(header["name"].lower() == "x-ad-account-usage" for header in good["headers"])
    assert (bad["code"], json.loads(bad["body"])["error"]["code"]) == (400, 2500)
    assert len(json.loads(other["body"])["data"]) == 2
    assert json.loads(nobody["body"])["error"]["code"] == 190
    assert [call["edge"] for call in client.control("journal")["data"]] == [
        "ad account",
        "nope",
        "ads",
        "ad account",
        "batch",
    ]


def test_a_batch_takes_fifty_items_without_headers_and_no_more(client: Client) -> None:
    item = {"method": "GET", "relative_url": "v26.0/act_1001"}
    assert all("headers" not in row for row in client.batch(*[item] * 50, include_headers="false"))
    assert client.batch(*[item] * 51)["error"]["code"] == 100


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"acounts": []}, "acounts"),
        ({"clock": {"now": "soon"}}, "clock.now"),
        ({"accounts": [{"id": "1", "timezone": "Mars/Olympus"}]}, "accounts[0].timezone"),
        ({"accounts": [{"id": "1", "campaings": 2}]}, "campaings"),
        ({"tokens": [{"accounts": []}]}, "tokens[0].token"),
    ],
)
def test_a_bad_scenario_names_the_key(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("[", r"\[").replace("]", r"\]")):
        load(change)


def test_the_command_serves_prints_its_address_and_ends_on_sigterm() -> None:
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "integration_tests.sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert Client(url).get("v26.0/act_1001", "sandbox-token", fields="name")["name"] == "West"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
