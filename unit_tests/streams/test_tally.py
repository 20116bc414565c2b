"""What Meta's counts say of a list that was paged."""

from __future__ import annotations

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
    still = tally((page(1, 2), 4), (page(3, 4), 4))
    assert not still.has_moved
    assert not still.is_short
    assert len(still) == still.first_total == 4


def test_a_row_that_slipped_away_shows_by_the_count_before_and_after() -> None:
    # 1 went after the first page, 3 slipped to that page.
    assert tally((page(1, 2), 4), (page(4), 3)).has_moved


def test_a_row_that_slipped_away_shows_by_the_number_seen_though_another_came() -> None:
    slipped = tally((page(1, 2), 4), (page(4), 4))
    assert not slipped.has_moved
    assert slipped.is_short


def test_a_row_that_comes_twice_counts_once() -> None:
    twice = tally((page(1, 2), 3), (page(2, 3), 3))
    assert len(twice) == 3
    assert not twice.is_short


def test_one_page_is_whole_in_itself() -> None:
    assert not tally((page(1, 2), 5)).is_short


def test_without_counts_nothing_follows() -> None:
    silent = tally((page(1), None), (page(2), None))
    assert silent.first_total is None
    assert not silent.is_short
    assert not silent.has_moved


def test_ids_that_were_seen_are_known() -> None:
    known = tally((page(1), None))
    assert "1" in known
    assert "2" not in known


@pytest.mark.parametrize(("seen", "total", "limit", "expects"), [(0, None, 2, True), (2, 5, 2, False), (2, 4, 2, True),
                                                                 (2, 3, 2, True), (2, None, 2, False)])  # fmt: skip
def test_a_count_is_wanted_with_the_first_page_and_about_the_last(
    seen: int, total: int | None, limit: int, *, expects: bool
) -> None:
    made = tally((page(*range(seen)), total)) if seen else Tally()
    assert made.expects_count(limit) is expects


@pytest.mark.parametrize("body", [{}, {"summary": []}, {"summary": {}}, {"summary": {"total_count": "7"}},
                                  {"summary": {"total_count": True}}])  # fmt: skip
def test_what_is_no_count_is_none(body: dict[str, Any]) -> None:
    assert total_of(body) is None
    assert total_of({"summary": {"total_count": 7}}) == 7
