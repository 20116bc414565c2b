"""Rows held against their schema: what is not as it says is found, what is as it says is not."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from source_meta_ads.schemas.drift import Change
from source_meta_ads.schemas.json_schema import record_schema
from source_meta_ads.schemas.watch import Watch, misfits

NULL_STRING = {"type": ["null", "string"]}
SCHEMA = record_schema({
    "id": NULL_STRING,
    "count": {"type": ["null", "integer"]},
    "spend": {"type": ["null", "number"]},
    "since": {"type": ["null", "string"], "format": "date-time"},
    "day": {"type": ["null", "string"], "format": "date"},
    "geo": {"type": ["null", "object"], "properties": {"name": NULL_STRING}},
    "map": {"type": ["null", "object"]},
    "labels": {"type": ["null", "array"], "items": {"type": ["null", "object"], "properties": {"id": NULL_STRING}}},
})  # fmt: skip
ROW = {
    "id": "1", "count": 1, "spend": 1.5, "since": "2026-11-24T15:01:00+00:00", "day": "2026-11-24",
    "geo": {"name": "x"}, "map": {"any": [1]}, "labels": [{"id": "2"}],
}  # fmt: skip


class Watched:
    """A watch and what it reported."""

    def __init__(self, usual: frozenset[str] = frozenset()) -> None:
        self.reported: list[Change] = []
        self.watch = Watch(SCHEMA, usual, self.reported.append)

    @property
    def found(self) -> list[Change]:
        """What was reported, the same thing once."""
        return list(dict.fromkeys(self.reported))

    def see(self, *rows: dict[str, Any]) -> list[Change]:
        """What a slice with these rows brought to light."""
        look = self.watch.look()
        for row in rows:
            look.see(row)
        look.close()
        return self.found


@pytest.mark.parametrize(
    "row",
    [ROW, {}, dict.fromkeys(ROW), {"spend": 3}, {"labels": []}, {"geo": {}}, {"geo": []}, {"map": {"a": {"b": 1}}}],
    ids=str,
)
def test_a_row_as_the_schema_says_is_no_drift(row: dict[str, Any]) -> None:
    assert Watched().see(row) == []


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ({"new": [1]}, Change("new", "unknown", None, "array")),
        ({"new": None}, Change("new", "unknown", None, "null")),
        ({"geo": {"zip": "1"}}, Change("geo.zip", "unknown", None, "string")),
        ({"labels": [{"id": "1", "x": True}]}, Change("labels[].x", "unknown", None, "boolean")),
        ({"count": "many"}, Change("count", "mistyped", "integer", "string")),
        ({"count": 1.5}, Change("count", "mistyped", "integer", "number")),
        ({"count": True}, Change("count", "mistyped", "integer", "boolean")),
        ({"spend": "much"}, Change("spend", "mistyped", "number", "string")),
        ({"id": {"a": 1}}, Change("id", "mistyped", "string", "object")),
        ({"geo": "here"}, Change("geo", "mistyped", "object", "string")),
        ({"geo": {"name": ["x"]}}, Change("geo.name", "mistyped", "string", "array")),
        ({"labels": {}}, Change("labels", "mistyped", "array of object", "object")),
        ({"labels": ["2"]}, Change("labels[]", "mistyped", "object", "string")),
        ({"since": "yesterday"}, Change("since", "mistyped", "date-time", "string")),
        ({"day": 20261124}, Change("day", "mistyped", "date", "integer")),
    ],
)
def test_what_is_not_as_the_schema_says_is_found_in_the_first_row_that_has_it(
    row: dict[str, Any], change: Change
) -> None:
    assert Watched().see(dict.fromkeys(row) if change.kind == "mistyped" else {}, row) == [change]


def test_every_element_is_looked_at_when_a_column_comes_first() -> None:
    assert Watched().see({"labels": [{"id": "1"}, {"id": 2}]}) == [
        Change("labels[].id", "mistyped", "string", "integer")
    ]


def test_a_type_that_changes_later_is_found_by_the_sample() -> None:
    watched = Watched()
    watched.see(*[{"count": 1}] * 300)
    assert watched.found == []
    watched.see(*[{"count": "many"}] * 256)
    assert Change("count", "mistyped", "integer", "string") in watched.found


def test_small_slices_have_their_share_of_the_sample() -> None:
    watched = Watched()
    for _ in range(100):
        watched.see(*[{"count": 1}] * 3)
    for _ in range(100):
        watched.see(*[{"count": "many"}] * 3)
    assert Change("count", "mistyped", "integer", "string") in watched.found


def test_an_unknown_column_is_told_of_by_the_first_row_alone() -> None:
    watched = Watched()
    watched.see(*[{"new": 1}] * 50)
    assert watched.reported == [Change("new", "unknown", None, "integer")]


def test_a_column_that_used_to_come_and_comes_in_no_row_is_absent() -> None:
    watched = Watched(usual=frozenset({"id", "count", "geo"}))
    watched.see(*[{"id": "1", "count": None}] * 29)
    watched.watch.end()
    assert watched.found == []
    watched.see({"id": "1"})
    watched.watch.end()
    assert watched.found == [
        Change("count", "absent", "integer", "in none of 30 rows now"),
        Change("geo", "absent", "object", "in none of 30 rows now"),
    ]


def test_a_column_that_comes_once_is_not_absent() -> None:
    watched = Watched(usual=frozenset({"count"}))
    watched.see(*[{"id": "1"}] * 200, {"count": 0})
    watched.watch.end()
    assert watched.found == []


def test_a_column_that_is_no_longer_in_the_schema_is_not_waited_for() -> None:
    watched = Watched(usual=frozenset({"gone"}))
    watched.see(*[{"id": "1"}] * 40)
    watched.watch.end()
    assert watched.found == []


def test_usual_is_what_at_least_half_of_the_rows_hold() -> None:
    watched = Watched()
    rows = [
        {"id": "1", "count": 1 if place % 2 else None, "spend": 1.0 if place % 3 == 0 else None} for place in range(60)
    ]
    watched.see(*rows)
    assert watched.watch.usual() == {"id", "count"}


def test_with_few_rows_what_was_usual_stays_so() -> None:
    watched = Watched(usual=frozenset({"geo"}))
    watched.see(*[{"id": "1"}] * 29)
    assert watched.watch.usual() == {"geo"}


def test_slices_read_at_once_are_all_counted() -> None:
    watched = Watched(usual=frozenset({"geo"}))
    threads = [threading.Thread(target=watched.see, args=[{"id": "1"}] * 500) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    watched.watch.end()
    assert watched.found == [Change("geo", "absent", "object", "in none of 4,000 rows now")]


def test_a_column_that_meta_refuses_is_told_of_and_not_missed_besides() -> None:
    watched = Watched(usual=frozenset({"count"}))
    watched.watch.refused("count", "Meta doesn't know it")
    watched.see(*[{"id": "1"}] * 40)
    watched.watch.end()
    assert watched.found == [Change("count", "refused", "integer", "Meta doesn't know it")]


def test_a_coercer_that_sees_gives_what_the_coercer_gives() -> None:
    watched = Watched()
    seeing = watched.watch.look().seeing(lambda row: {**row, "new": 1})
    assert seeing({"id": "1"}) == {"id": "1", "new": 1}
    assert watched.found == [Change("new", "unknown", None, "integer")]


def test_a_row_is_not_changed() -> None:
    row = {**ROW, "new": 1}
    Watched().see(row)
    assert row == {**ROW, "new": 1}


def test_at_most_so_many_elements_are_looked_at_as_asked_for() -> None:
    schema = SCHEMA["properties"]["labels"]
    value = [{"id": "1"}, {"id": 2}]
    assert list(misfits(value, schema, "labels", most=1)) == []
    assert list(misfits(value, schema, "labels")) == [Change("labels[].id", "mistyped", "string", "integer")]
