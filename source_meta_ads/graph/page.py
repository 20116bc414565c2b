"""Pages parsed row by row: a row is worked up while it is still in the processor's cache, and then let go of.

A page of wide rows parsed at once is tens of thousands of objects that all have to be fetched from memory again when
their turn comes; row by row it takes half the time (benchmarks/wide_rows.py) and a fraction of the memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import orjson

T = TypeVar("T")


class Worked(list[T]):
    """The rows of a page, each of which was an object and is now what was made of it."""


_START = re.compile(rb'\{"data":\[(?=\{("[^"\\]*":))')
# How the rows may end: with `paging` behind them, as Meta writes pages, or with nothing.
_ENDS = (b'}],"paging":', b"}]}")
_LONGEST_TAIL = 16 * 1024


def parse_page(
    body: bytes, row_of: Callable[[dict[str, Any]], T], quick: Callable[[bytes], T | None] | None = None
) -> Any:
    """The parsed body, its `data` being `Worked`: of each object what `row_of` makes of it.

    `quick` may make the same of the text of an object; where it returns None, be it because the text is no JSON, the
    object goes to `row_of`. Both have to be free of side effects: where a body isn't written as Meta's pages are, it is
    parsed as a whole, and rows may be given to them again. `data` that is no list of objects stays as it is. Raises:
    ValueError for what isn't JSON.
    """
    rows: Worked[T] = Worked()
    page = _envelope(body)
    if page is not None:
        envelope, start, end, first = page
        try:
            for text in _each(body, start, end, first):
                made = quick(text) if quick else None
                rows.append(row_of(orjson.loads(text)) if made is None else made)
        except orjson.JSONDecodeError:
            # An object within a row begins as rows do, or the page is no JSON: a look at the whole tells.
            pass
        else:
            return {**envelope, "data": rows}
    parsed = orjson.loads(body)
    data = parsed.get("data") if isinstance(parsed, dict) else None
    if isinstance(data, list) and all(isinstance(row, dict) for row in data):
        parsed["data"] = Worked(row_of(row) for row in data)
    return parsed


def _envelope(body: bytes) -> tuple[dict[str, Any], int, int, bytes] | None:
    """The body without its rows, where these start and end, and how each of them begins; None if it isn't that plain.

    Body and rows are proven right by being parsed: text that is JSON without its rows is a page around them.
    """
    match = _START.match(body)
    if not match:
        return None
    # Beyond the last bytes only what is no plain page has it, and looking for it backwards is slow.
    tail = max(0, len(body) - _LONGEST_TAIL)
    end = max(body.rfind(each, tail) for each in _ENDS) + 1
    if end <= match.end():
        return None
    try:
        envelope = orjson.loads(body[: match.end()] + body[end:])
    except orjson.JSONDecodeError:
        return None
    return (envelope, match.end(), end, match[1]) if envelope.get("data") == [] else None


def _each(body: bytes, start: int, end: int, first: bytes) -> Iterator[bytes]:
    """The text of every object between two places of a body.

    They are told apart by `},{` and the name that the first of them begins with. Its quotes can't stand within a
    string, so a wrong cut can only be within a row, and leaves parts that are no JSON.
    """
    separator, at = b"},{" + first, start
    while (stop := body.find(separator, at, end)) >= 0:
        yield body[at : stop + 1]
        at = stop + 2
    yield body[at:end]
