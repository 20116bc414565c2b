"""How a big account is cut: disjoint, complete, and only where it is worth it."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.streams.partitions import groups_of, is_big, statuses_of

IDS = [str(120_000 + number) for number in range(6_000)]


@given(st.integers(0, 6_000), st.integers(1, 200_000), st.sampled_from([50, 200, 500]), st.integers(1, 40))
def test_groups_have_every_parent_once_and_fit_into_an_address(
    count: int, total: int, page_size: int, turns: int
) -> None:
    groups = groups_of(IDS[:count], total, page_size, turns)
    assert len(groups) != 1
    if groups:
        assert sorted(each for group in groups for each in group) == IDS[:count]
        assert all(0 < len(group) <= 150 for group in groups)


@given(st.integers(2, 6_000), st.integers(4_000, 200_000), st.integers(1, 40))
def test_half_empty_pages_cost_a_tenth_at_most(count: int, total: int, turns: int) -> None:
    groups = groups_of(IDS[:count], total, 200, turns)
    assert len(groups) / 2 <= math.ceil(total / 200) / 10


def test_fifty_thousand_ads_in_a_thousand_campaigns_keep_ten_turns_busy() -> None:
    groups = groups_of(IDS[:1000], 50_000, 200, 10)
    assert len(groups) == 20
    sizes = [len(group) for group in groups]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (80, 20)


def test_groups_that_all_start_at_once_are_of_one_size() -> None:
    assert {len(group) for group in groups_of(IDS[:1000], 10_000, 200, 20)} == {125}


def test_campaigns_of_one_time_are_spread_over_the_groups() -> None:
    groups = groups_of(IDS[:1000], 50_000, 200, 10)
    of_one_time = set(IDS[500:600])
    assert all(len(of_one_time & set(group)) <= len(group) / 10 + 2 for group in groups)


def test_a_small_account_is_not_cut() -> None:
    assert not is_big(3_800, 200)
    assert is_big(3_801, 200)
    assert groups_of(IDS[:1], 50_000, 200, 10) == []


def test_statuses_are_those_of_the_level() -> None:
    conditions: list[dict[str, Any]] = [
        {"field": "ad.effective_status", "operator": "IN", "value": ["ACTIVE", "ARCHIVED"]},
        {"field": "campaign.effective_status", "operator": "IN", "value": ["DELETED"]},
        {"field": "ad.updated_time", "operator": "GREATER_THAN", "value": 7},
    ]
    assert statuses_of(conditions, "ad") == {"ACTIVE", "ARCHIVED"}
    assert statuses_of([], "ad") == set()
