"""Walking an edge page by page, with pages that shrink when Meta finds them too large."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from source_meta_ads.graph.errors import CursorExpired, TooMuchData, TransientError
from source_meta_ads.graph.page import Worked

# After this many pages at a reduced size the next larger size is tried again; after twice as many each time that it
# was too much again, up to the second number.
_PAGES_BEFORE_GROWING = 5
_MOST_PAGES_BEFORE_GROWING = 80
# Restarts of one edge after expired cursors before the error is given to the caller.
_MOST_RESTARTS = 3

Page = Mapping[str, Any]


class PageSize:
    """How many rows a page of an edge may have now; shared by all who read the edge in a run. Thread-safe.

    It is halved when Meta finds a page too large, and doubled again, up to `most`, as pages come through.
    """

    def __init__(self, most: int) -> None:
        self.most = self._now = most
        self._good, self._patience = 0, _PAGES_BEFORE_GROWING
        self._grown_to = 0
        self._lock = threading.Lock()

    @property
    def now(self) -> int:
        """Rows to ask for."""
        return self._now

    def too_much(self, size: int) -> None:
        """A page of this size was too large: from now on at most half, as long as it takes to grow again."""
        with self._lock:
            if size == self._grown_to:
                self._patience = min(2 * self._patience, _MOST_PAGES_BEFORE_GROWING)
            self._now, self._good, self._grown_to = max(1, min(self._now, size // 2)), 0, 0

    def went_well(self, size: int) -> None:
        """A page of this size came through."""
        with self._lock:
            if self._now >= self.most or size < self._now:
                return
            self._good += 1
            if self._good >= self._patience:
                self._now, self._good = min(self.most, 2 * self._now), 0
                self._grown_to = self._now


def pages(
    fetch: Callable[[dict[str, Any]], Page], limit: int | PageSize, on_restart: Callable[[], None] | None = None
) -> Iterator[Page]:
    """Every page of an edge, in order.

    `fetch` gets `{"limit": n}` or `{"limit": n, "after": cursor}` and returns the parsed body. A page that Meta
    finds too large is asked again at half the size, down to one row; the size grows back as pages succeed.
    An expired cursor (2642) restarts the edge: rows may come again, none is lost; `on_restart` is told.
    Raises: TooMuchData when a single row is too much, CursorExpired after three restarts, and what `fetch` raises.
    Meta: docs/graph-api/results (v26.0, read 2026-11)
    """
    sizes = PageSize(limit) if isinstance(limit, int) else limit
    after: str | None = None
    restarts = 0
    while True:
        size = sizes.now
        params: dict[str, Any] = {"limit": size} if after is None else {"limit": size, "after": after}
        try:
            page = fetch(params)
        except TooMuchData:
            if size == 1:
                raise
            sizes.too_much(size)
            continue
        except CursorExpired:
            restarts += 1
            if restarts > _MOST_RESTARTS:
                raise
            after = None
            if on_restart:
                on_restart()
            continue
        sizes.went_well(size)
        following = next_cursor(page)
        yield page
        # A page of wide rows takes tens of megabytes: it is gone before the next one comes.
        page = {}
        if following is None:
            return
        if following == after:
            raise TransientError(message="the edge answered the same `after` cursor twice")
        after = following


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
