"""Columns of ours: what they are made of, and what stays out of the records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.streams.added import ACTIVITY_ID, AddedColumn, event_id, filled
from source_meta_ads.streams.base import Row, Runtime
from source_meta_ads.streams.entities import ENTITIES

RUNTIME = cast(Runtime, None)
EVENT = {"event_time": "2026-11-01T00:00:00+00:00", "event_type": "create_ad", "object_id": "7", "actor_id": "1",
         "extra_data": '{"a":1}', "application_id": "0", "object_type": "AD"}  # fmt: skip


def test_an_event_has_one_id_however_it_is_told() -> None:
    other_words = {**EVENT, "translated_event_type": "Anzeige erstellt", "actor_name": "x", "object_name": "y"}
    assert event_id(EVENT) == event_id(other_words) == event_id(dict(reversed(EVENT.items())))
    assert len(event_id(EVENT)) == 32


@given(st.sampled_from(sorted(EVENT)), st.text(max_size=3) | st.none())
def test_an_event_that_differs_in_any_part_has_another_id(part: str, value: str | None) -> None:
    other = {**EVENT, part: value}
    assert (event_id(other) == event_id(EVENT)) is (other == EVENT)


def test_parts_of_an_event_do_not_run_into_each_other() -> None:
    assert event_id({**EVENT, "actor_id": "12", "application_id": ""}) != event_id(
        {**EVENT, "actor_id": "1", "application_id": "2"}
    )


def test_columns_are_filled_in_turn_and_what_only_they_needed_is_left_out() -> None:
    def doubled(records: Iterable[Row], runtime: Runtime, where: str) -> Iterator[Row]:
        return ({**record, "double": record["a"] * 2, "where": where} for record in records)

    def plus_one(records: Iterable[Row], runtime: Runtime, where: str) -> Iterator[Row]:
        return ({**record, "more": record["double"] + 1} for record in records)

    columns = [AddedColumn("double", {}, ("a",), doubled), AddedColumn("more", {}, (), plus_one)]
    rows: list[Any] = list(filled([{"id": 1, "a": 2}], columns, RUNTIME, "s: act_1", frozenset({"a"})))
    assert rows == [{"id": 1, "double": 4, "where": "s: act_1", "more": 5}]


def test_an_activity_gets_its_id() -> None:
    (row,) = filled([EVENT], [ACTIVITY_ID], RUNTIME, "activities", frozenset())
    assert row["activity_id"] == event_id(EVENT)


def test_what_a_column_of_ours_needs_is_a_field_of_the_object() -> None:
    from source_meta_ads.schemas.fields import load_node

    for entity in ENTITIES:
        fields = load_node(entity.node, "v25.0").fields
        for column in entity.added:
            assert set(column.needs) <= set(fields)
            assert column.name not in fields
