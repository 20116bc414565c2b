"""Numbers that look like chance, and are always the same."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from struct import Struct

_WORDS = Struct(">8Q")
MOST = 1 << 64
_MASK = MOST - 1


def mixed(number: int) -> int:
    """A number that looks like chance (the finisher of splitmix64)."""
    number = (number * 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def joined(*parts: object) -> bytes:
    """What a hash of some parts is made of."""
    return "\x1f".join(map(str, parts)).encode()


def numbers(seed: bytes, *parts: object) -> Callable[[int], int]:
    """64 bits for each index, that depend on a seed, some parts and the index alone.

    What all have in common is hashed once.
    """
    begun = blake2b(joined(*parts, ""), digest_size=8, key=seed)

    def number(index: int) -> int:
        mixing = begun.copy()
        mixing.update(b"%d" % index)
        return int.from_bytes(mixing.digest(), "big")

    return number


def words(seed: bytes) -> Callable[[str], tuple[int, ...]]:
    """Eight numbers of 64 bits for each text, that depend on a seed and the text alone: one hash for many choices."""
    begun = blake2b(key=seed)

    def eight(text: str) -> tuple[int, ...]:
        mixing = begun.copy()
        mixing.update(text.encode())
        return _WORDS.unpack(mixing.digest())

    return eight
