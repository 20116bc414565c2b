"""How everything in the world comes to be: each object is a function of (seed, account, kind, index)."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any

from integration_tests.sandbox import families
from integration_tests.sandbox.census import Census
from integration_tests.sandbox.chance import MOST, joined, numbers, words
from integration_tests.sandbox.families import Family, Kept, Shared
from integration_tests.sandbox.kinds import KINDS, Account
from integration_tests.sandbox.scenario import AccountSpec, Scenario

MOST_KEPT = 150_000


class Origins:
    """Makes the objects of a scenario; what was made lately is kept at hand."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.start = scenario.now.timestamp()
        self._seed = str(scenario.seed).encode()
        self._words = words(self._seed)
        self._image_number = numbers(self._seed, "image")
        self.spec = lru_cache(10_000)(self._find_spec)
        self._shared = lru_cache(50_000)(self._make_shared)
        self.account_at = lru_cache(10_000)(self._make_account)
        self.census = lru_cache(10_000)(self._make_census)
        self._families = lru_cache(50_000)(self._make_family)
        self._kept = Kept()

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
            own, all_have = self._shared(account_id, kind).number(index), self._image_number(index)
            return f"{account_id}:{own:016x}{all_have >> 32:08x}{index:08x}"
        return str(self._shared(account_id, kind).first + index)

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

    def _make_shared(self, account_id: str, kind: str) -> Shared:
        first = int(f"12{KINDS[kind]:02d}{self.scenario.accounts.ordinal(account_id) or 0:05d}{0:09d}")
        number = numbers(self._seed, account_id, kind)
        spec, births = self.spec(account_id), self.census(account_id).births(kind)
        return Shared(account_id, kind, first, spec, births, number, self._words, self._kept)

    def family(self, account_id: str, kind: str) -> Family[Any]:
        """The objects of a kind in an account by their index, born or not."""
        if self._kept.number > MOST_KEPT:
            self._families.cache_clear()
            self._kept.number = 0
        return self._families(account_id, kind)

    def _make_family(self, account_id: str, kind: str) -> Family[Any]:
        shared = self._shared(account_id, kind)
        match kind:
            case "campaign":
                return families.Campaigns(shared)
            case "adset":
                return families.AdSets(shared, self._families(account_id, "campaign"))
            case "ad":
                adsets, first_creative = self._families(account_id, "adset"), self._shared(account_id, "creative").first
                return families.Ads(shared, adsets, first_creative)
            case "creative":
                return families.Creatives(shared)
            case "audience":
                return families.Audiences(shared)
        return families.Things(shared, partial(self.object_id, account_id, kind))
