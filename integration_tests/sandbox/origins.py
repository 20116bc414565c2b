"""How everything in the world comes to be: each object is a function of (seed, account, kind, index)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from integration_tests.sandbox import names
from integration_tests.sandbox.census import Census
from integration_tests.sandbox.chance import MOST, joined, numbers, words
from integration_tests.sandbox.kinds import KINDS, Account, Ad, AdSet, Audience, Campaign, Creative, Thing
from integration_tests.sandbox.scenario import AccountSpec, Scenario

N_OBJECTIVES, N_ATTRIBUTIONS = len(names.OBJECTIVES), len(names.ATTRIBUTIONS)


class _Kin(NamedTuple):
    """What the objects of a kind in an account share: the id of the first, a number for each index, and so on."""

    first: int
    number: Callable[[int], int]
    spec: AccountSpec
    census: Census


class Origins:
    """Makes the objects of a scenario; what was made lately is kept at hand."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.start = scenario.now.timestamp()
        self._seed = str(scenario.seed).encode()
        self._words = words(self._seed)
        self._image_number = numbers(self._seed, "image")
        self.spec = lru_cache(10_000)(self._find_spec)
        self._first_id = lru_cache(50_000)(self._make_first_id)
        self.account_at = lru_cache(10_000)(self._make_account)
        self.census = lru_cache(10_000)(self._make_census)
        self.campaign_at = lru_cache(20_000)(self._make_campaign)
        self.adset_at = lru_cache(50_000)(self._make_adset)
        self.ad_at = lru_cache(100_000)(self._make_ad)
        self._kin = lru_cache(50_000)(self._make_kin)
        self.audience_at = lru_cache(10_000)(self._make_audience)

    def hash(self, *parts: object) -> int:
        """64 bits that depend on the seed and the parts alone."""
        return int.from_bytes(blake2b(joined(*parts), digest_size=8, key=self._seed).digest(), "big")

    def share(self, *parts: object) -> float:
        """A number in [0, 1) from a hash."""
        return self.hash(*parts) / MOST

    def _find_spec(self, account_id: str) -> AccountSpec:
        """The scenario's entry for an account that exists."""
        ordinal = self.scenario.accounts.ordinal(account_id)
        if ordinal is None:
            raise KeyError(account_id)
        found: AccountSpec = self.scenario.accounts[ordinal]
        return found

    def object_id(self, account_id: str, kind: str, index: int) -> str:
        """The id of an object: 18 digits that hold its kind, its account and its index."""
        if kind == "image":
            own, all_have = self._kin(account_id, kind).number(index), self._image_number(index)
            return f"{account_id}:{own:016x}{all_have >> 32:08x}{index:08x}"
        return str(self._first_id(account_id, kind) + index)

    def _make_first_id(self, account_id: str, kind: str) -> int:
        return int(f"12{KINDS[kind]:02d}{self.scenario.accounts.ordinal(account_id) or 0:05d}{0:09d}")

    def _make_account(self, ordinal: int) -> Account:
        spec: AccountSpec = self.scenario.accounts[ordinal]
        created = spec.created or self.scenario.now - timedelta(days=500 + self.hash(spec.id, "age") % 1500)
        return Account(
            spec.id, spec.name, spec.timezone, spec.currency, spec.status, created.replace(microsecond=0),
            spec.business, spec.features, spec.tier, ordinal,
        )  # fmt: skip

    def _make_census(self, account_id: str) -> Census:
        account = self.account_at(self.scenario.accounts.ordinal(account_id) or 0)
        return Census(self.spec(account_id), account.created, self.start, numbers(self._seed, account_id, "born"))

    def _make_kin(self, account_id: str, kind: str) -> _Kin:
        first, number = self._first_id(account_id, kind), numbers(self._seed, account_id, kind)
        return _Kin(first, number, self.spec(account_id), self.census(account_id))

    def _make_campaign(self, account_id: str, index: int) -> Campaign:
        first, number_of, spec, census = self._kin(account_id, "campaign")
        own_id, number, objectives = str(first + index), number_of(index), spec.objectives
        return Campaign(
            own_id, account_id, index, names.campaign(number, index), census.born_delivering("campaign", index),
            self._words(own_id),
            objectives[index % len(objectives)] if objectives else names.OBJECTIVES[number % N_OBJECTIVES],
            "RESERVED" if number % 41 == 7 else "AUCTION",
        )  # fmt: skip

    def _make_adset(self, account_id: str, index: int) -> AdSet:
        first, number_of, spec, census = self._kin(account_id, "adset")
        own_id, number = str(first + index), number_of(index)
        campaign = self.campaign_at(account_id, index // spec.adsets_per_campaign)
        goals = names.GOALS[campaign.objective]
        return AdSet(
            own_id, account_id, index, names.adset(number, index), census.born_delivering("adset", index),
            self._words(own_id),
            campaign.id, goals[number % len(goals)], names.ATTRIBUTIONS[number // 7 % N_ATTRIBUTIONS],
        )  # fmt: skip

    def _make_ad(self, account_id: str, index: int) -> Ad:
        first, _, spec, census = self._kin(account_id, "ad")
        own_id, there = str(first + index), spec.creatives
        own = self._words(own_id)
        number, adset = own[0], self.adset_at(account_id, index // spec.ads_per_adset)
        creative = str(self._first_id(account_id, "creative") + number % there) if there else ""
        return Ad(
            own_id, account_id, index, names.ad(number, index), census.born_delivering("ad", index), own,
            adset.campaign_id, adset.id, creative,
        )  # fmt: skip

    def _facts(self, account_id: str, kind: str, index: int) -> tuple[str, tuple[int, ...], int]:
        own_id = self.object_id(account_id, kind, index)
        return own_id, self._words(own_id), self.census(account_id).born(kind, index)

    def creative_at(self, account_id: str, index: int) -> Creative:
        """A creative."""
        first, _, _, census = self._kin(account_id, "creative")
        own_id = str(first + index)
        own = self._words(own_id)
        return Creative(
            own_id, account_id, index, names.creative(own[0], index), census.born("creative", index), own
        )  # fmt: skip

    def _make_audience(self, account_id: str, index: int) -> Audience:
        own_id, own, born = self._facts(account_id, "audience", index)
        return Audience(own_id, account_id, index, names.audience(own[0], index), born, own)

    def thing_at(self, kind: str, account_id: str, index: int) -> Thing:
        """An object of one of the lesser kinds."""
        own_id, own, born = self._facts(account_id, kind, index)
        return Thing(own_id, account_id, index, names.thing(kind, own[0], index), born, own, kind)
