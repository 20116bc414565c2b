"""The `filtering` parameter of insights: which objects count, which rows stay, which actions are listed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from integration_tests.sandbox import breakdown_rules
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.kinds import Ad, AdSet, Campaign
from integration_tests.sandbox.world import World

TEXT_ATTRIBUTES = ("id", "name", "effective_status", "delivery_info", "objective", "buying_type", "optimization_goal")
STATUSES = ("effective_status", "delivery_info")
LEVELS = ("campaign", "adset", "ad")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. `level` is '' where the field is one of the row's own, `attribute` the rest of its name."""

    level: str
    attribute: str
    operator: str
    value: Any

    @property
    def is_about_objects(self) -> bool:
        """Whether it chooses ads, rather than rows."""
        return bool(self.level) and self.attribute in TEXT_ATTRIBUTES

    def holds(self, value: Any) -> bool:
        """Whether a value meets the condition; an absent metric is 0."""
        if self.operator in _NUMERIC:
            try:
                return _NUMERIC[self.operator](float(value or 0), self._numbers())
            except (TypeError, ValueError):
                return False
        return _TEXTUAL[self.operator](str(value or ""), self._texts())

    def _numbers(self) -> list[float]:
        return [float(each) for each in (self.value if isinstance(self.value, list) else [self.value])]

    def _texts(self) -> list[str]:
        return [str(each) for each in (self.value if isinstance(self.value, list) else [self.value])]


_NUMERIC: dict[str, Callable[[float, list[float]], bool]] = {
    "GREATER_THAN": lambda own, asked: own > asked[0],
    "GREATER_THAN_OR_EQUAL": lambda own, asked: own >= asked[0],
    "LESS_THAN": lambda own, asked: own < asked[0],
    "LESS_THAN_OR_EQUAL": lambda own, asked: own <= asked[0],
    "IN_RANGE": lambda own, asked: asked[0] <= own <= asked[-1],
    "NOT_IN_RANGE": lambda own, asked: not asked[0] <= own <= asked[-1],
}
_TEXTUAL: dict[str, Callable[[str, list[str]], bool]] = {
    "EQUAL": lambda own, asked: own == asked[0] or _same_number(own, asked[0]),
    "NOT_EQUAL": lambda own, asked: own != asked[0] and not _same_number(own, asked[0]),
    "IN": lambda own, asked: own in asked,
    "NOT_IN": lambda own, asked: own not in asked,
    "ANY": lambda own, asked: own in asked,
    "ALL": lambda own, asked: own in asked,
    "NONE": lambda own, asked: own not in asked,
    "CONTAIN": lambda own, asked: asked[0].lower() in own.lower(),
    "NOT_CONTAIN": lambda own, asked: asked[0].lower() not in own.lower(),
    "CONTAINS_ANY": lambda own, asked: any(each.lower() in own.lower() for each in asked),
    "CONTAINS_ALL": lambda own, asked: all(each.lower() in own.lower() for each in asked),
    "NOT_CONTAINS_ANY": lambda own, asked: not any(each.lower() in own.lower() for each in asked),
    "STEM_MATCH": lambda own, asked: asked[0].lower() in own.lower(),
    "STARTS_WITH": lambda own, asked: own.lower().startswith(asked[0].lower()),
    "ENDS_WITH": lambda own, asked: own.lower().endswith(asked[0].lower()),
}


def _same_number(one: str, other: str) -> bool:
    try:
        return Decimal(one or 0) == Decimal(other)
    except InvalidOperation:
        return False


def filters_of(raw: str | None, tables: Mapping[str, Any]) -> tuple[Filter, ...]:
    """The conditions of a `filtering` parameter.

    Raises:
        Refusal: a shape, field, operator or value that Meta refuses.
    """
    if raw is None:
        return ()
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise Refusal(100, "(#100) param filtering must be valid JSON.") from error
    if not isinstance(found, list):
        raise Refusal(100, "(#100) param filtering must be an array.")
    return tuple(_filter(each, f"filtering[{n}]", tables) for n, each in enumerate(found))


def _filter(raw: Any, where: str, tables: Mapping[str, Any]) -> Filter:
    if not isinstance(raw, Mapping) or not {"field", "operator", "value"} <= raw.keys():
        raise Refusal(100, f"(#100) param {where} must have field, operator and value.")
    operator = raw["operator"]
    if operator not in tables["operators"]:
        raise Refusal(
            100, f"(#100) {where}[operator] must be one of the following values: {', '.join(tables['operators'])}"
        )
    if operator not in _NUMERIC and operator not in _TEXTUAL:
        raise Refusal(100, f"(#100) {where}[operator] {operator} is not supported for field {raw['field']}")
    level, _, attribute = str(raw["field"]).rpartition(".")
    fields = tables["fields"]
    own = {*fields, *breakdown_rules.rules()["breakdowns"], "action_type"}
    if level not in ("", *LEVELS) or attribute not in (own if not level else {*TEXT_ATTRIBUTES, *fields}):
        raise Refusal(100, f"(#100) Filtering field {raw['field']} is invalid")
    if attribute in ("app_id", "skan_conversion_id"):
        raise Refusal(100, f"(#100) Filtering by {attribute} is not supported")
    value = raw["value"]
    if value in ([], "", None):
        raise Refusal(100, f"(#100) {where}[value] must not be empty")
    if attribute == "effective_status":
        _check_statuses(value, level, f"{where}[value]", tables)
    return Filter(level, attribute, operator, value)


def _check_statuses(value: Any, level: str, where: str, tables: Mapping[str, Any]) -> None:
    known = tables["effective_statuses"][level or "ad"]
    for position, each in enumerate(value if isinstance(value, list) else [value]):
        if each not in known:
            raise Refusal(100, f"(#100) {where}[{position}] must be one of the following values: {', '.join(known)}")


def keeps(world: World, filters: tuple[Filter, ...], ad: Ad) -> bool:
    """Whether an ad's figures count, by what the filters say of it and its parents."""
    return all(each.holds(_attribute(world, ad, each)) for each in filters if each.is_about_objects)


def _attribute(world: World, ad: Ad, each: Filter) -> str:
    node: Ad | AdSet | Campaign = ad
    if each.level != "ad":
        node = world.adset_of(ad) if each.level == "adset" else world.campaign_of(ad)
    if each.attribute in STATUSES:
        status = world.effective_status(node)
        return status if each.attribute == "effective_status" else status.lower()
    return str(getattr(node, each.attribute, ""))
