"""Which rows of an edge a call asks for: `filtering`, `effective_status`, `updated_since`, and the default statuses."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.kinds import Node
from integration_tests.sandbox.moments import epoch
from integration_tests.sandbox.world import GONE, World

Keep = Callable[[Any], bool]
STATUSES = {
    "campaign": "ACTIVE ARCHIVED DELETED IN_PROCESS PAUSED WITH_ISSUES",
    "adset": "ACTIVE ARCHIVED CAMPAIGN_PAUSED DELETED IN_PROCESS PAUSED WITH_ISSUES",
    "ad": "ACTIVE ADSET_PAUSED ARCHIVED CAMPAIGN_PAUSED DELETED DISAPPROVED IN_PROCESS PAUSED PENDING_BILLING_INFO "
    "PENDING_REVIEW PREAPPROVED WITH_ISSUES",
}
DELIVERY = {
    "ACTIVE": "active", "ARCHIVED": "archived", "DELETED": "deleted", "PAUSED": "inactive", "WITH_ISSUES": "limited",
    "CAMPAIGN_PAUSED": "inactive", "ADSET_PAUSED": "inactive", "DISAPPROVED": "rejected",
    "PENDING_REVIEW": "pending_review", "IN_PROCESS": "pending_review",
}  # fmt: skip
DELIVERIES = frozenset(
    [
        "active",
        "archived",
        "completed",
        "limited",
        "not_delivering",
        "deleted",
        "not_published",
        "pending_review",
        "permanently_deleted",
        "recently_completed",
        "recently_rejected",
        "rejected",
        "scheduled",
        "inactive",
    ]
)
PRESETS = frozenset(
    [
        "data_maximum",
        "last_14d",
        "last_28d",
        "last_30d",
        "last_3d",
        "last_7d",
        "last_90d",
        "last_month",
        "last_quarter",
        "last_week_mon_sun",
        "last_week_sun_sat",
        "last_year",
        "maximum",
        "this_month",
        "this_quarter",
        "this_week_mon_today",
        "this_week_sun_today",
        "this_year",
        "today",
        "yesterday",
    ]
)
LEVELS = ("campaign", "adset", "ad")
_NUMBERS = {
    "GREATER_THAN": operator.gt, "GREATER_THAN_OR_EQUAL": operator.ge, "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le, "AFTER": operator.gt, "ON_OR_AFTER": operator.ge, "BEFORE": operator.lt,
    "ON_OR_BEFORE": operator.le, "EQUAL": operator.eq, "NOT_EQUAL": operator.ne,
}  # fmt: skip
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "EQUAL": operator.eq,
    "NOT_EQUAL": operator.ne,
    "CONTAIN": lambda text, part: part.casefold() in text.casefold(),
    "NOT_CONTAIN": lambda text, part: part.casefold() not in text.casefold(),
    "STARTS_WITH": lambda text, part: text.casefold().startswith(part.casefold()),
    "ENDS_WITH": lambda text, part: text.casefold().endswith(part.casefold()),
}
# What each kind of object can be filtered by on an edge, without its level's prefix.
_FIELDS = {
    "campaign": "id name effective_status delivery_info updated_time created_time objective buying_type",
    "adset": "id name effective_status delivery_info updated_time created_time optimization_goal",
    "ad": "id name effective_status delivery_info updated_time created_time",
    "creative": "id name",
    "audience": "id name subtype",
    "saved_audience": "id name",
    "lead": "time_created",
}
_TIMES = frozenset({"updated_time", "created_time", "time_created"})


class Filters:
    """Compiles what a call asks for into one function of an object."""

    def __init__(self, world: World, whole: Callable[[Node], dict[str, Any]]) -> None:
        self._world, self._whole = world, whole

    def keep(self, call: Call, kind: str) -> Keep | None:
        """Whether an object is among those asked for; None when all are.

        Raises:
            Refusal: 100 for a field, operator or value that the edge does not know.
        """
        _check_range(call)
        keeps: list[Keep] = []
        by_status = False
        for number, (field, does, value) in enumerate(_filters(call.params.get("filtering", ""))):
            level, name = self._known(kind, field, does)
            by_status = by_status or (level == kind and name in {"effective_status", "delivery_info"})
            keeps.append(self._test(kind, level, name, does, value, number))
        if kind in LEVELS:
            standing, now = self._world.standing_at, self._world.now_seconds()
            if statuses := _statuses(call.params.get("effective_status", ""), kind):
                keeps.append(lambda node: standing(node, now).effective in statuses)
            elif not by_status:
                keeps.append(lambda node: standing(node, now).effective not in GONE)
        if kind in {"adset", "ad"} and (since := call.params.get("updated_since")):
            floor = epoch(since, "updated_since")
            keeps.append(lambda node: self._world.standing(node).updated > floor)
        if not keeps:
            return None
        if len(keeps) == 2:
            # A list of an account's objects in some campaigns, say, looks at all there are: every call counts.
            first, second = keeps
            return lambda node: bool(first(node) and second(node))
        return keeps[0] if len(keeps) == 1 else lambda node: all(keep(node) for keep in keeps)

    def _known(self, kind: str, field: str, does: str) -> tuple[str, str]:
        prefix, _, name = field.rpartition(".")
        level = prefix or kind
        above = LEVELS[: LEVELS.index(kind)] if kind in LEVELS else ()
        if level == kind and name.endswith("_id") and name[:-3] in above:
            level, name = name[:-3], "id"
        if (level != kind and level not in above) or name not in _FIELDS.get(level, "").split():
            raise unsupported(field, does)
        return level, name

    def _test(self, kind: str, level: str, name: str, does: str, value: Any, number: int) -> Keep:
        get = self._getter(kind, level, name)
        if does in {"IN", "NOT_IN"} or (name in {"effective_status", "delivery_info"} and isinstance(value, list)):
            if not isinstance(value, list) or does not in {"IN", "NOT_IN"}:
                raise unsupported(f"{level}.{name}", does)
            wanted = frozenset(str(each) for each in value)
            _check_values(level, name, wanted, number)
            return (lambda node: get(node) in wanted) if does == "IN" else (lambda node: get(node) not in wanted)
        if name in _TIMES:
            if does not in _NUMBERS:
                raise unsupported(f"{level}.{name}", does)
            floor, compare = epoch(str(value), f"filtering[{number}][value]"), _NUMBERS[does]
            return lambda node: bool(compare(get(node), floor))
        if does not in _TEXTS or isinstance(value, list | dict):
            raise unsupported(f"{level}.{name}", does)
        text, says = str(value), _TEXTS[does]
        _check_values(level, name, frozenset({text}), number)
        return lambda node: says(get(node), text)

    def _getter(self, kind: str, level: str, name: str) -> Callable[[Any], Any]:
        world = self._world
        if level != kind and name == "id":
            return operator.attrgetter(f"{level}_id")
        if level != kind:
            above = world.campaign_of if level == "campaign" else world.adset_of
            inner = self._getter(level, level, name)
            return lambda node: inner(above(node))
        match name:
            case "effective_status":
                return world.effective_status
            case "delivery_info":
                return lambda node: DELIVERY[world.effective_status(node)]
            case "updated_time":
                return lambda node: world.standing(node).updated
            case "created_time" | "time_created":
                return lambda node: node.created.timestamp()
            case "id" | "name":
                return operator.attrgetter(name)
        return lambda node: str(self._whole(node).get(name))


def unsupported(field: str, does: str) -> Refusal:
    """The refusal of a filter that an edge does not know."""
    return Refusal(100, f"(#100) Filtering field '{field}' with operation '{does.lower()}' is not supported")


@lru_cache(500)
def _parsed(text: str) -> tuple[tuple[str, str, Any], ...]:
    try:
        entries = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refusal(100, "(#100) Param filtering must be an array.") from error
    if not isinstance(entries, list):
        raise Refusal(100, "(#100) Param filtering must be an array.")
    found = []
    for number, entry in enumerate(entries):
        for key in ("field", "operator"):
            if not isinstance(entry, dict) or not isinstance(entry.get(key), str):
                raise Refusal(100, f"(#100) The parameter filtering[{number}][{key}] is required.")
        found.append((entry["field"], entry["operator"].upper(), entry.get("value")))
    return tuple(found)


def _filters(text: str) -> Sequence[tuple[str, str, Any]]:
    return _parsed(text) if text else ()


def _statuses(text: str, kind: str) -> frozenset[str]:
    if not text:
        return frozenset()
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        values = [each.strip() for each in text.split(",")]
    values = values if isinstance(values, list) else [values]
    wanted = [str(each) for each in values]
    for number, each in enumerate(wanted):
        _check_one(each, STATUSES[kind].split(), f"effective_status[{number}]")
    return frozenset(wanted)


def _check_values(level: str, name: str, wanted: frozenset[str], number: int) -> None:
    known = {"effective_status": STATUSES.get(level, "").split(), "delivery_info": sorted(DELIVERIES)}.get(name)
    for each in sorted(wanted) if known else ():
        _check_one(each, known or (), f"filtering[{number}][value]")


def _check_one(value: str, known: Sequence[str], where: str) -> None:
    if value not in known:
        raise Refusal(100, f"(#100) Param {where} must be one of {{{', '.join(known)}}}")


def _check_range(call: Call) -> None:
    """`date_preset` and `time_range` are known on these edges and do not narrow what comes back here."""
    if preset := call.params.get("date_preset"):
        _check_one(preset.lower(), sorted(PRESETS), "date_preset")
    if text := call.params.get("time_range"):
        try:
            asked = orjson.loads(text)
            days = [datetime.fromisoformat(asked[key]) for key in ("since", "until")]
        except (ValueError, KeyError, TypeError) as error:
            raise Refusal(100, "(#100) Must be a date representation in the format YYYY-MM-DD") from error
        if days[0] > days[1]:
            raise Refusal(100, "(#100) Time range: since must not be after until")
