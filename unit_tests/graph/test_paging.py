"""Walking an edge: cursors, shrinking pages, restarts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from source_meta_ads.graph.errors import CursorExpired, TooMuchData, TransientError
from source_meta_ads.graph.paging import PageSize, next_cursor, pages, rows

Page = dict[str, Any]


def edge(total: int, largest: int = 1000) -> tuple[Callable[[dict[str, Any]], Page], list[int]]:
    """A fake edge of `total` rows that refuses pages above `largest`, and the sizes it was asked for."""
    asked: list[int] = []

    def fetch(params: dict[str, Any]) -> Page:
        limit, start = params["limit"], int(params.get("after", 0))
        asked.append(limit)
        if limit > largest:
            raise TooMuchData(message="reduce the amount of data")
        end = min(total, start + limit)
        paging: Page = {"cursors": {"after": str(end)}}
        if end < total:
            paging["next"] = f"https://graph.facebook.com/x?access_token=secret&after={end}"
        return {"data": [{"id": n} for n in range(start, end)], "paging": paging}

    return fetch, asked


def read(fetch: Callable[[dict[str, Any]], Page], limit: int) -> list[int]:
    return [row["id"] for page in pages(fetch, limit) for row in rows(page)]


@pytest.mark.parametrize(("total", "limit"), [(0, 10), (1, 10), (10, 10), (11, 10), (95, 10)])
def test_every_row_comes_once_and_in_order(total: int, limit: int) -> None:
    fetch, _ = edge(total)
    assert read(fetch, limit) == list(range(total))


def test_a_page_that_is_too_much_is_asked_again_at_half_the_size_and_no_row_is_lost() -> None:
    fetch, asked = edge(100, largest=6)
    assert read(fetch, 25) == list(range(100))
    assert asked[:3] == [25, 12, 6]


def test_pages_grow_back_after_some_success() -> None:
    sizes = []

    def fetch(params: dict[str, Any]) -> Page:
        sizes.append(params["limit"])
        if len(sizes) == 1:
            raise TooMuchData(message="reduce the amount of data")
        after = str(int(params.get("after", 0)) + 1)
        return {"data": [{}], "paging": {"cursors": {"after": after}, "next": "x" if after != "9" else ""}}

    list(pages(fetch, 8))
    assert sizes[1] == 4
    assert sizes[-1] == 8


def test_one_row_that_is_too_much_is_an_error_not_an_endless_loop() -> None:
    fetch, asked = edge(5, largest=0)
    with pytest.raises(TooMuchData):
        read(fetch, 8)
    assert asked == [8, 4, 2, 1]


def test_an_expired_cursor_restarts_the_edge_and_gives_up_after_three_times() -> None:
    healthy, _ = edge(30)
    failures = iter([False, True, False, False, False, False])

    def once(params: dict[str, Any]) -> Page:
        if next(failures, False):
            raise CursorExpired(message="Invalid cursors values")
        return healthy(params)

    assert sorted(set(read(once, 10))) == list(range(30))

    def always(params: dict[str, Any]) -> Page:
        raise CursorExpired(message="Invalid cursors values")

    with pytest.raises(CursorExpired):
        read(always, 10)


def test_an_empty_page_with_a_next_page_is_not_the_end() -> None:
    answers: dict[str | None, Page] = {
        None: {"data": [], "paging": {"cursors": {"after": "a"}, "next": "https://x/?after=a"}},
        "a": {"data": [{"id": 1}], "paging": {"cursors": {"after": "b"}}},
    }
    assert read(lambda params: answers[params.get("after")], 10) == [1]


def test_the_cursor_is_taken_from_next_when_cursors_are_left_out() -> None:
    page = {"data": [], "paging": {"next": "https://graph.facebook.com/v26.0/1/ads?access_token=t&after=Zm9v"}}
    assert next_cursor(page) == "Zm9v"


def test_the_same_cursor_twice_is_an_error_not_an_endless_loop() -> None:
    page = {"data": [{}], "paging": {"cursors": {"after": "a"}, "next": "x"}}
    with pytest.raises(TransientError, match="twice"):
        list(pages(lambda params: page, 10))


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {"id": 1}}, {"data": [{"id": 1}, None]}])
def test_a_body_without_rows_never_passes_for_an_empty_page(body: Page) -> None:
    with pytest.raises(TransientError):
        rows(body)


def test_a_size_that_was_too_much_is_where_the_next_edge_begins() -> None:
    size = PageSize(25)
    fetch, asked = edge(20, largest=6)
    assert [row["id"] for page in pages(fetch, size) for row in rows(page)] == list(range(20))
    again, asked_again = edge(5, largest=6)
    assert [row["id"] for page in pages(again, size) for row in rows(page)] == list(range(5))
    assert asked[0] == 25
    assert asked_again == [6]


def test_growing_is_tried_less_often_the_more_often_it_failed() -> None:
    fetch, asked = edge(2000, largest=12)
    assert read(fetch, 24) == list(range(2000))
    refused = [place for place, size in enumerate(asked) if size > 12]
    gaps = [after - before for before, after in itertools.pairwise(refused)]
    assert gaps[:4] == [6, 11, 21, 41]


def test_a_size_never_grows_beyond_where_it_began() -> None:
    size = PageSize(7)
    size.too_much(7)
    for _ in range(100):
        size.went_well(size.now)
    assert size.now == 7


def test_a_page_that_another_thread_asked_for_at_a_larger_size_halves_nothing_twice() -> None:
    size = PageSize(100)
    size.too_much(100)
    size.too_much(100)
    assert size.now == 50
