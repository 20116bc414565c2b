"""What each ad delivered on each day of its account, as Meta would tell it at a given moment.

A pure function of (seed, ad, day, age of the day): nothing is stored. Many days have no delivery. Today holds the
whole hours that are over. An ad that is archived, deleted or restored in the middle of a day stops or begins at the
next midnight of its account. Impressions, clicks and spend are corrected for three days; conversions are attributed for
28; after that a day never changes again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from struct import Struct
from zoneinfo import ZoneInfo

from integration_tests.sandbox.figures import (
    AT,
    CONVERSIONS,
    COUNT_AT,
    FIRST_CONVERSION,
    MONEY_AT,
    N_PARTS,
    PARTS,
    PRICED,
    Cells,
    Pairs,
    narrowed,
    split,
)
from integration_tests.sandbox.hours import HOUR_CELLS, HOURS, hours_of
from integration_tests.sandbox.kinds import Account, Ad
from integration_tests.sandbox.world import World

FINAL_AGE = 28
VALUE = PARTS.index("value")
SHARES = tuple(sum((46, 20, 10, 20, 4)[: n + 1]) for n in range(N_PARTS - 1))
STAGES = (55, 75, 85, 92, 95, 100)
SPANS = (30, 45, 80, 92, 100)
# By a day's age: how much of its impressions it has per mille, at last, then at every age down to that one.
CORRECTED = ((1000, 997, 991, 985), (1000, 997, 991), (1000, 997), (1000,))

# What each part of the conversions of a sale, a lead, a visit or an install campaign is per 10,000 link clicks.
RATES = {
    "OUTCOME_SALES": {"view_content_web": 6000, "add_to_cart_web": 1500, "purchase_web": 600, "subscribe_web": 40},
    "OUTCOME_LEADS": {"view_content_web": 3000, "lead_web": 700},
    "OUTCOME_TRAFFIC": {"view_content_web": 2500, "add_to_cart_web": 200, "purchase_web": 60},
    "OUTCOME_APP_PROMOTION": {"install_app": 900, "purchase_app": 150},
}
# By the index of a part of a conversion: the figures that it adds to as a count, those as money, and its name.
Fan = Mapping[int, tuple[tuple[int, ...], tuple[int, ...], str]]
_WORDS = Struct("<16I")
_MASK = (1 << 64) - 1


@dataclass(slots=True)
class Profile:
    """What holds for an ad on all days: how much it delivers, at what price, and what comes of it.

    Nobody changes it, nor a `Day`; they are not frozen because freezing makes them four times as slow to make.
    """

    ad: Ad
    zone: str
    key: int
    first: int
    last: int
    away: tuple[tuple[int, int], ...]
    scale: int
    active_share: int
    ctr: int
    cpm: int
    is_video: bool
    is_canvas: bool
    conversions: tuple[tuple[int, int], ...]
    prices: Mapping[str, int]
    fan: Fan


@dataclass(frozen=True, slots=True)
class Moment:
    """The present of an account: its day, and how many hours of it are over."""

    today: date
    hours: int

    @classmethod
    def of(cls, moment: datetime, account: Account) -> Moment:
        local = moment.astimezone(ZoneInfo(account.timezone))
        return cls(local.date(), local.hour)


@dataclass(slots=True)
class Day:
    """One ad's day: its figures that are not 0, its reach, and 64 bits of chance for splitting them.

    `grows` is the impressions the day will have, the end first, the present last; `n_days` of them are of days that
    are over, the others of hours of today.
    """

    pairs: Pairs
    reach: int
    chance: int
    grows: list[int]
    n_days: int


class Delivery:
    """The figures of the ads of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._profiles: dict[str, tuple[float, Profile]] = {}

    def profile(self, ad: Ad) -> Profile:
        """An ad's constants; made again whenever something changed for it, since it may have ended, or a parent."""
        until = self._world.standing(ad).until
        known = self._profiles.get(ad.id)
        if known and known[0] == until:
            return known[1]
        made = self._make(ad)
        if len(self._profiles) > 200_000:
            self._profiles.clear()
        self._profiles[ad.id] = (until, made)
        return made

    def _make(self, ad: Ad) -> Profile:
        world = self._world
        zone = ZoneInfo(world.spec(ad.account_id).timezone)
        number = world.hash(ad.id, "delivery")
        words = _WORDS.unpack(blake2b(number.to_bytes(8, "big"), digest_size=64).digest())
        # Not on the day of its creation: that day's hours before it would have figures too.
        first = ad.created.astimezone(zone).date().toordinal() + 1
        last = first + 20 + words[1] % 150 if words[0] % 100 < 15 else date.max.toordinal()
        # The day of the end is delivered to its end, that of the return not at all: no hour that is over may change.
        away = [(1 + _day(gone, zone), _day(back, zone)) for gone, back in world.absences(ad)]
        adset, campaign = world.adset_of(ad), world.campaign_of(ad)
        rates = RATES.get(campaign.objective, {})
        clicks = "1d_click" in adset.attribution, "7d_click" in adset.attribution
        attributed = (clicks[0] or clicks[1], clicks[1], False, "1d_view" in adset.attribution, False)
        return Profile(
            ad=ad, zone=zone.key, key=number, first=first, last=last, away=tuple(away),
            scale=60 * 10 ** (words[2] % 3) // (1 + words[3] % 2) + words[4] % 200,
            active_share=45 + words[5] % 45,
            ctr=700 + words[6] % 2400, cpm=300 + words[7] % 1300,
            is_video=words[8] % 100 < 55, is_canvas=words[9] % 100 < 12,
            conversions=tuple((CONVERSIONS.index(name), rate) for name, rate in rates.items()),
            prices={name: 900 + words[10 + n] % 9000 for n, name in enumerate(PRICED)},
            fan=_fanned(tuple(rates), attributed),
        )  # fmt: skip

    def days(self, profile: Profile, since: date, until: date, moment: Moment) -> list[int]:
        """The ordinals of the days from `since` to `until` on which the ad delivered, as far as they have begun."""
        first = max(since.toordinal(), profile.first)
        last = min(until.toordinal(), profile.last, moment.today.toordinal())
        key, share = profile.key, profile.active_share
        days = [day for day in range(first, last + 1) if _mixed(key + day) % 100 < share]
        for gone, back in profile.away:
            days = [day for day in days if not gone <= day <= back]
        return days

    def figures(self, profile: Profile, day: int, moment: Moment) -> Day | None:
        """What one ad delivered on one day, None when nothing yet."""
        words = _WORDS.unpack(blake2b(((profile.key + day) & _MASK).to_bytes(8, "big"), digest_size=64).digest())
        age = moment.today.toordinal() - day
        final = profile.scale * (400 + words[0] % 1200) // 1000 + 1
        begun = sum(HOURS[: moment.hours]) if age == 0 else 1000
        grows = [(final * 1000 * share + words[1] % 900_000) // 1_000_000 for share in CORRECTED[min(age, 3)]]
        chance = words[14] << 32 | words[15]
        n_days = len(grows)
        if age == 0:
            grows += _through_the_day(grows, chance, hours_of(HOUR_CELLS, profile.zone, day), moment.hours)
        impressions = grows[-1]
        if impressions == 0:
            return None
        pairs = self._seen(profile, impressions, words)
        link_clicks = (final * profile.ctr + words[2] % 100_000) // 100_000
        self._converted(profile, link_clicks, age, begun, words, pairs)
        reach = max(1, impressions * (700 + words[3] % 250) // 1000)
        return Day(pairs, reach, chance, grows, n_days)

    @staticmethod
    def _seen(profile: Profile, impressions: int, words: tuple[int, ...]) -> Pairs:
        """What happened on Meta: it follows from the impressions alone, and grows with them."""
        links = (impressions * profile.ctr + words[2] % 100_000) // 100_000
        outbound = (links * 90 + words[4] % 100) // 100
        spend = (impressions * profile.cpm + words[5] % 1000) // 1000
        social = spend * (words[5] % 7) // 100
        rate = words[6] % 300 if words[6] % 3 else 0
        found = [
            (AT["impressions"], impressions),
            (AT["click_other"], (impressions * 500 + words[7] % 100_000) // 100_000),
            (AT["click_onsite"], links - outbound),
            (AT["click_outbound"], outbound),
            (AT["spend_plain"], spend - social),
            (AT["spend_social"], social),
            (AT["reaction"], (impressions * rate * 2 + words[8] % 100_000) // 100_000),
            (AT["comment"], (impressions * rate // 4 + words[9] % 100_000) // 100_000),
            (AT["share"], (impressions * rate // 5 + words[10] % 100_000) // 100_000),
            (AT["save"], (impressions * rate // 6 + words[11] % 100_000) // 100_000),
            (AT["landing"], outbound * 80 // 100),
            (AT["message"], impressions * rate // 500_000),
            (AT["full_view"], impressions * 55 // 100),
        ]
        if profile.is_video:
            plays = (impressions * (550 + words[12] % 300) + 500) // 1000
            found += [(AT["stage_0"] + stage, n) for stage, n in split(plays, STAGES, words[13])]
            found += [(AT["span_0"] + span, n) for span, n in split(plays, SPANS, words[13])]
            found.append((AT["seconds"], plays * (20 + words[12] % 90) // 10))
        if profile.is_canvas:
            opened = (links * 40 + words[12] % 100) // 100
            found += [(AT["canvas_open"], opened), (AT["canvas_start"], opened * 9 // 10)]
            found += [(AT["canvas_outbound"], opened * 3 // 10), (AT["canvas_seconds"], opened * (3 + words[12] % 15))]
        return [pair for pair in found if pair[1]]

    @staticmethod
    def _converted(profile: Profile, clicks: int, age: int, begun: int, words: tuple[int, ...], pairs: Pairs) -> None:
        """What happened elsewhere, as far as it is attributed by now: each part ripens at its own pace."""
        if age == 0:
            ripe: tuple[int, ...] = (begun // 2, 0, 0, begun // 3, begun // 3)
        elif age >= FINAL_AGE:
            ripe = (1000,) * 5
        else:
            soon = min(1000, 700 + 150 * age)
            ripe = (soon, min(1000, age * 1000 // 7), max(0, (age - 7) * 1000 // 21), soon, soon)
        for number, rate in profile.conversions:
            word = words[number + 4]
            total = (clicks * rate + word % 10_000) // 10_000
            if not total:
                continue
            base = FIRST_CONVERSION + N_PARTS * number
            for part, n in split(total, SHARES, word >> 3):
                now = (n * ripe[part] + (word >> part) % 1000) // 1000
                if now:
                    pairs.append((base + part, now))


@lru_cache(100)
def _fanned(conversions: tuple[str, ...], attributed: tuple[bool, ...]) -> Fan:
    """Which figures of a row each part of some conversions adds to: its own, and the value where it is attributed."""
    fan = {}
    for name in conversions:
        for part, counts in enumerate(attributed):
            slots = (part, VALUE) if counts else (part,)
            fan[COUNT_AT[name] + part] = (
                tuple(COUNT_AT[name] + slot for slot in slots),
                tuple(MONEY_AT[name] + slot for slot in slots) if name in MONEY_AT else (),
                name,
            )
    return fan


def _through_the_day(grows: Sequence[int], chance: int, cells: Cells, hours: int) -> list[int]:
    """A day's impressions as of 23 o'clock, then 22, down to `hours`: those of the hours that are over by then.

    The hours are the very ones of an hourly report, so that today's total and its hours agree, and none is taken back.
    """
    by_hour = {int(cells.values[cell][0][:2]): part for cell, part in narrowed(grows, cells.sums, chance)}
    so_far = list(accumulate((by_hour.get(hour, 0) for hour in range(23)), initial=0))
    return so_far[hours:][::-1]


def _day(moment: float, zone: ZoneInfo) -> int:
    """The ordinal of the day that a moment (epoch seconds) is in; the last day of all for never."""
    return date.max.toordinal() if moment == math.inf else datetime.fromtimestamp(moment, zone).date().toordinal()


def _mixed(number: int) -> int:
    """A number that looks like chance (the finisher of splitmix64)."""
    number = (number * 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)
