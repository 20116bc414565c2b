"""Leads, people and permissions: what a token may see, down to single fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.business import Business
from facebook_business.adobjects.user import User

from integration_tests.graph_client import Client
from integration_tests.meta_sdk import plain, sdk_of
from integration_tests.sandbox.fields import node_fields
from integration_tests.sandbox.scenario import load
from integration_tests.sandbox.server import serve_in_thread

HOLDING, AGENCY = "1500000000000001", "1500000000000002"
FULL = ["ads_management", "leads_retrieval", "business_management"]
SCENARIO: dict[str, Any] = {
    "seed": 3,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "tokens": [
        {"token": "tok-full", "scopes": FULL, "user_id": "122000000000000009"},
        {"token": "tok-ads", "scopes": ["ads_read"]},
        {"token": "tok-leads", "scopes": ["ads_read", "leads_retrieval"]},
        {"token": "tok-analyst", "scopes": FULL, "tasks": {"1001": ["ANALYZE"]}},
    ],
    "businesses": [
        {"id": HOLDING, "name": "Holding"},
        {"id": AGENCY, "name": "Agency", "client": ["1002"], "users": [
            {"id": "7", "name": "Zoë", "tasks": ["ANALYZE"], "accounts": ["act_1002"]}, {"id": "8", "name": "Max"},
        ]},
    ],
    "accounts": [
        {"id": "1001", "business": HOLDING, "campaigns": 4, "objectives": ["OUTCOME_LEADS", "OUTCOME_SALES"],
         "timezone": "America/New_York", "leads_per_day": 0.7},
        {"id": "1002", "business": HOLDING, "campaigns": 2, "objectives": ["OUTCOME_LEADS"]},
    ],
}  # fmt: skip
LEAD_FIELDS = ",".join(sorted(node_fields("Lead", "v26.0").names))


@pytest.fixture
def client() -> Iterator[Client]:
    handle = serve_in_thread(SCENARIO)
    yield Client(handle.url)
    handle.stop()


def lead_ads(client: Client, account: str) -> list[dict[str, Any]]:
    fields = "campaign{objective},adset{optimization_goal}"
    ads = client.every(f"v26.0/act_{account}/ads", token="tok-full", fields=fields, limit=50)
    return [ad for ad in ads if ad["adset"]["optimization_goal"] == "LEAD_GENERATION"]


def leads_of(client: Client, ad: str, token: str = "tok-full", **params: Any) -> list[dict[str, Any]]:
    return client.every(f"v26.0/{ad}/leads", token=token, limit=7, **params)


def test_objectives_are_dealt_out_to_the_campaigns_in_turn(client: Client) -> None:
    rows = client.get("v26.0/act_1001/campaigns", "tok-full", fields="objective", effective_status=["ACTIVE", "PAUSED",
                      "ARCHIVED", "DELETED", "WITH_ISSUES"])["data"]  # fmt: skip
    assert [row["objective"] for row in reversed(rows)] == ["OUTCOME_LEADS", "OUTCOME_SALES"] * 2


def test_the_leads_of_all_lead_ads_are_the_truth_and_other_ads_have_none(client: Client) -> None:
    for account in ("1001", "1002"):
        true = client.control(f"truth/leads?account_id={account}")["data"]
        ads = client.every(f"v26.0/act_{account}/ads", token="tok-full", limit=50)
        with_leads = {ad["id"] for ad in lead_ads(client, account)}
        found = {ad["id"]: leads_of(client, ad["id"], fields=LEAD_FIELDS) for ad in ads}
        # An ad that was over before ninety days ago has none left.
        assert len({ad for ad, leads in found.items() if leads} & with_leads) > 1
        assert not {ad for ad, leads in found.items() if leads} - with_leads
        rows = [{**lead, "account_id": account} for leads in found.values() for lead in leads]
        assert sorted(map(json.dumps, map(_sorted, rows))) == sorted(map(json.dumps, map(_sorted, true)))
        assert len({row["id"] for row in rows}) == len(rows) > 50


def _sorted(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in sorted(row)}


def test_leads_are_filtered_by_time_and_let_go_after_ninety_days(client: Client) -> None:
    ad = lead_ads(client, "1002")[0]["id"]
    every = leads_of(client, ad, fields="created_time")
    times = sorted(datetime.fromisoformat(lead["created_time"]) for lead in every)
    now = datetime.fromisoformat(client.control("clock")["now"])
    assert now - timedelta(days=90) < times[0] < times[-1] <= now
    middle = int(times[len(times) // 2].timestamp())
    later = [{"field": "time_created", "operator": "GREATER_THAN", "value": middle}]
    found = leads_of(client, ad, fields="created_time", filtering=later)
    assert {row["id"] for row in found} == {
        row["id"] for row in every if datetime.fromisoformat(row["created_time"]).timestamp() > middle
    }
    client.control("clock", advance_days=30)
    rest = {row["id"] for row in leads_of(client, ad)}
    assert rest - {row["id"] for row in every}
    assert {row["id"] for row in every} - rest
    assert client.error(f"v26.0/{every[-1]['id']}", "tok-full")["error_subcode"] == 33


def test_a_lead_without_fields_has_its_time_and_answers_and_can_be_read_by_its_id(client: Client) -> None:
    lead = leads_of(client, lead_ads(client, "1002")[0]["id"])[0]
    assert set(lead) == {"created_time", "id", "field_data"}
    assert {"full_name", "email"} < {answer["name"] for answer in lead["field_data"]}
    assert client.get(f"v26.0/{lead['id']}", "tok-full") == lead


def test_leads_need_their_scope_and_say_of_their_ad_only_with_ads_management(client: Client) -> None:
    ad = lead_ads(client, "1002")[0]["id"]
    error = client.error(f"v26.0/{ad}/leads", "tok-ads")
    assert (error["status"], error["code"]) == (403, 200)
    assert "leads_retrieval" in error["message"]
    lead = leads_of(client, ad, fields="ad_id,form_id,campaign_name")[0]
    assert lead["ad_id"] == ad
    assert set(leads_of(client, ad, "tok-leads", fields="ad_id,form_id,campaign_name")[0]) == {"id", "form_id"}
    assert client.error(f"v26.0/{lead['id']}", "tok-ads")["code"] == 200


def test_the_people_of_an_account_are_listed_for_a_business_that_it_belongs_to(client: Client) -> None:
    path = "v26.0/act_1002/assigned_users"
    own = client.every(path, token="tok-full", business=HOLDING)
    assert len(own) > 1
    assert all(set(row) == {"id", "name", "tasks"} for row in own)
    fields = ",".join(node_fields("AssignedUser", "v26.0").names)
    true = client.control("truth/assigned_users?account_id=1002")["data"]
    assert [{**row, "account_id": "1002"} for row in client.every(path, token="tok-full", business=HOLDING,
                                                                  fields=fields)] == true  # fmt: skip
    theirs = client.every(path, token="tok-full", business=AGENCY, fields="name,tasks")
    assert [(row["name"], row["tasks"]) for row in theirs] == [
        ("Zoë", ["ANALYZE"]), ("Max", ["DRAFT", "ANALYZE", "ADVERTISE", "MANAGE"]),
    ]  # fmt: skip
    assert client.error(path, "tok-full")["message"] == "(#100) The parameter business is required"
    assert client.error("v26.0/act_1001/assigned_users", "tok-full", business=AGENCY)["code"] == 100
    assert client.error(path, "tok-ads", business=HOLDING)["code"] == 200


def test_a_token_lists_what_it_was_granted_and_its_businesses(client: Client) -> None:
    assert client.get("v26.0/me/permissions", "tok-full")["data"] == [
        {"permission": scope, "status": "granted"} for scope in FULL
    ]
    assert client.get("v26.0/122000000000000009/permissions", "tok-full", permission="leads_retrieval")["data"] == [
        {"permission": "leads_retrieval", "status": "granted"}
    ]
    assert client.error("v26.0/122000000000000009/permissions", "tok-ads")["error_subcode"] == 33
    fields = ",".join(node_fields("Business", "v26.0").names)
    rows = client.get("v26.0/me/businesses", "tok-full", fields=fields)["data"]
    assert rows == client.control("truth/businesses")["data"]
    assert client.get(f"v26.0/{HOLDING}", "tok-full", fields=fields) == rows[0]
    assert len(rows[0]) > 12
    assert client.error("v26.0/me/businesses", "tok-ads")["code"] == 200


@pytest.mark.parametrize("field", ["funding_source_details", "is_prepay_account"])
def test_fields_about_payment_need_the_task_manage(client: Client, field: str) -> None:
    fields = f"name,{field}"
    assert client.get("v26.0/act_1001", "tok-full", fields=fields)[field] is not None
    for path in ("act_1001", "me/adaccounts"):
        error = client.error(f"v26.0/{path}", "tok-analyst", fields=fields)
        assert (error["status"], error["code"]) == (403, 10)
        assert client.get(f"v26.0/{path}", "tok-analyst", fields="name,owner")
    assert client.get("v26.0/act_1002", "tok-analyst", fields=fields)[field] is not None
    rows = client.get("v26.0/me/adaccounts", "tok-analyst", fields="user_tasks")["data"]
    assert [row["user_tasks"] for row in rows] == [["ANALYZE"], ["DRAFT", "ANALYZE", "ADVERTISE", "MANAGE"]]


def test_the_owner_of_an_account_needs_business_management(client: Client) -> None:
    assert client.get("v26.0/act_1001", "tok-full", fields="owner")["owner"] == HOLDING
    error = client.error("v26.0/act_1001", "tok-ads", fields="name,owner")
    assert (error["status"], error["code"]) == (403, 200)
    assert error["message"] == "(#200) Requires business_management permission to manage the object"


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"businesses": [{"id": "1", "users": [{"nam": "x"}]}]}, r"businesses\[0\].users\[0\].nam"),
        ({"accounts": [{"id": "1", "objectives": ["SALES"]}]}, r"accounts\[0\].objectives: 'SALES'"),
        ({"accounts": [{"id": "1", "leads_per_day": "many"}]}, r"accounts\[0\].leads_per_day"),
        ({"accounts": [{"id": "1", "changes": {"restor_rate": 1}}]}, r"changes.restor_rate"),
        ({"paging": {"cursors": "rows"}}, "paging.cursors"),
    ],
)
def test_a_bad_key_is_named(section: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load(section)


def test_metas_own_sdk_reads_leads_people_permissions_and_businesses(client: Client) -> None:
    ad = lead_ads(client, "1002")[0]["id"]
    with sdk_of(client.url, "tok-full") as api:
        leads = plain(Ad(ad, api=api).get_leads(fields=["created_time", "field_data", "ad_id"], params={"limit": 5}))
        users = AdAccount("act_1002", api=api).get_assigned_users(params={"business": AGENCY})
        businesses = User("me", api=api).get_businesses(fields=["name", "verification_status"])
        owned = Business(HOLDING, api=api).get_owned_ad_accounts(fields=["name", "user_tasks"])
        assert [row["name"] for row in plain(users)] == ["Zoë", "Max"]
        assert [row["name"] for row in plain(businesses)] == ["Holding", "Agency"]
        assert [row["id"] for row in plain(owned)] == ["act_1001", "act_1002"]
        assert plain(User("me", api=api).get_permissions())[0] == {"permission": "ads_management", "status": "granted"}
    true = {row["id"]: row for row in client.control("truth/leads?account_id=1002")["data"]}
    assert leads == [{name: true[row["id"]][name] for name in row} for row in leads]
    assert len(leads) > 5
