"""The layout of one row's figures: which whole number stands where, and how a total is shared out exactly.

Every figure is a primitive that adds up: over days, over ads, over the values of a breakdown. What Meta shows is made
of them, and what does not add up (reach, unique counts, ratios) is worked out after adding. Things that contain each
other (clicks of one day and of seven, a video's quarters) are kept as the differences between them, so that no split
can turn their order round.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

PLAIN = (
    "impressions", "click_other", "click_onsite", "click_outbound", "spend_plain", "spend_social",
    "reaction", "comment", "share", "save", "landing", "message", "full_view",
    "stage_0", "stage_25", "stage_50", "stage_75", "stage_95", "stage_100",
    "span_0", "span_2", "span_3", "span_15", "span_30", "seconds",
    "canvas_open", "canvas_start", "canvas_outbound", "canvas_seconds",
)  # fmt: skip

# Off-Meta conversions; those of an app are told from those of a website by their name.
CONVERSIONS = (
    "view_content_web", "add_to_cart_web", "purchase_web", "lead_web", "subscribe_web", "purchase_app", "install_app"
)  # fmt: skip
PRICED = ("purchase_web", "subscribe_web", "purchase_app")

# What a conversion is split in by when it followed which click or view; `value` is what the ad set's attribution takes.
PARTS = ("day", "week", "month", "view", "engaged", "value")
N_PARTS = len(PARTS)

FIRST_CONVERSION = len(PLAIN)
FIRST_MONEY = FIRST_CONVERSION + N_PARTS * len(CONVERSIONS)
REACH_SUM = FIRST_MONEY + N_PARTS * len(PRICED)
REACH_MOST = REACH_SUM + 1
WIDTH = REACH_MOST + 1

AT = {name: index for index, name in enumerate(PLAIN)}
COUNT_AT = {name: FIRST_CONVERSION + N_PARTS * n for n, name in enumerate(CONVERSIONS)}
MONEY_AT = {name: FIRST_MONEY + N_PARTS * n for n, name in enumerate(PRICED)}

Pairs = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Cells:
    """The values that a total is split among, with their weights added up."""

    values: tuple[tuple[str, ...], ...]
    sums: tuple[int, ...]

    def without(self, text: str) -> Cells:
        """The cells that do not have a certain value."""
        weights = [until - before for before, until in pairwise((0, *self.sums))]
        return Cells.of([each for each in zip(self.values, weights, strict=True) if text not in each[0]])

    @classmethod
    def of(cls, weighted: Sequence[tuple[tuple[str, ...], int]]) -> Cells:
        kept = [(value, weight) for value, weight in weighted if weight > 0]
        return cls(tuple(value for value, _ in kept), tuple(accumulate(weight for _, weight in kept)))


def narrowed(totals: Sequence[int], sums: Sequence[int], chance: int) -> Pairs:
    """Share out the last of `totals`, so that no cell has anything unless it has with every total before it.

    `totals` is how a figure will grow, the end first. A day that is corrected upwards keeps its rows this way.
    """
    parts = split(totals[0], sums, chance)
    for total in totals[1:]:
        if not parts:
            break
        inner = split(total, list(accumulate(each for _, each in parts)), chance)
        parts = [(parts[position][0], each) for position, each in inner]
    return parts


def split(total: int, sums: Sequence[int], chance: int) -> Pairs:
    """Share a whole number out in proportion to weights: (cell, part) for the parts that are not 0; they add up to it.

    Systematic sampling: the units lie evenly on the line of the weights, `chance` moves them all. So no part is off
    its exact share by 1 or more, and none exceeds its weight when the total does not exceed the weights' sum.
    """
    if len(sums) == 1:
        return [(0, total)] if total else []
    whole = sums[-1]
    start = chance % whole
    if len(sums) == 2 and total:
        first = (sums[0] * total + whole - 1 - start) // whole
        if first == total:
            return [(0, total)]
        return [(0, first), (1, total - first)] if first else [(1, total)]
    if total * 3 < len(sums):
        few: dict[int, int] = {}
        for unit in range(total):
            cell = bisect_right(sums, (unit * whole + start) // total)
            few[cell] = few.get(cell, 0) + 1
        return list(few.items())
    before, found = 0, []
    offset = whole - 1 - start
    for cell, until in enumerate(sums):
        here = (until * total + offset) // whole
        if here != before:
            found.append((cell, here - before))
            before = here
    return found
