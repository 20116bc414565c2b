"""Rows that get their types while they are parsed, without a dictionary in between.

`coerce` is right for whatever a row holds; for nine rows in ten msgspec's typed decoding gives the same in a third of
the time. Where the two could differ, nothing is read here, and the row goes the careful way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

# A 64-bit integer, as `coerce` has it.
_Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
# Doubles that have at most nine digits before the point: only those behind it are left to be counted.
_Double = Annotated[float, Meta(gt=-1e9, lt=1e9)]
_TYPES: Mapping[str, Any] = {"string": str, "integer": _Integer, "number": _Integer | _Double}
_DIGITS_BEFORE, _SAFE_DIGITS = 9, 15


def _too_long() -> str:
    """A pattern of fractions that have more digits than a double holds for sure, those before the point included."""
    pattern = ""
    for before in range(1, _DIGITS_BEFORE + 1):
        behind = _SAFE_DIGITS + 1 - before
        pattern = rf"(?:(?<=[0-9]{{{before}}}\.[0-9]{{{behind}}}){'|[0-9]' + pattern if pattern else ''})"
    return rf"\.[0-9]{{{_SAFE_DIGITS + 1 - _DIGITS_BEFORE}}}{pattern}"


# Each pattern begins with a character that is found at the speed of memory.
_LOSSY = tuple(
    re.compile(pattern.encode()).search
    for pattern in (
        _too_long(),
        # A negative exponent: too small for a double, or with an integer's many digits before it.
        r"-(?<=[0-9][eE]-)[0-9]",
        # Digits, points and exponents in disguise.
        r"\\(?=u00(?:3[0-9]|2[dDeE]|[46]5))",
    )
)


class QuickRows:
    """Reads and writes the rows of one schema. Thread-safe.

    A row that was read has exactly what `compile_coercer` of the schema makes of it. It is a struct of msgspec: `get`
    looks at its columns.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Raises: ValueError for a schema with types that msgspec converts otherwise than `coerce`."""
        properties: Mapping[str, Any] = schema.get("properties") or {}
        self._attributes = {name: f"c{place}" for place, name in enumerate(properties)}
        self._decode = msgspec.json.Decoder(_struct(properties, {}), strict=False).decode
        self._encode = msgspec.json.Encoder().encode

    def read(self, text: bytes | memoryview) -> Struct | None:
        """The row that a JSON object is; None where it needs a closer look, or isn't one."""
        for is_lossy in _LOSSY:
            if is_lossy(text):
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
    types = schema.get("type")
    kinds = {types} if isinstance(types, str) else set(types or ())
    kinds.discard("null")
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind == "boolean" or schema.get("format") == "date-time":
        raise ValueError(f"{kind} {schema.get('format', '')} is converted otherwise")
    if kind == "array" and (items := schema.get("items")):
        inner = _type(items, made)
        return Any if inner is Any else list[inner]  # type: ignore[valid-type]
    if kind == "object" and (properties := schema.get("properties")):
        return _struct(properties, made)
    return _TYPES.get(kind or "", Any)
