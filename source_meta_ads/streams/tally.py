"""Whether all objects of a list were seen, told by Meta's own count beside each page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


class Tally:
    """What was seen of one list while it was paged, and how many objects Meta counted when its first page was read.

    Pages of a list come one by one, and an object that leaves the list meanwhile can make another one slip from a page
    to come to a page that is read: nothing in the pages shows that, the count does. Where another object came into the
    list meanwhile, the count may be as before; but that one was changed after `begun`, which its `cursor_field` says.
    """

    def __init__(self, cursor_field: str | None = None, begun: datetime | None = None) -> None:
        self._cursor_field, self._begun = cursor_field, begun
        self._seen: set[int] = set()
        self._is_touched = False
        self.n_pages = 0
        self.total: int | None = None

    def note(self, rows: Iterable[Mapping[str, Any]], total: int | None = None) -> None:
        """Take in one page, with Meta's count where it told one."""
        self.n_pages += 1
        self.total = total if self.total is None else self.total
        # Hashes: an account has a hundred thousand objects, and a string takes twice as much memory.
        for row in rows:
            self._seen.add(hash(row.get("id")))
            self._is_touched = self._is_touched or self._is_new(row)

    def __contains__(self, key: object) -> bool:
        return hash(key) in self._seen

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def is_other(self) -> bool:
        """Whether other than so many objects were seen as Meta counted."""
        return self.total is not None and len(self) != self.total

    @property
    def is_touched(self) -> bool:
        """Whether an object was changed while others were still to be read; one page is whole in itself."""
        return self.n_pages > 1 and self._is_touched

    def _is_new(self, row: Mapping[str, Any]) -> bool:
        """Whether a row was changed after the reading began."""
        value = row.get(self._cursor_field) if self._cursor_field and self._begun else None
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            return False
        return bool(moment and moment.tzinfo and self._begun and moment >= self._begun)


def total_of(page: Mapping[str, Any]) -> int | None:
    """The `summary.total_count` of a page, None where it tells none."""
    summary = page.get("summary")
    total = summary.get("total_count") if isinstance(summary, Mapping) else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None
