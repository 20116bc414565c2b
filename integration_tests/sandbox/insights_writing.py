"""How a row's numbers are written in its JSON: as counts, as money, in proportion to something of the row."""

from __future__ import annotations

from collections.abc import Callable

# A memory of texts forgets everything when it holds so many.
_MOST_KEPT = 5_000


def ratio(quotient: float) -> str:
    """A quotient as JSON."""
    text = f'"{quotient:.6f}"'
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


class Kept(dict[int, str]):
    """Texts of counts; rows are made by the hundred thousand, and most counts come again and again."""

    def __init__(self, number: Callable[[int], str]) -> None:
        super().__init__()
        self._number = number

    def __missing__(self, count: int) -> str:
        if len(self) >= _MOST_KEPT:
            self.clear()
        text = self[count] = self._number(count)
        return text
