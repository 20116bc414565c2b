"""What Meta lets a report ask for, read from breakdowns.json: levels, windows, breakdowns and their rules."""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

_LISTED_IN_FULL = 8


@dataclass(frozen=True)
class Level:
    """A level of reports: the columns that name its object, those that only it fills, every effective status."""

    key: tuple[str, ...]
    fields: tuple[str, ...]
    statuses: tuple[str, ...]


@dataclass(frozen=True)
class Breakdown:
    """What is special about one breakdown; empty or None where nothing is.

    `only_fields`: the metrics that Meta gives with it. `never_fields`, `never_prefixes`: metrics it does not give;
    `zero_fields`: metrics that are always 0. `joins`: the only breakdowns it goes with. `requires`: one it needs.
    `is_object`: its value in a row is an object with an `id`. `opt_in`: the feature the account must have turned on.
    `level`, `not_at_level`, `empty_at_level`: the only level it works at, one it is refused at, one it is empty at.
    `since_version`: the first API version (major) that has it.
    """

    name: str
    is_object: bool = False
    is_never_alone: bool = False
    only_fields: tuple[str, ...] | None = None
    never_fields: tuple[str, ...] = ()
    never_prefixes: tuple[str, ...] = ()
    zero_fields: tuple[str, ...] = ()
    joins: tuple[str, ...] | None = None
    requires: str | None = None
    level: str | None = None
    not_at_level: str | None = None
    empty_at_level: str | None = None
    retention_months: int | None = None
    opt_in: str | None = None
    since_version: int | None = None
    removed: str | None = None
    instead: str | None = None

    @property
    def key_column(self) -> str:
        """The column that holds its value in a row's key."""
        return f"{self.name}_id" if self.is_object else self.name


@dataclass(frozen=True)
class AttributionWindows:
    """Names that Meta accepts; the default ones; dead ones with the nearest that lives, dead since a day."""

    names: tuple[str, ...]
    default: tuple[str, ...]
    incrementality: str
    engaged_view: str
    dead: Mapping[str, str]
    dead_since: str


@dataclass(frozen=True)
class Kept:
    """Metrics, by name or prefix, that Meta keeps for so many months when there is a breakdown."""

    months: int
    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()

    def has(self, field: str) -> bool:
        """Whether the rule is about this field."""
        return field in self.names or field.startswith(self.prefixes)


@dataclass(frozen=True)
class FieldRules:
    """Fields treated apart: in every row unasked, never asked for, renamed by Meta, no metrics, kept for less long."""

    always_rows_own: tuple[str, ...]
    never_asked: tuple[str, ...]
    renamed: Mapping[str, str]
    not_metrics: tuple[str, ...]
    never_with_breakdowns: tuple[str, ...]
    kept_with_breakdowns: tuple[Kept, ...]


@dataclass(frozen=True)
class Combinations:
    """Columns that go together. Those `with_joinable` may be joined by any of the `joinable` action breakdowns."""

    joinable: frozenset[str]
    with_joinable: tuple[frozenset[str], ...]
    alone: tuple[frozenset[str], ...]
    refused: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Table:
    """Everything in breakdowns.json."""

    retention_months: int
    levels: Mapping[str, Level]
    attribution_windows: AttributionWindows
    filtering_operators: tuple[str, ...]
    operators_of_lists: frozenset[str]
    default_action_breakdowns: tuple[str, ...]
    action_breakdowns: tuple[str, ...]
    fields: FieldRules
    breakdowns: Mapping[str, Breakdown]
    combinations: Combinations

    def why_not(self, field: str, breakdowns: Sequence[str]) -> str | None:
        """The rule under which a report with these breakdowns gives no such metric, None when it may."""
        if field in self.fields.not_metrics or not breakdowns:
            return None
        if field in self.fields.never_with_breakdowns:
            return f"Meta gives {field} with no breakdown at all"
        for each in (self.breakdowns[name] for name in breakdowns):
            if each.only_fields is not None and field not in each.only_fields:
                return f"with {each.name} Meta gives only {listed(each.only_fields)}"
            if field in each.never_fields or field.startswith(each.never_prefixes):
                return f"Meta gives no {field} with {each.name}"
        return None


@functools.cache
def table() -> Table:
    """The one table, read once and never changed."""
    data = json.loads(resources.files(__package__).joinpath("breakdowns.json").read_text("utf-8"))
    combinations = data["combinations"]
    return Table(
        retention_months=data["retention_months"],
        levels={name: Level(**_frozen(row)) for name, row in data["levels"].items()},
        attribution_windows=AttributionWindows(**_frozen(data["attribution_windows"])),
        filtering_operators=tuple(data["filtering_operators"]),
        operators_of_lists=frozenset(data["operators_of_lists"]),
        default_action_breakdowns=tuple(data["default_action_breakdowns"]),
        action_breakdowns=tuple(data["action_breakdowns"]),
        fields=FieldRules(**{**_frozen(data["fields"]), "kept_with_breakdowns": _kept(data["fields"])}),
        breakdowns={name: _breakdown(name, row, data["families"]) for name, row in data["breakdowns"].items()},
        combinations=Combinations(
            joinable=frozenset(combinations["joinable"]),
            with_joinable=_sets(
                combinations["documented_with_joinable"]
                + combinations["described_with_joinable"]
                + combinations["observed_with_joinable"]
            ),
            alone=_sets(combinations["documented_alone"]),
            refused=_sets(combinations["refused"]),
        ),
    )


def nearest(value: str, names: Iterable[str]) -> str:
    """What to write instead of an unknown name: the nearest one, or the whole list where it is short."""
    known = list(names)
    if len(known) <= _LISTED_IN_FULL:
        return f"use {listed(known, last='or')}"
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(value.lower(), by_lower, n=1, cutoff=0.5)
    return (
        f"did you mean {by_lower[close[0]]}?" if close else f"there are {', '.join(known[:_LISTED_IN_FULL])} and others"
    )


def listed(names: Iterable[str], last: str = "and") -> str:
    """Names as a sentence has them: `a, b and c`."""
    *head, tail = list(names) or ["nothing"]
    return f"{', '.join(head)} {last} {tail}" if head else tail


def _breakdown(name: str, row: Mapping[str, Any], families: Mapping[str, Mapping[str, Any]]) -> Breakdown:
    own = dict(row)
    family = families[own.pop("family")] if "family" in own else {}
    return Breakdown(name, **_frozen({**family, **own}))


def _kept(row: Mapping[str, Any]) -> tuple[Kept, ...]:
    return tuple(Kept(**_frozen(each)) for each in row["kept_with_breakdowns"])


def _frozen(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _sets(rows: Iterable[Sequence[str]]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(row) for row in rows)
