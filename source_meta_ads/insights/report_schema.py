"""Which columns a report has, what Meta is asked for them, and the schema of its rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from source_meta_ads.insights.breakdown_table import Table, table
from source_meta_ads.schemas.fields import load_node
from source_meta_ads.schemas.json_schema import property_schema, record_schema

_NODE = "AdsInsights"
_DAY: dict[str, Any] = {"type": ["null", "string"], "format": "date"}
_LOWEST_FIRST = ("ad", "adset", "campaign", "account")


class Columns(Protocol):
    """What of a report decides its columns."""

    @property
    def level(self) -> str:
        """The level's name."""

    @property
    def fields(self) -> list[str]:
        """The fields asked for by name; empty for the default ones."""

    @property
    def breakdowns(self) -> list[str]:
        """The breakdowns, in the order of the key."""

    @property
    def action_breakdowns(self) -> list[str] | None:
        """What elements of action lists are split by."""

    @property
    def attribution_windows(self) -> list[str]:
        """The windows that each action gets a value for."""


def request_fields(report: Columns, selected: Collection[str] | None, api_version: str) -> list[str]:
    """Fields to ask for: key columns, then selected ones that Meta gives with the report's breakdowns.

    Breakdowns and dates come back unasked; asked for by name, Meta refuses the former.
    """
    known = table()
    keys = ("account_id", *known.levels[report.level].key)
    wanted = [
        name
        for name in _fields(report, api_version)
        if (selected is None or name in selected) and known.why_not(name, report.breakdowns) is None
    ]
    return [name for name in dict.fromkeys([*keys, *wanted]) if name not in known.fields.always_rows_own]


def json_schema(report: Columns, api_version: str) -> dict[str, Any]:
    """The schema of a row. A column that the breakdowns leave without a value stays, as it does at Airbyte's own."""
    known = table()
    node = load_node(_NODE, api_version)
    also = [*report.attribution_windows, *(report.action_breakdowns or ())]
    properties: dict[str, dict[str, Any]] = {
        name: {**_DAY, "description": node.fields[name].description} for name in known.fields.always_rows_own
    }
    for name in ("account_id", *known.levels[report.level].key, *_fields(report, api_version)):
        if name not in properties:
            field = node.fields[name]
            properties[name] = property_schema(field.type, api_version, field.description, also=also)
    for name in report.breakdowns:
        breakdown = known.breakdowns[name]
        if breakdown.is_object:
            properties[name] = property_schema("Object", api_version, f"The {name}, as Meta describes it.")
            properties[breakdown.key_column] = property_schema("string", api_version, f"Id of the {name}.")
        else:
            properties[name] = property_schema("string", api_version, f"Value of the breakdown {name}.")
    return record_schema(properties)


def _fields(report: Columns, api_version: str) -> list[str]:
    """The report's fields that the API version has; by default those that its level can fill."""
    known, node = table(), load_node(_NODE, api_version)
    if report.fields:
        return [name for name in report.fields if name in node.fields and name not in known.fields.never_asked]
    too_deep = fields_below(report.level, known)
    return [name for name in node.default_names if name not in too_deep]


def fields_below(level: str, known: Table) -> frozenset[str]:
    """Fields that only a lower level fills: `ad_name` in a report about campaigns."""
    lower = _LOWEST_FIRST[: _LOWEST_FIRST.index(level)]
    return frozenset(name for each in lower for name in known.levels[each].fields)
