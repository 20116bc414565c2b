"""How a row's numbers are written in its JSON: as counts, as money, in proportion to something of the row.

Rows are made by the hundred thousand, so nothing is written twice that is the same in many of them: a count with all
that stands around it is kept, and the windows of an element that have the same number share its text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

# The JSON of a count.
Number = Callable[[int], str]
# How the present row writes kinds of numbers; None for what means nothing in it.
Numbers = Mapping[str, Number | None]
# What is in an element: names, and which of its counts each has.
Layout = tuple[tuple[str, int], ...]
# A memory of texts forgets everything when it holds so many.
_MOST_KEPT = 5_000


def quotient(over: float, under: float) -> str:
    """A number in proportion to another, as JSON."""
    text = '"%.6f"' % (over / under)  # faster than an f-string
    return text if text[-2] != "0" else f'{text[:-2].rstrip("0").rstrip(".")}"'


def unique(count: int) -> int:
    """How many people did what was done so many times."""
    return (count * 93 + 99) // 100


def decimal(number: float) -> str:
    """A number as Meta writes it: at most six decimals, no zeros at the end."""
    text = f"{number:.6f}"
    return text.rstrip("0").rstrip(".") if text[-1] == "0" else text


def amount(minor: int, decimals: int) -> str:
    """An amount of money from its minor units."""
    if not decimals:
        return str(minor)
    text = f"{minor / 100:.2f}"
    return text.rstrip("0").rstrip(".") if text[-1] == "0" else text


def numbers_of_row(spend: float, impressions: int, reach: int, length: int, decimals: int) -> Numbers:
    """How numbers are written that are in proportion to something of their row; `length` is seconds of a play."""
    return {
        "cost": (lambda count: quotient(spend, count)) if spend else None,
        "roas": (lambda count: quotient(float(amount(count, decimals)), spend)) if spend else None,
        "rate": (lambda count: quotient(100 * count, impressions)) if impressions else None,
        "reach_rate": (lambda count: quotient(100 * count, reach)) if reach else None,
        "average": (lambda _: f'"{length}"') if length else None,
    }


class Kept(dict[int, str]):
    """Texts of counts."""

    def __init__(self, number: Number) -> None:
        super().__init__()
        self._number = number

    def __missing__(self, count: int) -> str:
        if len(self) >= _MOST_KEPT:
            self.clear()
        text = self[count] = self._number(count)
        return text


class Same:
    """Writes elements in which every window has the same count."""

    def __init__(self, kind: str, decimals: int, layout: Layout) -> None:
        self._kind, self._lasting = kind, _lasting(kind, decimals)
        self._pieces = _template(layout).split("%s")

    def write(self, counted: Sequence[tuple[str, int]], numbers: Numbers) -> list[str]:
        """The elements without what they begin with, from their heads and counts."""
        number, pieces = numbers[self._kind] if self._lasting is None else self._lasting.__getitem__, self._pieces
        return [head + number(count).join(pieces) for head, count in counted] if number else []


class Mixed:
    """Writes elements whose windows differ; a window without a count is left out."""

    def __init__(self, kind: str, decimals: int, layout: Layout) -> None:
        self._kind, self._lasting = kind, _lasting(kind, decimals)
        self._layout = [(f',"{name}":', part) for name, part in layout]

    def write(self, counted: Sequence[tuple[str, Sequence[int]]], numbers: Numbers) -> list[str]:
        """The elements without what they begin with, from their heads and counts."""
        number = numbers[self._kind] if self._lasting is None else self._lasting.__getitem__
        if number is None:
            return []
        found = []
        for head, counts in counted:
            text, before, shown = "", 0, ""
            for name, part in self._layout:
                if count := counts[part]:
                    # Most windows hold all there is.
                    if count != before:
                        before, shown = count, number(count)
                    text += name + shown
            # The first comma is one too many.
            found.append(f"{head}{text[1:]}}}")
        return found


@lru_cache(100)
def _lasting(kind: str, decimals: int) -> Kept | None:
    """How a number is written where that is the same in every row; None for the kinds of `numbers_of_row`."""
    if kind == "count":
        return Kept(lambda count: f'"{count}"')
    if kind == "money":
        return Kept(lambda count: f'"{amount(count, decimals)}"')
    if kind.startswith("curve_"):
        points = int(kind.removeprefix("curve_"))
        curve = f"[{','.join(str(max(2, 100 * 3 // (3 + n))) for n in range(points))}]"
        return Kept(lambda _: curve)
    return None


@lru_cache(100)
def writer(kind: str, decimals: int, layout: Layout) -> Same | Mixed:
    """What writes the elements of a kind of array in `data/actions.json` with a certain layout."""
    return (Mixed if len({part for _, part in layout}) > 1 else Same)(kind, decimals, layout)


def _template(layout: Layout) -> str:
    return ",".join(f'"{name}":%s' for name, _ in layout) + "}"
