"""Insights of the sandbox: figures that add up, and rows as Meta writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_tests.insights_client import ADDITIVE, ALL_STATUSES, DAYS, Graph, sandboxes, totals, with_features
from integration_tests.sandbox.figures import split
from integration_tests.sandbox.insights_query import tables
from integration_tests.sandbox.periods import PRESETS


@pytest.fixture(scope="module")
def graph() -> Iterator[Graph]:
    """A sandbox that no test changes."""
    with sandboxes() as made:
        yield made()


@pytest.fixture
def sandbox() -> Iterator[Callable[..., Graph]]:
    """Makes sandboxes with other settings."""
    with sandboxes() as made:
        yield made


@given(
    st.integers(0, 10**7), st.lists(st.integers(1, 10**6), min_size=1, max_size=60), st.integers(0, 2**64),
)  # fmt: skip
def test_a_split_adds_up_and_no_part_is_off_by_one(total: int, weights: list[int], chance: int) -> None:
    sums = [sum(weights[: n + 1]) for n in range(len(weights))]
    parts = dict(split(total, sums, chance))
    assert sum(parts.values()) == total
    for cell, weight in enumerate(weights):
        assert abs(parts.get(cell, 0) - total * weight / sums[-1]) < 1


BREAKDOWNS = (
    ["country"], ["region"], ["country", "region"], ["age"], ["gender"], ["age", "gender"], ["publisher_platform"],
    ["publisher_platform", "platform_position"], ["publisher_platform", "device_platform"], ["device_platform"],
    ["hourly_stats_aggregated_by_advertiser_time_zone"], ["body_asset"], ["body_asset", "age", "gender"],
    ["user_segment_key"],
)  # fmt: skip


@pytest.mark.parametrize("breakdowns", BREAKDOWNS, ids=",".join)
@pytest.mark.parametrize("account", ["1001", "1002"])
def test_a_breakdown_shares_the_totals_out_exactly(graph: Graph, account: str, breakdowns: list[str]) -> None:
    fields = [*ADDITIVE, "spend"]
    whole = graph.insights(f"act_{account}", fields=fields)
    parts = graph.insights(f"act_{account}", fields=fields, breakdowns=breakdowns)
    assert totals(parts)[0] == totals(whole)[0] > 0
    if breakdowns[0] == "body_asset":
        assert {row["body_asset"]["id"] for row in parts}
    else:
        assert totals(parts) == totals(whole)
        assert all(set(breakdowns) <= row.keys() for row in parts)


@pytest.mark.parametrize("level", ["campaign", "adset", "ad"])
@pytest.mark.parametrize("increment", [1, 3, 7, "monthly", "all_days"])
def test_levels_and_increments_add_up(graph: Graph, level: str, increment: Any) -> None:
    filtering = [{"field": f"{level}.effective_status", "operator": "IN",
                  "value": tables()["effective_statuses"][level]}]  # fmt: skip
    fields = [*ADDITIVE, "spend", "reach"]
    parts = graph.insights(fields=fields, level=level, time_increment=increment, filtering=filtering)
    (whole,) = graph.insights(fields=fields)
    assert totals(parts) == totals([whole])
    assert sum(int(row["reach"]) for row in parts) > int(whole["reach"])


def test_actions_add_up_over_action_breakdowns_and_days(graph: Graph) -> None:
    def counted(rows: list[dict[str, Any]], kind: str, key: str) -> int:
        elements = [each for row in rows for each in row.get("actions", ()) if each["action_type"] == kind]
        return sum(int(each.get(key, 0)) for each in elements)

    windows = ["1d_click", "7d_click", "28d_click", "1d_view"]
    asked: dict[str, Any] = {"fields": ["actions"], "action_attribution_windows": windows}
    whole = graph.insights(**asked)
    split_up = graph.insights(
        **asked, level="ad", time_increment=1, filtering=ALL_STATUSES, breakdowns=["country"],
        action_breakdowns=["action_type", "action_target_id", "action_destination"],
    )  # fmt: skip
    for kind in ("link_click", "video_view", "offsite_conversion.fb_pixel_purchase", "omni_purchase"):
        for key in ("value", *windows):
            assert counted(whole, kind, key) == counted(split_up, kind, key)
    assert counted(whole, "link_click", "7d_click") > 0
    assert any("action_target_id" in each for row in split_up for each in row.get("actions", ()))


def test_without_action_breakdowns_each_array_has_one_element(graph: Graph) -> None:
    (row,) = graph.insights(fields=["actions", "outbound_clicks"], action_breakdowns=[])
    assert [set(each) for each in row["actions"]] == [{"value"}]
    assert [set(each) for each in row["outbound_clicks"]] == [{"value"}]


def test_windows_lie_within_each_other_and_those_without_a_value_are_left_out(graph: Graph) -> None:
    windows = ["1d_click", "7d_click", "28d_click", "7d_view", "28d_view", "dda"]
    for row in graph.insights(level="ad", fields=["actions"], action_attribution_windows=windows, time_increment=1):
        for each in row.get("actions", ()):
            assert not {"7d_view", "28d_view", "dda"} & each.keys()
            counts = [int(each.get(name, 0)) for name in windows[:3]]
            assert counts == sorted(counts)
            assert "0" not in [each.get(name) for name in windows]
    plain = graph.insights(fields=["actions"])
    assert all(set(each) == {"action_type", "value"} for row in plain for each in row["actions"])


def test_numbers_are_strings_and_what_has_no_value_is_left_out(graph: Graph) -> None:
    rows = graph.insights(level="ad", time_increment=1, fields=["ad_id", "impressions", "spend", "video_play_actions"])
    assert all(isinstance(row["impressions"], str) and isinstance(row["spend"], str) for row in rows)
    assert all(row["date_start"] == row["date_stop"] for row in rows)
    with_video = [row for row in rows if "video_play_actions" in row]
    assert 0 < len(with_video) < len(rows)
    assert all(int(row["impressions"]) > 0 for row in rows)
    asked = {row["ad_id"] for row in rows}
    days = {(row["ad_id"], row["date_start"]) for row in rows}
    assert len(days) == len(rows) < len(asked) * 11, "some days have no delivery, and no row"


def test_yen_have_no_decimals_and_dollars_two_at_most(graph: Graph) -> None:
    assert all("." not in row["spend"] for row in graph.insights("act_1002", level="ad", fields=["spend"]))
    cents = {len(row["spend"].partition(".")[2]) for row in graph.insights(level="ad", fields=["spend"])}
    assert cents <= {0, 1, 2}


def test_without_fields_there_are_a_few_and_every_row_has_its_dates(graph: Graph) -> None:
    row = graph.insights(level="ad")[0]
    assert row.keys() == {
        "account_id", "campaign_id", "adset_id", "ad_id", "impressions", "spend", "date_start", "date_stop",
    }  # fmt: skip
    assert (row["date_start"], row["date_stop"]) == ("2026-11-10", "2026-11-20")
    assert "account_id" not in graph.insights(level="ad", fields=["impressions"])[0]


def test_every_field_of_the_version_is_answered_and_most_have_values(graph: Graph) -> None:
    rows = graph.insights(level="ad", fields=tables()["fields"], time_increment=1, limit=50)
    assert len({key for row in rows for key in row}) > 95


def test_objective_results_come_as_results(graph: Graph) -> None:
    rows = graph.insights(level="adset", fields=["objective_results"])
    assert any("results" in row for row in rows)
    assert not any("objective_results" in row for row in rows)


@pytest.mark.parametrize("preset", tables()["date_presets"])
def test_every_date_preset_is_answered(graph: Graph, preset: str) -> None:
    body = graph.get("act_1001/insights", date_preset=preset)
    assert "data" in body
    assert preset in PRESETS


def test_the_default_days_are_the_last_thirty_without_today(graph: Graph) -> None:
    (row,) = graph.get("act_1001/insights")["data"]
    assert (row["date_start"], row["date_stop"]) == ("2026-10-25", "2026-11-23")


def test_time_ranges_may_overlap_and_make_a_row_each(graph: Graph) -> None:
    ranges = [DAYS, {"since": "2026-11-15", "until": "2026-11-22"}]
    rows = graph.get("act_1001/insights", time_ranges=ranges, time_increment=1)["data"]
    assert [row["date_stop"] for row in rows] == ["2026-11-20", "2026-11-22"]


def test_figures_change_for_28_days_and_never_again(sandbox: Callable[..., Graph]) -> None:
    graph = sandbox(accounts=with_features(campaigns=12))
    asked: dict[str, Any] = {
        "level": "ad", "fields": ["ad_id", "impressions", "actions", "action_values", "updated_time"],
        "action_attribution_windows": ["7d_click", "28d_click", "1d_view"], "filtering": ALL_STATUSES,
    }  # fmt: skip
    day = date(2026, 11, 23)
    changed = {}
    before = None
    for age in range(1, 40):
        now = graph.insights(time_range={"since": str(day), "until": str(day)}, **asked)
        changed[age] = before is not None and now != before
        before = now
        graph.control("clock", advance_days=1)
    assert changed[2]
    assert any(changed[age] for age in range(9, 29))
    assert not any(changed[age] for age in range(29, 40))


def test_today_holds_the_hours_that_are_over_and_the_future_nothing(graph: Graph) -> None:
    hourly = "hourly_stats_aggregated_by_advertiser_time_zone"
    today = {"since": "2026-11-24", "until": "2026-11-24"}
    rows = graph.insights(time_range=today, breakdowns=[hourly])
    assert {row[hourly][:2] for row in rows} <= {f"{hour:02d}" for hour in range(7)}, "it is seven o'clock out West"
    assert totals(rows)[0] == totals(graph.insights(time_range=today))[0] > 0
    tomorrow = str(date(2026, 11, 24) + timedelta(days=1))
    assert graph.insights(time_range={"since": tomorrow, "until": tomorrow}) == []


def test_off_meta_actions_can_come_in_rows_without_their_breakdown(sandbox: Callable[..., Graph]) -> None:
    graph = sandbox(insights={"keyless_rows": True})
    hourly = "hourly_stats_aggregated_by_advertiser_time_zone"
    rows = graph.insights(level="ad", time_increment=1, breakdowns=[hourly], fields=["impressions", "actions"])
    keyless = [row for row in rows if hourly not in row]
    assert keyless
    assert not any("impressions" in row for row in keyless)


def test_the_truth_is_what_a_reader_of_all_statuses_gets(graph: Graph) -> None:
    asked: dict[str, Any] = {
        "level": "ad",
        "time_increment": 1,
        "breakdowns": ["country"],
        "fields": ["spend", "actions"],
    }
    true = graph.control("truth/insights", account_id="1001", since="2026-11-10", until="2026-11-20", **asked)["data"]
    assert true == graph.insights(filtering=ALL_STATUSES, **asked)
    assert true


@pytest.mark.parametrize("windows", [["1d_click", "1d_view", "7d_click"], ["1d_view", "28d_click"], ["7d_click"]])
def test_the_windows_of_an_action_come_in_the_order_asked_for(graph: Graph, windows: list[str]) -> None:
    rows = graph.insights(fields=["actions", "cost_per_action_type"], action_attribution_windows=windows)
    elements = [each for row in rows for field in ("actions", "cost_per_action_type") for each in row[field]]
    keys = {tuple(each) for each in elements}
    assert ("action_type", "value", *windows) in keys
    # What has no count in a window lacks it, and nothing else changes.
    assert all(list(each) == [key for key in ("action_type", "value", *windows) if key in each] for each in elements)
