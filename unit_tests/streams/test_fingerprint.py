"""Marks of objects: exact ids and moments, hashes that see every change, and a form that stays small."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.streams.fingerprint import id_of, mark_of, packed, unpacked, updated_at

MARKS = st.dictionaries(st.integers(0, 10**19), st.integers(0, 2**73 - 1), max_size=60)


@given(MARKS)
def test_what_is_packed_comes_back_exactly(marks: dict[int, int]) -> None:
    assert unpacked(packed(marks)) == marks


@given(MARKS)
def test_the_same_marks_are_the_same_text_whatever_order_they_came_in(marks: dict[int, int]) -> None:
    assert packed(dict(reversed(marks.items()))) == packed(marks)


def test_the_text_needs_no_escaping_in_json_and_tells_how_many_objects_it_holds() -> None:
    text = packed({120210000000010001: 5, 120210000000020001: 7})
    assert json.dumps(text) == f'"{text}"'
    assert text.split(".")[1] == "2"


@pytest.mark.parametrize(
    "text",
    [None, 7, "", "1", "2.1.1.1.1.eJwDAAAAAAE=", "1.x.1.1.1.eJwDAAAAAAE=", "1.9.1.1.1.eJwDAAAAAAE=", "1.0.0.0.0.!!",
     "1.0.0.0.0.AAAA", "1.1.1.1.1.eJwDAAAAAAE=\n"],
)  # fmt: skip
def test_a_text_that_nobody_packed_is_no_marks(text: object) -> None:
    assert unpacked(text) is None


@given(MARKS.filter(bool), st.data())
def test_a_text_cut_short_is_no_marks(marks: dict[int, int], data: Any) -> None:
    text = packed(marks)
    assert unpacked(text[: data.draw(st.integers(0, len(text) - 1))]) is None


def mark(**row: Any) -> int:
    return mark_of(row, ("status", "daily_budget", "learning"), "updated_time")


def test_a_mark_follows_the_watched_fields_and_the_cursor_and_nothing_else() -> None:
    first = mark(id="1", status="ACTIVE", updated_time="2026-11-10T08:00:00+00:00", name="One")
    assert first == mark(status="ACTIVE", updated_time="2026-11-10T08:00:00+00:00", name="Two", daily_budget=None)
    assert first == mark(status="ACTIVE", updated_time="2026-11-10T00:00:00-08:00")
    others = [
        mark(status="PAUSED", updated_time="2026-11-10T08:00:00+00:00"),
        mark(status="ACTIVE", updated_time="2026-11-10T08:00:01+00:00"),
        mark(status="ACTIVE"),
        mark(status="ACTIVE", daily_budget="500", updated_time="2026-11-10T08:00:00+00:00"),
    ]
    assert len({first, *others}) == 5


def test_a_value_that_moves_to_another_field_is_another_mark() -> None:
    assert mark(status="5") != mark(daily_budget="5")


def test_the_order_of_keys_within_a_value_is_no_change() -> None:
    assert mark(learning={"a": 1, "b": 2}) == mark(learning={"b": 2, "a": 1}) != mark(learning={"a": 1, "b": 3})


def test_the_moment_of_the_last_change_is_held_exactly() -> None:
    moment = updated_at(mark(updated_time="2026-11-10T00:00:07-08:00"))
    assert moment is not None
    assert moment.isoformat() == "2026-11-10T08:00:07+00:00"
    assert updated_at(mark(status="ACTIVE")) is None
    assert updated_at(mark(updated_time="long ago")) is None


def test_ten_thousand_changes_of_a_budget_are_all_seen() -> None:
    assert len({mark(daily_budget=str(cents)) for cents in range(10_000)}) == 10_000


@pytest.mark.parametrize("value", ["", "act_1", "1:abc", "٣", "007", None])
def test_an_id_that_is_not_digits_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="digits"):
        id_of({"id": value})
    assert id_of({"id": "120210000000010001"}) == 120210000000010001


def test_a_thousand_ads_made_campaign_by_campaign_take_eight_bytes_each() -> None:
    """Ids as Meta gives them (one ending an account) and edits in bursts; 100,000 ads: `benchmarks/sweep.py`."""
    chance, marks, number, moment = random.Random(1), {}, 12_020_000_000, 1_700_000_000
    for _ in range(50):
        number, moment = number + chance.randrange(10**7), moment + chance.randrange(10**5)
        for each in range(20):
            row = {"status": chance.choice(["ACTIVE", "PAUSED"])}
            marks[(number + each) * 10_000 + 366] = (moment << 40) | mark_of(row, ("status",), None)
    assert len(packed(marks)) < 8 * len(marks)
