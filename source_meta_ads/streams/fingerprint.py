"""What was last emitted of every object of an account, in a few bytes an object.

    state    "1.100000.4.2.4.eNp0…"   version, objects, widths of three columns, base 64 of what zlib packed
    packed   steps  rests  moments  hashes

The column of ids is exact, since a tombstone needs the id. An id is cut in two: the last four digits are nearly always
the same within an account, the rest grows in small steps, and either packs well. So do moments of change, which come in
bursts, and hashes, since most objects are in one of a few standings. A hash has 40 bits: a change that moves no
`updated_time` is overlooked once in 10^12 such changes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Any

import orjson

# By id: the moment of the last change and the hash of an object, in one number that costs little memory.
Marks = Mapping[int, int]

_VERSION = "1"
_HASH_BYTES = 5
_HASH_BITS = 8 * _HASH_BYTES
_REST = 10_000
_LEVEL = 9


def mark_of(row: Mapping[str, Any], watched: Collection[str], cursor_field: str | None) -> int:
    """What a typed row is told by later: its cursor's moment exactly, its watched fields as a hash.

    Absent and null are the same, and so are the orders of keys.
    """
    values = [[name, value] for name in sorted(watched) if (value := row.get(name)) is not None]
    digest = hashlib.blake2b(orjson.dumps(values, option=orjson.OPT_SORT_KEYS), digest_size=_HASH_BYTES).digest()
    return _seconds(row.get(cursor_field or "")) << _HASH_BITS | int.from_bytes(digest, "big")


def id_of(row: Mapping[str, Any]) -> int:
    """An object's id as a number. Raises: ValueError for one that isn't digits alone, as ids of objects are."""
    text = str(row.get("id"))
    if not (text.isdigit() and text.isascii()) or text != str(int(text)):
        raise ValueError(f"{text!r} is no object's id: it isn't digits")
    return int(text)


def updated_at(mark: int) -> datetime | None:
    """The moment of the last change that a mark holds, None where the row told none."""
    seconds = mark >> _HASH_BITS
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def packed(marks: Marks) -> str:
    """Marks by id as one line of ASCII without quotes or backslashes, the same for the same marks."""
    ids = sorted(marks)
    moments = [marks[each] >> _HASH_BITS for each in ids]
    columns = [
        list(_steps(each // _REST for each in ids)),
        [each % _REST for each in ids],
        [2 * step if step >= 0 else -2 * step - 1 for step in _steps(moments)],
    ]
    widths = [_width(column) for column in columns]
    hashes = b"".join((marks[each] & (1 << _HASH_BITS) - 1).to_bytes(_HASH_BYTES, "big") for each in ids)
    body = b"".join(_written(column, width) for column, width in zip(columns, widths, strict=True)) + hashes
    text = base64.b64encode(zlib.compress(body, _LEVEL)).decode()
    return ".".join([_VERSION, str(len(ids)), *map(str, widths), text])


def unpacked(text: object) -> dict[int, int] | None:
    """The marks by id that `packed` wrote; None for anything else, another version's text among it."""
    parts = text.split(".") if isinstance(text, str) else []
    if len(parts) != 6 or parts[0] != _VERSION or not all(part.isdecimal() and len(part) < 10 for part in parts[1:5]):
        return None
    count, *widths = map(int, parts[1:5])
    try:
        body = zlib.decompress(base64.b64decode(parts[5], validate=True))
    except (binascii.Error, zlib.error):
        return None
    if len(body) != count * (sum(widths) + _HASH_BYTES):
        return None
    ends = list(accumulate((count * width for width in widths), initial=0))
    steps, rests, leaps = (_read(body[start:end], count) for start, end in pairwise(ends))
    moments = accumulate(leap // 2 if leap % 2 == 0 else -(leap + 1) // 2 for leap in leaps)
    hashes = (body[at : at + _HASH_BYTES] for at in range(ends[-1], len(body), _HASH_BYTES))
    return {
        high * _REST + rest: moment << _HASH_BITS | int.from_bytes(each, "big")
        for high, rest, moment, each in zip(accumulate(steps), rests, moments, hashes, strict=True)
    }


def _seconds(moment: object) -> int:
    """A cursor's value as a Unix time, 0 for none."""
    if not isinstance(moment, str):
        return 0
    try:
        aware = datetime.fromisoformat(moment)
    except ValueError:
        return 0
    return max(0, int((aware if aware.tzinfo else aware.replace(tzinfo=UTC)).timestamp()))


def _steps(numbers: Iterable[int]) -> Iterable[int]:
    before = 0
    for number in numbers:
        yield number - before
        before = number


def _width(column: Sequence[int]) -> int:
    return (max(column, default=0).bit_length() + 7) // 8


def _written(column: Sequence[int], width: int) -> bytes:
    """Numbers byte by byte, the lowest of all of them first: that packs better than one number after another."""
    return b"".join(bytes(number >> 8 * place & 255 for number in column) for place in range(width))


def _read(column: bytes, count: int) -> list[int]:
    width = len(column) // count if count else 0
    if not width:
        return [0] * count
    places = (column[place * count : (place + 1) * count] for place in range(width))
    return [int.from_bytes(bytes(each), "little") for each in zip(*places, strict=True)]
