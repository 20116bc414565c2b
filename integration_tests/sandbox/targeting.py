"""Targeting: the deep object on ad sets, ads and saved audiences."""

from __future__ import annotations

from typing import Any

from integration_tests.sandbox import names
from integration_tests.sandbox.world import World

_INTERESTS = (
    "Running",
    "Cooking",
    "Mode & Stil",
    "旅行",
    "Online shopping",
    "Coffee ☕",
    "Photography",
    "Small business",
)
_POSITIONS = {
    "facebook": ["feed", "right_hand_column", "marketplace", "video_feeds", "story", "facebook_reels"],
    "instagram": ["stream", "story", "explore", "reels", "profile_feed"],
    "audience_network": ["classic", "rewarded_video"],
    "messenger": ["story"],
}


def targeting(world: World, account_id: str, number: int, edit: int) -> dict[str, Any]:
    """Whom an ad set is shown to; `edit` moves the ages alone."""
    countries = sorted({names.COUNTRIES[number // each % 8] for each in (3, 29, 31)[: 1 + number % 3]})
    row: dict[str, Any] = {
        "age_min": 18 + edit % 20,
        "age_max": 65 - edit // 20 % 15,
        "geo_locations": {"countries": countries, "location_types": ["home", "recent"]},
        "brand_safety_content_filter_levels": ["FACEBOOK_STANDARD", "AN_STANDARD"],
        "targeting_automation": {"advantage_audience": number % 2},
    }
    if number % 7 == 0:
        row["genders"] = [1 + number % 2]
    if audiences := _audiences(world, account_id, number):
        row["custom_audiences"] = audiences
        if number % 4 == 0:
            row["excluded_custom_audiences"] = audiences[:1]
    if number % 3 == 0:
        row["flexible_spec"] = [_flexible(number), _flexible(number // 5)][: 1 + number % 2]
    if number % 5 == 0:
        row |= {
            "publisher_platforms": list(_POSITIONS),
            **{f"{platform}_positions": positions for platform, positions in _POSITIONS.items()},
            "device_platforms": ["mobile", "desktop"],
        }
    if number % 11 == 0:
        row["geo_locations"]["cities"] = [
            {"key": str(2418779 + each), "name": city, "region": "Bayern", "country": "DE", "radius": 25,
             "distance_unit": "kilometer"}
            for each, city in enumerate(("München", "Nürnberg", "Würzburg"))
        ]  # fmt: skip
    return row


def _audiences(world: World, account_id: str, number: int) -> list[dict[str, str]]:
    # Only audiences of the start: an object may not change when the account grows.
    there = world.spec(account_id).audiences
    if not there or number % 2:
        return []
    picked = sorted({number // 7 % there, number // 11 % there})
    return [{"id": each.id, "name": each.name} for each in (world.audience_at(account_id, index) for index in picked)]


def _flexible(number: int) -> dict[str, Any]:
    interests = [
        {"id": str(6003000000000 + (number // each) % 900_000), "name": _INTERESTS[number // each % 8]}
        for each in range(1, 3 + number % 5)
    ]
    return {"interests": interests, "behaviors": [{"id": "6002714895372", "name": "Frequent travellers"}]}
