"""Pages: opaque cursors, and a `next` that carries the access token as Meta's does."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlencode

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.census import Row
from integration_tests.sandbox.error_table import named
from integration_tests.sandbox.errors import Refusal

DEFAULT = 25
# How many objects one call looks at before it gives up on a full page: Meta's pages may be short, even empty.
LOOKED_AT = 50_000
_POSITION, _INDEX = "p", "i"
# What makes the rows of a page of all its objects.
Render = Callable[[Sequence[Any]], Any]
# The same parameters come page after page, and a list of fields is long.
_quoted = lru_cache(2_000)(quote_plus)


def paginate(
    items: Sequence[Any], call: Call, base_url: str, path: str, render: Callable[[Any], Any]
) -> dict[str, Any]:
    """A page of a fixed sequence, made row by row; `path` is without the version. Sets `call.rows`.

    Raises:
        Refusal: 100 for a limit that is none, 2642 for a cursor that is none.
    """
    return _counted(items, call, base_url, path, lambda page: [render(item) for item in page])


def _counted(items: Sequence[Any], call: Call, base_url: str, path: str, render: Render) -> dict[str, Any]:
    size = limit_of(call)
    total = len(items)
    if after := call.params.get("after"):
        start = min(decoded(after, _POSITION) + 1, total)
    elif before := call.params.get("before"):
        end = max(decoded(before, _POSITION), 0)
        start, size = max(0, end - size), min(size, end)
    else:
        start = _offset(call)
    page = items[start : start + size]
    return _written(
        call, base_url, path, render(page), len(page),
        cursors=(encoded(start, _POSITION), encoded(start + len(page) - 1, _POSITION)),
        more=start + len(page) < total and size > 0, earlier=start > 0, total=lambda: total,
    )  # fmt: skip


def newest_first(
    items: Sequence[Any], call: Call, base_url: str, path: str, render: Render,
    keep: Callable[[Any], bool] | None,
) -> dict[str, Any]:  # fmt: skip
    """A page of a sequence that grows at its end, last item first; cursors hold while it grows. Sets `call.rows`."""
    size = limit_of(call)
    backwards = "after" not in call.params and "before" in call.params
    if backwards:
        order = range(max(0, decoded(call.params["before"], _INDEX) + 1), len(items))
    else:
        after = call.params.get("after")
        order = range(min(decoded(after, _INDEX) if after else len(items), len(items)) - 1, -1, -1)
    found: list[Any] = []
    at: list[int] = []
    more, last = False, -1
    looked_at = order[: LOOKED_AT + 1]
    picked = items.pick(looked_at) if isinstance(items, Row) else map(items.__getitem__, looked_at)
    for index, item in zip(looked_at, picked, strict=True):
        if keep is None or keep(item):
            if len(at) == size:
                more = size > 0
                break
            found.append(item)
            at.append(index)
            last = index
    else:
        if len(order) > LOOKED_AT:
            more, last = True, order[LOOKED_AT]
    if backwards:
        found.reverse()
        at.reverse()
        last = at[-1] if at else 0
        more = last > 0
    first = at[0] if at else last
    return _written(
        call, base_url, path, render(found), len(found),
        cursors=(encoded(first, _INDEX), encoded(last, _INDEX)), more=more, earlier="after" in call.params,
        total=lambda: len(items) if keep is None else sum(map(keep, items)),
    )  # fmt: skip


def positioned(
    items: Sequence[Any], call: Call, base_url: str, path: str, render: Render,
    keep: Callable[[Any], bool] | None,
) -> dict[str, Any]:  # fmt: skip
    """The same order in pages whose cursors count rows: what comes or goes meanwhile shifts all rows behind it."""
    newest = reversed(items) if keep is None else filter(keep, reversed(items))
    return _counted(list(newest), call, base_url, path, render)


def _written(
    call: Call, base_url: str, path: str, rows: Any, n_rows: int, *, cursors: tuple[str, str], more: bool,
    earlier: bool, total: Callable[[], int],
) -> dict[str, Any]:  # fmt: skip
    call.rows = n_rows
    body: dict[str, Any] = {"data": rows}
    if n_rows or more:
        paging: dict[str, Any] = {"cursors": {"before": cursors[0], "after": cursors[1]}}
        if earlier:
            paging["previous"] = _address(call, base_url, path, "before", cursors[0])
        if more:
            paging["next"] = _address(call, base_url, path, "after", cursors[1])
        body["paging"] = paging
    if "total_count" in call.params.get("summary", ""):
        body["summary"] = {"total_count": total()}
    return body


def _address(call: Call, base_url: str, path: str, direction: str, cursor: str) -> str:
    query = {key: value for key, value in call.params.items() if key not in {"after", "before", "limit", "offset"}}
    token = {"access_token": call.token} if call.token else {}
    query = {**token, **query, "limit": str(limit_of(call)), direction: cursor}
    return f"{call.base_url or base_url}/{call.version}/{path}?{urlencode(query, quote_via=_quoted)}"


def limit_of(call: Call) -> int:
    """The page size that a call asks for."""
    text = call.params.get("limit", "")
    if not text:
        return DEFAULT
    if not text.isdecimal():
        raise Refusal(100, "(#100) Param limit must be an integer greater than or equal to 0")
    return int(text)


def _offset(call: Call) -> int:
    text = call.params.get("offset", "")
    return int(text) if text.isdecimal() else 0


def encoded(number: int, kind: str) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(f"{kind}{number}".encode()).decode().replace("=", "ZD")


def decoded(cursor: str, kind: str) -> int:
    """The number in a cursor; 2642 for one that is none, or belongs to another kind of edge."""
    try:
        text = base64.urlsafe_b64decode(cursor.replace("ZD", "=")).decode()
        if text[:1] == kind:
            return int(text[1:])
    except (binascii.Error, ValueError):
        pass
    raise named("cursor_invalid").refusal()
