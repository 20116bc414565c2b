"""Rows that wait for their partition to be complete: in memory as long as they are few, else in files beside."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

# Rows of all partitions that are under way, in bytes, before they go to disk.
_MOST_BYTES = 64_000_000
_READ_BYTES = 1 << 20
_SHORT_KEY = 24
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


class Spool:
    """Makes the buffers of one run and keeps what they hold in memory, taken together, bounded. Not thread-safe."""

    def __init__(self, folder: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._folder, self._most_bytes = folder, most_bytes
        self._buffers: set[Buffer] = set()
        self._bytes = 0
        self._made = 0

    def buffer(self, key: Sequence[str]) -> Buffer:
        """A new buffer for rows with a key; a row of a key that it has takes the earlier one's place."""
        self._made += 1
        buffer = Buffer(self, self._folder / f"{self._made}.jsonl", key)
        self._buffers.add(buffer)
        return buffer

    def grew(self, n_bytes: int) -> None:
        """Take note of bytes in memory; when they are too many, all that waits goes to disk."""
        self._bytes += n_bytes
        if self._bytes > self._most_bytes:
            for buffer in self._buffers:
                buffer.spill()

    def left(self, buffer: Buffer) -> None:
        """Forget a buffer."""
        self._buffers.discard(buffer)


class Buffer:
    """The rows of one partition, as lines of JSON."""

    def __init__(self, spool: Spool, path: Path, key: Sequence[str]) -> None:
        self._spool, self._path, self._key = spool, path, tuple(key)
        self._lines: list[bytes] = []
        self._bytes = 0
        self._spilled = 0
        self._count = 0
        # Of each key the place and the spend of its newest row; and the places of rows that were replaced.
        self._newest: dict[bytes, tuple[int, float | None]] = {}
        self._replaced: set[int] = set()
        self._spends: int = 0
        self._spend = 0.0

    def __len__(self) -> int:
        return self._count - len(self._replaced)

    def add(self, row: Mapping[str, Any]) -> None:
        """Take a row."""
        line = _line(row)
        spend = row.get("spend")
        spend = spend if isinstance(spend, (int, float)) else None
        if self._key:
            key = _digest([row.get(name) for name in self._key])
            if before := self._newest.get(key):
                self._replaced.add(before[0])
                self._spent(before[1], -1)
            self._newest[key] = (self._count, spend)
        self._spent(spend, 1)
        self._count += 1
        self._lines.append(line)
        self._bytes += len(line)
        self._spool.grew(len(line))

    @property
    def spend(self) -> float | None:
        """The sum of the rows' spend, None where no row has any."""
        return self._spend if self._spends else None

    def lines(self) -> Iterator[bytes]:
        """The newest row of each key, without a line feed, in the order in which they came."""
        replaced = self._replaced
        for place, line in enumerate(self._all()):
            if place not in replaced:
                yield line

    def spill(self) -> None:
        """Move what is in memory to disk."""
        if not self._lines:
            return
        with self._path.open("ab") as file:
            file.writelines(line + b"\n" for line in self._lines)
        self._spilled += len(self._lines)
        self._empty()

    def drop(self) -> None:
        """Let the rows go."""
        self._spool.left(self)
        self._empty()
        self._newest.clear()
        self._path.unlink(missing_ok=True)

    def _empty(self) -> None:
        n_bytes, self._bytes = self._bytes, 0
        self._lines = []
        self._spool.grew(-n_bytes)

    def _spent(self, spend: float | None, sign: int) -> None:
        if spend is not None:
            self._spends += sign
            self._spend += sign * spend

    def _all(self) -> Iterator[bytes]:
        if self._spilled:
            with self._path.open("rb", buffering=_READ_BYTES) as file:
                for line in file:
                    yield line.removesuffix(b"\n")
        yield from self._lines


def _line(row: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(row)
    except orjson.JSONEncodeError:
        return orjson.dumps(_spelled(row))


def _spelled(value: Any) -> Any:
    """The value with integers beyond 64 bits as text: most readers would make inexact numbers of them."""
    if isinstance(value, Mapping):
        return {name: _spelled(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_spelled(each) for each in value]
    is_large = isinstance(value, int) and not isinstance(value, bool) and not _LEAST <= value <= _MOST
    return str(value) if is_large else value


def _digest(values: list[Any]) -> bytes:
    text = orjson.dumps([_spelled(value) for value in values])
    return text if len(text) <= _SHORT_KEY else hashlib.blake2b(text, digest_size=16).digest()
