"""Rows that get their types while they are parsed, without a dictionary in between.

`coerce` is right for whatever a row holds; for nearly every row msgspec's typed decoding gives the same, in two thirds
of the time (benchmarks/wide_rows.py). Where the two could differ, nothing is read here, and the row goes the careful
way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from types import GenericAlias
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from source_meta_ads.schemas.coerce import INTEGERS, SAFE_DOUBLE_DIGITS, kind_of

# What is spelt with a point or an exponent has at most nine digits before the point: those behind it are left to be
# counted. An integer may be spelt so too, in a column of integers.
_DIGITS_BEFORE = 9
_MOST = 10**_DIGITS_BEFORE
_Integer = Annotated[int, Meta(gt=-_MOST, lt=_MOST)]
_Number = Annotated[int, Meta(ge=INTEGERS[0], le=INTEGERS[-1])] | Annotated[float, Meta(gt=-_MOST, lt=_MOST)]
_TYPES: Mapping[str, Any] = {"string": str, "integer": _Integer, "number": _Number}


def _too_long() -> str:
    """A pattern of fractions that have more digits than a double holds for sure, those before the point included."""
    pattern = ""
    for before in range(1, _DIGITS_BEFORE + 1):
        behind = SAFE_DOUBLE_DIGITS + 1 - before
        pattern = rf"(?:(?<=[0-9]{{{before}}}\.[0-9]{{{behind}}}){'|[0-9]' + pattern if pattern else ''})"
    return rf"\.[0-9]{{{SAFE_DOUBLE_DIGITS + 1 - _DIGITS_BEFORE}}}{pattern}"


_has_long_fraction = re.compile(_too_long().encode()).search
# Digits, points and exponents, each written as the number of its character.
_has_disguise = re.compile(rb"\\u00(?:3[0-9]|2[dDeE]|[46]5)").search


def _may_lose_digits(text: bytes) -> bool:
    """Whether a number in the JSON may be spelt with more digits than a double holds, or be too small for one."""
    return bool(_has_long_fraction(text) or (b"\\" in text and _has_disguise(text)) or _has_negative_exponent(text))


def _has_negative_exponent(text: bytes) -> bool:
    # There are few dashes in a row, and they are found at the speed of memory.
    at = text.find(b"-")
    while at >= 0:
        if text[at - 1 : at] in {b"e", b"E"} and text[at - 2 : at - 1].isdigit():
            return True
        at = text.find(b"-", at + 1)
    return False


class QuickRows:
    """Reads and writes the rows of one schema. Thread-safe.

    A row that was read has exactly what `compile_coercer` of the schema makes of it, but for a zero with an exponent of
    more than three digits, which is 0 here. It is a struct of msgspec: a `getter` looks at its columns.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Raises: ValueError for a schema with types that msgspec converts otherwise than `coerce`."""
        properties: Mapping[str, Any] = schema.get("properties") or {}
        self._attributes = {name: f"c{place}" for place, name in enumerate(properties)}
        self._decode = msgspec.json.Decoder(_struct(properties, {}), strict=False).decode
        self._encode = msgspec.json.Encoder().encode

    def read(self, text: bytes) -> Struct | None:
        """The row that a JSON object is; None where it needs a closer look, or isn't one."""
        if _may_lose_digits(text):
            return None
        try:
            return self._decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def write(self, row: Struct) -> bytes:
        """The row as JSON."""
        return self._encode(row)

    def filled(self, row: Struct) -> list[str]:
        """The columns that a row has."""
        return [name for name, attribute in self._attributes.items() if getattr(row, attribute) is not UNSET]

    def getter(self, names: Sequence[str]) -> Callable[[Struct], tuple[Any, ...]]:
        """What looks up these columns of a row, UNSET where they are missing or the schema has none of the name."""
        found = [self._attributes.get(name) for name in names]
        if len(found) > 1 and None not in found:
            return attrgetter(*[name for name in found if name])
        return lambda row: tuple([getattr(row, name) if name else UNSET for name in found])

    def setter(self, name: str) -> Callable[[Struct, Any], None]:
        """What sets a column of a row."""
        attribute = self._attributes[name]
        return lambda row, value: setattr(row, attribute, value)


def _struct(properties: Mapping[str, Any], made: dict[str, type[Struct]]) -> type[Struct]:
    """A class of objects with these properties, each of which may be missing; nothing else, and no null."""
    # A report's lists of actions are all alike: one class is kept better at hand than forty.
    key = repr(properties)
    if key not in made:
        fields = [
            (f"c{place}", _type(each, made) | UnsetType, msgspec.field(default=UNSET, name=name))
            for place, (name, each) in enumerate(properties.items())
        ]
        made[key] = msgspec.defstruct("Row", fields, forbid_unknown_fields=True, gc=False)
    return made[key]


def _type(schema: Mapping[str, Any], made: dict[str, type[Struct]]) -> Any:
    kind = kind_of(schema)
    if kind in {"boolean", "date-time"}:
        raise ValueError(f"{kind} is converted otherwise")
    if kind == "array" and (items := schema.get("items")):
        inner = _type(items, made)
        return Any if inner is Any else GenericAlias(list, (inner,))
    if kind == "object" and (properties := schema.get("properties")):
        return _struct(properties, made)
    return _TYPES.get(kind or "", Any)
