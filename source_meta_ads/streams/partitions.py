"""How the edge of a big account is cut to be read in parallel: by the campaigns that its objects are in. Pure.

An object is in one campaign for ever, so groups of campaigns never overlap. That they leave nothing out is held against
Meta's own counts: those of the groups have to add up to that of the whole. Groups differ in size; they are dealt out so
that campaigns of one time, which are often of one size, are spread over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Fewer pages than these are read one after the other: less than four seconds.
_BIG_PAGES = 20
# About as many pages of a group at least: the last page of each is half empty, on average.
_PAGES_A_GROUP = 6
# So that ids, fields and filters stay below what servers take as an address (8 kB).
_MOST_PARENTS = 150
# Groups a turn: enough that no turn is left without work while another has a long way to go.
_GROUPS_A_TURN = 2
# Where there are more groups than turns, the first is so much larger than the average, and the last so much smaller:
# turns come free at odd times, and small ones at the end have them end together.
_SLOPE = 0.6
# The share of the pages that a cut may cost in half-empty ones.
_MOST_LOSS = 0.1

Condition = Mapping[str, Any]


def is_big(total: int, page_size: int) -> bool:
    """Whether so many objects are worth a look at how they could be read in parallel."""
    return total > (_BIG_PAGES - 1) * page_size


def groups_of(parents: Sequence[str], total: int, page_size: int, turns: int) -> list[list[str]]:
    """The parents in groups to be read in parallel; none where that isn't worth it.

    `total` is how many objects there are, `turns` how many may be read at once.
    """
    n_pages = -(-total // page_size)
    wanted = min(n_pages // _PAGES_A_GROUP, turns * _GROUPS_A_TURN, len(parents))
    number = max(wanted, -(-len(parents) // _MOST_PARENTS))
    if number < 2 or number / 2 > max(_MOST_LOSS * n_pages, wanted / 2):
        return []
    sizes = _sizes(number, len(parents), turns)
    groups: list[list[str]] = [[] for _ in sizes]
    for count, parent in enumerate(parents, start=1):
        # To the group that is furthest behind its share of those dealt out so far.
        behind = max(range(number), key=lambda place: sizes[place] * count - len(groups[place]))
        groups[behind].append(parent)
    return [group for group in groups if group]


def _sizes(number: int, n_parents: int, turns: int) -> list[float]:
    """The groups' shares of the parents, largest first; equal where they all start at once, or would get too large."""
    if number <= turns or (1 + _SLOPE) * n_parents / number > _MOST_PARENTS - 1:
        return [1 / number] * number
    return [(1 + _SLOPE - 2 * _SLOPE * place / (number - 1)) / number for place in range(number)]


def statuses_of(conditions: Sequence[Condition], prefix: str) -> set[str]:
    """The effective statuses that conditions ask for; none where they leave it to Meta."""
    return {
        str(status)
        for each in conditions
        if each.get("field") == f"{prefix}.effective_status"
        for status in each.get("value") or ()
    }
