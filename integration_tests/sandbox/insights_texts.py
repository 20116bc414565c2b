"""What rows of insights say about their object: names, ids and settings of it and of its parents."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from integration_tests.sandbox.kinds import Account
from integration_tests.sandbox.world import World

Texts = dict[str, str]


class ObjectTexts:
    """The texts of the objects of one world by account, level and index; report after report asks for the same."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._of = lru_cache(5_000)(self._make)
        self._written = lru_cache(5_000)(self._write)

    def written(self, account: Account, level: str, index: int, names: tuple[str, ...]) -> tuple[Texts, bytes]:
        """All texts of an object, and those of some names as JSON without braces, a comma behind."""
        return self._written(account.id, level, index, names)

    def _write(self, account_id: str, level: str, index: int, names: tuple[str, ...]) -> tuple[Texts, bytes]:
        texts = self._of(account_id, level, index)
        shown = {name: texts[name] for name in names if texts.get(name) and name != "updated_time"}
        return texts, orjson.dumps(shown)[1:-1] + b"," if shown else b""

    def _make(self, account_id: str, level: str, index: int) -> Texts:
        world = self._world
        account = world.account(account_id)
        if account is None:
            raise KeyError(account_id)
        texts = {"account_id": account.id, "account_name": account.name, "account_currency": account.currency}
        zone = ZoneInfo(account.timezone)
        texts |= _times(account.created.astimezone(zone).date(), world.hash(account.id, "edited"))
        if level == "account":
            return texts
        rows = {"campaign": world.campaigns, "adset": world.adsets, "ad": world.ads}
        node: Any = rows[level](account.id)[index]
        adset = world.adset_of(node) if level == "ad" else node if level == "adset" else None
        campaign = node if level == "campaign" else world.campaign_of(node)
        texts |= {
            "campaign_id": campaign.id, "campaign_name": campaign.name,
            "objective": campaign.objective, "buying_type": campaign.buying_type,
        }  # fmt: skip
        if adset is not None:
            texts |= {
                "adset_id": adset.id, "adset_name": adset.name,
                "optimization_goal": adset.optimization_goal, "attribution_setting": adset.attribution,
            }  # fmt: skip
        number = world.hash(node.id, "texts")
        texts |= _times(node.created.astimezone(zone).date(), number)
        if level == "ad":
            texts |= {"ad_id": node.id, "ad_name": node.name, **_rankings(number)}
            if number % 4 == 0:
                texts |= {"auction_bid": str(100 + number % 900), "auction_competitiveness": str(number % 100),
                          "auction_max_competitor_bid": str(200 + number % 1900)}  # fmt: skip
        if number % 3 == 0:
            texts["is_catalogue"] = "yes"
        if campaign.objective == "OUTCOME_LEADS":
            texts["asks"] = "yes"
        return texts


def _times(created: date, number: int) -> Texts:
    """Days, not moments; a later edit must not change a day that is frozen, so the update is a day soon after."""
    return {"created_time": created.isoformat(), "updated_time": (created + timedelta(days=number % 20)).isoformat()}


def _rankings(number: int) -> Texts:
    names = ("quality_ranking", "engagement_rate_ranking", "conversion_rate_ranking")
    known = ("UNKNOWN", "UNKNOWN", "AVERAGE", "ABOVE_AVERAGE", "BELOW_AVERAGE_10", "BELOW_AVERAGE_35")
    return {name: known[(number >> 4 * n) % len(known)] for n, name in enumerate(names)}
