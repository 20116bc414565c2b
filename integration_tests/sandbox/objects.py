"""Objects as Graph shows them: rendered, and cut down to the fields that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, Protocol

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
from integration_tests.sandbox.kinds import Made, Node, kind_of
from integration_tests.sandbox.layouts import Layout, Shared, Values, text, value
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
_KEPT, _BOOKS = 50_000, 1_000
# A kind, the fields asked of it, a version, where pictures of it are.
Asked = tuple[str, str, str, Shared]


Write = Callable[[Any, Standing], str]
# Rows by the id of their object, each with the time for which it holds.
Rows = dict[str, tuple[float, float, str]]


class _Book(NamedTuple):
    """What was asked for: its rows, with which objects its pages began, and what writes a row of an object.

    None writes the rows that are cut out of whole objects.
    """

    rows: Rows
    begun: set[str]
    write: Write | None


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
        self._books: dict[Asked, _Book | None] = {}
        self._n_kept = 0

    def whole(self, node: Node, call: Call | None = None) -> dict[str, Any]:
        """Every field of an object, as of now; pictures in the size and from the place that a call asks for."""
        kind = kind_of(node)
        if kind in self._written and isinstance(node, Made):
            layout, make = self._written[kind]
            write = layout.writer(None, thumbnails.place(call) if kind == "creative" else ())
            whole: dict[str, Any] = value(write(make(node, self._world.standing(node))))
        else:
            whole = RENDER[kind](self._world, node)
        if call is not None and call.version in self._futures:
            return self._futures[call.version].node(NODE_OF_KIND[kind]).shown(whole)
        return whole

    def parts(self, fields: tuple[Field, ...] | None, call: Call, nodes: Sequence[Node]) -> list[dict[str, Any]]:
        """Objects with the fields asked for, each as of `part`."""
        return [self.part(node, fields, call) for node in nodes]

    def writer(self, kind: str, fields: tuple[Field, ...] | None, call: Call) -> Callable[[Sequence[Any]], Any]:
        """What makes the rows of a page of objects of a kind, with the fields that a call asks for, ready to be sent.

        `fields` are what the parameter of the call says.
        """
        if kind in _FLEETING or call.version in self._futures:
            return partial(self.parts, fields, call)
        place = thumbnails.place(call) if kind == "creative" else ()
        if self._n_kept >= _KEPT or len(self._books) >= _BOOKS:
            self._books.clear()
            self._n_kept = 0
        asked = (kind, call.params.get("fields", ""), call.version, place)
        if asked not in self._books:
            self._books[asked] = self._opened(kind, fields, place)
        book = self._books[asked]
        if book is None:
            return partial(self.parts, fields, call)
        write = book.write or (lambda node, _: text(self.part(node, fields, call)))
        return partial(self._page, book, write)

    def _page(self, book: _Book, write: Write, nodes: Sequence[Any]) -> orjson.Fragment:
        rows, begun, _ = book
        standing_at, now = self._world.standing_at, self._world.now_seconds()
        first = nodes[0].id if nodes else ""
        if first not in begun:
            # Most pages are read once, and to keep a row costs a tenth of making it: a page read again is kept.
            begun.add(first)
            self._n_kept += 1
            return _fragment([write(node, standing_at(node, now)) for node in nodes])
        page, known_before = [], len(rows)
        for node in nodes:
            row = rows.get(node.id)
            if row is None or not row[0] <= now < row[1]:
                standing = standing_at(node, now)
                row = rows[node.id] = (now, standing.until, write(node, standing))
            page.append(row[2])
        self._n_kept += len(rows) - known_before
        return _fragment(page)

    def _opened(self, kind: str, fields: tuple[Field, ...] | None, place: Shared) -> _Book | None:
        """A new book; None where something is asked of what is behind fields: then rows are not only their object's."""
        if any(
            field.inner is not None or field.modifiers or (self.edges and self.edges.has(kind, field.name))
            for field in fields or ()
        ):
            return None
        if kind not in self._written:
            return _Book({}, set(), None)
        layout, values = self._written[kind]
        names = dict.fromkeys([*(field.name for field in fields or ()), "id"])
        write = layout.writer(tuple(names), place)
        return _Book({}, set(), lambda node, standing: write(values(node, standing)))

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
            found = whole.get(field.name)
            if field.name not in whole and self.edges and self.edges.has(kind, field.name):
                row[field.name] = self.edges.nested(node, field, call)
            elif found is not None:
                row[field.name] = found if field.inner is None else self._inner(kind, field, found, call)
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

    def _inner(self, kind: str, field: Field, whole: Any, call: Call) -> Any:
        """What is behind a field: another object, several, or plain nested JSON."""
        if isinstance(whole, list):
            return [self._inner(kind, field, each, call) for each in whole]
        if not isinstance(whole, dict):
            return whole
        inner = field.inner or ()
        if field.name in node_fields(NODE_OF_KIND[kind], call.version).links and "id" in whole:
            node = self._world.find(whole["id"])
            if node is not None:
                return self.part(node, inner, replace(call, params={**call.params, **dict(field.modifiers)}))
        found = {}
        for each in inner:
            if whole.get(each.name) is not None:
                nested = whole[each.name]
                found[each.name] = nested if each.inner is None else self._inner(kind, each, nested, call)
        return found


def _fragment(rows: Sequence[str]) -> orjson.Fragment:
    return orjson.Fragment(f"[{','.join(rows)}]".encode("latin-1"))
