"""What there is in the world: the few facts of each object that everything else about it follows from.

Nobody changes them; they are not frozen because freezing makes them four times as slow to make.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from integration_tests.sandbox.lives import Standing


@dataclass(slots=True, unsafe_hash=True)
class Account:
    """An ad account; `id` is digits without `act_`."""

    id: str
    name: str
    timezone: str
    currency: str
    status: int
    created: datetime
    business_id: str
    features: frozenset[str]
    tier: str
    index: int


@dataclass(slots=True, unsafe_hash=True)
class Made:
    """Whatever comes to be in an account, the `index`th of its kind, `born` in epoch seconds.

    All its arbitrary choices follow from eight numbers of 64 bits, its `words`. `above` is its ad set or campaign.
    `standing` is what the world found last to hold for it, for as long as that does.
    """

    id: str
    account_id: str
    index: int
    name: str
    born: int
    words: tuple[int, ...] = field(compare=False, repr=False)
    above: Any = field(compare=False, repr=False)
    standing: Standing | None = field(compare=False, repr=False)

    @property
    def created(self) -> datetime:
        """When it came to be."""
        return datetime.fromtimestamp(self.born, UTC)


@dataclass(slots=True, unsafe_hash=True)
class Campaign(Made):
    """A campaign."""

    objective: str
    buying_type: str


@dataclass(slots=True, unsafe_hash=True)
class AdSet(Made):
    """An ad set; `attribution` as the insights field attribution_setting has it."""

    campaign_id: str
    optimization_goal: str
    attribution: str


@dataclass(slots=True, unsafe_hash=True)
class Ad(Made):
    """An ad."""

    campaign_id: str
    adset_id: str
    creative_id: str


@dataclass(slots=True, unsafe_hash=True)
class Creative(Made):
    """A creative; Meta tells nobody when it was made."""


@dataclass(slots=True, unsafe_hash=True)
class Audience(Made):
    """A custom audience."""


@dataclass(slots=True, unsafe_hash=True)
class Thing(Made):
    """An object of one of the lesser kinds: image, video, pixel, label, rule, study and the like."""

    kind: str


@dataclass(slots=True, unsafe_hash=True)
class Lead:
    """What a person sent off in the form of an ad."""

    id: str
    account_id: str
    ad_id: str
    created: datetime


@dataclass(slots=True, unsafe_hash=True)
class Business:
    """A business portfolio."""

    id: str
    name: str


@dataclass(slots=True, unsafe_hash=True)
class User:
    """Who a token belongs to."""

    id: str
    name: str


Node = Account | Campaign | AdSet | Ad | Creative | Audience | Thing | Lead | Business | User

# The two digits of an id that say what it is the id of.
KINDS = {
    "campaign": 2,
    "adset": 3,
    "ad": 4,
    "creative": 5,
    "audience": 6,
    "saved_audience": 11,
    "image": 12,
    "video": 13,
    "custom_conversion": 14,
    "pixel": 15,
    "label": 16,
    "rule": 17,
    "study": 18,
    "activity": 19,
    "business_object": 20,
}
BY_KIND = {number: kind for kind, number in KINDS.items()}


def kind_of(node: Node) -> str:
    """The kind of an object, as `KINDS` spells it; `account`, `business` and `user` besides."""
    if isinstance(node, Thing):
        return node.kind
    return type(node).__name__.lower()
