"""The function that writes the elements of a row, made once for everything that a query asks for.

Nothing of a query changes from row to row: which figures make up an action type, in which windows, in which fields. So
the loop over a row's cells is written out as Python, as one would write it by hand for that query alone; looking the
same up again in every row takes twice as long. Of link_click in `actions` and `cost_per_action_type` it becomes

    for head, figures in cells:
        n0 = figures[3] + figures[2]
        if n0:
            at_0.append(head + count[n0].join(texts_0))
            if spend:
                at_1.append(head + ratio(spend / n0).join(texts_0))

No word of a call gets into it: names of windows and numbers are values that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from integration_tests.sandbox.insights_writing import Kept, amount, ratio, unique

# What an element says of the action breakdowns (its head), and the figures that its counts are sums of.
Cells = Iterable[tuple[str, Sequence[int]]]
# The elements of each place, without what they begin with; nothing where a row has none.
Found = list[Sequence[str]]
# What is in an element: names, and which of its counts each has.
Layout = tuple[tuple[str, int], ...]
# A number of each kind of array in `data/actions.json`: its JSON, and what a row needs for it to mean anything.
_NUMBERS = {
    "count": ("count[{n}]", ""),
    "money": ("money[{n}]", ""),
    "cost": ("ratio(spend / {n})", "spend"),
    "roas": ("ratio(float(amount({n}, decimals)) / spend)", "spend"),
    "rate": ("ratio(100 * {n} / impressions)", "impressions"),
    "reach_rate": ("ratio(100 * {n} / reach)", "reach"),
    "average": ("average", "average"),
}
# The same for kinds of fields that are about the people behind the counts.
_OF_PEOPLE = {"unique": "count", "unique_cost": "cost", "unique_rate": "reach_rate"}


class Scale(NamedTuple):
    """What the counts of a row are put in proportion to; `average` is how long a play took, as JSON."""

    spend: float
    impressions: int
    reach: int
    average: str


Write = Callable[[Cells, Scale, Found], None]
_HEAD = """
def write(cells, scale, found):
    spend, impressions, reach, average = scale
"""


class Plan:
    """What is written of the cells of a row: for each place the sums of figures, and how they are laid out."""

    def __init__(self, decimals: int) -> None:
        self._names: dict[str, Any] = {
            "decimals": decimals, "count": _counts(), "money": _amounts(decimals), "amount": amount, "ratio": ratio,
            "unique": unique,
        }  # fmt: skip
        self._texts: dict[tuple[str, ...], str] = {}
        self._places: list[int] = []
        self._sources: dict[tuple[tuple[int, ...], ...], list[tuple[int, str, Layout]]] = {}

    def add(self, parts: tuple[tuple[int, ...], ...], at: int, kind: str, layout: Layout) -> None:
        """Write elements whose counts are these sums of figures."""
        self._places.append(at)
        self._sources.setdefault(parts, []).append((at, kind, layout))

    def function(self) -> Write:
        """The function that does it."""
        if not self._places:
            return lambda cells, scale, found: None
        lines = [f"    at_{at} = []" for at in self._places]
        lines.append("    for head, figures in cells:")
        for parts, elements in self._sources.items():
            for number, part in enumerate(parts):
                lines.append(f"        n{number} = " + " + ".join(f"figures[{index}]" for index in part))
            lines.append("        if " + " or ".join(f"n{number}" for number in range(len(parts))) + ":")
            if any(kind in _OF_PEOPLE for _, kind, _ in elements):
                lines += [f"            u{number} = unique(n{number})" for number in range(len(parts))]
            for at, kind, layout in elements:
                lines += [f"            {line}" for line in self._element(at, kind, layout)]
        lines += [f"    found[{at}] = at_{at}" for at in self._places]
        names = dict(self._names)
        exec(_HEAD + "\n".join(lines), names)
        write: Write = names["write"]
        return write

    def _element(self, at: int, kind: str, layout: Layout) -> list[str]:
        """The lines that write an element."""
        counts = "u" if kind in _OF_PEOPLE else "n"
        number, needs = self._number(_OF_PEOPLE.get(kind, kind))
        # Windows that have the same count, one after the other.
        runs = [(part, [name for name, _ in run]) for part, run in groupby(layout, itemgetter(1))]
        if len(runs) == 1:
            text = f"{number.format(n=f'{counts}{runs[0][0]}')}.join({self._named(_around(runs[0][1]))})"
        else:
            shown = [
                f'({number.format(n=f"{counts}{part}")}.join({self._named(_before(names))}) if n{part} else "")'
                for part, names in runs
            ]
            # The first comma is one too many.
            text = f'({" + ".join(shown)})[1:] + "}}"'
        line = f"at_{at}.append(head + {text})"
        return [f"if {needs}:", f"    {line}"] if needs else [line]

    def _number(self, kind: str) -> tuple[str, str]:
        if kind.startswith("curve_"):
            points = int(kind.removeprefix("curve_"))
            self._names[kind] = f"[{','.join(str(max(2, 100 * 3 // (3 + n))) for n in range(points))}]"
            return kind, ""
        return _NUMBERS[kind]

    def _named(self, texts: tuple[str, ...]) -> str:
        """The name by which the function knows some texts."""
        name = self._texts.setdefault(texts, f"texts_{len(self._texts)}")
        self._names[name] = texts
        return name


def _before(names: Sequence[str]) -> tuple[str, ...]:
    """The texts before and behind numbers that more is in front of and may follow."""
    return (*(f',"{name}":' for name in names), "")


def _around(names: Sequence[str]) -> tuple[str, ...]:
    """The texts around numbers where they are all that there is of an element."""
    first, *others = names
    return (f'"{first}":', *(f',"{name}":' for name in others), "}")


@lru_cache(1)
def _counts() -> Kept:
    return Kept(lambda count: f'"{count}"')


@lru_cache(4)
def _amounts(decimals: int) -> Kept:
    return Kept(lambda minor: f'"{amount(minor, decimals)}"')
