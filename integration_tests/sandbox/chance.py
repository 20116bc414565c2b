"""Numbers that look like chance, and are always the same."""

from __future__ import annotations

MOST = 1 << 64
_MASK = MOST - 1


def mixed(number: int) -> int:
    """A number that looks like chance (the finisher of splitmix64)."""
    number = (number * 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)
