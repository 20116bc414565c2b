"""How everything in the world comes to be: each object is a function of (seed, account, kind, index)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import lru_cache, partial
from struct import Struct
from typing import NamedTuple

from integration_tests.sandbox import names
from integration_tests.sandbox.census import Census
from integration_tests.sandbox.chance import MOST
from integration_tests.sandbox.kinds import KINDS, Account, Ad, AdSet, Audience, Campaign, Creative, Thing
from integration_tests.sandbox.scenario import AccountSpec, Scenario

_WORDS = Struct(">8Q")
N_OBJECTIVES = len(names.OBJECTIVES)


class _Ads(NamedTuple):
    """What the ads of an account share: how their ids and those of their creatives begin, how many are in an ad set."""

    start: str
    per_adset: int
    creative_start: str
    n_creatives: int
    census: Census


class Origins:
    """Makes the objects of a scenario; what was made lately is kept at hand."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.start = scenario.now.timestamp()
        self._seed = str(scenario.seed).encode()
        self._hash = hashlib.blake2b(key=self._seed)
        self.spec = lru_cache(10_000)(self._find_spec)
        self._id_start = lru_cache(50_000)(self._make_id_start)
        self.account_at = lru_cache(10_000)(self._make_account)
        self.census = lru_cache(10_000)(self._make_census)
        self.campaign_at = lru_cache(20_000)(self._make_campaign)
        self.adset_at = lru_cache(50_000)(self._make_adset)
        self.ad_at = lru_cache(100_000)(self._make_ad)
        self._ads_of = lru_cache(10_000)(self._make_ads_of)
        self.audience_at = lru_cache(10_000)(self._make_audience)

    def hash(self, *parts: object) -> int:
        """64 bits that depend on the seed and the parts alone."""
        text = "\x1f".join(map(str, parts)).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8, key=self._seed).digest(), "big")

    def share(self, *parts: object) -> float:
        """A number in [0, 1) from a hash."""
        return self.hash(*parts) / MOST

    def _make_words(self, object_id: str) -> tuple[int, ...]:
        """Eight numbers of 64 bits that depend on the seed and an object's id alone: one hash for all its choices."""
        mixing = self._hash.copy()
        mixing.update(object_id.encode())
        return _WORDS.unpack(mixing.digest())

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
            mixed = f"{self.hash(account_id, 'image', index):016x}{self.hash('image', index) >> 32:08x}{index:08x}"
            return f"{account_id}:{mixed}"
        return f"{self._id_start(account_id, kind)}{index:09d}"

    def _make_id_start(self, account_id: str, kind: str) -> str:
        return f"12{KINDS[kind]:02d}{self.scenario.accounts.ordinal(account_id) or 0:05d}"

    def _make_account(self, ordinal: int) -> Account:
        spec: AccountSpec = self.scenario.accounts[ordinal]
        created = spec.created or self.scenario.now - timedelta(days=500 + self.hash(spec.id, "age") % 1500)
        return Account(
            spec.id, spec.name, spec.timezone, spec.currency, spec.status, created.replace(microsecond=0),
            spec.business, spec.features, spec.tier, ordinal,
        )  # fmt: skip

    def _make_census(self, account_id: str) -> Census:
        account = self.account_at(self.scenario.accounts.ordinal(account_id) or 0)
        return Census(self.spec(account_id), account.created, self.start, partial(self.share, account_id))

    def _facts(self, account_id: str, kind: str, index: int) -> tuple[str, tuple[int, ...], int]:
        own_id = self.object_id(account_id, kind, index)
        return own_id, self._make_words(own_id), self.census(account_id).born(kind, index)

    def _make_campaign(self, account_id: str, index: int) -> Campaign:
        own_id, words, born = self._facts(account_id, "campaign", index)
        number = self.hash(account_id, "campaign", index)
        objectives = self.spec(account_id).objectives
        objective = objectives[index % len(objectives)] if objectives else names.OBJECTIVES[number % N_OBJECTIVES]
        buying = "RESERVED" if number % 41 == 7 else "AUCTION"
        name = names.campaign(number, index)
        return Campaign(own_id, account_id, index, name, born, words, objective, buying)

    def _make_adset(self, account_id: str, index: int) -> AdSet:
        own_id, words, born = self._facts(account_id, "adset", index)
        number = self.hash(account_id, "adset", index)
        campaign = self.campaign_at(account_id, index // self.spec(account_id).adsets_per_campaign)
        goals = names.GOALS[campaign.objective]
        attribution = names.ATTRIBUTIONS[number // 7 % len(names.ATTRIBUTIONS)]
        name, goal = names.adset(number, index), goals[number % len(goals)]
        return AdSet(own_id, account_id, index, name, born, words, campaign.id, goal, attribution)

    def _make_ad(self, account_id: str, index: int) -> Ad:
        start, per_adset, creative_start, n_creatives, census = self._ads_of(account_id)
        own_id = f"{start}{index:09d}"
        words = self._make_words(own_id)
        number, adset = words[0], self.adset_at(account_id, index // per_adset)
        creative = f"{creative_start}{number % n_creatives:09d}" if n_creatives else ""
        return Ad(
            own_id, account_id, index, names.ad(number, index), census.born_delivering("ad", index), words,
            adset.campaign_id, adset.id, creative,
        )  # fmt: skip

    def _make_ads_of(self, account_id: str) -> _Ads:
        spec, start = self.spec(account_id), self._id_start
        return _Ads(
            start(account_id, "ad"), spec.ads_per_adset, start(account_id, "creative"), spec.creatives,
            self.census(account_id),
        )  # fmt: skip

    def creative_at(self, account_id: str, index: int) -> Creative:
        """A creative."""
        own_id, words, born = self._facts(account_id, "creative", index)
        return Creative(own_id, account_id, index, names.creative(words[0], index), born, words)

    def _make_audience(self, account_id: str, index: int) -> Audience:
        own_id, words, born = self._facts(account_id, "audience", index)
        return Audience(own_id, account_id, index, names.audience(words[0], index), born, words)

    def thing_at(self, kind: str, account_id: str, index: int) -> Thing:
        """An object of one of the lesser kinds."""
        own_id, words, born = self._facts(account_id, kind, index)
        return Thing(own_id, account_id, index, names.thing(kind, words[0], index), born, words, kind)
