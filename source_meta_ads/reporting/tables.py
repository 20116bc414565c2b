"""Numbers, moments and tables as HTML; every text of others is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

# Currencies without smaller units, as ISO 4217 has them.
_WHOLE = frozenset({"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
                    "XOF", "XPF"})  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of a table. `is_number` sets it right-aligned; `is_wide` gives it a line of its own on a phone."""

    name: str
    is_number: bool = False
    is_wide: bool = False


def text(value: object) -> str:
    """Anything as HTML; text of any direction stays within its cell."""
    return f"<bdi>{escape(str(value))}</bdi>"


def number(value: float) -> str:
    """A count with thousands set apart."""
    return f"{value:,.0f}"


def counted(value: int, name: str) -> str:
    """How many of what."""
    return f"{number(value)} {name}{'' if value == 1 else 's'}"


def money(amount: float, currency: str, *, is_signed: bool = False) -> str:
    """An amount in major units of its currency."""
    digits = 0 if currency in _WHOLE else 2
    return f"{amount:{'+' if is_signed else ''},.{digits}f} {currency}".strip()


def seconds(value: float) -> str:
    """A time as a person says it."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def size(n_bytes: float) -> str:
    """An amount of data."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000 or unit == "GB":
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    raise AssertionError


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]], most: int = 100) -> str:
    """A table of cells, which are escaped; on a phone each row becomes a card. Rows beyond `most` are counted."""
    every = list(rows)
    head = "".join(f'<th class="{"n" if each.is_number else ""}">{escape(each.name)}</th>' for each in columns)
    body = "".join(f"<tr>{''.join(map(_cell, columns, row))}</tr>" for row in every[:most])
    more = f'<p class="soft">and {number(len(every) - most)} more</p>' if len(every) > most else ""
    return (
        f'<div class="scroll"><table class="stacked"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f"{more}"
    )


def _cell(column: Column, value: object) -> str:
    css = " ".join(name for name, on in (("n", column.is_number), ("wide", column.is_wide)) if on)
    return f'<td class="{css}" data-name="{escape(column.name)}">{text(value)}</td>'
