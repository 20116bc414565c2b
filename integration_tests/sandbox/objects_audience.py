"""Custom and saved audiences as Graph JSON; the times of custom audiences are unix integers."""

from __future__ import annotations

import json
from typing import Any

from integration_tests.sandbox.kinds import Audience, Thing
from integration_tests.sandbox.layouts import value
from integration_tests.sandbox.moments import moment
from integration_tests.sandbox.targeting import Targetings, targeting
from integration_tests.sandbox.world import World

READY = {"code": 200, "description": "This audience is ready for use."}
ALLOWED = {"can_edit": True, "can_see_insight": "True", "can_share": "True", "subtype_supports_lookalike": "True",
           "supports_recipient_lookalike": "False"}  # fmt: skip


def audience(world: World, node: Audience) -> dict[str, Any]:
    """A custom audience: from the pixel, from a list, a lookalike, or from engagement."""
    number, (revision, updated, _, _) = world.hash(node.id), world.life(node)
    size = 1000 + world.hash(node.id, "size", revision) % 4_000_000 // 100 * 100
    subtype = ("WEBSITE", "CUSTOM", "LOOKALIKE", "ENGAGEMENT")[number % 4]
    row: dict[str, Any] = {
        "id": node.id,
        "account_id": node.account_id,
        "name": node.name,
        "description": "" if number % 3 else "Käufer der letzten 180 Tage 💶",
        "subtype": subtype,
        "approximate_count_lower_bound": size,
        "approximate_count_upper_bound": size + size // 6 // 100 * 100,
        "data_source": {"type": "UNKNOWN", "sub_type": "ANYTHING", "creation_params": "[]"},
        "delivery_status": READY,
        "operation_status": {"code": 200, "description": "Normal"},
        "permission_for_actions": ALLOWED,
        "is_value_based": number % 5 == 0,
        "is_household": False,
        "retention_days": (30, 90, 180)[number // 4 % 3],
        "lookalike_audience_ids": [],
        "sharing_status": {"sharing_relationship_id": 0, "status": "NOT_SHARED"},
        "time_created": int(node.created.timestamp()),
        "time_updated": updated,
        "time_content_updated": updated,
    }
    if subtype == "WEBSITE":
        row["pixel_id"] = world.object_id(node.account_id, "pixel", 0)
        row["rule"] = _rule(row["pixel_id"])
        row["rule_aggregation"] = "count"
    elif subtype == "CUSTOM":
        row["customer_file_source"] = "PARTNER_PROVIDED_ONLY"
        row["opt_out_link"] = "https://example.com/opt-out"
    elif subtype == "LOOKALIKE":
        row["lookalike_spec"] = {
            "country": "US", "ratio": 0.01, "type": "custom_ratio", "target_countries": ["US"],
            "origin": [{"id": world.object_id(node.account_id, "audience", 0), "name": "Web 180d", "type": "custom"}],
        }  # fmt: skip
    return row


def _rule(pixel_id: str) -> str:
    """Who visited the checkout, as Graph has it: JSON in a string."""
    visited = {"field": "url", "operator": "i_contains", "value": "/checkout"}
    one = {
        "event_sources": [{"id": pixel_id, "type": "pixel"}],
        "retention_seconds": 15_552_000,
        "filter": {"operator": "and", "filters": [visited]},
    }
    return json.dumps({"inclusions": {"operator": "or", "rules": [one]}}, separators=(",", ":"))


def saved_audience(world: World, node: Thing) -> dict[str, Any]:
    """A saved audience."""
    number = world.hash(node.id)
    size = 10_000 + number % 9_000_000 // 1000 * 1000
    made = moment(world, node.account_id, node.created)
    return {
        "id": node.id,
        "account": {"id": f"act_{node.account_id}", "account_id": node.account_id},
        "name": node.name,
        "description": "",
        "approximate_count_lower_bound": size,
        "approximate_count_upper_bound": size + size // 5,
        "operation_status": {"code": 200, "description": "Normal"},
        "permission_for_actions": ALLOWED,
        "run_status": "ACTIVE",
        "sentence_lines": [{"content": "Location:", "children": ["United States"]}],
        "targeting": value(targeting(number, Targetings(world).all_but_ages(node.account_id, number))),
        "time_created": made,
        "time_updated": made,
    }
