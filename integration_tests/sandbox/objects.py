"""Objects as Graph shows them: rendered in full once, then cut down to the fields that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import orjson

from integration_tests.sandbox import (
    objects_account,
    objects_audience,
    objects_creative,
    objects_delivery,
    objects_other,
)  # fmt: skip
from integration_tests.sandbox.call import Call
from integration_tests.sandbox.fields import DEFAULTS, NODE_OF_KIND, check_field, node_fields
from integration_tests.sandbox.kinds import Node, kind_of
from integration_tests.sandbox.selection import Field
from integration_tests.sandbox.world import World

RENDER: dict[str, Callable[..., dict[str, Any]]] = {
    "account": objects_account.account,
    "business": objects_account.business,
    "user": objects_account.user,
    "campaign": objects_delivery.campaign,
    "adset": objects_delivery.adset,
    "ad": objects_delivery.ad,
    "creative": objects_creative.creative,
    "image": objects_creative.image,
    "video": objects_creative.video,
    "audience": objects_audience.audience,
    "saved_audience": objects_audience.saved_audience,
    "custom_conversion": objects_other.custom_conversion,
    "pixel": objects_other.pixel,
    "label": objects_other.label,
    "rule": objects_other.rule,
    "study": objects_other.study,
}
# These show the day or what a token sees, so they are made anew each time.
_FLEETING = frozenset({"account", "pixel", "user", "business"})
_KEPT = 50_000


class Edges(Protocol):
    """Whoever answers an edge that is asked for as a field: `ads.limit(5){id}`."""

    def has(self, kind: str, edge: str) -> bool:
        """Whether a kind of object has an edge."""

    def nested(self, node: Node, field: Field, outer: Call) -> dict[str, Any]:
        """The edge's first page."""


class Objects:
    """Renders the objects of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.edges: Edges | None = None
        self._whole: dict[str, tuple[float, float, dict[str, Any]]] = {}
        self._rows: dict[tuple[str, tuple[Field, ...] | None, str], tuple[float, float, orjson.Fragment]] = {}

    def whole(self, node: Node) -> dict[str, Any]:
        """Every field of an object, as of now."""
        kind = kind_of(node)
        if kind in _FLEETING:
            return RENDER[kind](self._world, node)
        now = self._world.now_seconds()
        known = self._whole.get(node.id)
        if known and known[0] <= now < known[1]:
            return known[2]
        row = RENDER[kind](self._world, node)
        if len(self._whole) >= _KEPT:
            self._whole.clear()
        self._whole[node.id] = (now, self._until(node), row)
        return row

    def row(self, node: Node, fields: tuple[Field, ...] | None, call: Call) -> Any:
        """An object with the fields asked for, ready to be written as JSON."""
        if kind_of(node) in _FLEETING or any(field.inner is not None or field.modifiers for field in fields or ()):
            return self.part(node, fields, call)
        now = self._world.now_seconds()
        key = (node.id, fields, call.version)
        known = self._rows.get(key)
        if known and known[0] <= now < known[1]:
            return known[2]
        written = orjson.Fragment(orjson.dumps(self.part(node, fields, call)))
        if len(self._rows) >= _KEPT:
            self._rows.clear()
        self._rows[key] = (now, self._until(node), written)
        return written

    def part(self, node: Node, fields: tuple[Field, ...] | None, call: Call) -> dict[str, Any]:
        """An object with the fields asked for; its id comes unasked.

        Raises:
            Refusal: for a field that its kind does not have.
        """
        kind, whole = kind_of(node), self.whole(node)
        if not fields:
            return {name: whole[name] for name in DEFAULTS.get(kind, ("id",)) if name in whole}
        self.check(kind, fields, call.version)
        row: dict[str, Any] = {}
        for field in fields:
            value = whole.get(field.name)
            if field.name not in whole and self.edges and self.edges.has(kind, field.name):
                row[field.name] = self.edges.nested(node, field, call)
            elif value is not None:
                row[field.name] = value if field.inner is None else self._inner(kind, field, value, call)
        if "id" in whole:
            row["id"] = whole["id"]
        return row

    def check(self, kind: str, fields: tuple[Field, ...], version: str) -> None:
        """Refuse a field that a kind of object does not have."""
        known = node_fields(NODE_OF_KIND[kind], version).names
        for field in fields:
            if field.name not in known and not (self.edges and self.edges.has(kind, field.name)):
                check_field(kind, field.name, version)

    def _inner(self, kind: str, field: Field, value: Any, call: Call) -> Any:
        """What is behind a field: another object, several, or plain nested JSON."""
        if isinstance(value, list):
            return [self._inner(kind, field, each, call) for each in value]
        if not isinstance(value, dict):
            return value
        inner = field.inner or ()
        if field.name in node_fields(NODE_OF_KIND[kind], call.version).links and "id" in value:
            node = self._world.find(value["id"])
            if node is not None:
                return self.part(node, inner, call)
        found = {}
        for each in inner:
            if value.get(each.name) is not None:
                nested = value[each.name]
                found[each.name] = nested if each.inner is None else self._inner(kind, each, nested, call)
        return found

    def _until(self, node: Node) -> float:
        """Until when an object is as it is now."""
        return self._world.standing(node).until
