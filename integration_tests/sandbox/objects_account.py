"""Ad accounts, businesses and people as Graph JSON."""

from __future__ import annotations

from typing import Any

from integration_tests.sandbox.kinds import Account, Business, User
from integration_tests.sandbox.moments import moment, zone
from integration_tests.sandbox.world import World

TASKS = ["DRAFT", "ANALYZE", "ADVERTISE", "MANAGE"]
ZONES = {"America/Los_Angeles": 1, "America/New_York": 7, "Europe/Berlin": 47, "Europe/London": 58, "Asia/Tokyo": 72,
         "UTC": 136}  # fmt: skip
FIRST_BUSINESS = 1500000000000001
_ADDRESS = {
    "business_city": "Menlo Park", "business_country_code": "US", "business_state": "CA",
    "business_street": "1 Example Way", "business_street2": "", "business_zip": "94025",
}  # fmt: skip
_TERMS = {
    "offsite_pixels_tos_accepted": True,
    "tos_accepted": {"web_custom_audience_tos": 1, "custom_audience_tos": 1},
    "user_tos_accepted": {"web_custom_audience_tos": 1},
    "rf_spec": {"min_reach_limits": {"US": 200000, "DE": 200000}, "countries": ["US", "DE"], "version": 3},
    "attribution_spec": [
        {"event_type": "CLICK_THROUGH", "window_days": 7},
        {"event_type": "VIEW_THROUGH", "window_days": 1},
    ],
}


def account(world: World, node: Account) -> dict[str, Any]:
    """An ad account. What moves with the day moves once a day."""
    number = world.hash(node.id, "account")
    now = world.clock.now()
    days = (now - node.created).days
    spent = sum(100 + world.hash(node.id, "spent", each) % 900 for each in range(3)) * days
    business = world.business(node.business_id) if node.business_id else None
    offset = now.astimezone(zone(node.timezone)).utcoffset()
    row: dict[str, Any] = {
        "id": f"act_{node.id}",
        "account_id": node.id,
        "name": node.name,
        "account_status": node.status,
        "age": float(days),
        "amount_spent": str(spent),
        "balance": str(number % 5000),
        "spend_cap": "0",
        "currency": node.currency,
        "timezone_id": ZONES.get(node.timezone, 1),
        "timezone_name": node.timezone,
        "timezone_offset_hours_utc": offset.total_seconds() / 3600 if offset is not None else 0.0,
        "created_time": moment(world, node.id, node.created),
        "disable_reason": 0 if node.status == 1 else 1,
        "business_name": "" if business is None else business.name,
        **_ADDRESS,
        "capabilities": ["CAN_USE_REACH_AND_FREQUENCY", "CAN_SEE_GROWTH_OPPORTUNITY_DATA", "BULK_INSTANT_FORMS"],
        "can_create_brand_lift_study": False,
        "end_advertiser": str(FIRST_BUSINESS + number % 9),
        "end_advertiser_name": node.name,
        "failed_delivery_checks": [],
        "fb_entity": 85,
        "funding_source": str(2825262454257003 + number % 1000),
        "funding_source_details": {
            "id": str(2825262454257003 + number % 1000), "display_string": "Visa *1234", "type": 1,
        },
        "has_migrated_permissions": True,
        "has_page_authorized_adaccount": False,
        "io_number": "0",
        "is_attribution_spec_system_default": True,
        "is_direct_deals_enabled": False,
        "is_in_3ds_authorization_enabled_market": node.currency == "EUR",
        "is_notifications_enabled": True,
        "is_personal": 0,
        "is_prepay_account": False,
        "is_tax_id_required": node.currency == "EUR",
        "line_numbers": [1],
        "media_agency": "0",
        "min_campaign_group_spend_cap": "10000",
        "min_daily_budget": 100,
        "owner": str(FIRST_BUSINESS if business is None else business.id),
        "partner": "0",
        "tax_id_status": 0,
        "user_tasks": TASKS,
        **_TERMS,
    }  # fmt: skip
    if business is not None:
        row["business"] = {"id": business.id, "name": business.name}
    return row


def business(world: World, node: Business) -> dict[str, Any]:
    """A business portfolio."""
    return {
        "id": node.id,
        "name": node.name,
        "block_offline_analytics": False,
        "created_by": {"id": "122040000000000001", "name": "Anna Beispiel"},
        "payment_account_id": str(2000000000000000 + world.hash(node.id, "payment") % 10**9),
        "primary_page": {"id": str(110000000000001 + world.hash(node.id, "page") % 9), "name": node.name},
        "profile_picture_uri": f"https://scontent.xx.fbcdn.net/v/t39/{node.id}.png",
        "updated_by": {"id": "122040000000000001", "name": "Anna Beispiel"},
        "created_time": "2019-05-04T08:00:00+0000",
        "updated_time": "2026-01-15T08:00:00+0000",
        "is_hidden": False,
        "link": f"https://www.facebook.com/{node.id}",
        "timezone_id": 1,
        "two_factor_type": "admin_required",
        "verification_status": "verified",
        "vertical": "RETAIL",
        "vertical_id": 12,
    }


def user(world: World, node: User) -> dict[str, Any]:
    """Whoever a token belongs to."""
    return {"id": node.id, "name": node.name}
