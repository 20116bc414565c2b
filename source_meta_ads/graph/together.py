"""Calls of one kind that wait for Meta side by side: all of them take as long as the slowest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_MOST_AT_ONCE = 8

T = TypeVar("T")
Asked = TypeVar("Asked")


def side_by_side(ask: Callable[[Asked], T], all_asked: Sequence[Asked]) -> list[T]:
    """The answers, in the order asked. Raises: what the first of them to fail in that order raised, after all ended."""
    if len(all_asked) < 2:
        return [ask(each) for each in all_asked]
    with ThreadPoolExecutor(min(len(all_asked), _MOST_AT_ONCE)) as pool:
        return list(pool.map(ask, all_asked))
