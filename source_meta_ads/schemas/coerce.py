"""Rows made to fit their schema, by functions that are compiled once from it.

Nothing is lost: a value that doesn't fit its type, or would lose digits by it, stays what Meta sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Coercer = Callable[[Any], Any]

# Strings whose outcome is remembered: counts and amounts repeat so often that looking one up beats parsing it again.
_MOST_REMEMBERED = 50_000
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
# Any 15 significant digits survive as a double, any 18 as a 64-bit integer.
_SAFE_DOUBLE_DIGITS = 15
_SAFE_INTEGER_DIGITS = 18
_INTEGERS = range(-(2**63), 2**63)
# Python refuses to spell out or parse much longer ones.
_LONGEST_NUMBER = 400
_LONGEST_INTEGER_BITS = 10_000
_OFFSET = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d)(\d\d)", re.ASCII)


def compile_coercer(schema: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function from a row as Meta sends it to one with the types of its JSON Schema.

    Numbers in strings become numbers, integers in a string column strings, "True" a boolean, and a time gets the
    colon of RFC 3339 in its offset. What is missing stays missing, null stays null, unknown keys stay as they are. The
    row itself is never changed; its parts that need no change may be shared with the result.

    Raises: nothing, whatever the row holds. The function may be shared by threads.
    """
    return _object(schema.get("properties") or {}, {kind: _Memo(parse) for kind, parse in _STRINGS.items()})


class _Memo(dict[str, Any]):
    """What each string amounts to, worked out once; shared by threads, which at worst work it out twice."""

    def __init__(self, parse: Coercer) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, text: str) -> Any:
        value = self._parse(text)
        if len(self) < _MOST_REMEMBERED:
            self[text] = value
        return value


def _kind(schema: Mapping[str, Any]) -> str | None:
    """The one type of a value, null aside; None where there is none or several."""
    types = schema.get("type")
    kinds = {types} if isinstance(types, str) else set(types or ())
    kinds.discard("null")
    kind = kinds.pop() if len(kinds) == 1 else None
    return "date-time" if kind == "string" and schema.get("format") == "date-time" else kind


def _compile(schema: Mapping[str, Any], memos: Mapping[str, _Memo]) -> Coercer | None:
    """The coercer of one value that is no string, None where it may stay as it is."""
    kind = _kind(schema)
    if kind == "object":
        properties = schema.get("properties")
        return _object(properties, memos) if properties else None
    if kind == "array":
        items = schema.get("items") or {}
        return _array(_compile(items, memos), memos.get(_kind(items) or ""))
    return {"string": _string, "integer": _integer}.get(kind or "")


def _object(properties: Mapping[str, Mapping[str, Any]], memos: Mapping[str, _Memo]) -> Coercer:
    """Strings go by what is remembered of them, all else by its own coercer: no call at all for most values."""
    strings = {
        name: memo for name, schema in properties.items() if (memo := memos.get(_kind(schema) or "")) is not None
    }
    others = {name: other for name, schema in properties.items() if (other := _compile(schema, memos))}
    memo_of, other_of = strings.get, others.get

    def coerce_object(value: Any) -> Any:
        if type(value) is not dict and not isinstance(value, Mapping):
            return value
        return {
            key: (each if (memo := memo_of(key)) is None else memo[each])
            if type(each) is str
            else (each if (other := other_of(key)) is None else other(each))
            for key, each in value.items()
        }

    return coerce_object


def _array(other: Coercer | None, memo: _Memo | None) -> Coercer | None:
    if other is None and memo is None:
        return None

    def coerce_array(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [
            (each if memo is None else memo[each]) if type(each) is str else (each if other is None else other(each))
            for each in value
        ]

    def coerce_integers(value: Any) -> Any:
        # Curves of dozens of whole numbers: those that are some already cost no call.
        return (
            [each if type(each) is int else coerce_array([each])[0] for each in value]
            if isinstance(value, list)
            else value
        )

    return coerce_integers if other is _integer else coerce_array


def _string(value: Any) -> Any:
    # An id is never made a float; a bool is an int to Python, not to Meta.
    return str(value) if type(value) is int and value.bit_length() < _LONGEST_INTEGER_BITS else value


def _integer(value: Any) -> Any:
    return int(value) if type(value) is float and value.is_integer() and int(value) in _INTEGERS else value


def _integer_in(value: str) -> Any:
    if value.isdigit() and value.isascii() and len(value) <= _SAFE_INTEGER_DIGITS:
        return int(value)
    if len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
        exact = Decimal(value)
        if abs(exact) <= 2**63 and exact == exact.to_integral_value() and int(exact) in _INTEGERS:
            return int(exact)
    return value


def _number_in(value: str) -> Any:
    # The usual forms first, `9708` and `143.51`: they need neither the pattern nor decimals.
    digits = value.replace(".", "", 1)
    if len(digits) <= _SAFE_DOUBLE_DIGITS and digits.isdigit() and digits.isascii():
        return int(value) if digits == value else float(value)
    if len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
        return _exact(value)
    return value


def _exact(value: str) -> Any:
    """The number that a string spells, or the string where neither a 64-bit integer nor a double holds it exactly."""
    exact = Decimal(value)
    if exact.as_tuple().exponent == 0:
        return int(exact) if int(exact) in _INTEGERS else value
    number = float(value)
    # By the shortest spelling: 0.1 counts as exact, though no double is.
    return number if abs(number) != float("inf") and Decimal(repr(number)) == exact else value


def _boolean_in(value: str) -> Any:
    return _BOOLEANS.get(value, value)


def _date_time_in(value: str) -> Any:
    """`2026-03-21T22:41:46-0700` as `2026-03-21T22:41:46-07:00`."""
    match = _OFFSET.fullmatch(value)
    return f"{match[1]}:{match[2]}" if match else value


_STRINGS: Mapping[str, Callable[[str], Any]] = {
    "integer": _integer_in,
    "number": _number_in,
    "boolean": _boolean_in,
    "date-time": _date_time_in,
}
