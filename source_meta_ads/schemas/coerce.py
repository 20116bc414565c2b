"""Rows made to fit their schema, by functions that are compiled once from it.

Nothing is lost: a value that doesn't fit its type, or would lose digits by it, stays what Meta sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Coercer = Callable[[Any], Any]

# Strings whose outcome is remembered: small counts are half of all numbers. Many more would no longer fit the
# processor's cache, from where looking one up beats parsing it again.
_MOST_REMEMBERED = 8_000
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
# Any 15 significant digits survive as a double, any 18 as a 64-bit integer.
SAFE_DOUBLE_DIGITS = 15
_SAFE_INTEGER_DIGITS = 18
INTEGERS = range(-(2**63), 2**63)
# Python refuses to spell out or parse much longer ones.
_LONGEST_NUMBER = 400
_LONGEST_INTEGER_BITS = 10_000
_OFFSET = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d)(\d\d)", re.ASCII)


def compile_coercer(schema: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function that gives a row, as Meta sends it, the types of its JSON Schema; it changes the row and returns it.

    Numbers in strings become numbers, integers in a string column strings, "True" a boolean, and a time gets the
    colon of RFC 3339 in its offset. What is missing stays missing, null stays null, unknown keys stay as they are.

    Raises: nothing, whatever the row holds. The function may be shared by threads.
    """
    return _object(schema.get("properties") or {}, {kind: _Memo(parse) for kind, parse in _STRINGS.items()})


class _Memo(dict[str, Any]):
    """What each string amounts to; shared by threads, which at worst work it out twice."""

    def __init__(self, parse: Coercer) -> None:
        super().__init__()
        self._parse = parse
        self._is_number = parse is _number_in

    def __missing__(self, text: str) -> Any:
        # The usual forms of a number, `9708` and `143.51`, need neither a call nor a pattern nor decimals.
        digits = text.replace(".", "", 1) if self._is_number else ""
        if 0 < len(digits) <= SAFE_DOUBLE_DIGITS and digits.isdigit() and digits.isascii():
            value: Any = int(text) if digits == text else float(text)
        else:
            value = self._parse(text)
        if len(self) < _MOST_REMEMBERED:
            self[text] = value
        return value


def kind_of(schema: Mapping[str, Any]) -> str | None:
    """The one type of a value, null aside; None where there is none or several."""
    types = schema.get("type")
    kinds = {types} if isinstance(types, str) else set(types or ())
    kinds.discard("null")
    kind = kinds.pop() if len(kinds) == 1 else None
    return "date-time" if kind == "string" and schema.get("format") == "date-time" else kind


def _compile(schema: Mapping[str, Any], memos: Mapping[str, _Memo]) -> Coercer | None:
    """The coercer of one value that is no string, None where it may stay as it is."""
    kind = kind_of(schema)
    if kind == "object":
        properties = schema.get("properties")
        return _object(properties, memos) if properties else None
    if kind == "array":
        return _array(schema.get("items") or {}, memos)
    return {"string": _string, "integer": _integer}.get(kind or "")


def _object(properties: Mapping[str, Mapping[str, Any]], memos: Mapping[str, _Memo]) -> Coercer:
    """Strings go by what is remembered of them, all else by its own coercer: no call at all for most values."""
    strings, others = _columns(properties, memos)
    memo_of, other_of = strings.get, others.get

    def coerce_object(value: Any) -> Any:
        if type(value) is dict:
            # Only values change, so the keys may be walked meanwhile.
            for key, each in value.items():
                if type(each) is str:
                    if (memo := memo_of(key)) is not None:
                        value[key] = memo[each]
                elif (other := other_of(key)) is not None:
                    value[key] = other(each)
        return value

    return coerce_object


def _columns(
    properties: Mapping[str, Mapping[str, Any]], memos: Mapping[str, _Memo]
) -> tuple[dict[str, _Memo], dict[str, Coercer]]:
    """What to do with strings, and with all else, by the name of the column."""
    strings = {
        name: memo for name, schema in properties.items() if (memo := memos.get(kind_of(schema) or "")) is not None
    }
    return strings, {name: other for name, schema in properties.items() if (other := _compile(schema, memos))}


def _array(items: Mapping[str, Any], memos: Mapping[str, _Memo]) -> Coercer | None:
    kind = kind_of(items)
    if kind == "object" and (properties := items.get("properties")):
        strings, others = _columns(properties, memos)
        if len({id(memo) for memo in strings.values()}) == 1:
            return _objects_of_onekind_of(frozenset(strings), next(iter(strings.values())), others)
    memo, other = memos.get(kind or ""), _compile(items, memos)
    if memo is None and other is None:
        return None
    # Curves of dozens of whole numbers: one look at all their types at once.
    right: set[type] = {int} if kind == "integer" else {str} if kind == "string" else set()
    is_right = right.issuperset

    def coerce_array(value: Any) -> Any:
        if type(value) is list and not is_right(map(type, value)):
            for place, each in enumerate(value):
                if type(each) is str:
                    if memo is not None:
                        value[place] = memo[each]
                elif other is not None:
                    value[place] = other(each)
        return value

    return coerce_array


def _objects_of_onekind_of(names: frozenset[str], memo: _Memo, others: Mapping[str, Coercer]) -> Coercer:
    """Lists as `actions` are most of a wide row, and the strings in them that are none for Meta all are numbers."""
    other_of = others.get

    def coerce_objects(value: Any) -> Any:
        if type(value) is list:
            for element in value:
                if type(element) is dict:
                    text = number = None
                    for key, each in element.items():
                        if type(each) is str:
                            if key in names:
                                # Attribution windows mostly repeat the value before them.
                                if each != text:
                                    text, number = each, memo[each]
                                element[key] = number
                        elif (other := other_of(key)) is not None:
                            element[key] = other(each)
        return value

    return coerce_objects


def _string(value: Any) -> Any:
    # An id is never made a float; a bool is an int to Python, not to Meta.
    return str(value) if type(value) is int and value.bit_length() < _LONGEST_INTEGER_BITS else value


def _integer(value: Any) -> Any:
    return int(value) if type(value) is float and value.is_integer() and int(value) in INTEGERS else value


def _integer_in(value: str) -> Any:
    if value.isdigit() and value.isascii() and len(value) <= _SAFE_INTEGER_DIGITS:
        return int(value)
    if len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
        exact = Decimal(value)
        if abs(exact) <= 2**63 and exact == exact.to_integral_value() and int(exact) in INTEGERS:
            return int(exact)
    return value


def _number_in(value: str) -> Any:
    if len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
        return _exact(value)
    return value


def _exact(value: str) -> Any:
    """The number that a string spells, or the string where neither a 64-bit integer nor a double holds it exactly."""
    if value.removeprefix("-").isdigit():
        return int(value) if int(value) in INTEGERS else value
    number = float(value)
    # By the shortest spelling: 0.1 counts as exact, though no double is.
    return number if abs(number) != float("inf") and Decimal(repr(number)) == Decimal(value) else value


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
