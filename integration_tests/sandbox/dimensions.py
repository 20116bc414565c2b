"""The values that breakdowns and action breakdowns have for an ad, and how its figures lie among them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from integration_tests.sandbox.delivery import Profile
from integration_tests.sandbox.figures import AT, Cells
from integration_tests.sandbox.hours import HOURS
from integration_tests.sandbox.world import World

HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
HOURLY_AUDIENCE = "hourly_stats_aggregated_by_audience_time_zone"
# Breakdowns are split in this order, so that a value's total is the same whatever is nested in it.
ORDER = (
    "country", "region", "comscore_market", "comscore_market_code", "age", "gender", "publisher_platform",
    "platform_position", "device_platform", "impression_device", "product_id", "place_page_id", "user_segment_key",
    "frequency_value", HOURLY, HOURLY_AUDIENCE, "body_asset", "title_asset", "description_asset", "link_url_asset",
    "call_to_action_asset", "ad_format_asset", "image_asset", "video_asset", "mmm",
)  # fmt: skip
SEPARATOR = "\x1f"
# Between the values of several action breakdowns: below every character that is in one.
JOINT = "\0"

_TARGETED = ("action_target_id", "action_destination", "action_device")
_CAROUSEL = ("action_carousel_card_id", "action_carousel_card_name")
# Which action breakdowns say something about which figures.
APPLICABLE: dict[str, tuple[str, ...]] = {
    "click": (*_TARGETED, *_CAROUSEL),
    "reaction": (*_TARGETED, "action_reaction"),
    "social": _TARGETED,
    "video": (*_TARGETED, "action_video_sound", "action_video_type"),
}
_GROUPS = {
    "click": ("click_other", "click_onsite", "click_outbound", "landing", "message", "canvas_open", "canvas_start",
              "canvas_outbound"),
    "reaction": ("reaction",),
    "social": ("comment", "share", "save"),
    "video": ("stage_0", "stage_25", "stage_50", "stage_75", "stage_95", "stage_100", "span_0", "span_2", "span_3",
              "span_15", "span_30", "seconds"),
}  # fmt: skip
GROUP_OF = {AT[name]: group for group, names in _GROUPS.items() for name in names}

# Of how many ads the action cells are kept.
_MOST_KEPT = 10_000

Weighted = list[tuple[tuple[str, ...], int]]


@lru_cache(1)
def tables() -> dict[str, Any]:
    """The values, weights and texts of `data/dimensions.json`."""
    text = (Path(__file__).parent / "data" / "dimensions.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def decimals(currency: str) -> int:
    """How many decimals a currency's amounts have."""
    return 0 if currency in tables()["zero_decimal_currencies"] else 2


def group_of(primitive: int) -> str | None:
    """The kind of action on Meta that a figure counts; None for what is none (impressions, spend, conversions)."""
    return GROUP_OF.get(primitive)


class ActionCells(NamedTuple):
    """Values of action breakdowns, joined by `JOINT`, which keeps their order; and their weights added up."""

    keys: tuple[str, ...]
    sums: tuple[int, ...]


class Dimensions:
    """The cells of the ads of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._actions: dict[tuple[str, Sequence[str]], dict[str, ActionCells]] = {}

    def cells(self, profile: Profile, breakdowns: Sequence[str], hours: int) -> Cells:
        """How an ad's impressions lie among the values of breakdowns, given in the order of `ORDER`.

        `hours` is how many hours of the day there are figures for. No cells when the ad has no such values.
        """
        found: Weighted = [((), 1)]
        for position, name in enumerate(breakdowns):
            found = [
                ((*value, own), weight * each)
                for value, weight in found
                for own, each in self._values(
                    profile, name, dict(zip(breakdowns[:position], value, strict=False)), hours
                )
            ]
        return Cells.of(found)

    def _values(self, profile: Profile, name: str, outer: dict[str, str], hours: int) -> list[tuple[str, int]]:
        if name in (HOURLY, HOURLY_AUDIENCE):
            return [(f"{hour:02d}:00:00 - {hour:02d}:59:59", HOURS[hour]) for hour in range(hours)]
        if name in tables()["nested"]:
            return self._nested(profile, name, outer)
        if name in tables()["assets"]:
            return self._assets(profile, name)
        if name == "country":
            return self._countries(profile)
        if name == "product_id":
            return self._products(profile)
        if name == "place_page_id":
            places = self._hash(profile, "places") % 8
            return (
                [(f"10{self._hash(profile, 'place', n) % 10**13:013d}", 3 - n) for n in range(2)] if places == 0 else []
            )
        if name == "mmm":
            return [("", 1)]
        if name in tables()["weights"]:
            return self._jittered(profile, name, tables()["weights"][name])
        return []

    def _jittered(self, profile: Profile, name: str, weights: dict[str, int]) -> list[tuple[str, int]]:
        number = self._hash(profile, name)
        return [
            (value, weight * (60 + (number >> n * 5) % 80) // 10) for n, (value, weight) in enumerate(weights.items())
        ]

    def _countries(self, profile: Profile) -> list[tuple[str, int]]:
        """One to three countries: those that the ad set is aimed at."""
        weights: dict[str, int] = tables()["weights"]["country"]
        names, number = list(weights), self._world.hash(profile.ad.adset_id, "countries")
        chosen = sorted({names[(number >> 8 * n) % len(names)] for n in range(1 + number % 3)})
        return [(name, weights[name]) for name in chosen]

    def _nested(self, profile: Profile, name: str, outer: dict[str, str]) -> list[tuple[str, int]]:
        parent, children = tables()["nested"][name]
        parents = [(outer[parent], 1)] if parent in outer else self._values(profile, parent, {}, 24)
        number = self._hash(profile, name)
        return [
            (child, weight * (20 + (number >> n * 7) % 60))
            for value, weight in parents
            for n, child in enumerate(children.get(value, ()))
        ]

    def _assets(self, profile: Profile, name: str) -> list[tuple[str, int]]:
        if (name == "video_asset" and not profile.is_video) or (name == "image_asset" and profile.is_video):
            return []
        texts: list[str] = tables()["assets"][name][1]
        number = self._hash(profile, name)
        count = 1 + number % len(texts)
        return [
            (
                f"{60 * 10**11 + self._hash(profile, name, n) % 10**12}{SEPARATOR}{texts[(number + n) % len(texts)]}",
                2 + n,
            )
            for n in range(count)
        ]

    def _products(self, profile: Profile) -> list[tuple[str, int]]:
        """The products of a catalogue ad, as id and name; most ads are none."""
        number = self._hash(profile, "products")
        if number % 3:
            return []
        return [
            (f"{55 * 10**14 + self._hash(profile, 'product', n) % 10**14}, Product {n + 1}", 1 + (number >> 3 * n) % 8)
            for n in range(3 + number % 5)
        ]

    def actions(self, profile: Profile, names: tuple[str, ...]) -> dict[str, ActionCells]:
        """The action cells of every kind of action on Meta; report after report asks it of the same ads."""
        key = (profile.ad.id, names)
        known = self._actions.get(key)
        if known is None:
            if len(self._actions) >= _MOST_KEPT:
                self._actions.clear()
            # Kinds of which the same breakdowns say something have the same cells.
            made: dict[tuple[bool, ...], ActionCells] = {}
            known = self._actions[key] = {}
            for group, applicable in APPLICABLE.items():
                says = tuple(name in applicable for name in names)
                if says not in made:
                    made[says] = self._action_cells(profile, says, names)
                known[group] = made[says]
        return known

    def _action_cells(self, profile: Profile, says: Sequence[bool], names: Sequence[str]) -> ActionCells:
        """How actions lie among the values of action breakdowns; '' where one says nothing of them."""
        found: Weighted = [((), 1)]
        for name, is_said in zip(names, says, strict=True):
            values = self._action_values(profile, name) if is_said else [("", 1)]
            if name == _CAROUSEL[1] and _CAROUSEL[0] in names and len(values) > 1:
                # Id and name are two columns of the same card.
                of = dict(zip((each for each, _ in self._action_values(profile, _CAROUSEL[0])), values, strict=True))
                at = names.index(_CAROUSEL[0])
                found = [((*value, of[value[at]][0]), weight) for value, weight in found]
                continue
            found = [((*value, own), weight * each) for value, weight in found for own, each in values]
        cells = Cells.of(found)
        return ActionCells(tuple(map(JOINT.join, cells.values)), cells.sums)

    def _action_values(self, profile: Profile, name: str) -> list[tuple[str, int]]:
        number = self._hash(profile, "actions", name)
        makers: dict[str, Callable[[int], str]] = {
            "action_target_id": lambda n: f"{10**14 + (number >> n) % 10**14}",
            "action_destination": lambda n: ("shop.example", "www.example.com", f"{10**14 + number % 10**14}")[n],
            "action_carousel_card_id": lambda n: f"{70 * 10**11 + (number >> n) % 10**12}",
            "action_carousel_card_name": lambda n: f"Card {n + 1} 🎠",
        }
        if name in makers:
            cards = self._hash(profile, "cards") if name in _CAROUSEL else 0
            count = (2 + cards // 4 % 3 if cards % 4 == 0 else 0) if name in _CAROUSEL else 1 + number % 2
            return [(makers[name](n), 5 - n) for n in range(count)] or [("", 1)]
        weights = tables()["weights"].get(name)
        return self._jittered(profile, name, weights) if weights else [("", 1)]

    def _hash(self, profile: Profile, *parts: object) -> int:
        return self._world.hash(profile.ad.id, *parts)
