"""Campaigns, ad sets and ads as Graph JSON: every field is a function of the object's facts and its revision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from integration_tests.sandbox.kinds import Ad, AdSet, Campaign
from integration_tests.sandbox.moments import moment
from integration_tests.sandbox.targeting import targeting
from integration_tests.sandbox.world import World

BID_STRATEGIES = ("LOWEST_COST_WITHOUT_CAP", "LOWEST_COST_WITHOUT_CAP", "COST_CAP", "LOWEST_COST_WITH_BID_CAP")
BILLING = {"THRUPLAY": "THRUPLAY", "LINK_CLICKS": "LINK_CLICKS"}
WINDOWS = {
    "7d_click_1d_view": (("CLICK_THROUGH", 7), ("VIEW_THROUGH", 1)),
    "7d_click": (("CLICK_THROUGH", 7),),
    "1d_click": (("CLICK_THROUGH", 1),),
}
APP = "119211728144504"


def labels(world: World, account_id: str, number: int) -> list[dict[str, Any]]:
    """None to two of the account's labels."""
    known = world.things(account_id, "label")
    picked = [known[(number + each) % len(known)] for each in range(number % 3)] if known else []
    return [
        {
            "id": label.id,
            "name": label.name,
            "created_time": moment(world, account_id, label.created),
            "updated_time": moment(world, account_id, label.created),
        }
        for label in picked
    ]


def money(number: int) -> int:
    """A budget in minor units, a sensible one in cents as in yen."""
    return (20 + number % 480) * 100


def issue(level: str, number: int) -> dict[str, Any]:
    """What is wrong with an object that runs with issues."""
    return {
        "level": level,
        "error_code": 1815869 + number % 7,
        "error_summary": "Payment method needs attention",
        "error_message": "The payment method of this ad account was declined. Add another one to go on.",
        "error_type": "HARD_ERROR" if number % 2 else "SOFT_ERROR",
    }


def campaign(world: World, node: Campaign) -> dict[str, Any]:
    """A campaign."""
    number, revision = world.hash(node.id), world.life(node).revision
    edit = world.hash(node.id, "edit", revision)
    status, effective = world.status(node), world.effective_status(node)
    lifetime = number % 5 == 0
    budget = money(edit)
    strategy = BID_STRATEGIES[number // 3 % 4]
    category = "HOUSING" if number % 23 == 1 else "NONE"
    row: dict[str, Any] = {
        "id": node.id,
        "account_id": node.account_id,
        "name": node.name,
        "objective": node.objective,
        "status": status,
        "configured_status": status,
        "effective_status": effective,
        "buying_type": node.buying_type,
        "bid_strategy": strategy,
        "budget_remaining": str(budget * (edit // 7 % 100) // 100),
        "budget_rebalance_flag": False,
        "can_create_brand_lift_study": False,
        "can_use_spend_cap": True,
        "has_secondary_skadnetwork_reporting": False,
        "is_adset_budget_sharing_enabled": number % 4 == 0,
        "is_budget_schedule_enabled": False,
        "is_skadnetwork_attribution": node.objective == "OUTCOME_APP_PROMOTION",
        "pacing_type": ["standard"],
        "smart_promotion_type": "AUTOMATED_SHOPPING_ADS" if number % 9 == 0 else "GUIDED_CREATION",
        "source_campaign_id": "0",
        "special_ad_category": category,
        "special_ad_categories": [] if category == "NONE" else [category],
        "special_ad_category_country": [] if category == "NONE" else ["US"],
        "topline_id": "0",
        "primary_attribution": "OFFSITE",
        "start_time": moment(world, node.account_id, node.created),
        "created_time": moment(world, node.account_id, node.created),
        "updated_time": moment(world, node.account_id, world.updated(node)),
    }
    row["lifetime_budget" if lifetime else "daily_budget"] = str(budget * (20 if lifetime else 1))
    if lifetime:
        row["stop_time"] = moment(world, node.account_id, node.created + timedelta(days=400 + number % 200))
    if number % 6 == 0:
        row["spend_cap"] = str(budget * 200)
    if strategy == "COST_CAP":
        row["bid_constraints"] = {"roas_average_floor": 10000 + edit % 5000}
    if adlabels := labels(world, node.account_id, number):
        row["adlabels"] = adlabels
    if effective == "WITH_ISSUES":
        row["issues_info"] = [issue("CAMPAIGN", edit)]
    return row


def adset(world: World, node: AdSet) -> dict[str, Any]:
    """An ad set."""
    number, revision = world.hash(node.id), world.life(node).revision
    edit = world.hash(node.id, "edit", revision)
    status, effective = world.status(node), world.effective_status(node)
    budget = money(edit)
    strategy = BID_STRATEGIES[number // 3 % 4]
    updated = world.updated(node)
    row: dict[str, Any] = {
        "id": node.id,
        "account_id": node.account_id,
        "campaign_id": node.campaign_id,
        "campaign": {"id": node.campaign_id},
        "name": node.name,
        "status": status,
        "configured_status": status,
        "effective_status": effective,
        "daily_budget": str(budget),
        "lifetime_budget": "0",
        "budget_remaining": str(budget * (edit // 7 % 100) // 100),
        "bid_strategy": strategy,
        "billing_event": BILLING.get(node.optimization_goal, "IMPRESSIONS"),
        "optimization_goal": node.optimization_goal,
        "optimization_sub_event": "NONE",
        "destination_type": "WEBSITE" if number % 3 else "UNDEFINED",
        "is_dynamic_creative": number % 5 == 0,
        "is_budget_schedule_enabled": False,
        "is_incremental_attribution_enabled": False,
        "pacing_type": ["standard"],
        "recurring_budget_semantics": True,
        "use_new_app_click": False,
        "multi_optimization_goal_weight": "UNDEFINED",
        "source_adset_id": "0",
        "promoted_object": _promoted(world, node, number),
        "attribution_spec": [
            {"event_type": kind, "window_days": days} for kind, days in WINDOWS.get(node.attribution, ())
        ],
        "learning_stage_info": _learning(node, edit, updated),
        "targeting": targeting(world, node.account_id, number, edit),
        "start_time": moment(world, node.account_id, node.created),
        "created_time": moment(world, node.account_id, node.created),
        "updated_time": moment(world, node.account_id, updated),
    }
    if strategy in {"COST_CAP", "LOWEST_COST_WITH_BID_CAP"}:
        row["bid_amount"] = 100 + edit % 900
        row["bid_info"] = {"REACH" if node.optimization_goal == "REACH" else "ACTIONS": row["bid_amount"]}
    if number % 11 == 0:
        row["end_time"] = moment(world, node.account_id, node.created + timedelta(days=300 + number % 300))
        row["bid_constraints"] = {"roas_average_floor": 20000}
    if adlabels := labels(world, node.account_id, number):
        row["adlabels"] = adlabels
    if effective == "WITH_ISSUES":
        row["issues_info"] = [issue("AD_SET", edit)]
    return row


def ad(world: World, node: Ad) -> dict[str, Any]:
    """An ad."""
    number, revision = world.hash(node.id), world.life(node).revision
    edit = world.hash(node.id, "edit", revision)
    status, effective = world.status(node), world.effective_status(node)
    pixel = world.object_id(node.account_id, "pixel", 0)
    page, post = str(110000000000001 + number % 9), str(600000000000000 + number % 10**14)
    row: dict[str, Any] = {
        "id": node.id,
        "account_id": node.account_id,
        "campaign_id": node.campaign_id,
        "campaign": {"id": node.campaign_id},
        "adset_id": node.adset_id,
        "adset": {"id": node.adset_id},
        "name": node.name,
        "status": status,
        "configured_status": status,
        "effective_status": effective,
        "bid_type": "ABSOLUTE_OCPM",
        "conversion_domain": "example.com",
        "source_ad_id": "0",
        "last_updated_by_app_id": APP,
        "display_sequence": 0,
        "engagement_audience": False,
        "preview_shareable_link": f"https://fb.me/{number:016x}",
        "targeting": targeting(world, node.account_id, world.hash(node.adset_id), world.hash(node.adset_id, "edit", 0)),
        "tracking_specs": [
            {"action.type": ["offsite_conversion"], "fb_pixel": [pixel]},
            {"action.type": ["link_click"], "post": [post], "post.wall": [page]},
        ],
        "conversion_specs": [
            {"action.type": ["offsite_conversion"], "conversion_id": [str(6015300000000000 + number % 9999)]}
        ],
        "created_time": moment(world, node.account_id, node.created),
        "updated_time": moment(world, node.account_id, world.updated(node)),
    }
    if node.creative_id:
        row["creative"] = {"id": node.creative_id}
    if edit % 4 == 0:
        row["bid_amount"] = 100 + edit % 700
        row["bid_info"] = {"ACTIONS": row["bid_amount"]}
    if adlabels := labels(world, node.account_id, number):
        row["adlabels"] = adlabels
    if effective == "WITH_ISSUES":
        row["issues_info"] = [issue("AD", edit)]
    if effective == "DISAPPROVED":
        row["ad_review_feedback"] = {"global": {"Personal attributes": "Ads must not assert personal attributes."}}
    if edit % 13 == 0:
        row["recommendations"] = [
            {
                "title": "Use Advantage+ placements", "message": "More placements can lower the cost per result.",
                "code": 1942020, "importance": "MEDIUM", "confidence": "HIGH", "blame_field": "targeting",
            }
        ]  # fmt: skip
    return row


def _promoted(world: World, node: AdSet, number: int) -> dict[str, Any]:
    if node.optimization_goal in {"OFFSITE_CONVERSIONS", "VALUE"}:
        event = ("PURCHASE", "LEAD", "ADD_TO_CART")[number % 3]
        return {"pixel_id": world.object_id(node.account_id, "pixel", 0), "custom_event_type": event}
    return {"page_id": str(110000000000001 + number % 9)}


def _learning(node: AdSet, edit: int, updated: datetime) -> dict[str, Any]:
    windows = [
        f"{days}d_{'click' if kind.startswith('C') else 'view'}" for kind, days in WINDOWS.get(node.attribution, ())
    ]
    return {
        "status": ("LEARNING", "SUCCESS", "FAIL")[edit % 3],
        "conversions": edit % 50,
        "last_sig_edit_ts": int(updated.astimezone(UTC).timestamp()),
        "attribution_windows": windows,
    }
