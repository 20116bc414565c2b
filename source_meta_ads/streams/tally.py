"""Whether all objects of a list were seen, told by Meta's own count beside each page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Tally:
    """What was seen of one list while it was paged, and what Meta counted at its first page and about its last.

    Pages of a list come one by one, and an object that leaves the list meanwhile can make another one slip from a page
    to come to a page that is read: nothing in the pages shows that, the count does.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._totals: list[int] = []
        self._pages = 0

    def note(self, rows: Iterable[Mapping[str, Any]], total: int | None = None) -> None:
        """Take in one page, with Meta's count where it told one."""
        self._pages += 1
        # Hashes: an account has a hundred thousand objects, and a string takes twice as much memory.
        self._seen.update(hash(row.get("id")) for row in rows)
        self.counted(total)

    def counted(self, total: int | None) -> None:
        """Take in a count alone."""
        self._totals += [] if total is None else [total]

    def __contains__(self, key: object) -> bool:
        return hash(key) in self._seen

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def first_total(self) -> int | None:
        """How many objects there were when the first page was read."""
        return self._totals[0] if self._totals else None

    def expects_count(self, limit: int) -> bool:
        """Whether a page of so many rows should come with a count: the first one and, by that, the last one."""
        return not self._pages or (bool(self._totals) and len(self) + limit >= self._totals[0])

    @property
    def has_moved(self) -> bool:
        """Whether objects came or went between two counts."""
        return len(set(self._totals)) > 1

    @property
    def is_short(self) -> bool:
        """Whether other than so many objects were seen as Meta counted last; one page is whole in itself."""
        return self._pages > 1 and bool(self._totals) and len(self) != self._totals[-1]


def total_of(page: Mapping[str, Any]) -> int | None:
    """The `summary.total_count` of a page, None where it tells none."""
    summary = page.get("summary")
    total = summary.get("total_count") if isinstance(summary, Mapping) else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None
