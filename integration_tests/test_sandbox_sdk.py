"""What Meta's own SDK reads from the sandbox, unmodified, is what the truth holds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.campaign import Campaign
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError

from integration_tests.conftest import WORLD
from integration_tests.graph_client import Client
from integration_tests.insights_client import ALL_STATUSES, DAYS
from integration_tests.meta_sdk import plain, sdk_of
from integration_tests.sandbox.server import serve_in_thread

OBJECTS = {
    "campaigns": ("get_campaigns", ["name", "objective", "status", "effective_status", "daily_budget", "updated_time"]),
    "adsets": ("get_ad_sets", ["name", "campaign_id", "targeting", "optimization_goal", "billing_event"]),
    "ads": ("get_ads", ["name", "adset_id", "campaign_id", "creative", "created_time", "effective_status"]),
    "adcreatives": ("get_ad_creatives", ["name", "title", "body", "object_story_spec"]),
    "customaudiences": ("get_custom_audiences", ["name", "subtype", "time_updated"]),
    "adimages": ("get_ad_images", ["name", "hash", "width", "created_time"]),
    "advideos": ("get_ad_videos", ["title", "length"]),
}
NUMBERS = ["impressions", "clicks", "spend", "reach"]
BREAKDOWNS: tuple[list[str], ...] = ([], ["country"], ["age", "gender"], ["publisher_platform", "platform_position"])


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    handle = serve_in_thread(WORLD)
    yield Client(handle.url)
    handle.stop()


@pytest.fixture
def sdk(client: Client) -> Iterator[FacebookAdsApi]:
    with sdk_of(client.url) as api:
        yield api


def keyed(rows: list[dict[str, Any]], breakdowns: list[str], level: str) -> dict[str, dict[str, Any]]:
    """Rows by day, object and breakdown; a key that comes twice is an error."""
    names = ("date_start", "date_stop", f"{level}_id", *breakdowns)
    found = {json.dumps([row[name] for name in names]): row for row in rows}
    assert len(found) == len(rows)
    return found


def fields_at(level: str) -> list[str]:
    return [f"{level}_id", *NUMBERS, "actions", "action_values", "cost_per_action_type"]


def finished(run: AdReportRun) -> AdReportRun:
    for _ in range(200):
        run = run.api_get()
        if run["async_status"] in ("Job Completed", "Job Failed", "Job Skipped"):
            return run
        time.sleep(0.02)
    raise AssertionError(run)


def true_rows(client: Client, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.control("truth/insights", account_id="1001", **DAYS, **asked)["data"]
    return found


# objects


def test_the_sdk_finds_the_accounts(client: Client, sdk: FacebookAdsApi) -> None:
    found = plain(
        User("me", api=sdk).get_ad_accounts(fields=["name", "currency", "timezone_name"], params={"limit": 1})
    )
    assert len(found) == 2
    for row in found:
        (true,) = client.control(f"truth/act?account_id={row['id'].removeprefix('act_')}")["data"]
        assert row == {name: true[name] for name in ("name", "currency", "timezone_name", "id")}


@pytest.mark.parametrize("edge", OBJECTS)
@pytest.mark.parametrize("account", ["1001", "1002"])
def test_the_sdk_pages_objects_as_the_truth_has_them(
    client: Client, sdk: FacebookAdsApi, account: str, edge: str
) -> None:
    ask, fields = OBJECTS[edge]
    found = plain(getattr(AdAccount(f"act_{account}", api=sdk), ask)(fields=["id", *fields], params={"limit": 3}))
    true = client.control(f"truth/{edge}?account_id={account}")["data"]
    asked = {"id", *fields}
    assert {row["id"]: row for row in found} == {row["id"]: {k: row[k] for k in row if k in asked} for row in true}
    assert len(found) == len(true) > 0


def test_the_sdk_reads_nested_fields(sdk: FacebookAdsApi) -> None:
    ad = AdAccount("act_1001", api=sdk).get_ads(params={"fields": "creative{id,title},adset{name}"})[0]
    assert ad["creative"]["title"]
    assert ad["adset"]["name"]


def test_the_sdk_follows_a_campaign_down_to_its_ads(client: Client, sdk: FacebookAdsApi) -> None:
    true = client.control("truth/ads?account_id=1001")["data"]
    campaign = Campaign(true[0]["campaign_id"], api=sdk)
    found = {row["id"] for row in plain(campaign.get_ads(fields=["id"], params={"limit": 2}))}
    assert found == {row["id"] for row in true if row["campaign_id"] == campaign["id"]}


def test_the_sdk_raises_graphs_errors(sdk: FacebookAdsApi) -> None:
    with pytest.raises(FacebookRequestError) as caught:
        AdAccount("act_9999", api=sdk).api_get(fields=["name"])
    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (100, 33)


# insights


@pytest.mark.parametrize("level", ["account", "campaign", "adset", "ad"])
@pytest.mark.parametrize("breakdowns", BREAKDOWNS, ids=",".join)
@pytest.mark.parametrize("way", ["sync", "async"])
def test_the_sdk_reads_insights_both_ways(
    client: Client, sdk: FacebookAdsApi, way: str, level: str, breakdowns: list[str]
) -> None:
    account, fields = AdAccount("act_1001", api=sdk), fields_at(level)
    asked: dict[str, Any] = {"level": level, "time_increment": 1, "breakdowns": breakdowns,
                             "filtering": [] if level == "account" else statuses(level)}  # fmt: skip
    params = {**asked, "time_range": DAYS}
    if way == "sync":
        found = plain(account.get_insights(fields=fields, params={**params, "limit": 100}))
    else:
        run = finished(account.get_insights_async(fields=fields, params=params))
        assert (run["async_status"], run["async_percent_completion"]) == ("Job Completed", 100)
        found = plain(run.get_insights(params={"limit": 100}))
    true = true_rows(client, fields=fields, **asked)
    assert keyed(found, breakdowns, level) == keyed(true, breakdowns, level)
    assert len(true) > (10 if level == "account" else 20)


def statuses(level: str) -> list[dict[str, Any]]:
    """A filter that leaves nothing of a level out."""
    return [{**ALL_STATUSES[0], "field": f"{level}.effective_status"}] if level == "ad" else []


@pytest.mark.parametrize("breakdowns", [[], ["country"]], ids=",".join)
@pytest.mark.parametrize("actions", [["action_type"], ["action_type", "action_target_id", "action_destination"], []])
def test_the_sdk_asks_for_action_breakdowns_and_windows(
    client: Client, sdk: FacebookAdsApi, breakdowns: list[str], actions: list[str]
) -> None:
    windows = ["1d_click", "7d_click", "28d_click", "1d_view"]
    asked: dict[str, Any] = {"level": "ad", "time_increment": 1, "breakdowns": breakdowns, "action_breakdowns": actions,
                             "action_attribution_windows": windows, "filtering": ALL_STATUSES}  # fmt: skip
    fields = ["ad_id", "impressions", "actions", "action_values"]
    run = AdAccount("act_1001", api=sdk).get_insights_async(fields=fields, params={**asked, "time_range": DAYS})
    found = keyed(plain(finished(run).get_insights(params={"limit": 500})), breakdowns, "ad")
    assert found == keyed(true_rows(client, fields=fields, **asked), breakdowns, "ad")
    keys = {key for row in found.values() for each in row.get("actions", ()) for key in each}
    assert {*actions, "value", *windows} >= keys >= {"value", "1d_click", "7d_click"}


# batches


def test_the_sdk_reads_objects_and_insights_in_one_batch(client: Client, sdk: FacebookAdsApi) -> None:
    account, batch = AdAccount("act_1001", api=sdk), sdk.new_batch()
    bodies: dict[str, Any] = {}

    def keep(name: str) -> Any:
        return lambda answer: bodies.__setitem__(name, answer.json())

    campaigns = account.get_campaigns(fields=["name"], params={"limit": 100}, pending=True)
    ads = account.get_ads(fields=["name"], params={"limit": 100}, pending=True)
    insights = account.get_insights(
        fields=["ad_id", "spend"], params={"level": "ad", "time_range": DAYS, "limit": 100}, pending=True
    )  # fmt: skip
    for name, request in (("campaigns", campaigns), ("ads", ads), ("insights", insights)):
        batch.add_request(request, success=keep(name), failure=keep(name))
    nobody = AdAccount("act_9999", api=sdk).api_get(fields=["name"], pending=True)
    batch.add_request(nobody, success=keep("unexpected"), failure=keep("failed"))
    batch.execute()
    for edge in ("campaigns", "ads"):
        true = client.control(f"truth/{edge}?account_id=1001")["data"]
        assert {row["id"]: row["name"] for row in bodies[edge]["data"]} == {row["id"]: row["name"] for row in true}
    listed = true_rows(client, level="ad", time_increment="all_days", fields=["ad_id", "spend"], all_statuses=False)
    assert bodies["insights"]["data"] == listed
    assert bodies["failed"]["error"]["code"] == 100
    assert bodies.keys() == {"campaigns", "ads", "insights", "failed"}


def test_the_sdk_polls_fifty_runs_in_one_batch(client: Client, sdk: FacebookAdsApi) -> None:
    account = AdAccount("act_1001", api=sdk)
    batch, runs, answers = sdk.new_batch(), [], []
    for _ in range(50):
        request = account.get_insights_async(fields=["spend"], params={"time_range": DAYS}, pending=True)
        batch.add_request(request, success=lambda answer: runs.append(answer.json()["report_run_id"]))
    batch.execute()
    assert len(set(runs)) == 50
    for run_id in runs:
        finished(AdReportRun(run_id, api=sdk))
    polls = sdk.new_batch()
    for run_id in runs:
        request = AdReportRun(run_id, api=sdk).api_get(fields=["async_status", "account_id"], pending=True)
        polls.add_request(request, success=lambda answer: answers.append(answer.json()))
    polls.execute()
    expected = {"async_status": "Job Completed", "account_id": "1001"}
    assert answers == [{**expected, "id": run_id} for run_id in runs]
    (true,) = true_rows(client, level="account", time_increment="all_days", fields=["spend"])
    assert plain(AdReportRun(runs[-1], api=sdk).get_insights()) == [true]
