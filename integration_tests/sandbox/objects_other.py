"""Pixels, custom conversions, labels, rules, studies and activities as Graph JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from integration_tests.sandbox.kinds import Thing
from integration_tests.sandbox.moments import moment, zone
from integration_tests.sandbox.world import World

DAY = 86_400
EVENTS = (
    ("update_ad_set_budget", "Ad set budget updated", "adset"),
    ("update_campaign_run_status", "Campaign status updated", "campaign"),
    ("update_ad_run_status", "Ad status updated", "ad"),
    ("update_ad_creative", "Ad creative updated", "ad"),
    ("update_ad_set_target_spec", "Ad set targeting updated", "adset"),
    ("update_campaign_budget", "Campaign budget updated", "campaign"),
)


def pixel(world: World, node: Thing) -> dict[str, Any]:
    """A pixel. When it last fired is a matter of the day."""
    fired = datetime.fromtimestamp(world.now_seconds() // DAY * DAY, UTC)
    return {
        "id": node.id,
        "name": node.name,
        "code": f"<!-- Meta Pixel Code --><script>fbq('init', '{node.id}');</script>",
        "creation_time": moment(world, node.account_id, node.created),
        "last_fired_time": moment(world, node.account_id, max(fired, node.created)),
        "owner_ad_account": {"id": f"act_{node.account_id}", "account_id": node.account_id},
        "can_proxy": False,
        "data_use_setting": "ADVERTISING_AND_ANALYTICS",
        "enable_automatic_matching": True,
        "automatic_matching_fields": ["em", "fn", "ln", "ph"],
        "first_party_cookie_status": "FIRST_PARTY_COOKIE_ENABLED",
        "is_consolidated_container": True,
        "is_created_by_business": False,
        "is_crm": False,
        "is_unavailable": False,
    }


def custom_conversion(world: World, node: Thing) -> dict[str, Any]:
    """A custom conversion; its rule is JSON in a string."""
    number = world.hash(node.id)
    rule = {"and": [{"event": {"eq": "PageView"}}, {"or": [{"URL": {"i_contains": f"/thanks/{node.index}"}}]}]}
    made = f"{node.created:%Y-%m-%dT%H:%M:%S}+0000"
    pixel_id = world.object_id(node.account_id, "pixel", 0)
    return {
        "id": node.id,
        "account_id": node.account_id,
        "name": node.name,
        "custom_event_type": ("CONTACT", "PURCHASE", "LEAD")[number % 3],
        "creation_time": made,
        "first_fired_time": made,
        "last_fired_time": made,
        "data_sources": [{"id": pixel_id, "source_type": "PIXEL", "name": "Pixel 1"}],
        "default_conversion_value": number % 50,
        "description": "",
        "event_source_type": "pixel",
        "is_archived": False,
        "is_unavailable": False,
        "pixel": {"id": pixel_id},
        "retention_days": 0,
        "rule": json.dumps(rule, separators=(",", ":")),
    }


def label(world: World, node: Thing) -> dict[str, Any]:
    """An ad label."""
    made = moment(world, node.account_id, node.created)
    account = {"id": f"act_{node.account_id}", "account_id": node.account_id}
    return {"id": node.id, "account": account, "name": node.name, "created_time": made, "updated_time": made}


def rule(world: World, node: Thing) -> dict[str, Any]:
    """An automated rule."""
    made = moment(world, node.account_id, node.created)
    return {
        "id": node.id,
        "account_id": node.account_id,
        "name": node.name,
        "status": "ENABLED",
        "evaluation_spec": {
            "evaluation_type": "SCHEDULE",
            "filters": [{"field": "spent", "value": 10000, "operator": "GREATER_THAN"}],
        },
        "execution_spec": {"execution_type": "PAUSE", "execution_options": []},
        "schedule_spec": {"schedule_type": "DAILY"},
        "created_by": {"id": "122000000000000001", "name": "System user"},
        "created_time": made,
        "updated_time": made,
    }


def study(world: World, node: Thing) -> dict[str, Any]:
    """A study of lift."""
    made = moment(world, node.account_id, node.created)
    return {
        "id": node.id,
        "name": node.name,
        "description": "Lift of the autumn campaigns",
        "type": "LIFT",
        "start_time": made,
        "created_time": made,
        "updated_time": made,
        "created_by": {"id": "122000000000000001", "name": "System user"},
    }


def activities(world: World, account_id: str, since: float, until: float) -> Iterator[dict[str, Any]]:
    """Who changed what between two moments (epoch seconds), newest first; a few changes a day, at fixed moments."""
    account = world.account(account_id)
    if account is None:
        return
    until = min(until, world.now_seconds())
    since = max(since, account.created.timestamp())
    for day in range(int(until // DAY), int(since // DAY) - 1, -1):
        moments = sorted(
            (day * DAY + world.hash(account_id, "activity", day, each) % DAY, each)
            for each in range(2 + world.hash(account_id, "activities", day) % 5)
        )
        for when, each in reversed(moments):
            if since <= when <= until and (row := _activity(world, account_id, day, each, when)):
                yield row


def _activity(world: World, account_id: str, day: int, each: int, when: int) -> dict[str, Any] | None:
    number = world.hash(account_id, "event", day, each)
    event, words, kind = EVENTS[number % len(EVENTS)]
    there = world.count_at(account_id, kind, when)
    if not there:
        return None
    node = world.of_kind(account_id, kind)[number // 7 % there]
    moved = datetime.fromtimestamp(when, UTC)
    local = moved.astimezone(zone(world.spec(account_id).timezone))
    return {
        "actor_id": "122040000000000001",
        "actor_name": "Anna Beispiel",
        "application_id": "119211728144504",
        "application_name": "Ads Manager",
        "event_time": f"{moved:%Y-%m-%dT%H:%M:%S}+0000",
        "date_time_in_timezone": f"{local:%m/%d/%Y} at {local:%I:%M %p}".replace(" at 0", " at "),
        "event_type": event,
        "translated_event_type": words,
        "object_id": node.id,
        "object_name": node.name,
        "object_type": {"adset": "AD_SET", "campaign": "CAMPAIGN", "ad": "AD"}[kind],
        "extra_data": json.dumps({"old_value": number % 900, "new_value": number // 9 % 900, "type": "payment_amount"}),
    }
