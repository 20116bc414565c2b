"""A row as JSON is the row."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.schemas.typed_row import TypedRow

_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), _values))
def test_a_row_is_a_mapping_of_its_values(data: dict[str, Any]) -> None:
    row = TypedRow.of(data)
    assert orjson.loads(row.json) == data
    assert row == data
    assert (list(row), len(row), repr(row)) == (list(data), len(data), repr(data))


def test_an_integer_beyond_64_bits_keeps_its_digits() -> None:
    row = TypedRow.of({"id": 2**70})
    assert row.json == b'{"id": %d}' % 2**70
    assert row["id"] == 2**70


def test_a_row_does_not_follow_what_becomes_of_the_dictionary_it_was_made_of() -> None:
    data = {"spend": 1}
    row = TypedRow.of(data)
    data["spend"] = 2
    assert row["spend"] == 1
