"""Objects read in groups of fields, and fields found that are refused: nothing lost, few calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.graph.errors import BadRequest, PermissionDenied, TooMuchData, TransientError
from source_meta_ads.streams.field_groups import culprits, groups_of, halves, piecewise

NAMES = [f"field_{number}" for number in range(80)]


@given(st.lists(st.sampled_from(NAMES), unique=True, min_size=1), st.sets(st.sampled_from(NAMES)))
def test_groups_have_every_field_once(fields: list[str], heavy: set[str]) -> None:
    assert sorted(name for group in groups_of(fields, heavy) for name in group) == sorted(fields)
    assert sorted(name for group in halves(fields) for name in group) == sorted(fields)


def test_heavy_fields_are_a_group_of_their_own() -> None:
    assert groups_of(["a", "b", "c"], {"b"}) == [["a", "c"], ["b"]]
    assert groups_of(["a", "b", "c"], {"a", "b", "c"}) == [["a", "b"], ["c"]]
    assert groups_of(["a", "b", "c"], ()) == [["a", "b"], ["c"]]


@given(
    st.dictionaries(st.sampled_from(NAMES), st.integers(1, 40), min_size=1),
    st.integers(10, 60),
    st.sets(st.sampled_from(NAMES)),
)
def test_an_object_comes_whole_but_for_fields_too_large_alone(
    sizes: dict[str, int], most: int, heavy: set[str]
) -> None:
    def ask(fields: Sequence[str]) -> dict[str, Any]:
        if sum(sizes[name] for name in fields) > most:
            raise TooMuchData(message="reduce the amount of data")
        return {name: sizes[name] for name in fields}

    row, lost = piecewise(ask, list(sizes), heavy)
    assert row == {name: size for name, size in sizes.items() if size <= most}
    assert set(lost) == set(sizes) - set(row)


def test_a_field_that_is_refused_alone_is_lost_with_its_reason_and_any_other_failure_is_raised() -> None:
    def refusing(fields: Sequence[str]) -> dict[str, Any]:
        if "b" in fields:
            raise PermissionDenied(code=200, message="no")
        return dict.fromkeys(fields, 1)

    row, lost = piecewise(refusing, ["a", "b", "c", "d"], ())
    assert row == {"a": 1, "c": 1, "d": 1}
    assert isinstance(lost["b"], PermissionDenied)

    def failing(fields: Sequence[str]) -> dict[str, Any]:
        raise TransientError(message="later")

    with pytest.raises(TransientError):
        piecewise(failing, ["a", "b"], ())


@given(st.lists(st.sampled_from(NAMES), unique=True, min_size=1), st.data())
def test_every_refused_field_is_found_and_no_other(fields: list[str], data: st.DataObject) -> None:
    refused = data.draw(st.sets(st.sampled_from(fields), min_size=1))
    calls = 0

    def is_refused(some: Sequence[str]) -> bool:
        nonlocal calls
        calls += 1
        return bool(refused & set(some))

    assert set(culprits(fields, is_refused)) == refused
    assert calls <= len(refused) * (2 * len(fields).bit_length() + 1)


def test_one_field_among_eighty_takes_eight_calls_at_most() -> None:
    for wrong in NAMES:
        asked: list[Sequence[str]] = []

        def is_refused(some: Sequence[str], wrong: str = wrong, asked: list[Sequence[str]] = asked) -> bool:
            asked.append(some)
            return wrong in some

        assert list(culprits(NAMES, is_refused)) == [wrong]
        assert len(asked) <= 14
        assert [wrong] in asked, "a field is only left out when it was refused alone"


def test_a_refusal_that_has_passed_leaves_out_nothing() -> None:
    assert list(culprits(NAMES, lambda some: False)) == []


def test_the_error_of_a_wrong_call_is_about_fields_as_well() -> None:
    def ask(fields: Sequence[str]) -> dict[str, Any]:
        raise BadRequest(code=100, message="Invalid parameter")

    row, lost = piecewise(ask, ["a", "b"], ())
    assert (row, set(lost)) == ({}, {"a", "b"})
