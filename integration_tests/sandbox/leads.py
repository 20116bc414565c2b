"""Leads: what people sent off in the forms of lead ads, a few on each day that an ad delivered.

Meta: docs/marketing-api/guides/lead-ads/retrieving (v26.0, read 2026-11)
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from integration_tests.sandbox.delivery import Delivery, Moment
from integration_tests.sandbox.hours import day_of
from integration_tests.sandbox.kinds import Ad, Lead
from integration_tests.sandbox.world import World

# So long Meta keeps a lead.
KEPT_SECONDS = 90 * 86_400
GOAL = "LEAD_GENERATION"
MOST_A_DAY = 9
_EPOCH = date(2015, 1, 1).toordinal()
_NAMES = ("Ana Sousa", "Jürgen Groß", "渡辺 恵", "Zoë O'Neill", "Mehmet Çelik", "Chloé Lefèvre")


class Leads:
    """The leads of a world's lead ads: those whose ad set is optimised for lead forms."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._delivery = Delivery(world)

    def of(self, ad: Ad) -> list[Lead]:
        """An ad's leads up to now, oldest first, those that Meta no longer keeps included."""
        world = self._world
        if world.adset_of(ad).optimization_goal != GOAL:
            return []
        account = world.account(ad.account_id)
        assert account is not None
        moment = Moment.of(world.clock.now(), account)
        profile, now = self._delivery.profile(ad), world.now_seconds()
        days = self._delivery.days(profile, day_of(profile.first), moment.today, moment)
        found = [lead for day in days for lead in self._day(ad, day)]
        return [lead for lead in found if lead.created.timestamp() <= now]

    def _day(self, ad: Ad, day: int) -> list[Lead]:
        world = self._world
        rate = world.spec(ad.account_id).leads_per_day
        count = min(MOST_A_DAY, math.floor(rate + world.share(ad.id, "leads", day)))
        midnight = datetime.combine(day_of(day), time(), ZoneInfo(world.spec(ad.account_id).timezone)).timestamp()
        seconds = sorted(world.hash(ad.id, "lead", day, each) % 82_800 for each in range(count))
        return [
            Lead(
                f"13{world.scenario.accounts.ordinal(ad.account_id) or 0:05d}{ad.index:06d}{day - _EPOCH:04d}{each}",
                ad.account_id, ad.id, datetime.fromtimestamp(math.floor(midnight) + second, UTC),
            )
            for each, second in enumerate(seconds)
        ]  # fmt: skip

    def find(self, lead_id: str) -> Lead | None:
        """A lead by its id, as long as Meta keeps it."""
        if len(lead_id) != 18 or not lead_id.isdecimal() or not lead_id.startswith("13"):
            return None
        ordinal, index = int(lead_id[2:7]), int(lead_id[7:13])
        if ordinal >= len(self._world.scenario.accounts):
            return None
        ads = self._world.ads(self._world.account_at(ordinal).id)
        ad = ads[index] if index < len(ads) else None
        if ad is None or self._world.vanished(ad):
            return None
        return next((lead for lead in self.of(ad) if lead.id == lead_id and self.is_kept(lead)), None)

    def is_kept(self, lead: Lead) -> bool:
        """Whether a lead can still be read."""
        return lead.created.timestamp() > self._world.now_seconds() - KEPT_SECONDS


def lead(world: World, node: Lead) -> dict[str, Any]:
    """A lead as Graph JSON; its time is in UTC."""
    number = world.hash(node.id)
    ad = world.family(node.account_id, "ad")[int(node.ad_id[9:])]
    adset, campaign = world.adset_of(ad), world.campaign_of(ad)
    name = _NAMES[number % len(_NAMES)]
    answers = {
        "full_name": [name],
        "email": [f"lead-{number % 10**9}@example.com"],
        "phone_number": [f"+1202555{number // 7 % 10_000:04d}"],
    }
    if number % 3 == 0:
        answers["which_sizes_do_you_wear?"] = [("S", "M", "L")[each] for each in range(1 + number // 3 % 3)]
    row: dict[str, Any] = {
        "id": node.id,
        "created_time": f"{node.created:%Y-%m-%dT%H:%M:%S}+0000",
        "ad_id": ad.id, "ad_name": ad.name,
        "adset_id": adset.id, "adset_name": adset.name,
        "campaign_id": campaign.id, "campaign_name": campaign.name,
        "form_id": str(310000000000000 + world.hash(adset.id, "form") % 10**9),
        "is_organic": False,
        "platform": "ig" if number % 4 == 0 else "fb",
        "field_data": [{"name": name, "values": values} for name, values in answers.items()],
    }  # fmt: skip
    if number % 5 == 0:
        row["custom_disclaimer_responses"] = [{"checkbox_key": "newsletter", "is_checked": "1"}]
    return row
