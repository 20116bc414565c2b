"""What Meta's counts say of a list that was paged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from source_meta_ads.streams.tally import Tally, total_of


def page(*ids: int) -> list[dict[str, Any]]:
    return [{"id": str(each)} for each in ids]


def tally(*pages: tuple[list[dict[str, Any]], int | None]) -> Tally:
    made = Tally()
    for rows, total in pages:
        made.note(rows, total)
    return made


def test_a_list_that_stood_still_is_sure() -> None:
    still = tally((page(1, 2), 4), (page(3, 4), None))
    assert not still.is_other
    assert len(still) == still.total == 4


def test_a_row_that_slipped_away_shows_by_the_number_seen() -> None:
    # 1 went after the first page, and 3 slipped to that page.
    assert tally((page(1, 2), 4), (page(4), None)).is_other


def test_a_row_that_comes_twice_counts_once() -> None:
    twice = tally((page(1, 2), 3), (page(2, 3), None))
    assert len(twice) == 3
    assert not twice.is_other


def test_the_first_count_holds() -> None:
    assert tally((page(1, 2), 3), (page(3), 5)).total == 3


def test_without_counts_nothing_follows() -> None:
    silent = tally((page(1), None), (page(2), None))
    assert silent.total is None
    assert not silent.is_other


def test_ids_that_were_seen_are_known() -> None:
    known = tally((page(1), None))
    assert "1" in known
    assert "2" not in known


@pytest.mark.parametrize("body", [{}, {"summary": []}, {"summary": {}}, {"summary": {"total_count": "7"}},
                                  {"summary": {"total_count": True}}])  # fmt: skip
def test_what_is_no_count_is_none(body: dict[str, Any]) -> None:
    assert total_of(body) is None
    assert total_of({"summary": {"total_count": 7}}) == 7


@pytest.mark.parametrize(
    ("moment", "is_touched"),
    [
        ("2026-11-24T15:00:00+0000", True),
        ("2026-11-24T16:00:00+0100", True),
        ("2026-11-24T14:59:59+0000", False),
        ("2026-11-24T15:30:00", False),
        ("soon", False),
        (None, False),
    ],
)
def test_an_object_changed_since_the_reading_began_makes_counts_doubtful(moment: object, *, is_touched: bool) -> None:
    made = Tally("updated_time", datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    made.note([{"id": "1", "updated_time": moment}])
    assert not made.is_touched, "one page is whole in itself"
    made.note([{"id": "2"}])
    assert made.is_touched is is_touched
