"""Objects whose fields are too much for one answer: asked for in groups of fields, put together again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from source_meta_ads.graph.errors import ABOUT_FIELDS, GraphError, TooMuchData

Row = dict[str, Any]


def groups_of(fields: Sequence[str], heavy: Collection[str]) -> list[list[str]]:
    """The fields in two groups: the light ones and the heavy ones, or two halves where that divides nothing."""
    light, weighty = [each for each in fields if each not in heavy], [each for each in fields if each in heavy]
    return [light, weighty] if light and weighty else halves(fields)


def halves(fields: Sequence[str]) -> list[list[str]]:
    """The fields in two groups of about one size; a single field stays one."""
    middle = (len(fields) + 1) // 2
    return [group for group in (list(fields[:middle]), list(fields[middle:])) if group]


def piecewise(
    ask: Callable[[Sequence[str]], Row], fields: Sequence[str], heavy: Collection[str]
) -> tuple[Row, dict[str, GraphError]]:
    """One object, and of its fields those that can't be had even alone, with the reason.

    `ask` reads some fields of the object. Raises: what `ask` raises, but for what is about fields.
    """
    row: Row = {}
    lost: dict[str, GraphError] = {}
    pending = groups_of(fields, heavy)
    while pending:
        group = pending.pop(0)
        try:
            row |= ask(group)
        except (TooMuchData, *ABOUT_FIELDS) as error:
            if len(group) == 1:
                lost[group[0]] = error
            else:
                pending += halves(group)
    return row, lost


def culprits(fields: Sequence[str], is_refused: Callable[[Sequence[str]], bool]) -> Iterator[str]:
    """Which of the fields are refused, given that all together are; none where each alone is not.

    Halves again and again: for one among n about log2(n) calls of `is_refused`, each field found having been asked for
    alone.
    """
    if len(fields) == 1:
        if is_refused(fields):
            yield fields[0]
        return
    first, second = halves(fields)
    is_in_first = is_refused(first)
    if is_in_first:
        yield from culprits(first, is_refused) if len(first) > 1 else first
    # What isn't in the first half is in the second; only a first half that is refused leaves that open.
    if not is_in_first or is_refused(second):
        yield from culprits(second, is_refused) if len(second) > 1 or not is_in_first else second
