"""Days of the sandbox are corrected upwards: no row is taken back, and nothing that adds up falls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_tests.insights_client import Graph, sandboxes, with_features
from integration_tests.sandbox.figures import narrowed
from integration_tests.sandbox.hours import HOUR_CELLS

HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
# Hours: over the first midnight in steps, then what the age of a day makes of it.
AGES = [days * 24 for days in (1, 2, 3, 10, 40)]
# Half past midnight of 24 November.
ACCOUNTS = {"1001": "2026-11-24T08:30:00Z", "1002": "2026-11-23T15:30:00Z"}
BREAKDOWNS: tuple[list[str], ...] = (
    [], ["age", "gender"], ["publisher_platform", "platform_position", "impression_device"], ["country"],
    ["country", "region"], [HOURLY], ["product_id"], ["image_asset"],
    ["body_asset"], ["body_asset", "age", "gender"], ["user_segment_key"], ["frequency_value"],
)  # fmt: skip
NUMBERS = ("impressions", "clicks", "inline_link_clicks", "spend")


@pytest.fixture
def graph() -> Iterator[Graph]:
    with sandboxes() as made:
        yield made(accounts=with_features("impression_device", "frequency_value"))


def sums(rows: list[dict[str, Any]]) -> Counter[str]:
    """Every total of the rows that adds up: scalars, and actions by type and window."""
    found: Counter[str] = Counter()
    for row in rows:
        for name in NUMBERS:
            found[name] += round(100 * float(row.get(name, 0)))
        for name in ("actions", "action_values"):
            for each in row.get(name, ()):
                for window in each.keys() & {"value", "1d_click", "7d_click", "28d_click", "1d_view"}:
                    found[f"{name} {each['action_type']} {window}"] += round(100 * float(each[window]))
    return found


@pytest.mark.parametrize("breakdowns", BREAKDOWNS, ids=",".join)
@pytest.mark.parametrize("account", ACCOUNTS)
def test_no_row_is_taken_back_and_no_total_falls(graph: Graph, account: str, breakdowns: list[str]) -> None:
    asked: dict[str, Any] = {
        "account_id": account, "level": "ad", "since": "2026-11-22", "until": "2026-11-24", "time_increment": 1,
        "breakdowns": breakdowns, "fields": ["ad_id", "reach", *NUMBERS, "actions", "action_values"],
        "action_attribution_windows": ["1d_click", "7d_click", "28d_click", "1d_view"],
    }  # fmt: skip
    graph.control("clock", set=ACCOUNTS[account])
    held: set[str] = set()
    before: Counter[str] = Counter()
    for hours in [*([1] * 25 if breakdowns == [HOURLY] else [1, 1, 6, 8, 9]), *AGES]:
        graph.control("clock", advance_seconds=hours * 3600)
        rows = graph.control("truth/insights", **asked)["data"]
        keys = {json.dumps([row[name] for name in ("date_start", "ad_id", *breakdowns)]) for row in rows}
        assert len(keys) == len(rows)
        assert held <= keys
        now = sums(rows)
        assert all(now[name] >= total for name, total in before.items())
        held, before = keys, now
    assert {json.loads(key)[0] for key in held} >= {"2026-11-24"} or breakdowns == ["frequency_value"]


@given(st.integers(0, 2**64), st.lists(st.integers(0, 5000), min_size=1, max_size=5))
def test_a_corrected_split_keeps_its_cells(chance: int, totals: list[int]) -> None:
    grows = sorted(totals, reverse=True)
    parts = [dict(narrowed(grows[: n + 1], HOUR_CELLS.sums, chance)) for n in range(len(grows))]
    assert [sum(each.values()) for each in parts] == grows
    assert all(fewer.keys() <= more.keys() for more, fewer in pairwise(parts))
