"""What a row counts for its action arrays: each source by the values of the action breakdowns, written as elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import add, itemgetter
from typing import Generic, TypeVar

from integration_tests.sandbox.insights_sources import Source, Sums
from integration_tests.sandbox.insights_writing import Mixed, Numbers, Same, unique

# By what an element says of the action breakdowns (its head): figures, and their sums.
Cells = list[tuple[str, list[int]]]
Counts = tuple[int, ...]
Pick = Callable[[Sequence[int]], Counts]
# The elements of each place, without what they begin with; nothing where a row has none.
Found = list[Sequence[str]]


W = TypeVar("W", Same, Mixed)


@dataclass(slots=True)
class _Writers(Generic[W]):
    """What writes the counts of a source, each to its place; and what writes how many people are behind them."""

    counts: list[tuple[int, W]] = field(default_factory=list)
    people: list[tuple[int, W]] = field(default_factory=list)

    def add(self, at: int, written: W, *, people: bool) -> None:
        (self.people if people else self.counts).append((at, written))


class Counting:
    """Counts sources by the same cells, and has their elements written."""

    def __init__(self, width: int) -> None:
        self._sums = Sums(width)
        # By where a count is among the sums; several where the windows differ.
        self._same: dict[int, _Writers[Same]] = {}
        self._mixed: dict[tuple[int, ...], tuple[Pick, _Writers[Mixed]]] = {}

    def add(self, parts: Sequence[tuple[int, ...]], at: int, written: Same | Mixed, *, people: bool) -> None:
        """Count these sums of figures, and write them to a certain place."""
        slots = tuple(map(self._sums.slot, parts))
        if isinstance(written, Same):
            self._same.setdefault(slots[0], _Writers()).add(at, written, people=people)
        else:
            self._mixed.setdefault(slots, (itemgetter(*slots), _Writers()))[1].add(at, written, people=people)

    def pick(self, source: Source) -> Pick:
        """What finds the counts of a source in all its places."""
        return itemgetter(*map(self._sums.slot, source.figures))

    def summed(self, cells: Sequence[tuple[str, Sequence[int]]]) -> Cells:
        """The cells with the sums of their figures."""
        sums = self._sums.of
        return [(head, sums(figures)) for head, figures in cells]

    def fill(self, cells: Cells, numbers: Numbers, found: Found) -> None:
        """Write the elements of a row into their places."""
        for slot, same in self._same.items():
            counted = [(head, count) for head, sums in cells if (count := sums[slot])]
            if counted:
                for at, written in same.counts:
                    found[at] = written.write(counted, numbers)
                if same.people:
                    counted = [(head, unique(count)) for head, count in counted]
                    for at, written in same.people:
                        found[at] = written.write(counted, numbers)
        for pick, mixed in self._mixed.values():
            several = [(head, counts) for head, sums in cells if any(counts := pick(sums))]
            if several:
                for at, other in mixed.counts:
                    found[at] = other.write(several, numbers)
                if mixed.people:
                    several = [(head, tuple(map(unique, counts))) for head, counts in several]
                    for at, other in mixed.people:
                        found[at] = other.write(several, numbers)


class Together:
    """Writes the elements of several sources added up, where a report does not tell action types apart."""

    def __init__(self, picks: Sequence[tuple[bool, Pick]], places: Sequence[int]) -> None:
        # Whether a source is of conversions, and what finds its counts.
        self._picks, self._places = picks, places
        self._writers: list[tuple[int, Mixed, bool]] = []

    def add(self, at: int, written: Mixed, *, people: bool) -> None:
        """Write to a certain place."""
        self._writers.append((at, written, people))

    def fill(self, on_meta: Cells, off_meta: Cells, numbers: Numbers, found: Found) -> None:
        """Write the elements of a row into their places; cells in the order in which the sources have some."""
        added: dict[str, Counts] = {}
        for is_off_meta, pick in self._picks:
            for head, sums in off_meta if is_off_meta else on_meta:
                if any(counts := pick(sums)):
                    before = added.get(head)
                    added[head] = tuple(map(add, before, counts)) if before else counts
        shown = [(head, counts) for head, counts in added.items() if any(counts[place] for place in self._places)]
        for at, mixed, people in self._writers:
            several = [(head, tuple(map(unique, counts))) for head, counts in shown] if people else shown
            found[at] = mixed.write(several, numbers)
