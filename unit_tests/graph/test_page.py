"""Pages parsed row by row are what they are when parsed whole, however they are written."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.graph.page import Worked, parse_page
from source_meta_ads.graph.paging import has_rows, rows

# Among the keys and texts are those that a search for where rows end could fall for.
_texts = st.text(max_size=5) | st.sampled_from(['},{"id":', '}],"paging":', "}]}", '"},{"', "\\", '\\"', '{"data":['])
_keys = st.sampled_from(["id", "data", "paging", "spend"]) | _texts
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=8,
)
_rows = st.dictionaries(_keys, _values, max_size=4) | st.fixed_dictionaries(
    {"id": _values}, optional={"spend": _values}
)


def worked(body: bytes) -> Any:
    """The body with each row in brackets."""
    return parse_page(body, lambda row: [row])


@given(
    data=st.lists(_rows | _values, max_size=4) | st.lists(_rows, max_size=6) | _values,
    tail=st.just({}) | st.dictionaries(_keys.filter(lambda key: key != "data"), _values, max_size=3),
    separators=st.sampled_from([(",", ":"), (", ", ": ")]),
    is_ascii=st.booleans(),
)
def test_a_page_parsed_row_by_row_is_the_page(
    data: Any, tail: dict[str, Any], separators: tuple[str, str], is_ascii: bool
) -> None:
    body = json.dumps({"data": data, **tail}, separators=separators, ensure_ascii=is_ascii).encode()
    whole = orjson.loads(body)
    found = worked(body)
    if isinstance(data, list) and all(isinstance(row, dict) for row in data):
        assert found == {**whole, "data": [[row] for row in whole["data"]]}
        assert has_rows(found)
    else:
        assert found == whole
        assert not has_rows(found)


@given(st.lists(st.fixed_dictionaries({"id": st.text(max_size=3), "x": _values}), min_size=1), st.data())
def test_a_page_that_ends_early_is_no_page(data: list[dict[str, Any]], draw: Any) -> None:
    body = orjson.dumps({"data": data, "paging": {"cursors": {"after": "c"}}})
    kept = draw.draw(st.integers(0, len(body) - 1))
    with pytest.raises(orjson.JSONDecodeError):
        worked(body[:kept])


def test_rows_are_parsed_one_by_one_and_not_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    body = orjson.dumps({"data": [{"id": "1" * 100}] * 50, "paging": {"cursors": {"after": "c"}}})
    sizes: list[int] = []
    loads = orjson.loads

    def measured(text: bytes) -> Any:
        sizes.append(len(text))
        return loads(text)

    monkeypatch.setattr("orjson.loads", measured)
    assert len(worked(body)["data"]) == 50
    assert max(sizes) < 200


def test_what_looks_as_the_start_of_a_row_within_a_row_does_not_cut_it() -> None:
    data = [{"id": "1", "creatives": [{"id": "7"}, {"id": "8"}]}, {"id": "2"}]
    assert worked(orjson.dumps({"data": data, "paging": {}}))["data"] == [[row] for row in data]


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":[{"id":"1"},{"id":"2"}{"id":"3"}],"paging":{}}',
        b'{"data":[{"id":"1"},{"id":}],"paging":{}}',
        b'{"data":[{"id":"1"},{"id":"\xff"}],"paging":{}}',
        b'{"data":[{"id":"1"}],"paging":{}',
        b"",
        b"<html>",
    ],
)
def test_what_is_no_json_is_no_page(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        worked(body)


@pytest.mark.parametrize("body", [b'{"data":[{"id":"1"},null]}', b'{"data":[{"id":"1"},[]]}', b'{"data":{}}', b"[]"])
def test_what_has_no_list_of_objects_is_left_for_the_caller_to_refuse(body: bytes) -> None:
    assert worked(body) == orjson.loads(body)
    assert not has_rows(worked(body))


def test_an_error_behind_the_rows_is_still_there() -> None:
    assert worked(b'{"data":[{"id":"1"}],"error":{"code":1}}')["error"] == {"code": 1}


def test_worked_rows_are_rows_whatever_they_are_now() -> None:
    page = worked(b'{"data":[{"id":"1"}],"paging":{}}')
    assert isinstance(page["data"], Worked)
    assert rows(page) == [[{"id": "1"}]]


def quickly(text: bytes) -> list[Any] | None:
    """As `worked` does it, of the rows with an even id."""
    try:
        row = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return [row] if int(row["id"]) % 2 == 0 else None


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["as Meta writes", "spaced"])
def test_rows_that_are_not_made_quickly_are_made_the_other_way_in_their_place(separators: tuple[str, str]) -> None:
    data = [{"id": str(number), "parts": [{"id": "0"}, {"id": "1"}]} for number in range(9)]
    body = json.dumps({"data": data, "paging": {}}, separators=separators).encode()
    careful: list[str] = []

    def row_of(row: dict[str, Any]) -> list[Any]:
        careful.append(row["id"])
        return [row]

    assert parse_page(body, row_of, quickly)["data"] == [[row] for row in data]
    assert {"1", "3", "5", "7"} <= set(careful)


def test_rows_that_are_made_quickly_are_not_parsed_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    body = orjson.dumps({"data": [{"id": "1" * 100}] * 50, "paging": {"cursors": {"after": "c"}}})
    monkeypatch.setattr("orjson.loads", lambda text: json.loads(text) if len(text) < 100 else pytest.fail("row"))
    assert parse_page(body, lambda row: [row], lambda text: [len(text)])["data"] == [[109]] * 50


@pytest.mark.parametrize("body", [b'{"data":[{"id":"2"},{"id":}],"paging":{}}', b'{"data":[{"id":"2"},{"id":"4"'])
def test_what_is_no_json_is_no_page_however_quickly_its_first_rows_are_made(body: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        parse_page(body, lambda row: [row], quickly)
