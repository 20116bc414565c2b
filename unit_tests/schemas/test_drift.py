"""Differences between two schemas: exact, by path, the same whatever the order, and none where nothing changed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.schemas.drift import Change, SchemaEntry, diff, fingerprint, shape, type_text
from source_meta_ads.schemas.json_schema import record_schema

STRING, INTEGER = {"type": ["null", "string"]}, {"type": ["null", "integer"]}
GEO = {"type": ["null", "object"], "properties": {"name": STRING, "radius": INTEGER}}
SCHEMA = record_schema({
    "id": STRING,
    "count": INTEGER,
    "since": {"type": ["null", "string"], "format": "date-time"},
    "geo": GEO,
    "places": {"type": ["null", "array"], "items": GEO},
    "curves": {"type": ["null", "array"], "items": {"type": ["null", "array"], "items": INTEGER}},
})  # fmt: skip


def changed(*path: str, to: Any = None) -> dict[str, Any]:
    """The schema with one part put in place, or taken out."""
    schema: dict[str, Any] = json.loads(json.dumps(SCHEMA))
    place: dict[str, Any] = schema
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return schema


def test_every_field_has_its_path_and_type() -> None:
    assert shape(SCHEMA) == {
        "count": "integer",
        "curves": "array of array of integer",
        "geo": "object",
        "geo.name": "string",
        "geo.radius": "integer",
        "id": "string",
        "places": "array of object",
        "places[].name": "string",
        "places[].radius": "integer",
        "since": "date-time",
    }


@pytest.mark.parametrize(
    ("after", "change"),
    [
        (changed("properties", "count"), Change("count", "removed", "integer")),
        (changed("properties", "count", to=STRING), Change("count", "retyped", "integer", "string")),
        (changed("properties", "new", to=INTEGER), Change("new", "added", None, "integer")),
        (changed("properties", "since", to=STRING), Change("since", "retyped", "date-time", "string")),
        (changed("properties", "geo", "properties", "name"), Change("geo.name", "removed", "string")),
        (changed("properties", "geo", to=STRING), Change("geo", "retyped", "object", "string")),
        (changed("properties", "geo"), Change("geo", "removed", "object")),
        (
            changed("properties", "places", "items", "properties", "radius", to=STRING),
            Change("places[].radius", "retyped", "integer", "string"),
        ),
        (changed("properties", "places", "items", to=STRING),
         Change("places", "retyped", "array of object", "array of string")),
    ],
)  # fmt: skip
def test_one_change_is_told_once_where_it_is(after: dict[str, Any], change: Change) -> None:
    assert diff(SCHEMA, after) == [change]
    assert fingerprint(after) != fingerprint(SCHEMA)


def test_a_name_that_begins_like_a_changed_one_is_not_taken_for_a_part_of_it() -> None:
    before = record_schema({"geo": STRING, "geo_name": STRING})
    assert [each.field for each in diff(before, record_schema({"geo": INTEGER, "geo_name": INTEGER}))] == [
        "geo", "geo_name",
    ]  # fmt: skip


def test_words_and_order_are_no_change() -> None:
    reordered = {**SCHEMA, "properties": dict(reversed(SCHEMA["properties"].items()))}
    described = changed("properties", "id", to={**STRING, "description": "An id."})
    for other in (reordered, described):
        assert diff(SCHEMA, other) == []
        assert fingerprint(other) == fingerprint(SCHEMA)


LEAVES = st.sampled_from([STRING, INTEGER, {"type": ["null", "number"]}, {"type": ["null", "boolean"]}])
NAMES = st.sampled_from(["a", "b", "ab", "a_b", "id"])
PARTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": ["null", "array"], "items": items}, inner),
        st.builds(lambda each: {"type": ["null", "object"], "properties": each}, st.dictionaries(NAMES, inner)),
    ),
    max_leaves=6,
)
SCHEMAS = st.dictionaries(NAMES, PARTS).map(record_schema)


@given(SCHEMAS, SCHEMAS)
def test_schemas_differ_exactly_where_their_fingerprints_do(before: dict[str, Any], after: dict[str, Any]) -> None:
    forth, back = diff(before, after), diff(after, before)
    assert (forth == []) == (fingerprint(before) == fingerprint(after))
    opposite = {"added": "removed", "removed": "added", "retyped": "retyped"}
    assert {(each.field, opposite[each.kind], each.after, each.before) for each in forth} == {
        (each.field, each.kind, each.before, each.after) for each in back
    }


def test_what_comes_besides_breaks_nothing() -> None:
    assert [Change("a", kind).is_breaking for kind in ("removed", "retyped", "mistyped", "absent", "refused")] == [
        True
    ] * 5
    assert not Change("a", "added").is_breaking
    assert not Change("a", "unknown").is_breaking


@pytest.mark.parametrize(("field", "column"), [("a", "a"), ("a.b[].c", "a"), ("a[]", "a"), ("a[].b", "a")])
def test_a_field_knows_its_column(field: str, column: str) -> None:
    assert Change(field, "added").column == column


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (Change("a", "removed", "string"), "a removed (was string)"),
        (Change("a", "removed"), "a removed"),
        (Change("a", "added", None, "string"), "a added (string)"),
        (Change("a", "retyped", "string", "integer"), "a retyped (was string, is integer)"),
        (Change("a", "mistyped", "string", "object"), "a mistyped (object, the schema says string)"),
        (Change("a", "unknown", None, "string"), "a unknown (string, not in the schema)"),
    ],
)
def test_a_change_says_what_it_is(change: Change, text: str) -> None:
    assert str(change) == text


def test_a_change_as_json_has_no_nulls() -> None:
    assert Change("a", "added", None, "string").as_json() == {"field": "a", "kind": "added", "after": "string"}


@pytest.mark.parametrize(
    ("schema", "text"),
    [({"type": "string"}, "string"), ({}, "any"), ({"type": ["null", "array"]}, "array"),
     ({"type": ["string", "integer"]}, "string or integer"), ({"type": ["null", "string"], "format": "date"}, "date")],
)  # fmt: skip
def test_a_type_is_told_in_a_word(schema: dict[str, Any], text: str) -> None:
    assert type_text(schema) == text


def test_an_entry_is_plain_json() -> None:
    entry = SchemaEntry(fingerprint(SCHEMA), "v26.0", "71d2", "2026-11-24T15:01:00+00:00", SCHEMA)
    assert SchemaEntry(**json.loads(json.dumps(asdict(entry)))) == entry
