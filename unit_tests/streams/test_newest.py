"""Reading newest first: nothing new is missed, and reading ends where only known rows can follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.streams.newest import newer

START = datetime(2026, 11, 1, tzinfo=UTC)


def row(hours: float | None) -> dict[str, object]:
    moment = None if hours is None else (START + timedelta(hours=hours)).isoformat()
    return {"id": str(hours), "updated_time": moment}


def read(pages: Sequence[Sequence[float | None]], since: float) -> tuple[list[str], int]:
    """Ids of the rows that come out, and how many pages were asked for."""
    asked = 0

    def served() -> Iterator[list[dict[str, object]]]:
        nonlocal asked
        for page in pages:
            asked += 1
            yield [row(hours) for hours in page]

    found = [str(each["id"]) for each in newer(served(), "updated_time", START + timedelta(hours=since))]
    return found, asked


def test_it_ends_after_a_page_of_known_rows() -> None:
    assert read([[9, 8], [7, 5], [4, 3], [2, 1]], since=6) == (["9", "8", "7"], 3)


def test_it_reads_on_while_a_page_has_a_new_row() -> None:
    assert read([[9, 5], [4, 3], [2, 1]], since=5) == (["9", "5"], 2)


def test_an_edge_out_of_order_is_read_to_its_end() -> None:
    assert read([[9, 4], [5, 3], [2, 1], [0, 8]], since=6) == (["9", "8"], 4)


@pytest.mark.parametrize("empty", [[], [None]])
def test_an_empty_page_and_rows_without_a_moment_end_nothing(empty: list[float | None]) -> None:
    found, asked = read([empty, [9], [1], [0]], since=6)
    assert found == [*(str(each) for each in empty), "9"]
    assert asked == 3


@given(st.lists(st.lists(st.integers(0, 20), max_size=4), max_size=8), st.integers(0, 21))
def test_what_comes_in_order_is_read_whole(pages: list[list[int]], since: int) -> None:
    ordered = iter(sorted((each for page in pages for each in page), reverse=True))
    in_order = [[next(ordered) for _ in page] for page in pages]
    found, asked = read(in_order, since)
    assert found == [str(each) for page in in_order for each in page if each >= since]
    assert asked <= len(in_order)


@given(st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=4), max_size=8), st.integers(0, 21))
def test_what_is_seen_to_be_out_of_order_misses_nothing(pages: list[list[int]], since: int) -> None:
    newest_last = [[21, *page] if place else [0, 21, *page] for place, page in enumerate(pages)]
    found, asked = read(newest_last, since)
    assert found == [str(each) for page in newest_last for each in page if each >= since]
    assert asked == len(pages)
