"""Objects as Graph shows them: rendered, and cut down to the fields that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import orjson

from integration_tests.sandbox import (
    leads,
    objects_account,
    objects_audience,
    objects_creative,
    objects_other,
    thumbnails,
)
from integration_tests.sandbox.call import Call
from integration_tests.sandbox.fields import DEFAULTS, NODE_OF_KIND, node_fields, unknown_field
from integration_tests.sandbox.kinds import Node, kind_of
from integration_tests.sandbox.layouts import Layout, Values
from integration_tests.sandbox.lives import Standing
from integration_tests.sandbox.objects_creative import CREATIVE, CreativeRows
from integration_tests.sandbox.objects_delivery import DeliveryRows
from integration_tests.sandbox.objects_layouts import AD, ADSET, CAMPAIGN
from integration_tests.sandbox.selection import Field
from integration_tests.sandbox.world import World

RENDER: dict[str, Callable[..., dict[str, Any]]] = {
    "account": objects_account.account,
    "business": objects_account.business,
    "user": objects_account.user,
    "image": objects_creative.image,
    "video": objects_creative.video,
    "audience": objects_audience.audience,
    "saved_audience": objects_audience.saved_audience,
    "custom_conversion": objects_other.custom_conversion,
    "pixel": objects_other.pixel,
    "label": objects_other.label,
    "rule": objects_other.rule,
    "study": objects_other.study,
    "lead": leads.lead,
}
# These show the day or what a token sees, so they are made anew each time.
_FLEETING = frozenset({"account", "pixel", "user", "business", "lead"})
_KEPT = 50_000
# A kind, the fields asked of it, a version, where pictures of it are.
Asked = tuple[str, tuple[Field, ...] | None, str, str]


class Edges(Protocol):
    """Whoever answers an edge that is asked for as a field: `ads.limit(5){id}`."""

    def has(self, kind: str, edge: str) -> bool:
        """Whether a kind of object has an edge."""

    def nested(self, node: Node, field: Field, outer: Call) -> dict[str, Any]:
        """The edge's first page."""


class Judge(Protocol):
    """Whoever knows what a token may see of an object."""

    def shown(
        self, node: Node, whole: dict[str, Any], fields: tuple[Field, ...] | None, call: Call
    ) -> dict[str, Any]:  # fmt: skip
        """The object as the token of a call sees it."""


class Objects:
    """Renders the objects of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._futures = world.scenario.futures
        self.edges: Edges | None = None
        self.rights: Judge | None = None
        delivery = DeliveryRows(world)
        self._written: dict[str, tuple[Layout, Callable[[Any, Standing], Values]]] = {
            "campaign": (CAMPAIGN, delivery.campaign),
            "adset": (ADSET, delivery.adset),
            "ad": (AD, delivery.ad),
            "creative": (CREATIVE, CreativeRows(world, delivery.labels).creative),
        }
        # Rows by what was asked for and by id, each with the time for which it holds.
        self._rows: dict[Asked, dict[str, tuple[float, float, orjson.Fragment]]] = {}
        self._n_rows = 0

    def whole(self, node: Node, call: Call | None = None) -> dict[str, Any]:
        """Every field of an object, as of now; pictures in the size and from the place that a call asks for."""
        kind = kind_of(node)
        if kind in self._written:
            layout, make = self._written[kind]
            values = make(node, self._world.standing(node))
            if kind == "creative":
                values |= thumbnails.place(call)
            whole: dict[str, Any] = orjson.loads(layout.writer(None)(values))
        else:
            whole = RENDER[kind](self._world, node)
        if call is not None and call.version in self._futures:
            return self._futures[call.version].node(NODE_OF_KIND[kind]).shown(whole)
        return whole

    def writer(self, kind: str, fields: tuple[Field, ...] | None, call: Call) -> Callable[[Any], Any]:
        """What makes rows of objects of a kind, with the fields asked for, ready to be written as JSON."""
        if kind in _FLEETING or call.version in self._futures or any(
            field.inner is not None or field.modifiers or (self.edges and self.edges.has(kind, field.name))
            for field in fields or ()
        ):  # fmt: skip
            return lambda node: self.part(node, fields, call)
        place = thumbnails.place(call) if kind == "creative" else {}
        if self._n_rows >= _KEPT:
            self._rows.clear()
            self._n_rows = 0
        rows = self._rows.setdefault((kind, fields, call.version, "".join(place.values())), {})
        write = self._plain_writer(kind, fields, call, place)
        world, now = self._world, self._world.now_seconds()

        def row(node: Any) -> orjson.Fragment:
            known = rows.get(node.id)
            if known and known[0] <= now < known[1]:
                return known[2]
            standing = world.standing_at(node, now)
            written = orjson.Fragment(write(node, standing))
            self._n_rows += 1
            rows[node.id] = (now, standing.until, written)
            return written

        return row

    def _plain_writer(
        self, kind: str, fields: tuple[Field, ...] | None, call: Call, place: dict[str, str]
    ) -> Callable[[Any, Standing], bytes]:
        if kind not in self._written:
            return lambda node, _: orjson.dumps(self.part(node, fields, call))
        layout, values = self._written[kind]
        names = dict.fromkeys([*(field.name for field in fields or ()), "id"])
        write = layout.writer(tuple(names))
        if place:
            return lambda node, standing: write(values(node, standing) | place)
        return lambda node, standing: write(values(node, standing))

    def part(self, node: Node, fields: tuple[Field, ...] | None, call: Call) -> dict[str, Any]:
        """An object with the fields asked for; its id comes unasked.

        Raises:
            Refusal: for a field that its kind does not have.
        """
        kind, whole = kind_of(node), self.whole(node, call)
        if self.rights is not None:
            whole = self.rights.shown(node, whole, fields, call)
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
        if version in self._futures:
            change = self._futures[version].node(NODE_OF_KIND[kind])
            known = (known | change.added.keys()) - change.removed
        for field in fields:
            if field.name not in known and not (self.edges and self.edges.has(kind, field.name)):
                raise unknown_field(kind, field.name)

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
                return self.part(node, inner, replace(call, params={**call.params, **dict(field.modifiers)}))
        found = {}
        for each in inner:
            if value.get(each.name) is not None:
                nested = value[each.name]
                found[each.name] = nested if each.inner is None else self._inner(kind, each, nested, call)
        return found
