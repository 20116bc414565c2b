"""Meta's rules on what a report may combine: every rule has its case, and says what to write instead."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.insights.breakdowns import check_report
from source_meta_ads.insights.reports import Report, built_in_reports

HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"


def found(severity: str, version: str = "v26.0", **keys: Any) -> list[str]:
    problems = check_report(Report(name="r", **keys), version)
    return [problem.message for problem in problems if problem.severity == severity]


@pytest.mark.parametrize("report", built_in_reports("v26.0"), ids=lambda report: report.name)
def test_no_built_in_report_is_an_error(report: Report) -> None:
    assert [problem for problem in check_report(report) if problem.severity == "error"] == []


ERRORS: list[tuple[dict[str, Any], list[str]]] = [
    ({"breakdowns": ["dma"]}, ["dma", "2026-06-22", "comscore_market"]),
    (
        {"breakdowns": ["platform_position"]},
        ["platform_position", "breakdowns publisher_platform and platform_position"],
    ),
    ({"breakdowns": ["impression_device"]}, ["by itself", "publisher_platform and impression_device"]),
    ({"breakdowns": ["impression_device"], "action_breakdowns": ["action_type"]}, ["by itself"]),
    ({"breakdowns": ["age", "region"]}, ["age and region", "breakdowns age, and region in a report of its own"]),
    ({"breakdowns": ["gender", "age", "country"]}, ["refuses", "breakdowns gender and age, and country"]),
    ({"breakdowns": ["publisher_platform", "age"]}, ["publisher_platform and age"]),
    ({"breakdowns": ["image_asset", "body_asset"]}, ["only with age and gender", "body_asset in a report of its own"]),
    ({"breakdowns": ["title_asset", "country"]}, ["title_asset", "not with country"]),
    ({"breakdowns": ["video_asset"], "fields": ["spend", "cpc"]}, ["cpc", "impressions, clicks, spend, reach"]),
    ({"breakdowns": [HOURLY], "fields": ["unique_clicks"]}, ["unique_clicks", HOURLY]),
    ({"breakdowns": [HOURLY], "fields": ["video_play_actions"]}, ["video_play_actions", HOURLY]),
    ({"breakdowns": ["region"], "fields": ["video_p25_watched_actions"]}, ["video_p25_watched_actions", "region"]),
    ({"breakdowns": ["frequency_value"], "fields": ["spend"]}, ["spend", "only reach"]),
    ({"breakdowns": ["skan_conversion_id", "app_id"], "fields": ["spend"]}, ["only total_postbacks"]),
    ({"breakdowns": ["mmm"], "level": "ad"}, ["mmm", "set level to adset"]),
    ({"breakdowns": ["mmm", "age"], "level": "adset"}, ["nothing else", "not with age"]),
    ({"breakdowns": ["mmm"], "level": "adset", "action_breakdowns": ["action_type"]}, ["not with action_type"]),
    ({"breakdowns": ["mmm"], "level": "adset", "fields": ["clicks"]}, ["clicks", "impressions and spend"]),
    ({"breakdowns": ["place_page_id"], "level": "account"}, ["place_page_id", "account", "campaign"]),
    ({"action_attribution_windows": ["7d_click", "7d_view"]}, ["7d_view", "2026-01-12", "1d_view"]),
    ({"action_attribution_windows": ["28d_view"]}, ["28d_view", "1d_view"]),
    (
        {"action_attribution_windows": ["1d_view", "7d_view", "28d_click"]},
        ["attribution windows 1d_view and 28d_click"],
    ),
    ({"fields": ["country", "spend"]}, ["country", "under breakdowns"]),
    (
        {"breakdowns": ["region"], "fields": ["clicks", "video_p25_watched_actions"]},
        ["report: fields clicks, and video"],
    ),
    ({"breakdowns": [HOURLY], "fields": ["cost_per_unique_click"]}, ["cost_per_unique_click", HOURLY]),
]


@pytest.mark.parametrize(("keys", "words"), ERRORS, ids=[str(each[0]) for each in ERRORS])
def test_what_meta_refuses_is_an_error_that_names_the_rule(keys: dict[str, Any], words: list[str]) -> None:
    errors = found("error", **keys)
    assert any(all(word in error for word in words) for error in errors), errors


VALID: list[dict[str, Any]] = [
    {},
    {"breakdowns": ["age", "gender"], "action_breakdowns": ["action_type", "action_destination"]},
    {"breakdowns": ["publisher_platform", "platform_position"], "action_breakdowns": ["action_device"]},
    {"breakdowns": ["publisher_platform", "device_platform"], "action_breakdowns": ["action_type"]},
    {"action_breakdowns": ["action_reaction", "action_type"]},
    {"breakdowns": ["age"], "action_breakdowns": ["action_carousel_card_name"]},
    {"breakdowns": ["image_asset", "age"], "fields": ["impressions", "ad_name", "account_currency"]},
    {"breakdowns": [HOURLY], "fields": ["impressions", "spend"]},
    {"breakdowns": ["mmm"], "level": "adset", "fields": ["impressions", "spend"]},
    {"breakdowns": ["age"], "fields": ["age", "spend"]},
    {"action_report_time": "mixed"},
]


@pytest.mark.parametrize("keys", VALID, ids=str)
def test_a_documented_report_has_no_finding(keys: dict[str, Any]) -> None:
    assert check_report(Report(name="r", **keys)) == []


WARNINGS: list[tuple[dict[str, Any], list[str]]] = [
    ({"breakdowns": ["country", "publisher_platform"]}, ["country and publisher_platform", "breakdowns country, and"]),
    ({"breakdowns": ["country"], "action_breakdowns": ["action_reaction"]}, ["country and action_reaction"]),
    ({"breakdowns": ["sot_channel"]}, ["sot_channel"]),
    ({"breakdowns": ["publisher_platform", "impression_device"]}, ["impression_device", "opted in"]),
    ({"breakdowns": ["hourly_stats_aggregated_by_audience_time_zone"]}, ["time_of_day_viewer_tz"]),
    ({"breakdowns": ["frequency_value"]}, ["frequency_value", "opted in"]),
    ({"breakdowns": ["comscore_market"]}, ["comscore", "opted in"]),
    ({"breakdowns": [HOURLY], "fields": ["reach"]}, ["reach", "always 0"]),
    ({"breakdowns": ["image_asset"], "level": "account"}, ["image_asset", "dynamic creative"]),
    ({"level": "campaign", "fields": ["ad_name"]}, ["ad_name", "campaign"]),
    ({"level": "account", "fields": ["objective"]}, ["objective", "account"]),
    ({"fields": ["wish_bid"]}, ["wish_bid"]),
    ({"action_report_time": "conversion"}, ["action_report_time"]),
    ({"time_increment_period": "all_days"}, ["start_date"]),
    ({"time_increment_period": "weekly", "time_increment": 3}, ["time_increment", "weekly"]),
    ({"breakdown": ["age"]}, ["breakdown"]),
]


@pytest.mark.parametrize(("keys", "words"), WARNINGS, ids=[str(each[0]) for each in WARNINGS])
def test_what_is_doubtful_is_a_warning_and_no_error(keys: dict[str, Any], words: list[str]) -> None:
    assert found("error", **keys) == []
    warnings = found("warning", **keys)
    assert any(all(word in warning for word in words) for warning in warnings), warnings


def test_an_older_version_is_held_against_what_it_has() -> None:
    assert any("v23.0" in each for each in found("error", version="v22.0", breakdowns=["comscore_market"]))
    assert any("v25.0" in each for each in found("warning", version="v25.0", fields=["shop_clicks", "spend"]))
    assert found("warning", fields=["shop_clicks"]) == []


def test_a_report_all_of_whose_fields_the_version_lacks_is_impossible() -> None:
    (error,) = found("error", version="v25.0", fields=["shop_clicks"])
    assert all(word in error for word in ("shop_clicks", "v25.0", "impressions and spend", "v26.0"))
    assert found("error", version="v25.0", fields=["shop_clicks", "spend"]) == []


def test_errors_come_before_warnings() -> None:
    problems = check_report(Report(name="r", breakdowns=["impression_device"]))
    assert [problem.severity for problem in problems] == ["error", "warning"]


names = st.lists(st.sampled_from(sorted(table().breakdowns)), max_size=4, unique=True)
actions = st.lists(st.sampled_from(table().action_breakdowns), max_size=3, unique=True)


@given(breakdowns=names, action_breakdowns=actions, level=st.sampled_from(sorted(table().levels)))
def test_any_report_gets_a_verdict_in_single_sentences(
    breakdowns: list[str], action_breakdowns: list[str], level: str
) -> None:
    report = Report(name="r", breakdowns=breakdowns, action_breakdowns=action_breakdowns, level=level)
    for problem in check_report(report):
        assert problem.message
        assert "\n" not in problem.message
        assert not problem.message.endswith(".")
    assert set(report.request_fields(None)) >= {"account_id", *table().levels[level].key}


def test_every_name_in_the_rules_is_a_name_of_the_table() -> None:
    known = table()
    columns = {*known.breakdowns, *known.action_breakdowns}
    combinations = known.combinations
    for each in (*combinations.with_joinable, *combinations.alone, *combinations.refused, combinations.joinable):
        assert each <= columns
    for breakdown in known.breakdowns.values():
        assert {*(breakdown.joins or ()), *filter(None, [breakdown.requires, breakdown.instead])} <= columns
        assert {breakdown.level, breakdown.not_at_level, breakdown.empty_at_level} <= {None, *known.levels}
    windows = known.attribution_windows
    assert {*windows.default, *windows.dead, *windows.dead.values(), windows.incrementality} <= set(windows.names)
    assert known.operators_of_lists <= set(known.filtering_operators)
