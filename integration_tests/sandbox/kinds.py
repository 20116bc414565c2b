"""What there is in the world: the few facts of each object that everything else about it follows from.

Nobody changes them; they are not frozen because freezing makes them four times as slow to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
class Campaign:
    """A campaign."""

    id: str
    account_id: str
    index: int
    name: str
    created: datetime
    objective: str
    buying_type: str


@dataclass(slots=True, unsafe_hash=True)
class AdSet:
    """An ad set; `attribution` as the insights field attribution_setting has it."""

    id: str
    account_id: str
    campaign_id: str
    index: int
    name: str
    created: datetime
    optimization_goal: str
    attribution: str


@dataclass(slots=True, unsafe_hash=True)
class Ad:
    """An ad."""

    id: str
    account_id: str
    campaign_id: str
    adset_id: str
    creative_id: str
    index: int
    name: str
    created: datetime


@dataclass(slots=True, unsafe_hash=True)
class Creative:
    """A creative; Meta tells nobody when it was made."""

    id: str
    account_id: str
    index: int
    name: str
    created: datetime


@dataclass(slots=True, unsafe_hash=True)
class Audience:
    """A custom audience."""

    id: str
    account_id: str
    index: int
    name: str
    created: datetime


@dataclass(slots=True, unsafe_hash=True)
class Thing:
    """An object of one of the lesser kinds: image, video, pixel, label, rule, study and the like."""

    id: str
    account_id: str
    kind: str
    index: int
    name: str
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


Node = Account | Campaign | AdSet | Ad | Creative | Audience | Thing | Business | User

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
