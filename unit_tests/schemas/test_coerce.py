from __future__ import annotations

import copy
import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.schemas.coerce import compile_coercer

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": ["null", "string"]},
        "clicks": {"type": ["null", "integer"]},
        "spend": {"type": ["null", "number"]},
        "is_on": {"type": ["null", "boolean"]},
        "at": {"type": ["null", "string"], "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
        "day": {"type": ["null", "string"], "format": "date"},
        "free": {"type": ["null", "object"]},
        "either": {"type": ["null", "string", "number"]},
        "curve": {"type": ["null", "array"], "items": {"type": ["null", "integer"]}},
        "actions": {
            "type": ["null", "array"],
            "items": {
                "type": ["null", "object"],
                "properties": {"action_type": {"type": ["null", "string"]}, "value": {"type": ["null", "number"]}},
            },
        },
        "creative": {"type": ["null", "object"], "properties": {"id": {"type": ["null", "string"]}}},
    },
}
_COERCE = compile_coercer(_SCHEMA)

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["9708", "12.0", "1e999", "-0", "1_0", "²", "NaN", " 1", "1" * 5000, "2026-03-21T22:41:46-0700"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*_SCHEMA["properties"], "x"]), inner),
    max_leaves=20,
)


def _same(left: Any, right: Any) -> bool:
    """Equal with the same types, and NaN equal to itself."""
    return repr(left) == repr(right)


@pytest.mark.parametrize(
    ("column", "sent", "typed"),
    [
        ("clicks", "9708", 9708),
        ("clicks", "-3", -3),
        ("clicks", "12.0", 12),
        ("clicks", 12.0, 12),
        ("clicks", "9223372036854775807", 2**63 - 1),
        ("clicks", "1E+3", 1000),
        ("spend", "143.51", 143.51),
        ("spend", "35", 35),
        ("spend", "0.37735849056604", 0.37735849056604),
        ("spend", "-1.5", -1.5),
        ("spend", "1.0E-5", 1.0e-5),
        ("spend", "9007199254740993", 9007199254740993),
        ("id", 120210000000030001, "120210000000030001"),
        ("id", 10**30, "1" + "0" * 30),
        ("is_on", "True", True),
        ("is_on", "false", False),
        ("at", "2023-03-21T22:41:46-0700", "2023-03-21T22:41:46-07:00"),
        ("at", "2023-03-21T22:41:46.123+0000", "2023-03-21T22:41:46.123+00:00"),
        ("curve", ["1", 2, None], [1, 2, None]),
        ("creative", {"id": 5, "new": "1"}, {"id": "5", "new": "1"}),
        (
            "actions",
            [{"action_type": "purchase", "value": "4", "7d_new": "3"}],
            [{"action_type": "purchase", "value": 4, "7d_new": "3"}],
        ),
    ],
)
def test_a_value_takes_its_columns_type(column: str, sent: Any, typed: Any) -> None:
    assert _same(_COERCE({column: sent}), {column: typed})


@pytest.mark.parametrize(
    ("column", "sent"),
    [
        ("clicks", "12.5"),
        ("clicks", 12.5),
        ("clicks", "9223372036854775808"),
        ("clicks", 2**70),
        ("clicks", "many"),
        ("clicks", ""),
        ("clicks", "1_000"),
        ("clicks", " 1"),
        ("clicks", "²"),
        ("clicks", True),
        ("clicks", None),
        ("clicks", float("inf")),
        ("spend", "NaN"),
        ("spend", "Infinity"),
        ("spend", "1e999"),
        ("spend", "1_0.5"),
        ("spend", "1.2.3"),
        ("spend", "."),
        ("spend", "0.1234567890123456789"),
        ("spend", "18446744073709551616"),
        ("spend", {"value": "1"}),
        ("id", "007"),
        ("id", True),
        ("id", 1.5),
        ("is_on", "1"),
        ("is_on", 0),
        ("at", 1679433479),
        ("at", "2023-03-21T22:41:46-07:00"),
        ("at", "2023-03-21"),
        ("day", "2026-03-17"),
        ("free", {"value": "1"}),
        ("either", "1"),
        ("actions", {"value": "4"}),
        ("actions", ["4"]),
        ("creative", "120210000000040001"),
        ("unknown", "12"),
    ],
)
def test_what_does_not_fit_its_type_stays_as_sent(column: str, sent: Any) -> None:
    assert _same(_COERCE({column: sent}), {column: sent})


def test_what_is_missing_stays_missing() -> None:
    assert _COERCE({}) == {}


@given(st.dictionaries(st.sampled_from([*_SCHEMA["properties"], "unknown"]), _json))
def test_no_json_value_raises_and_the_row_itself_is_changed(row: dict[str, Any]) -> None:
    before = copy.deepcopy(row)
    result = _COERCE(row)
    assert result is row
    assert list(result) == list(before)


@given(st.dictionaries(st.sampled_from([*_SCHEMA["properties"], "unknown"]), _json))
def test_coercing_twice_changes_nothing_more(row: dict[str, Any]) -> None:
    once = copy.deepcopy(_COERCE(row))
    assert _same(_COERCE(copy.deepcopy(once)), once)


@given(st.decimals(allow_nan=False, allow_infinity=False).map(str) | st.integers().map(str))
def test_no_digit_of_a_number_is_lost(text: str) -> None:
    for column in ("spend", "clicks"):
        result = _COERCE({column: text})[column]
        assert result == text or Decimal(repr(result)) == Decimal(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_that_meta_can_print_becomes_a_number(number: float) -> None:
    result = _COERCE({"spend": repr(number)})["spend"]
    assert math.isclose(result, number, rel_tol=0, abs_tol=0)


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_64_bit_integer_becomes_an_integer_and_stays_an_exact_id(number: int) -> None:
    assert _same(_COERCE({"clicks": str(number), "id": number}), {"clicks": number, "id": str(number)})


@given(_json)
def test_a_typed_row_can_be_written_as_json(value: Any) -> None:
    json.dumps(_COERCE({"actions": value, "creative": value, "spend": value}))
