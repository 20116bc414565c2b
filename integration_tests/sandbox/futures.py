"""Versions that Meta has not released: what a scenario says that they will remove, add and change.

A later version keeps the changes of the earlier ones. The same kind of change, at a version that does not announce it,
is the fault `drift`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integration_tests.sandbox.scenario_checks import known, moment

_NAME = re.compile(r"v\d+\.0")
NODES = (
    "AdAccount", "Campaign", "AdSet", "Ad", "AdCreative", "CustomAudience", "SavedAudience", "AdImage", "AdVideo",
    "AdActivity", "CustomConversion", "AdsPixel", "AdLabel", "AdRule", "AdStudy", "Business", "Lead", "AssignedUser",
    "AdsInsights",
)  # fmt: skip


def _integer(value: Any) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError):
        return len(str(value))


# How a value of any type becomes one of another; the types are those of JSON.
TYPES: Mapping[str, Callable[[Any], Any]] = {
    "string": str,
    "integer": _integer,
    "number": lambda value: _integer(value) + 0.5,
    "boolean": bool,
    "array": lambda value: [value],
    "object": lambda value: {"value": value},
}


@dataclass(frozen=True, slots=True)
class NodeChange:
    """What becomes of one node's fields: some gone, some new with a value, some of another type."""

    removed: frozenset[str] = frozenset()
    added: Mapping[str, Any] = field(default_factory=dict)
    retyped: Mapping[str, str] = field(default_factory=dict)

    def shown(self, row: Mapping[str, Any], asked: Collection[str] | None = None) -> dict[str, Any]:
        """A row with the change made; of the new fields those asked for, None being all."""
        shown = {
            name: TYPES[self.retyped[name]](value) if name in self.retyped and value is not None else value
            for name, value in row.items()
            if name not in self.removed
        }
        return shown | {name: value for name, value in self.added.items() if asked is None or name in asked}


@dataclass(frozen=True, slots=True)
class Future:
    """A version to come, with all that changed up to it."""

    name: str
    released: datetime
    nodes: Mapping[str, NodeChange]
    removed_breakdowns: frozenset[str]

    def node(self, name: str) -> NodeChange:
        """What becomes of a node; nothing does of those not named."""
        return self.nodes.get(name, UNCHANGED)


UNCHANGED = NodeChange()


def futures(raw: Any, where: str) -> dict[str, Future]:
    """The versions to come by name, from one mapping or a list of them.

    Raises:
        ValueError: naming the key that is unknown or has a value that cannot be.
    """
    entries = raw if isinstance(raw, list) else [raw] if raw else []
    found: dict[str, Future] = {}
    last: Future | None = None
    for number, entry in enumerate(entries):
        last = _future(entry, f"{where}[{number}]" if isinstance(raw, list) else where, last)
        found[last.name] = last
    return found


def _future(raw: Any, where: str, before: Future | None) -> Future:
    known(raw, "name released remove add retype removed_breakdowns", where)
    name = str(raw.get("name", ""))
    if not _NAME.fullmatch(name):
        raise ValueError(f"{where}.name: {raw.get('name')!r} is no version such as v27.0")
    if before is not None and int(name[1:-2]) <= int(before.name[1:-2]):
        raise ValueError(f"{where}.name: {name} does not come after {before.name}")
    if "released" not in raw:
        raise ValueError(f"{where}.released: missing")
    changes = {key: _nodes(raw.get(key), f"{where}.{key}") for key in ("remove", "add", "retype")}
    names = dict.fromkeys([*(before.nodes if before else ()), *(node for each in changes.values() for node in each)])
    breakdowns = frozenset(raw.get("removed_breakdowns") or ())
    return Future(
        name,
        moment(raw["released"], f"{where}.released"),
        {
            node: _merged(before.node(node) if before else UNCHANGED, change(
                {key: each.get(node) for key, each in changes.items()}, f"{where}: {node}"
            ))
            for node in names
        },
        breakdowns | (before.removed_breakdowns if before else frozenset()),
    )  # fmt: skip


def change(raw: Mapping[str, Any], where: str) -> NodeChange:
    """A change of one node from its `remove` (names), `add` (name: a value, or {type, value}) and `retype`.

    Raises:
        ValueError: naming a type that there is not.
    """
    retyped = dict(raw.get("retype") or {})
    for name, kind in retyped.items():
        if kind not in TYPES:
            raise ValueError(f"{where}.{name}: {kind!r} is not one of {', '.join(TYPES)}")
    added = {name: _value(name, value, where) for name, value in (raw.get("add") or {}).items()}
    return NodeChange(frozenset(raw.get("remove") or ()), added, retyped)


def _value(name: str, raw: Any, where: str) -> Any:
    if not isinstance(raw, Mapping) or not {"type", "value"} & raw.keys():
        return raw
    known(raw, "type value", f"{where}.{name}")
    kind = raw.get("type", "string")
    if kind not in TYPES:
        raise ValueError(f"{where}.{name}: {kind!r} is not one of {', '.join(TYPES)}")
    return raw["value"] if "value" in raw else TYPES[kind](name)


def _merged(before: NodeChange, now: NodeChange) -> NodeChange:
    added = {name: value for name, value in before.added.items() if name not in now.removed} | dict(now.added)
    return NodeChange(
        (before.removed | now.removed) - now.added.keys(), added, {**before.retyped, **now.retyped}
    )  # fmt: skip


def _nodes(raw: Any, where: str) -> Mapping[str, Any]:
    if raw is None:
        return {}
    known(raw, NODES, where)
    found: Mapping[str, Any] = raw
    return found
