"""Patterns of accounts: what they match, and which are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.account_filter import AccountFilter, problem_of

NAMES = st.text(max_size=12)
IDS = st.integers(min_value=1, max_value=10**16).map(str)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("123", True), ("act_123", True), ("12*", True), ("act_12?", True), ("shop *", True), ("SHOP ÖST", True),
        ("*öst", True), ("[st]hop*", True), ("*[!a-z ]st", True),
        ("12", False), ("shop", False), ("*west", False), ("act_", False), ("[!s]*ost", False),
    ],
)  # fmt: skip
def test_a_pattern_is_held_against_the_whole_id_and_the_whole_name(pattern: str, matches: bool) -> None:
    assert problem_of(pattern) is None
    assert AccountFilter((pattern,)).wants("123", "Shop Öst") is matches
    assert AccountFilter((), (pattern,)).wants("123", "Shop Öst") is not matches


@given(IDS, NAMES)
def test_without_patterns_every_account_is_wanted_and_a_star_wants_every_one(account_id: str, name: str) -> None:
    assert AccountFilter().wants(account_id, name)
    assert AccountFilter(("*",)).wants(account_id, name)
    assert not AccountFilter(("*",), ("*",)).wants(account_id, name)


@given(IDS, NAMES, st.lists(st.sampled_from(["*", "1*", "a*", "?", "[0-9]*"]), max_size=3))
def test_what_is_excluded_by_its_id_is_wanted_under_no_name(account_id: str, name: str, exclude: list[str]) -> None:
    some = AccountFilter((), tuple(exclude))
    assert not (some.excludes_id(account_id) and some.wants(account_id, name))


def test_patterns_that_match_nothing_are_found() -> None:
    some = AccountFilter(("1", "Shop*"), ("x*", "2"))
    assert some.unmatched([("1", "A"), ("2", "B")]) == ["Shop*", "x*"]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "empty"), ("  ", "empty"), ("shop [a", "never closed"), ("[", "never closed"), ("[]", "never closed"),
        ("[!]", "never closed"), ("[a][b", "never closed"), ("[z-a]*", "write a-z"), ("[0-95-3]", "write 3-5"),
    ],
)  # fmt: skip
def test_what_is_no_pattern_is_told_with_what_to_write(pattern: str, words: str) -> None:
    assert words in (problem_of(pattern) or "")


@pytest.mark.parametrize("pattern", ["*", "[[] shop", "[]]", "[!]]", "[a-]", "[-a]", "shop ]", "[a-z0-9]"])
def test_odd_patterns_that_are_some_pass(pattern: str) -> None:
    assert problem_of(pattern) is None
