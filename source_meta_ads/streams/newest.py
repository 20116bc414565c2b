"""Edges that can't be filtered but come newest first: read until what is known already. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]


def newer(pages: Iterable[Sequence[Row]], cursor_field: str, since: datetime) -> Iterator[Row]:
    """The rows changed at or after `since`; a page is asked for only while there may be some on it.

    Meta doesn't promise the order. So the reading ends after a page of older rows alone, and only while every row so
    far was no newer than the one before it; an edge that is out of order once is read to its end. A row without a
    moment counts as new.
    """
    last: datetime | None = None
    is_ordered = True
    for page in pages:
        is_any_new = not page
        for row in page:
            moment = _moment(row.get(cursor_field))
            if moment is None or moment >= since:
                is_any_new = True
                yield row
            if moment is not None:
                is_ordered = is_ordered and (last is None or moment <= last)
                last = moment
        if is_ordered and not is_any_new:
            return


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None
