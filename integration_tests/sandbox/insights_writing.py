"""How a row's numbers are written in its JSON: as counts, as money, in proportion to something of the row.

Rows are made by the hundred thousand, and most numbers in them come again and again: each is written once and kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Money = Callable[[int], str]
# Stands in a layout for the number that it has in every place.
NUMBER = "\0"
# A writer that outlives its row forgets everything when it holds so many numbers.
_MOST_KEPT = 20_000


@dataclass(slots=True)
class Scale:
    """What the counts of the present row are put in proportion to; `spend` in units of the currency."""

    spend: float = 0.0
    impressions: int = 0
    reach: int = 0
    plays: int = 0
    seconds: int = 0


class Writer(dict[int, str]):
    """The JSON of each count in one kind of field; '' for what is left out. `of_row` says that it holds for one row.

    With a `layout` that is what is written, the number wherever `NUMBER` stands.
    """

    def __init__(self, write: Callable[[int], str], layout: str, *, of_row: bool) -> None:
        super().__init__()
        self._write, self._pieces, self.of_row = write, layout.split(NUMBER) if layout else None, of_row

    def __missing__(self, count: int) -> str:
        if len(self) >= _MOST_KEPT:
            self.clear()
        text = self._write(count) if count else ""
        if self._pieces is not None and text:
            text = text.join(self._pieces)
        self[count] = text
        return text


def writer(kind: str, money: Money, scale: Scale, layout: str) -> Writer:
    """The writer of a kind of array in `data/actions.json`; it reads `scale` when it writes."""
    if kind.startswith("curve_"):
        points = int(kind.removeprefix("curve_"))
        curve = f"[{','.join(str(max(2, 100 * 3 // (3 + n))) for n in range(points))}]"
        return Writer(lambda count: curve, layout, of_row=False)
    lasting: dict[str, Callable[[int], str]] = {
        "count": lambda count: f'"{count}"',
        "money": lambda count: f'"{money(count)}"',
        "unique": lambda count: f'"{unique(count)}"',
    }
    if kind in lasting:
        return Writer(lasting[kind], layout, of_row=False)
    of_row: dict[str, Callable[[int], str]] = {
        "cost": lambda count: ratio(scale.spend, count),
        "rate": lambda count: ratio(100 * count, scale.impressions),
        "roas": lambda count: ratio(float(money(count)), scale.spend),
        "unique_cost": lambda count: ratio(scale.spend, unique(count)),
        "unique_rate": lambda count: ratio(100 * unique(count), scale.reach),
        "average": lambda count: f'"{max(1, scale.seconds // scale.plays)}"' if scale.plays else "",
    }
    return Writer(of_row[kind], layout, of_row=True)


def ratio(over: float, under: float) -> str:
    """A quotient as JSON; '' where it means nothing."""
    if not over or not under:
        return ""
    text = '"%.6f"' % (over / under)  # faster than an f-string
    return text if text[-2] != "0" else f'{text[:-2].rstrip("0").rstrip(".")}"'


def unique(count: int) -> int:
    """How many people did what was done so many times."""
    return (count * 93 + 99) // 100


def decimal(number: float) -> str:
    """A number as Meta writes it: at most six decimals, no zeros at the end."""
    text = f"{number:.6f}"
    return text.rstrip("0").rstrip(".") if text[-1] == "0" else text
