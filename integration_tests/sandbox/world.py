"""The deterministic world behind the API: every object is a function of (seed, account, kind, index) and the time.

Nothing is stored: a world of a million ads costs memory for the ads that are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from integration_tests.sandbox.census import Row
from integration_tests.sandbox.kinds import (
    BY_KIND,
    Account,
    Ad,
    AdSet,
    Audience,
    Business,
    Campaign,
    Creative,
    Made,
    Node,
    Thing,
    kind_of,
)  # fmt: skip
from integration_tests.sandbox.lives import NEVER, Ending, Life, Lives, Standing, edit_of
from integration_tests.sandbox.origins import Origins
from integration_tests.sandbox.sandbox_clock import SandboxClock
from integration_tests.sandbox.scenario import Scenario

__all__ = ["Account", "Ad", "AdSet", "Audience", "Business", "Campaign", "Creative", "Node", "Thing", "World"]

GONE = frozenset({"ARCHIVED", "DELETED"})
_ENDING = frozenset({Ad, AdSet, Campaign})
_VANISHING = (Ad, AdSet, Campaign, Audience, Thing)
# Of the lesser kinds those that nothing else refers to.
_IN_NO_USE = frozenset({"audience", "saved_audience", "custom_conversion", "rule", "study"})
# What a review of an ad finds, by chance.
_REVIEWS = {0: "DISAPPROVED", 1: "WITH_ISSUES", 2: "PENDING_REVIEW"}


class World(Origins):
    """All there is in a scenario, as of the clock's present."""

    def __init__(self, scenario: Scenario, clock: SandboxClock | None = None) -> None:
        super().__init__(scenario)
        self.clock = clock or SandboxClock(scenario.now, scenario.speed)
        self._elapsed = self.clock.monotonic
        self._lives = lru_cache(10_000)(self._make_lives)

    def now_seconds(self) -> float:
        """The present in epoch seconds."""
        return self.start + self._elapsed()

    # accounts

    def accounts(self) -> Sequence[Account]:
        """Every account, whether a token reaches it or not."""
        return Row(self.account_at, len(self.scenario.accounts))

    def account(self, account_id: str) -> Account | None:
        """The account with these digits."""
        ordinal = self.scenario.accounts.ordinal(account_id)
        return None if ordinal is None else self.account_at(ordinal)

    def business(self, business_id: str) -> Business | None:
        """The business with this id."""
        spec = self.scenario.businesses.get(business_id)
        return None if spec is None else Business(spec.id, spec.name)

    # sequences

    def of_kind(self, account_id: str, kind: str) -> Sequence[Any]:
        """The objects of a kind in an account up to now, oldest first, of every status."""
        return Row(self.family(account_id, kind).__getitem__, self.census(account_id).count(kind, self.now_seconds()))

    def campaigns(self, account_id: str) -> Sequence[Campaign]:
        """The account's campaigns."""
        return self.of_kind(account_id, "campaign")

    def adsets(self, account_id: str) -> Sequence[AdSet]:
        """The account's ad sets."""
        return self.of_kind(account_id, "adset")

    def ads(self, account_id: str) -> Sequence[Ad]:
        """The account's ads."""
        return self.of_kind(account_id, "ad")

    def creatives(self, account_id: str) -> Sequence[Creative]:
        """The account's creatives."""
        return self.of_kind(account_id, "creative")

    def audiences(self, account_id: str) -> Sequence[Audience]:
        """The account's custom audiences."""
        return self.of_kind(account_id, "audience")

    def things(self, account_id: str, kind: str) -> Sequence[Thing]:
        """The account's objects of one of the lesser kinds, such as `video` or `pixel`."""
        return self.of_kind(account_id, kind)

    def adsets_of(self, campaign: Campaign) -> Sequence[AdSet]:
        """A campaign's ad sets up to now."""
        return self._part(campaign, "adset", self.spec(campaign.account_id).adsets_per_campaign)

    def ads_of(self, parent: Campaign | AdSet) -> Sequence[Ad]:
        """A campaign's or an ad set's ads up to now."""
        spec = self.spec(parent.account_id)
        size = spec.ads_per_adset * (spec.adsets_per_campaign if isinstance(parent, Campaign) else 1)
        return self._part(parent, "ad", size)

    def _part(self, parent: Campaign | AdSet, kind: str, size: int) -> Sequence[Any]:
        first, account_id = parent.index * size, parent.account_id
        there = self.census(account_id).count(kind, self.now_seconds()) - first
        return Row(self.family(account_id, kind).__getitem__, max(0, min(size, there)), first)

    def count_at(self, account_id: str, kind: str, moment: float) -> int:
        """How many objects of a kind there were at a moment (epoch seconds), whatever their status."""
        return self.census(account_id).count(kind, moment)

    # one object

    def find(self, object_id: str) -> Any | None:
        """Any object by its id (`act_1`, 18 digits, `<account>:<image hash>`, a business), or None."""
        if object_id.startswith("act_"):
            return self.account(object_id[4:])
        if ":" in object_id:
            return self._find_image(object_id)
        if (business := self.business(object_id)) is not None:
            return business
        if len(object_id) != 18 or not object_id.isdecimal() or not object_id.startswith("12"):
            return None
        kind, ordinal, index = BY_KIND.get(int(object_id[2:4])), int(object_id[4:9]), int(object_id[9:])
        if kind is None or ordinal >= len(self.scenario.accounts):
            return None
        row = self.of_kind(self.account_at(ordinal).id, kind)
        found = row[index] if index < len(row) else None
        return None if found is not None and self.vanished(found) else found

    def _find_image(self, object_id: str) -> Thing | None:
        account_id, _, image_hash = object_id.partition(":")
        try:
            index = int(image_hash[24:], 16)
        except ValueError:
            return None
        images = self.things(account_id, "image") if self.account(account_id) else ()
        found = images[index] if index < len(images) else None
        return found if found and found.id == object_id else None

    @staticmethod
    def campaign_of(child: Ad | AdSet) -> Campaign:
        """The campaign of an ad or an ad set."""
        found: Campaign = child.above.above if isinstance(child, Ad) else child.above
        return found

    @staticmethod
    def adset_of(ad: Ad) -> AdSet:
        """The ad set of an ad."""
        found: AdSet = ad.above
        return found

    # lives

    def life(self, node: Made) -> Life:
        """An object's own edits and end, as of now."""
        ends = type(node) in _ENDING and node.index > 0
        return self._lives(node.account_id).at(node.words, node.born, self.now_seconds(), ends=ends)

    def status(self, node: Made) -> str:
        """The status that the advertiser set: ACTIVE, PAUSED, ARCHIVED or DELETED."""
        return self.standing(node).status

    def standing(self, node: Made) -> Standing:
        """What holds for an object now, its parents included."""
        return self.standing_at(node, self.start + self._elapsed())

    def standing_at(self, node: Made, now: float) -> Standing:
        """The same, for who asks about many objects at one moment, the present (epoch seconds)."""
        known = node.standing
        if known is None or not known.since <= now < known.until:
            known = node.standing = self._stand(node, now)
        return known

    def effective_status(self, node: Made) -> str:
        """What holds in the end, parents and review included."""
        return self.standing(node).effective

    def updated(self, node: Made) -> datetime:
        """The updated time: the last edit of the object, or of a parent, since what holds for it follows from both."""
        return datetime.fromtimestamp(self.standing(node).updated, UTC)

    def _stand(self, node: Made, now: float) -> Standing:
        kind, words, above = type(node), node.words, node.above
        ends = node.index > 0 and kind in _ENDING
        revision, updated, ended, until = self._lives(node.account_id).at(words, node.born, now, ends=ends)
        edit = edit_of(words, revision)
        own = ended or ("ACTIVE" if not ends or (edit >> 32) % 6 else "PAUSED")
        gone, paused = ended or "", ""
        if above is not None:
            over = self.standing_at(above, now)
            paused, updated, until = over.paused, max(updated, over.updated), min(until, over.until)
            if over.gone == "DELETED" or not gone:
                gone = over.gone
        if gone:
            effective = gone
        elif own == "PAUSED" or paused:
            effective = own if own == "PAUSED" else paused
        elif kind is Ad:
            effective = _REVIEWS.get((edit >> 40) % 50, own)
        else:
            effective = "WITH_ISSUES" if kind in _ENDING and (edit >> 40) % 50 == 1 else own
        if own == "PAUSED" and not paused:
            paused = "CAMPAIGN_PAUSED" if kind is Campaign else "ADSET_PAUSED"
        return Standing(own, effective, edit, updated, now, until, gone, paused)

    def absences(self, node: Node) -> list[tuple[float, float]]:
        """From when until when (epoch seconds) an object or a parent was archived or deleted, up to now."""
        now = self.now_seconds()
        endings = [self._ending(each) for each in (node, *self.parents(node))]
        return [(each.at, each.back) for each in endings if each.at <= now]

    def vanishes(self, account_id: str) -> bool:
        """Whether objects of an account vanish at all."""
        return self.spec(account_id).changes.vanish_rate > 0

    def vanished(self, node: Node) -> bool:
        """Whether nothing is left of an object, or of a parent."""
        if not isinstance(node, _VANISHING) or not node.index or not self.vanishes(node.account_id):
            return False
        now = self.now_seconds()
        if isinstance(node, Audience | Thing):
            return kind_of(node) in _IN_NO_USE and self._lives(node.account_id).vanishes(node.words, node.born) <= now
        return any(self._ending(each).vanishes <= now for each in (node, *self.parents(node)))

    def _ending(self, node: Node) -> Ending:
        if not isinstance(node, Ad | AdSet | Campaign) or not node.index:
            return NEVER
        return self._lives(node.account_id).ending(node.words, node.born)

    def parents(self, node: Node) -> tuple[Node, ...]:
        """The campaign and the ad set above an object."""
        if isinstance(node, Ad):
            return (self.campaign_of(node), self.adset_of(node))
        return (self.campaign_of(node),) if isinstance(node, AdSet) else ()

    def _make_lives(self, account_id: str) -> Lives:
        return Lives(self.spec(account_id).changes, self.start)
