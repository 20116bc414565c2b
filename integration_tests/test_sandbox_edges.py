"""Reading whole edges in the ways connectors do: every field, one row a page, filters together, batches of polls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from integration_tests.conftest import WORLD
from integration_tests.graph_client import Client
from integration_tests.sandbox.fields import NODE_OF_KIND, node_fields
from integration_tests.sandbox.filtering import STATUSES
from integration_tests.sandbox.listings import ACCOUNT_EDGES
from integration_tests.sandbox.server import serve_in_thread

SCENARIO: dict[str, Any] = {
    **WORLD,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "jobs": {"seconds": [0, 0]},
    "tokens": [*WORLD["tokens"], {"token": "tok-business", "scopes": ["ads_read", "business_management"]}],  # type: ignore[misc]
}
ACTIVITIES = {"since": "2026-11-01", "until": "2026-11-20"}
LEVELS = (("campaigns", "campaign"), ("adsets", "adset"), ("ads", "ad"))


@pytest.fixture
def client() -> Iterator[Client]:
    handle = serve_in_thread(SCENARIO)
    yield Client(handle.url)
    handle.stop()


def all_fields(edge: str) -> list[str]:
    return sorted(node_fields(NODE_OF_KIND[ACCOUNT_EDGES[edge]], "v26.0").names)


def truth(client: Client, edge: str, account: str, **params: str) -> list[dict[str, Any]]:
    """The true rows without the account's id, where the node itself has none."""
    query = "&".join(f"{name}={value}" for name, value in params.items())
    rows = client.control(f"truth/{edge}?account_id={account}&{query}")["data"]
    if "account_id" in all_fields(edge):
        return list(rows)
    return [{name: value for name, value in row.items() if name != "account_id"} for row in rows]


@pytest.mark.parametrize("limit", [1, 7, 500])
@pytest.mark.parametrize("edge", ACCOUNT_EDGES)
def test_all_pages_with_all_fields_are_the_truth(client: Client, edge: str, limit: int) -> None:
    days = ACTIVITIES if edge == "activities" else {}
    for account in ("1001", "1002"):
        client.control("clock", advance_days=3)
        found = client.every(f"v26.0/act_{account}/{edge}", fields=",".join(all_fields(edge)), limit=limit, **days)
        true = truth(client, edge, account, **days)
        assert sorted(map(_written, found)) == sorted(map(_written, true))
        assert len(set(map(_written, found))) == len(found) > 0


def _written(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True)


@pytest.mark.parametrize(("edge", "level"), LEVELS)
def test_every_status_asked_for_is_the_truth_of_every_status(client: Client, edge: str, level: str) -> None:
    statuses = STATUSES[level].split()
    fields = ",".join(all_fields(edge))
    found = client.every(f"v26.0/act_1001/{edge}", fields=fields, effective_status=statuses, limit=3)
    assert sorted(map(_written, found)) == sorted(
        map(_written, truth(client, edge, "1001", statuses=",".join(statuses)))
    )


def test_the_edges_of_campaigns_ad_sets_and_ads_share_out_those_of_the_account(client: Client) -> None:
    for parents, parent, edge in (("campaigns", "campaign_id", "adsets"), ("campaigns", "campaign_id", "ads"),
                                  ("adsets", "adset_id", "ads")):  # fmt: skip
        true = truth(client, edge, "1001")
        fields = ",".join(all_fields(edge))
        found: list[dict[str, Any]] = []
        for above in truth(client, parents, "1001"):
            below = client.every(f"v26.0/{above['id']}/{edge}", fields=fields, limit=1)
            assert {row[parent] for row in below} <= {above["id"]}
            found += below
        assert sorted(map(_written, found)) == sorted(map(_written, true))
    for ad in truth(client, "ads", "1001")[:5]:
        (creative,) = client.every(f"v26.0/{ad['id']}/adcreatives", fields=",".join(all_fields("adcreatives")))
        assert creative["id"] == ad["creative"]["id"]
        assert creative in truth(client, "adcreatives", "1001")


@pytest.mark.parametrize("edge", ["me/adaccounts", "me/assigned_ad_accounts"])
def test_accounts_one_a_page_are_the_truth_of_each(client: Client, edge: str) -> None:
    fields = ",".join(sorted(node_fields("AdAccount", "v26.0").names))
    found = client.every(f"v26.0/{edge}", token="tok-business", fields=fields, limit=1)
    true = [*client.control("truth/act?account_id=1001")["data"], *client.control("truth/act?account_id=1002")["data"]]
    assert found == true


@pytest.mark.parametrize(("edge", "level"), LEVELS)
def test_sixty_fields_updated_since_in_some_statuses(client: Client, edge: str, level: str) -> None:
    names = [name for name in all_fields(edge) if name not in ("campaign", "adset")][:60]
    times = sorted({datetime.fromisoformat(row["updated_time"]) for row in truth(client, edge, "1001")})
    since = times[(len(times) - 1) // 2]
    counts = []
    for statuses in (["ACTIVE", "PAUSED"], ["ARCHIVED", "DELETED"], STATUSES[level].split()):
        filtering = [
            {"field": f"{level}.updated_time", "operator": "GREATER_THAN",
             "value": int(since.timestamp())},
            {"field": f"{level}.effective_status", "operator": "IN", "value": statuses},
        ]  # fmt: skip
        found = client.every(f"v26.0/act_1001/{edge}", fields=",".join(names), filtering=filtering, limit=2)
        everything = truth(client, edge, "1001", statuses=",".join(statuses))
        wanted = [row for row in everything if datetime.fromisoformat(row["updated_time"]) > since]
        shown = [{name: row[name] for name in row if name in {*names, "id"}} for row in wanted]
        assert sorted(map(_written, found)) == sorted(map(_written, shown))
        counts.append((len(found), len(everything)))
    assert 0 < counts[0][0] < counts[0][1]


def test_previous_leads_back_over_the_same_rows(client: Client) -> None:
    pages: list[dict[str, Any]] = []
    params: dict[str, str] = {}
    while True:
        body = client.get("v26.0/act_1001/ads", limit=4, **params)
        pages.append(body)
        if "next" not in body["paging"]:
            break
        params = {"after": body["paging"]["cursors"]["after"]}
    assert len(pages) > 3
    for earlier, later in pairwise(pages):
        back = client.get("v26.0/act_1001/ads", limit=4, before=later["paging"]["cursors"]["before"])
        assert back["data"] == earlier["data"]
    assert client.get("v26.0/act_1001/ads", limit=0) == {"data": []}


def test_fifty_runs_are_polled_in_one_batch(client: Client) -> None:
    item = {"method": "POST", "relative_url": "v26.0/act_1001/insights", "body": "date_preset=last_3d&level=account"}
    submitted = client.batch(*[item] * 50, include_headers="false")
    runs = [json.loads(row["body"])["report_run_id"] for row in submitted]
    assert len(set(runs)) == 50
    polls = [{"method": "GET", "relative_url": f"v26.0/{run_id}?fields=async_status"} for run_id in runs]
    answers = [json.loads(row["body"]) for row in client.batch(*polls)]
    assert answers == [{"async_status": "Job Completed", "id": run_id} for run_id in runs]
    calls = client.control("journal")["data"]
    assert [call["edge"] for call in calls].count("report run") == 50
    assert {call["account_id"] for call in calls if call["edge"] == "report run"} == {"1001"}
