"""Rows read at once are what the careful way makes of them, to the last digit, or aren't read at all."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from source_meta_ads.schemas.coerce import compile_coercer
from source_meta_ads.schemas.quick_row import QuickRows

NUMBER, STRING = {"type": ["null", "number"]}, {"type": ["null", "string"]}
ACTIONS = {
    "type": ["null", "array"],
    "items": {"type": ["null", "object"], "properties": {"action_type": STRING, "value": NUMBER, "1d_click": NUMBER}},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ad_id": STRING,
        "day": {"type": ["null", "string"], "format": "date"},
        "clicks": {"type": ["null", "integer"]},
        "spend": NUMBER,
        "curve": {"type": ["null", "array"], "items": {"type": ["null", "integer"]}},
        "actions": ACTIONS,
        "values": ACTIONS,
        "asset": {"type": ["null", "object"], "properties": {"id": STRING}},
        "free": {"type": ["null", "object"]},
        "either": {"type": ["null", "string", "number"]},
        "names": {"type": ["null", "array"], "items": STRING},
        "any": {},
    },
}
ROWS = QuickRows(SCHEMA)
COERCE = compile_coercer(SCHEMA)


def quick(text: bytes) -> dict[str, Any] | None:
    row = ROWS.read(text)
    return None if row is None else orjson.loads(ROWS.write(row))


def careful(text: bytes) -> dict[str, Any]:
    return COERCE(orjson.loads(text))


def same(left: Any, right: Any) -> bool:
    """Equal with the same types, keys in whatever order."""
    return repr(_sorted(left)) == repr(_sorted(right))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


digits = st.text("0123456789", max_size=22)
spelt = st.builds("{}{}{}{}".format, st.sampled_from(["", "-"]), digits, st.sampled_from(["", "."]), digits)
numbers = (
    spelt
    # Of longer exponents only zeros would be left.
    | st.builds("{}{}{}".format, spelt, st.sampled_from(["e", "E", "e+"]), st.integers(0, 9) | st.integers(-330, 330))
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.floats(allow_nan=False, allow_infinity=False).map("{:.17g}".format)
    | st.decimals(-(10**9), 10**9, allow_nan=False, places=6).map(str)
    | st.integers().map(str)
    | st.sampled_from(["", "nan", "inf", "null", "true", "1_0", " 1", "1 ", "0x1", "²", "+1", "01", "1.", ".5", "-"])
)
# Beyond 64 bits orjson reads integers that stand for themselves as doubles, which is no better than what is read here.
scalars = numbers | st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(-1e300, 1e300) | st.text()
elements = st.dictionaries(st.sampled_from(["action_type", "value", "1d_click", "28d_new"]), scalars, max_size=4)
values = scalars | st.lists(scalars | elements, max_size=4) | elements | st.dictionaries(st.text(max_size=3), scalars)
rows = st.dictionaries(st.sampled_from([*SCHEMA["properties"], "unknown"]), values, max_size=5) | st.fixed_dictionaries(
    {"ad_id": digits, "spend": numbers, "actions": st.lists(st.fixed_dictionaries({"value": numbers}), max_size=2)}
)


@settings(max_examples=600)
@given(row=rows, is_ascii=st.booleans(), separators=st.sampled_from([(",", ":"), (", ", ": ")]), disguise=digits)
@example(row={"spend": "0.1000000000000000055"}, is_ascii=True, separators=(",", ":"), disguise="")
@example(row={"spend": "1.00000000000000001"}, is_ascii=True, separators=(",", ":"), disguise="0.")
@example(row={"spend": "100000000.00000001"}, is_ascii=True, separators=(",", ":"), disguise="")
@example(row={"spend": "12345678901234567e-9"}, is_ascii=True, separators=(",", ":"), disguise="")
@example(row={"spend": "58.0e1"}, is_ascii=True, separators=(",", ":"), disguise="")
@example(row={"clicks": "-29448130095.040092E5"}, is_ascii=True, separators=(",", ":"), disguise="")
@example(row={"spend": "1e-400"}, is_ascii=True, separators=(",", ":"), disguise="e-")
@example(row={"spend": "18446744073709551616"}, is_ascii=True, separators=(",", ":"), disguise="")
def test_a_row_read_at_once_is_the_row(
    row: dict[str, Any], is_ascii: bool, separators: tuple[str, str], disguise: str
) -> None:
    text = json.dumps(row, ensure_ascii=is_ascii, separators=separators)
    for each in set(disguise) & set("0123456789.e-"):
        # A character of JSON may be written as its number; outside of strings that is no JSON.
        text = text.replace(f"{each}0", f"\\u{ord(each):04x}0")
    body = text.encode("utf-8", "surrogatepass")
    found = quick(body)
    assert found is None or same(found, careful(body))


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ({"ad_id": "120210000000030001", "day": "2026-11-24"}, {"ad_id": "120210000000030001", "day": "2026-11-24"}),
        ({"clicks": "9708", "spend": "143.51"}, {"clicks": 9708, "spend": 143.51}),
        ({"clicks": 12, "spend": 12.5}, {"clicks": 12, "spend": 12.5}),
        # As PHP writes a quotient: fourteen digits.
        ({"spend": "0.41764705882353"}, {"spend": 0.41764705882353}),
        ({"spend": "9.530022"}, {"spend": 9.530022}),
        ({"spend": "35"}, {"spend": 35}),
        ({"spend": "9007199254740993"}, {"spend": 9007199254740993}),
        ({"spend": "-1.50"}, {"spend": -1.5}),
        ({"curve": [1, "2", 3.0]}, {"curve": [1, 2, 3]}),
        ({"actions": [{"action_type": "x", "value": "4"}]}, {"actions": [{"action_type": "x", "value": 4}]}),
        ({"values": []}, {"values": []}),
        ({"asset": {"id": "7"}, "free": {"a": ["1"]}}, {"asset": {"id": "7"}, "free": {"a": ["1"]}}),
        ({"either": "1", "any": None, "names": ["é"]}, {"either": "1", "any": None, "names": ["é"]}),
        ({}, {}),
    ],
)
def test_rows_as_meta_writes_them_are_read_at_once(sent: dict[str, Any], typed: dict[str, Any]) -> None:
    found = quick(orjson.dumps(sent))
    assert found is not None
    assert same(found, typed)


@pytest.mark.parametrize(
    "text",
    [
        b'{"unknown":"1"}',
        b'{"actions":[{"28d_new":"1"}]}',
        b'{"spend":null}',
        b'{"ad_id":120210000000030001}',
        b'{"asset":[]}',
        b'{"spend":"many"}',
        b'{"spend":"1.0E-5"}',
        b'{"spend":"0.1234567890123456"}',
        b'{"spend":"1234567890.5"}',
        b'{"ad_id":"\xff"}',
        b'{"ad_id":"1"',
        b'{"any":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"",
    ],
    ids=lambda text: text[:30].decode("latin-1"),
)
def test_a_row_that_needs_a_closer_look_is_not_read_at_once(text: bytes) -> None:
    assert quick(text) is None


@pytest.mark.parametrize("column", [{"type": ["null", "boolean"]}, {"type": "string", "format": "date-time"}])
def test_types_that_are_converted_otherwise_are_refused(column: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="converted otherwise"):
        QuickRows({"properties": {"x": column}})


def test_columns_are_looked_up_and_set_by_name() -> None:
    row = ROWS.read(b'{"spend":"1.5","actions":[]}')
    assert row is not None
    assert ROWS.getter(("spend", "clicks", "actions"))(row) == (1.5, UNSET, [])
    assert ROWS.getter(("spend",))(row) == (1.5,)
    assert ROWS.getter(("spend", "no_column"))(row) == (1.5, UNSET)
    assert ROWS.getter(())(row) == ()
    assert ROWS.filled(row) == ["spend", "actions"]
    ROWS.setter("ad_id")(row, "7")
    assert orjson.loads(ROWS.write(row)) == {"ad_id": "7", "spend": 1.5, "actions": []}
