"""Rows as Meta never promised they would not be: new fields, new enum values, nulls, other types, odd characters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

Row = Mapping[str, Any]
Chance = Callable[[str], bool]

NEW_VALUE = "SANDBOX_NEW_VALUE"
# Right-to-left, combining, outside the basic plane, line separator, quotes, backslash, control characters.
WIDE = "漢字 🎯👩‍👩‍👧 עברית é \u2028\u202e\u00a0\"'\\ \t\n\x7f"
ENUMS = frozenset(
    {"status", "effective_status", "configured_status", "objective", "buying_type", "optimization_goal",
     "billing_event", "bid_strategy", "subtype", "object_type", "call_to_action_type", "attribution_setting",
     "quality_ranking", "engagement_rate_ranking", "conversion_rate_ranking", "special_ad_category"}
)  # fmt: skip
_KEYS = frozenset({"id", "account_id", "date_start", "date_stop", "updated_time", "created_time", "event_time"})


def extra_fields(row: Row, fields: Collection[str], chance: Chance) -> dict[str, Any]:
    """The row with columns that no version documents."""
    return {
        **row,
        "sandbox_new_text": "new",
        "sandbox_new_number": 9007199254740993,
        "sandbox_new_object": {"a": [{"b": None}], "": True},
    }


def unknown_enum(row: Row, fields: Collection[str], chance: Chance) -> dict[str, Any]:
    """The row with an enum value that no version documents."""
    chosen = fields or ENUMS
    return {name: NEW_VALUE if name in chosen and isinstance(value, str) else value for name, value in row.items()}


def nulls(row: Row, fields: Collection[str], chance: Chance) -> dict[str, Any]:
    """The row with nulls: the fields named, or some of those that are no key."""
    return {
        name: None if (name in fields if fields else not _is_key(name) and chance(name)) else value
        for name, value in row.items()
    }


def ints_for_strings(row: Row, fields: Collection[str], chance: Chance) -> dict[str, Any]:
    """The row with numbers where Meta sends digits in strings, in lists of actions too; ids only where named."""

    def plain(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [ints_for_strings(each, fields, chance) if isinstance(each, Mapping) else each for each in value]
        is_chosen = name in fields if fields else not _is_key(name)
        return int(value) if is_chosen and isinstance(value, str) and value.isdecimal() else value

    return {name: plain(name, value) for name, value in row.items()}


def wide_characters(row: Row, fields: Collection[str], chance: Chance) -> dict[str, Any]:
    """The row with text in its names that breaks careless encoding."""
    return {
        name: f"{value} {WIDE}"
        if isinstance(value, str) and (name in fields if fields else name.endswith(("name", "title", "body")))
        else value
        for name, value in row.items()
    }


def _is_key(name: str) -> bool:
    return name in _KEYS or name.endswith("_id")


DAMAGE: Mapping[str, Callable[[Row, Collection[str], Chance], dict[str, Any]]] = {
    "extra_fields": extra_fields,
    "unknown_enum": unknown_enum,
    "nulls": nulls,
    "ints_for_strings": ints_for_strings,
    "wide_characters": wide_characters,
}
