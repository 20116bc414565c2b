"""The objects of one kind in one account: what they share is found once, each is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from integration_tests.sandbox import names
from integration_tests.sandbox.kinds import Ad, AdSet, Audience, Campaign, Creative, Made, Thing
from integration_tests.sandbox.scenario import AccountSpec

T = TypeVar("T", bound=Made)
N_OBJECTIVES, N_ATTRIBUTIONS = len(names.OBJECTIVES), len(names.ATTRIBUTIONS)


@dataclass(slots=True)
class Kept:
    """How many objects are kept at hand, of all kinds in all accounts."""

    number: int = 0


class Shared(NamedTuple):
    """What all objects of a kind in an account have in common."""

    account_id: str
    kind: str
    # The id of the first; the others are counted on from it. Images have ids of another form.
    first: int
    spec: AccountSpec
    # When the one of an index was born.
    born: Callable[[int], int]
    # A number of 64 bits for each index.
    number: Callable[[int], int]
    # The words of an object, from its id.
    words: Callable[[str], tuple[int, ...]]
    kept: Kept


class Family(dict[int, T]):
    """The objects of a kind in an account by their index: a dictionary that makes what it is asked for and lacks."""

    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self._shared, self._kept = shared, shared.kept

    def __missing__(self, index: int) -> T:
        """The object of an index, kept from now on."""
        self._kept.number += 1
        made = self[index] = self.make(index)
        return made

    def make(self, index: int) -> T:
        """The object of an index, made anew."""
        raise NotImplementedError

    def lone(self, index: int, make: Callable[..., T], name: Callable[[int, int], str]) -> T:
        """The object of an index, of a kind that is below no other and has nothing but a name and its words."""
        account_id, _, first, _, born_at, _, words_of, _ = self._shared
        own_id = str(first + index)
        words = words_of(own_id)
        return make(own_id, account_id, index, name(words[0], index), born_at(index), words, None, None)


class Campaigns(Family[Campaign]):
    """The campaigns of an account."""

    def make(self, index: int) -> Campaign:
        """A campaign."""
        account_id, _, first, spec, born_at, number_of, words_of, _ = self._shared
        own_id, number, objectives = str(first + index), number_of(index), spec.objectives
        return Campaign(
            own_id, account_id, index, names.campaign(number, index), born_at(index),
            words_of(own_id), None, None,
            objectives[index % len(objectives)] if objectives else names.OBJECTIVES[number % N_OBJECTIVES],
            "RESERVED" if number % 41 == 7 else "AUCTION",
        )  # fmt: skip


class AdSets(Family[AdSet]):
    """The ad sets of an account."""

    def __init__(self, shared: Shared, campaigns: Family[Campaign]) -> None:
        super().__init__(shared)
        self._campaigns = campaigns

    def make(self, index: int) -> AdSet:
        """An ad set."""
        account_id, _, first, spec, born_at, number_of, words_of, _ = self._shared
        own_id, number = str(first + index), number_of(index)
        campaign = self._campaigns[index // spec.adsets_per_campaign]
        goals = names.GOALS[campaign.objective]
        return AdSet(
            own_id, account_id, index, names.adset(number, index), born_at(index),
            words_of(own_id), campaign, None,
            campaign.id, goals[number % len(goals)], names.ATTRIBUTIONS[number // 7 % N_ATTRIBUTIONS],
        )  # fmt: skip


class Ads(Family[Ad]):
    """The ads of an account."""

    def __init__(self, shared: Shared, adsets: Family[AdSet], first_creative: int) -> None:
        super().__init__(shared)
        self._adsets, self._first_creative = adsets, first_creative

    def make(self, index: int) -> Ad:
        """An ad."""
        account_id, _, first, spec, born_at, _, words_of, _ = self._shared
        own_id, there = str(first + index), spec.creatives
        words = words_of(own_id)
        number, adset = words[0], self._adsets[index // spec.ads_per_adset]
        return Ad(
            own_id, account_id, index, names.ad(number, index), born_at(index), words, adset, None,
            adset.campaign_id, adset.id, str(self._first_creative + number % there) if there else "",
        )  # fmt: skip


class Creatives(Family[Creative]):
    """The creatives of an account, of which none is kept: nothing asks twice for one but for its row."""

    def __missing__(self, index: int) -> Creative:
        """A creative."""
        return self.lone(index, Creative, names.creative)


class Audiences(Family[Audience]):
    """The custom audiences of an account."""

    def make(self, index: int) -> Audience:
        """A custom audience."""
        return self.lone(index, Audience, names.audience)


class Things(Family[Thing]):
    """The objects of one of the lesser kinds, of which none is kept; `id_of` makes their ids."""

    def __init__(self, shared: Shared, id_of: Callable[[int], str]) -> None:
        super().__init__(shared)
        self._id_of = id_of

    def __missing__(self, index: int) -> Thing:
        """An object of the kind."""
        account_id, kind, _, _, born_at, _, words_of, _ = self._shared
        own_id = self._id_of(index)
        words = words_of(own_id)
        name = names.thing(kind, words[0], index)
        return Thing(own_id, account_id, index, name, born_at(index), words, None, None, kind)
