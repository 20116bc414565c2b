"""The ad accounts of a scenario: one by one, or many from one template, each made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from integration_tests.sandbox.names import OBJECTIVES
from integration_tests.sandbox.scenario_checks import known, moment, number

FIRST_TEMPLATE_ID = 2_000_000_000_000
TIERS = ("standard_access", "development_access")
# What is a list in one account; any other list of a template is dealt out to its accounts.
_LISTS = frozenset({"features", "objectives"})


@dataclass(frozen=True, slots=True)
class Changes:
    """How the world moves after the start of the scenario."""

    edit_days: float = 20.0
    new_campaign_days: float = 5.0
    archive_rate: float = 0.0
    delete_rate: float = 0.0
    silent_rate: float = 0.0
    retired_share: float = 0.06
    restore_rate: float = 0.0
    vanish_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """An ad account and how much is in it."""

    id: str
    name: str
    timezone: str = "America/Los_Angeles"
    currency: str = "USD"
    campaigns: int = 3
    adsets_per_campaign: int = 2
    ads_per_adset: int = 3
    creatives: int = 8
    audiences: int = 3
    features: frozenset[str] = frozenset()
    objectives: tuple[str, ...] = ()
    leads_per_day: float = 1.0
    created: datetime | None = None
    status: int = 1
    business: str = ""
    tier: str = "standard_access"
    changes: Changes = field(default_factory=Changes)


@dataclass(frozen=True, slots=True)
class AccountGroup:
    """`count` accounts made from one template; a single account is a group of one."""

    first: int
    count: int
    template: Mapping[str, Any]
    where: str

    def spec(self, ordinal: int, base: int) -> AccountSpec:
        """The account at an ordinal of the whole scenario; a list in a template is dealt out in turn."""
        place = ordinal - self.first
        raw = dict(self.template)
        if self.count > 1 or "id" not in raw:
            raw = {
                key: value[place % len(value)] if isinstance(value, list) and key not in _LISTS else value
                for key, value in raw.items()
            }
            raw["id"] = str(base + place)
            raw["name"] = str(raw.get("name", "Account {n}")).replace("{n}", str(place + 1))
        return account_spec(raw, self.where)


class Accounts(Sequence[AccountSpec]):
    """Every account of a scenario, made when asked for."""

    def __init__(self, groups: Sequence[AccountGroup]) -> None:
        self._groups = groups
        self._made: dict[int, AccountSpec] = {}
        self._single = {str(group.template["id"]): group.first for group in groups if group.count == 1}

    def __len__(self) -> int:
        return sum(group.count for group in self._groups)

    def __getitem__(self, ordinal: Any) -> Any:
        if isinstance(ordinal, slice):
            return [self[each] for each in range(*ordinal.indices(len(self)))]
        if ordinal not in self._made:
            for group in self._groups:
                if group.first <= ordinal < group.first + group.count:
                    self._made[ordinal] = group.spec(ordinal, self._base(group))
                    break
            else:
                raise IndexError(ordinal)
        return self._made[ordinal]

    def __iter__(self) -> Iterator[AccountSpec]:
        return (self[ordinal] for ordinal in range(len(self)))

    def ordinal(self, account_id: str) -> int | None:
        """Where an account stands in the scenario; None for one that does not exist."""
        if account_id in self._single:
            return self._single[account_id]
        if not account_id.isdecimal() or account_id.startswith("0"):
            return None
        for group in self._groups:
            if group.count > 1 and 0 <= (offset := int(account_id) - self._base(group)) < group.count:
                return group.first + offset
        return None

    @staticmethod
    def _base(group: AccountGroup) -> int:
        return int(group.template.get("id", FIRST_TEMPLATE_ID + group.first))


def account_spec(raw: Mapping[str, Any], where: str) -> AccountSpec:
    """One account entry; ValueError names the bad key."""
    known(raw, AccountSpec.__slots__, where)
    values: dict[str, Any] = dict(raw)
    values["id"] = str(values.get("id", "")).removeprefix("act_")
    if not values["id"].isdecimal():
        raise ValueError(f"{where}.id: {raw.get('id')!r} is not digits")
    values.setdefault("name", f"Account {values['id']}")
    values["business"] = str(values.get("business") or "")
    for key in ("campaigns", "adsets_per_campaign", "ads_per_adset", "creatives", "audiences", "status"):
        if key in values:
            values[key] = number(int, values[key], f"{where}.{key}")
    try:
        ZoneInfo(str(values.get("timezone", "UTC")))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{where}.timezone: {values['timezone']!r} is no time zone") from error
    if values.get("tier", TIERS[0]) not in TIERS:
        raise ValueError(f"{where}.tier: {values['tier']!r} is neither of {', '.join(TIERS)}")
    values["features"] = frozenset(values.get("features") or ())
    values["objectives"] = tuple(values.get("objectives") or ())
    for objective in values["objectives"]:
        if objective not in OBJECTIVES:
            raise ValueError(f"{where}.objectives: {objective!r} is not one of {', '.join(OBJECTIVES)}")
    if "leads_per_day" in values:
        values["leads_per_day"] = number(float, values["leads_per_day"], f"{where}.leads_per_day")
    if values.get("created") is not None:
        values["created"] = moment(values["created"], f"{where}.created")
    changes = values.get("changes") or {}
    known(changes, Changes.__slots__, f"{where}.changes")
    values["changes"] = Changes(**{key: number(float, each, f"{where}.changes.{key}") for key, each in changes.items()})
    return AccountSpec(**values)


def groups(entries: Sequence[Any]) -> list[AccountGroup]:
    """The accounts of a scenario's list; the first of each group is made, so that a bad key is found at once."""
    found: list[AccountGroup] = []
    first = 0
    for place, entry in enumerate(entries):
        where = f"accounts[{place}]"
        known(entry, (*AccountSpec.__slots__, "count", "template"), where)
        if "count" in entry:
            count, template = number(int, entry["count"], f"{where}.count"), dict(entry.get("template") or {})
        else:
            count, template = 1, {**entry, "id": str(entry.get("id", "")).removeprefix("act_")}
        if "count" in entry and count == 1:
            template.setdefault("id", FIRST_TEMPLATE_ID + first)
        group = AccountGroup(first, count, template, where)
        found.append(group)
        if count:
            group.spec(first, int(template.get("id") or FIRST_TEMPLATE_ID))
        first += count
    return found
