"""An override fits its stream or says why not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from source_meta_ads.streams.declaration import Entity
from source_meta_ads.streams.override import StreamOverride

SCHEMA = {
    "properties": {
        "id": {"type": ["null", "string"]},
        "tags": {"type": ["null", "array"]},
        "day": {"type": ["null", "string"], "format": "date"},
        "made": {"type": ["null", "string"], "format": "date-time"},
    }
}
WITHOUT_CURSOR = Entity(name="labels", node="AdLabel", edge="adlabels", doc="x")
WITH_CURSOR = Entity(name="ads", node="Ad", edge="ads", doc="x", cursor_field="updated_time")


def problem(entity: Entity | None = WITHOUT_CURSOR, **override: Any) -> str:
    return StreamOverride(name="labels", **override).problem(SCHEMA, entity) or ""


def test_a_key_and_a_cursor_that_fit_have_no_problem() -> None:
    assert problem(primary_key=["id", "made"], cursor_field="made") == ""
    assert problem(primary_key="id") == ""
    assert problem(None, primary_key=["id"]) == ""


@pytest.mark.parametrize(
    ("entity", "override", "words"),
    [
        (WITHOUT_CURSOR, {"primary_key": ["ide"]}, ["'ide'", "id"]),
        (WITHOUT_CURSOR, {"primary_key": ["tags"]}, ["array", "plain columns"]),
        (WITHOUT_CURSOR, {"cursor_field": "day"}, ["'day' is no date-time", "use made"]),
        (WITHOUT_CURSOR, {"cursor_field": "updated"}, ["'updated'", "made"]),
        (WITH_CURSOR, {"cursor_field": "made"}, ["updated_time", "can't be another"]),
        (None, {"cursor_field": "made"}, ["date_start", "can't be another"]),
    ],
)
def test_one_that_does_not_fit_says_why_and_what_to_write(
    entity: Entity | None, override: dict[str, Any], words: list[str]
) -> None:
    assert all(word in problem(entity, **override) for word in words), problem(entity, **override)


@pytest.mark.parametrize(
    ("override", "word"),
    [
        ({}, "changes nothing"),
        ({"primary_key": ["id", "id"]}, "twice"),
        ({"cursor": "made"}, "cursor"),
        ({"name": ""}, "name"),
    ],
)
def test_one_that_says_nothing_sensible_is_refused(override: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        StreamOverride(**{"name": "labels", **override})


def test_the_declared_key_holds_where_none_is_given() -> None:
    assert StreamOverride(name="x", cursor_field="made").key_of(("id",)) == ("id",)
    assert StreamOverride(name="x", primary_key=["a", "b"]).key_of(("id",)) == ("a", "b")
