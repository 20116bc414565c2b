"""Walking an edge page by page, with pages that shrink when Meta finds them too large."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from source_meta_ads.graph.errors import CursorExpired, TooMuchData, TransientError
from source_meta_ads.graph.page import Worked

# After this many pages at a reduced size the next larger size is tried again.
_PAGES_BEFORE_GROWING = 5
# Restarts of one edge after expired cursors before the error is given to the caller.
_MOST_RESTARTS = 3

Page = Mapping[str, Any]


def pages(
    fetch: Callable[[dict[str, Any]], Page], limit: int, on_restart: Callable[[], None] | None = None
) -> Iterator[Page]:
    """Every page of an edge, in order.

    `fetch` gets `{"limit": n}` or `{"limit": n, "after": cursor}` and returns the parsed body. A page that Meta
    finds too large is asked again at half the size, down to one row; the size grows back as pages succeed.
    An expired cursor (2642) restarts the edge: rows may come again, none is lost; `on_restart` is told.
    Raises: TooMuchData when a single row is too much, CursorExpired after three restarts, and what `fetch` raises.
    Meta: docs/graph-api/results (v26.0, read 2026-11)
    """
    size, after, restarts, good = limit, None, 0, 0
    while True:
        params: dict[str, Any] = {"limit": size} if after is None else {"limit": size, "after": after}
        try:
            page = fetch(params)
        except TooMuchData:
            if size == 1:
                raise
            size, good = max(1, size // 2), 0
            continue
        except CursorExpired:
            restarts += 1
            if restarts > _MOST_RESTARTS:
                raise
            after = None
            if on_restart:
                on_restart()
            continue
        following = next_cursor(page)
        yield page
        # A page of wide rows takes tens of megabytes: it is gone before the next one comes.
        page = {}
        if following is None:
            return
        if following == after:
            raise TransientError(message="the edge answered the same `after` cursor twice")
        after, good = following, good + 1
        if size < limit and good >= _PAGES_BEFORE_GROWING:
            size, good = min(limit, size * 2), 0


def next_cursor(page: Page) -> str | None:
    """The `after` cursor of the page that follows, None on the last page.

    `paging.next` decides whether there is one; it is never followed itself, since it may carry a token.
    """
    paging = page.get("paging")
    if not isinstance(paging, Mapping):
        return None
    following = paging.get("next")
    if not isinstance(following, str) or not following:
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    if isinstance(after, str) and after:
        return after
    in_url = parse_qs(urlsplit(following).query).get("after")
    if not in_url:
        raise TransientError(message="the page names a next page but no `after` cursor")
    return in_url[0]


def has_rows(body: object) -> bool:
    """Whether a body has a list of objects as its `data`, so that no page passes for an empty one."""
    data = body.get("data") if isinstance(body, Mapping) else None
    return isinstance(data, Worked) or (isinstance(data, list) and all(isinstance(row, dict) for row in data))


def rows(page: Page) -> list[Any]:
    """The page's `data`: objects, or what was made of them as they were parsed.

    Raises: TransientError when there is no list of objects, so that no row is missed.
    """
    if not has_rows(page):
        raise TransientError(message="the answer has no `data` list of objects")
    found: list[Any] = page["data"]
    return found
