"""What insights of the sandbox refuse, leave out and choose."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integration_tests.insights_client import ALL_STATUSES, DAYS, Graph, sandboxes, with_features
from integration_tests.sandbox import breakdown_rules


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


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"fields": ["impresions"]}, 100, "(#100) impresions is not valid for fields param."),
    ({"fields": ["age"]}, 100, "(#100) age is not valid for fields param."),
    ({"fields": ["labels"]}, 100, "(#100) labels is not valid for fields param."),
    ({"fields": ["relevance_score"]}, 100, "is not valid for fields param."),
    ({"breakdowns": ["contry"]}, 100, "(#100) breakdowns[0] must be one of the following values: "),
    ({"breakdowns": ["dma"]}, 100, "(#100) breakdowns[0] must be one of the following values: "),
    ({"action_breakdowns": ["action_typ"]}, 100, "(#100) action_breakdowns[0] must be one of the following values: "),
    ({"level": "keyword"}, 100, "(#100) level must be one of"),
    ({"date_preset": "lifetime"}, 100, "date_preset must be one of"),
    ({"time_increment": 91}, 100, "time_increment"),
    ({"time_increment": "weekly"}, 100, "time_increment"),
    ({"time_range": {"since": "2026-11-20", "until": "2026-11-10"}}, 100, "time_range"),
    ({"time_range": {"since": "20.11.2026", "until": "2026-11-10"}}, 100, "time_range"),
    ({"time_range": {"since": "2023-10-23", "until": "2026-11-10"}}, 3018,
     "(#3018) The start date of the time range cannot be beyond 37 months from the current date"),
    ({"sort": ["impressions"]}, 100, "ort"),
    ({"sort": ["nonsense_descending"]}, 100, "not valid for sort"),
    ({"filtering": [{"field": "ad.nonsense", "operator": "IN", "value": ["1"]}]}, 100, "ad.nonsense"),
    ({"filtering": [{"field": "ad.id", "operator": "LIKE", "value": ["1"]}]}, 100, "filtering[0][operator]"),
    ({"filtering": [{"field": "ad.effective_status", "operator": "IN", "value": ["GONE"]}]}, 100, "ARCHIVED"),
    ({"action_attribution_windows": ["3d_click"]}, 100, "action_attribution_windows[0]"),
    ({"summary": ["nonsense"]}, 100, "not valid for summary"),
    ({"breakdowns": ["mmm"], "level": "adset"}, 100, "mmm"),
    ({"after": "nonsense"}, 2642, "ursor"),
]  # fmt: skip


@pytest.mark.parametrize(("params", "code", "words"), REFUSED, ids=[json.dumps(case[0])[:60] for case in REFUSED])
def test_what_meta_refuses_is_refused(graph: Graph, params: dict[str, Any], code: int, words: str) -> None:
    error = graph.refusal(**params)
    assert (error["code"], words in error["message"]) == (code, True), error


@pytest.mark.parametrize("case", breakdown_rules.rules()["documented"], ids=lambda case: "+".join(case[0]))
def test_every_documented_permutation_is_accepted(graph: Graph, case: tuple[list[str], bool]) -> None:
    columns = [name.partition("|")[0] for name in case[0]]
    actions = [name for name in columns if name.startswith("action_")]
    joined = ["action_type", "action_target_id", "action_destination"] if case[1] else []
    for action_breakdowns in (actions, [*actions, *(name for name in joined if name not in actions)]):
        body = graph.get(
            "act_1001/insights", breakdowns=[name for name in columns if name not in actions],
            action_breakdowns=action_breakdowns,
        )  # fmt: skip
        assert "data" in body, body


REFUSED_TOGETHER = (
    ["age", "region"], ["age", "gender", "country"], ["publisher_platform", "age"], ["platform_position"],
    ["image_asset", "body_asset"], ["impression_device"], ["body_asset", "country"],
)  # fmt: skip


@pytest.mark.parametrize("breakdowns", REFUSED_TOGETHER, ids="+".join)
def test_columns_that_do_not_go_together_are_named(graph: Graph, breakdowns: list[str]) -> None:
    named = ", ".join(sorted(["action_type", *breakdowns]))
    expected = f"(#100) Current combination of data breakdown columns ({named}) is invalid"
    assert graph.refusal(breakdowns=breakdowns)["message"] == expected


def test_actions_that_do_not_join_a_breakdown_are_refused(graph: Graph) -> None:
    for breakdowns, actions in (([], ["action_reaction", "action_device"]), (["country"], ["action_reaction"])):
        message = graph.refusal(breakdowns=breakdowns, action_breakdowns=actions)["message"]
        assert message.startswith("(#100) Current combination of data breakdown columns (")


def test_breakdowns_that_need_opting_in_come_back_empty(sandbox: Callable[..., Graph]) -> None:
    gated = {
        "impression_device": ["publisher_platform", "platform_position", "impression_device"],
        "time_of_day_viewer_tz": ["hourly_stats_aggregated_by_audience_time_zone"],
        "frequency_value": ["frequency_value"],
        "comscore": ["comscore_market"],
    }
    opted_in, graph = sandbox(accounts=with_features(*gated)), sandbox(accounts=with_features())
    for breakdowns in gated.values():
        asked: dict[str, Any] = {"breakdowns": breakdowns, "level": "ad", "fields": ["reach", "impressions"]}
        assert graph.insights(**asked) == []
        assert opted_in.insights(**asked)


def test_hourly_rows_have_no_reach_and_no_video(graph: Graph) -> None:
    hourly = "hourly_stats_aggregated_by_advertiser_time_zone"
    fields = ["impressions", "reach", "frequency", "unique_clicks", "video_play_actions", "actions"]
    rows = graph.insights(level="ad", time_increment=1, breakdowns=[hourly], fields=fields)
    assert {row[hourly] for row in rows} == {f"{hour:02d}:00:00 - {hour:02d}:59:59" for hour in range(24)}
    assert {(row["reach"], row["frequency"]) for row in rows} == {("0", "0")}
    assert not any({"unique_clicks", "video_play_actions"} & row.keys() for row in rows)
    off_meta = [each for row in rows for each in row.get("actions", ()) if "offsite" in each["action_type"]]
    assert off_meta == []


def test_rules_of_region_asset_and_frequency(graph: Graph, sandbox: Callable[..., Graph]) -> None:
    fields = ["impressions", "reach", "video_p25_watched_actions", "video_play_actions", "cpm"]
    region = {key for row in graph.insights(level="ad", breakdowns=["region"], fields=fields) for key in row}
    assert "video_play_actions" in region
    assert "video_p25_watched_actions" not in region
    asset = {key for row in graph.insights(level="ad", breakdowns=["body_asset"], fields=fields) for key in row}
    assert asset == {"impressions", "reach", "body_asset", "date_start", "date_stop"}
    opted_in = sandbox(accounts=with_features("frequency_value"))
    row = opted_in.insights(breakdowns=["frequency_value"], fields=fields)[0]
    assert row.keys() == {"reach", "frequency_value", "date_start", "date_stop"}


def test_reach_by_breakdown_is_kept_thirteen_months(sandbox: Callable[..., Graph]) -> None:
    graph = sandbox(accounts=with_features("frequency_value", created="2023-01-01"))
    old = {"since": "2025-10-01", "until": "2026-11-20"}
    asked: dict[str, Any] = {
        "level": "ad",
        "breakdowns": ["country"],
        "fields": ["reach", "cpp", "unique_clicks", "impressions"],
    }
    keys = {key for row in graph.insights(time_range=old, **asked) for key in row}
    assert keys == {"impressions", "country", "date_start", "date_stop"}
    assert "reach" in graph.insights(time_range=old, fields=["reach"])[0]
    hourly = ["hourly_stats_aggregated_by_advertiser_time_zone"]
    assert graph.insights(time_range=old, breakdowns=hourly) == []
    half_a_year = {"since": "2026-05-01", "until": "2026-11-20"}
    assert graph.insights(time_range=half_a_year, breakdowns=["frequency_value"], fields=["reach"]) == []
    runs = [graph.call("POST", "act_1001/insights", time_range=old, **asked) for _ in range(11)]
    assert ["error" in run for run in runs] == [False] * 10 + [True]
    graph.finished(runs[0]["report_run_id"])
    rows = graph.rows(f"{runs[0]['report_run_id']}/insights")
    assert any("reach" in row for row in rows)
    assert not any("unique_clicks" in row for row in rows)


def test_archived_and_deleted_count_for_their_parents_and_are_listed_when_asked_for(
    sandbox: Callable[..., Graph],
) -> None:
    graph = sandbox(accounts=with_features(campaigns=20, changes={"retired_share": 0.3}))
    days = {"since": "2026-01-01", "until": "2026-11-20"}
    asked: dict[str, Any] = {"level": "ad", "fields": ["ad_id", "impressions"], "time_range": days}
    listed = graph.insights(**asked)
    everything = graph.insights(**asked, filtering=ALL_STATUSES)
    (whole,) = graph.insights(fields=["impressions"], time_range=days)
    assert len(listed) < len(everything)
    assert sum(int(row["impressions"]) for row in everything) == int(whole["impressions"])
    gone = next(row for row in everything if row["ad_id"] not in {each["ad_id"] for each in listed})
    (own,) = graph.insights(gone["ad_id"], fields=["impressions"], time_range=days)
    assert own["impressions"] == gone["impressions"]


def test_filters_on_ids_names_and_metrics(graph: Graph) -> None:
    rows = graph.insights(level="ad", fields=["ad_id", "ad_name", "impressions"])
    chosen = [row["ad_id"] for row in rows[:2]]

    def ids(field: str, operator: str, value: Any) -> set[str]:
        filtering = [{"field": field, "operator": operator, "value": value}]
        return {row["ad_id"] for row in graph.insights(level="ad", fields=["ad_id"], filtering=filtering)}

    assert ids("ad.id", "IN", chosen) == set(chosen)
    assert ids("ad.id", "EQUAL", chosen[0]) == {chosen[0]}
    assert ids("ad.name", "CONTAIN", rows[0]["ad_name"]) == {rows[0]["ad_id"]}
    many = {row["ad_id"] for row in rows if int(row["impressions"]) > 1000}
    assert ids("impressions", "GREATER_THAN", 1000) == ids("ad.impressions", "GREATER_THAN", 1000) == many
    assert 0 < len(many) < len(rows)


def test_sort_and_summary(graph: Graph) -> None:
    asked: dict[str, Any] = {"level": "ad", "fields": ["impressions", "actions"]}
    body = graph.get(
        "act_1001/insights", time_range=DAYS, sort=["impressions_descending"], default_summary=True, **asked
    )
    counts = [int(row["impressions"]) for row in body["data"]]
    assert counts == sorted(counts, reverse=True)
    assert int(body["summary"]["impressions"]) == sum(counts)
    clicks = [
        sum(int(each["value"]) for each in row.get("actions", ()) if each["action_type"] == "link_click")
        for row in graph.insights(sort=["actions:link_click_ascending"], **asked)
    ]
    assert clicks == sorted(clicks)


def test_a_product_limit_caps_the_products(graph: Graph) -> None:
    asked: dict[str, Any] = {"level": "ad", "breakdowns": ["product_id"], "fields": ["ad_id"]}
    most = max(map(len, _by_ad(graph.insights(**asked)).values()))
    assert most > 2 == max(map(len, _by_ad(graph.insights(product_id_limit=2, **asked)).values()))


def _by_ad(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["ad_id"], []).append(row["product_id"])
    return found
