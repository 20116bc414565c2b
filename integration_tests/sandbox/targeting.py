"""Targeting: the deep object on ad sets, ads and saved audiences, as JSON (see `layouts` for its text)."""

from __future__ import annotations

from functools import lru_cache

from integration_tests.sandbox import names
from integration_tests.sandbox.layouts import member, text
from integration_tests.sandbox.world import World

_INTERESTS = [
    text(name)
    for name in (
        "Running",
        "Cooking",
        "Mode & Stil",
        "旅行",
        "Online shopping",
        "Coffee ☕",
        "Photography",
        "Small business",
    )
]
_POSITIONS = {
    "facebook": ["feed", "right_hand_column", "marketplace", "video_feeds", "story", "facebook_reels"],
    "instagram": ["stream", "story", "explore", "reels", "profile_feed"],
    "audience_network": ["classic", "rewarded_video"],
    "messenger": ["story"],
}
_PLACEMENTS = "".join([
    member("publisher_platforms", list(_POSITIONS)),
    *(member(f"{platform}_positions", positions) for platform, positions in _POSITIONS.items()),
    member("device_platforms", ["mobile", "desktop"]), "}",
])  # fmt: skip
_CITIES = member("cities", [
    {"key": str(2418779 + each), "name": city, "region": "Bayern", "country": "DE", "radius": 25,
     "distance_unit": "kilometer"}
    for each, city in enumerate(("München", "Nürnberg", "Würzburg"))
])  # fmt: skip
_SAFETY = member("brand_safety_content_filter_levels", ["FACEBOOK_STANDARD", "AN_STANDARD"])
_AUTOMATION = [member("targeting_automation", {"advantage_audience": number}) for number in (0, 1)]
_BEHAVIORS = member("behaviors", [{"id": "6002714895372", "name": "Frequent travellers"}])


def targeting(edit: int, rest: str) -> str:
    """Whom an ad set is shown to; an edit moves the ages alone, `rest` is what `all_but_ages` says."""
    return f'{{"age_min":{18 + edit % 20},"age_max":{65 - edit // 20 % 15}{rest}'


class Targetings:
    """Writes whom the ad sets of a world are shown to; lists of audiences, of which there are few, are kept."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._audiences = lru_cache(1_000)(self._make_audiences)

    def all_but_ages(self, account_id: str, number: int) -> str:
        """What no edit touches, up to the end."""
        # Only audiences of the start: an object may not change when the account grows.
        there = 0 if number % 2 else self._world.spec(account_id).audiences
        return "".join((
            _countries(number // 3 % 8, *(number // 29 % 8, number // 31 % 8)[: number % 3]),
            "}" if number % 11 else f"{_CITIES}}}",
            _SAFETY, _AUTOMATION[number % 2],
            "" if number % 7 else f',"genders":[{1 + number % 2}]',
            self._audiences(account_id, number // 7 % there, number // 11 % there, number % 4 == 0) if there else "",
            "" if number % 3 else _flexible(number),
            "}" if number % 5 else _PLACEMENTS,
        ))  # fmt: skip

    def _make_audiences(self, account_id: str, one: int, other: int, excludes: bool) -> str:
        audiences = self._world.family(account_id, "audience")
        picked = [audiences[index] for index in sorted({one, other})]
        shown = [{"id": each.id, "name": each.name} for each in picked]
        return member("custom_audiences", shown) + (member("excluded_custom_audiences", shown[:1]) if excludes else "")


@lru_cache(1_000)
def _countries(*picked: int) -> str:
    there = '","'.join(sorted({names.COUNTRIES[each] for each in picked}))
    return f',"geo_locations":{{"countries":["{there}"],"location_types":["home","recent"]'


def _flexible(number: int) -> str:
    specs = f"{_interests(number)},{_interests(number // 5)}" if number % 2 else _interests(number)
    return f',"flexible_spec":[{specs}]'


def _interests(number: int) -> str:
    interests = ",".join([
        f'{{"id":"{6003000000000 + picked}","name":{_INTERESTS[picked % 8]}}}'
        for picked in [number // each % 900_000 for each in range(1, 3 + number % 5)]
    ])  # fmt: skip
    return f'{{"interests":[{interests}]{_BEHAVIORS}}}'
