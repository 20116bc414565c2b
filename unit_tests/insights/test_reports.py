"""What a report asks of Meta and what its rows are: built-in ones and those of the user's own alike."""

from __future__ import annotations

import typing
from datetime import date, timedelta
from typing import Any

import pytest
from airbyte_cdk.sources.utils.casing import camel_to_snake
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads import config
from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.insights.reports import NO_VALUE, Report, built_in_reports, shape_row
from source_meta_ads.insights.windows import Window
from source_meta_ads.schemas.fields import load_node

SINCE, UNTIL = date(2026, 11, 1), date(2026, 11, 7)
THREE = ["action_type", "action_target_id", "action_destination"]
# The streams of source-facebook-marketing 6.1.9, said again: name → breakdowns, action breakdowns (None: configured).
PRESETS: dict[str, tuple[list[str], list[str] | None]] = {
    "ads_insights": ([], None),
    "ads_insights_action_carousel_card": ([], ["action_carousel_card_id", "action_carousel_card_name"]),
    "ads_insights_action_conversion_device": (["device_platform"], ["action_type"]),
    "ads_insights_action_product_id": (["product_id"], []),
    "ads_insights_action_reaction": ([], ["action_reaction"]),
    "ads_insights_action_type": ([], ["action_type"]),
    "ads_insights_action_video_sound": ([], ["action_video_sound"]),
    "ads_insights_action_video_type": ([], ["action_video_type"]),
    "ads_insights_age_and_gender": (["age", "gender"], THREE),
    "ads_insights_comscore_market": (["comscore_market"], THREE),
    "ads_insights_country": (["country"], THREE),
    "ads_insights_delivery_device": (["device_platform"], ["action_type"]),
    "ads_insights_delivery_platform": (["publisher_platform"], ["action_type"]),
    "ads_insights_delivery_platform_and_device_platform": (["publisher_platform", "device_platform"], ["action_type"]),
    "ads_insights_demographics_age": (["age"], ["action_type"]),
    "ads_insights_demographics_comscore_market_region": (["comscore_market"], ["action_type"]),
    "ads_insights_demographics_country": (["country"], ["action_type"]),
    "ads_insights_demographics_gender": (["gender"], ["action_type"]),
    "ads_insights_platform_and_device": (
        ["publisher_platform", "platform_position", "impression_device"], ["action_type"],
    ),
    "ads_insights_region": (["region"], THREE),
}  # fmt: skip


# Ours: name → level, breakdowns, what Meta's time_increment says.
OURS: dict[str, tuple[str, list[str], int | str]] = {
    "account_insights": ("account", [], 1),
    "account_insights_all_days": ("account", [], "all_days"),
    "account_insights_monthly": ("account", [], "monthly"),
    "account_insights_weekly": ("account", [], 7),
    "ads_insights_hourly": ("ad", ["hourly_stats_aggregated_by_advertiser_time_zone"], 1),
    "ads_insights_platform_and_position": ("ad", ["publisher_platform", "platform_position"], 1),
    "adset_insights": ("adset", [], 1),
    "campaign_insights": ("campaign", [], 1),
    "campaign_insights_age_and_gender": ("campaign", ["age", "gender"], 1),
    "campaign_insights_all_days": ("campaign", [], "all_days"),
    "campaign_insights_country": ("campaign", ["country"], 1),
    "campaign_insights_monthly": ("campaign", [], "monthly"),
    "campaign_insights_weekly": ("campaign", [], 7),
}


def own(**keys: Any) -> Report:
    return Report(name="r", **keys)


def params(**keys: Any) -> dict[str, Any]:
    return own(**keys).request_params(SINCE, UNTIL, ["spend"])


def columns(report: Report, version: str = "v26.0") -> set[str]:
    return set(report.json_schema(version)["properties"])


def test_the_built_in_reports_are_those_of_airbytes_connector() -> None:
    built_in = [each for each in built_in_reports("v26.0") if each.name not in OURS]
    assert {each.stream_name: (each.breakdowns, each.action_breakdowns) for each in built_in} == PRESETS
    assert {(each.level, each.increment_days, each.is_custom) for each in built_in} == {("ad", 1, False)}
    assert all(each.model_extra == {} for each in built_in)


def test_the_built_in_reports_beside_them_have_higher_levels_longer_increments_and_hours() -> None:
    built_in = [each for each in built_in_reports("v26.0") if each.name not in PRESETS]
    assert {each.stream_name: (each.level, each.breakdowns, each.increment) for each in built_in} == OURS
    assert all((each.action_breakdowns, each.is_custom, each.model_extra) == (["action_type"], False, {})
               for each in built_in)  # fmt: skip


@pytest.mark.parametrize("report", built_in_reports("v26.0"), ids=lambda report: report.name)
def test_the_columns_of_a_built_in_report_suit_its_level(report: Report) -> None:
    above = {"ad": 0, "adset": 1, "campaign": 2, "account": 3}[report.level]
    ids = ["ad_id", "adset_id", "campaign_id", "account_id"]
    assert columns(report) & set(ids) == set(ids[above:])
    assert ("quality_ranking" in columns(report)) == (report.level == "ad")
    assert ("objective" in columns(report)) == (report.level != "account")


def test_a_version_without_a_breakdown_has_no_report_by_it() -> None:
    names = {each.name for each in built_in_reports("v22.0")}
    assert set(PRESETS) - names == {"ads_insights_comscore_market", "ads_insights_demographics_comscore_market_region"}


def test_the_list_of_built_in_reports_is_the_callers_own() -> None:
    built_in_reports("v26.0").clear()
    assert built_in_reports("v26.0")


@pytest.mark.parametrize(
    ("name", "stream"),
    [("My_Report", "custom_my__report"), ("by_platform", "customby_platform"), ("ROASDaily", "custom_roas_daily")],
)
def test_a_stream_of_the_users_own_is_called_as_airbyte_calls_it(name: str, stream: str) -> None:
    assert Report(name=name).stream_name == stream


@given(st.text(min_size=1))
def test_any_name_is_cased_as_airbytes_cdk_does(name: str) -> None:
    assert Report(name=name).stream_name == camel_to_snake(f"Custom{name}")


@pytest.mark.parametrize(
    ("level", "key"),
    [("ad", ["ad_id"]), ("adset", ["adset_id"]), ("campaign", ["campaign_id"]), ("account", [])],
)
def test_the_key_is_date_account_object_and_breakdowns_in_order(level: str, key: list[str]) -> None:
    report = own(level=level, breakdowns=["publisher_platform", "image_asset"])
    assert list(report.primary_key) == ["date_start", "account_id", *key, "publisher_platform", "image_asset_id"]


@pytest.mark.parametrize(
    "report", [own(level="campaign", breakdowns=["title_asset", "age"]), *built_in_reports("v26.0")]
)
def test_every_key_column_is_in_the_schema(report: Report) -> None:
    assert set(report.primary_key) <= columns(report)


@pytest.mark.parametrize(
    ("keys", "days", "param"),
    [
        ({}, 1, 1),
        ({"time_increment": 89}, 89, 89),
        ({"time_increment_period": "weekly"}, 7, 7),
        ({"time_increment_period": "monthly"}, None, "monthly"),
        ({"time_increment_period": "all_days"}, None, "all_days"),
    ],
)
def test_the_increment_is_days_weeks_months_or_all(keys: dict[str, Any], days: int | None, param: Any) -> None:
    assert own(**keys).increment_days == days
    assert params(**keys)["time_increment"] == param


def test_rows_of_archived_and_deleted_objects_are_asked_for() -> None:
    (condition,) = params(level="adset")["filtering"]
    assert (condition["field"], condition["operator"]) == ("adset.effective_status", "IN")
    assert {"ARCHIVED", "DELETED", "CAMPAIGN_PAUSED"} <= set(condition["value"])
    assert "filtering" not in params(level="account")


def test_the_users_own_filters_come_beside_it_unless_they_are_about_the_status() -> None:
    named = {"field": "campaign.name", "operator": "CONTAIN", "value": "sale"}
    first, second = params(filtering=[named])["filtering"]
    assert first == named
    assert second["field"] == "ad.effective_status"
    active = {"field": "ad.effective_status", "operator": "IN", "value": ["ACTIVE"]}
    assert params(filtering=[active])["filtering"] == [active]


def test_an_operator_of_lists_gets_a_list_also_of_one() -> None:
    (first, _) = params(filtering=[{"field": "ad.id", "operator": "IN", "value": "1"}])["filtering"]
    assert first["value"] == ["1"]


def test_the_statuses_are_those_that_the_configuration_knows() -> None:
    for level, choices in (
        ("ad", config.AdStatus), ("adset", config.AdSetStatus), ("campaign", config.CampaignStatus)
    ):  # fmt: skip
        assert set(table().levels[level].statuses) == set(typing.get_args(choices))


def test_the_optional_windows_come_after_the_default_ones() -> None:
    assert params()["action_attribution_windows"] == ["1d_click", "7d_click", "28d_click", "1d_view"]
    both = params(include_incrementality=True, include_engaged_view=True)
    assert both["action_attribution_windows"][4:] == ["incrementality", "1d_ev"]
    only = params(action_attribution_windows=["1d_ev"], include_engaged_view=True)
    assert only["action_attribution_windows"] == ["1d_ev"]


def test_an_empty_list_of_action_breakdowns_is_sent_and_an_absent_one_is_not() -> None:
    assert params(action_breakdowns=[])["action_breakdowns"] == []
    assert not {"action_breakdowns", "breakdowns", "action_report_time", "limit"} & params().keys()


@pytest.mark.parametrize(
    ("name", "default", "allow_empty", "expected"),
    [
        ("ads_insights", None, True, THREE),
        ("ads_insights", ["action_type"], True, ["action_type"]),
        ("ads_insights", [], True, []),
        ("ads_insights", [], False, THREE),
        ("ads_insights_action_product_id", ["action_type"], False, []),
        ("ads_insights_action_type", ["action_device"], True, ["action_type"]),
    ],
)
def test_the_configured_action_breakdowns_are_those_of_ads_insights_alone(
    name: str, default: list[str] | None, allow_empty: bool, expected: list[str]
) -> None:
    report = next(each for each in built_in_reports("v26.0") if each.name == name)
    assert report.settled_action_breakdowns(default, allow_empty=allow_empty) == expected


@pytest.mark.parametrize("given_", [None, []])
def test_a_report_of_the_users_own_without_action_breakdowns_has_none_unless_empty_is_no_answer(given_: Any) -> None:
    report = own(action_breakdowns=given_)
    assert report.settled_action_breakdowns(["action_device"], allow_empty=True) == []
    assert report.settled_action_breakdowns(["action_device"], allow_empty=False) == THREE


def test_a_copy_with_the_configurations_settings_stays_what_it_is() -> None:
    report = built_in_reports("v26.0")[0].model_copy(update={"insights_job_timeout": 10, "insights_lookback_window": 3})
    assert (report.is_custom, report.job_timeout, report.lookback_days) == (False, timedelta(minutes=10), 3)
    assert (own().job_timeout, own().lookback_days) == (timedelta(minutes=60), 28)


def test_some_breakdowns_are_kept_for_fewer_months() -> None:
    hourly = "hourly_stats_aggregated_by_advertiser_time_zone"
    months = [own(breakdowns=each).retention_months for each in ([], ["age"], [hourly], ["frequency_value"])]
    assert months == [37, 37, 13, 6]


def test_only_selected_fields_and_the_key_are_asked_for() -> None:
    report = own(level="campaign", breakdowns=["country", "age"])
    asked = report.request_fields({"date_start", "spend", "country", "no_such_column"}, "v26.0")
    assert asked == ["account_id", "campaign_id", "spend"]


@pytest.mark.parametrize("report", [own(level=level) for level in table().levels] + built_in_reports("v26.0"))
def test_asked_fields_are_columns_that_meta_has_and_no_breakdowns(report: Report) -> None:
    asked = report.request_fields(None, "v26.0")
    assert len(asked) == len(set(asked)) > 50
    assert set(asked) <= columns(report) & set(load_node("AdsInsights", "v26.0").fields)
    assert not set(asked) & {*report.breakdowns, "wish_bid", "date_start", "date_stop"}


def test_a_report_about_campaigns_has_no_columns_of_ads() -> None:
    assert not {"ad_id", "ad_name", "adset_id", "adset_name"} & columns(own(level="campaign"))
    assert "campaign_name" in columns(own(level="campaign"))


def test_metrics_that_a_breakdown_rules_out_are_columns_but_not_asked_for() -> None:
    report = own(breakdowns=["image_asset"])
    metrics = set(report.request_fields(None, "v26.0")) - set(table().fields.not_metrics)
    assert metrics == {"impressions", "clicks", "spend", "reach", "actions", "action_values"}
    region = next(each for each in built_in_reports("v26.0") if each.name == "ads_insights_region")
    assert "video_p25_watched_actions" not in region.request_fields(None, "v26.0")
    assert "video_p25_watched_actions" in columns(region)


def test_chosen_fields_make_the_columns_beside_the_key() -> None:
    report = own(fields=["spend", "actions", "wish_bid"], breakdowns=["body_asset"])
    assert columns(report) == {
        "date_start", "date_stop", "account_id", "ad_id", "spend", "actions", "body_asset", "body_asset_id",
    }  # fmt: skip
    types = {name: each["type"] for name, each in report.json_schema("v26.0")["properties"].items()}
    assert (types["spend"], types["body_asset"]) == (["null", "number"], ["null", "object"])


def test_a_field_that_the_version_lacks_is_left_out() -> None:
    newer = set(load_node("AdsInsights", "v26.0").fields) - set(load_node("AdsInsights", "v25.0").fields)
    report = own(fields=["spend", min(newer)])
    assert min(newer) in report.request_fields(None, "v26.0")
    assert min(newer) not in report.request_fields(None, "v25.0")
    assert min(newer) not in columns(report, "v25.0")


def test_an_assets_id_is_put_beside_the_asset() -> None:
    row = {"spend": "1", "image_asset": {"hash": "h", "id": "77"}}
    assert shape_row(own(breakdowns=["image_asset"]), row) == {**row, "image_asset_id": "77"}


@pytest.mark.parametrize("row", [{"spend": "1"}, {"spend": "1", "gender": None, "image_asset": None}])
def test_a_row_that_lacks_a_breakdown_is_kept_under_a_value_of_its_own(row: dict[str, Any]) -> None:
    shaped = shape_row(own(breakdowns=["gender", "image_asset"]), row)
    assert (shaped["spend"], shaped["gender"], shaped["image_asset_id"]) == ("1", NO_VALUE, NO_VALUE)
    assert "unknown" not in NO_VALUE.lower()


def test_a_breakdowns_own_value_is_left_as_it_is() -> None:
    row = {"gender": "unknown", "age": ""}
    assert shape_row(own(breakdowns=["gender", "age"]), row) == row


def test_objective_results_come_back_as_results_and_get_their_name_again() -> None:
    assert shape_row(own(fields=["objective_results"]), {"results": [1]}) == {"objective_results": [1]}
    both = shape_row(own(fields=["objective_results", "results"]), {"results": [1]})
    assert both == {"objective_results": [1], "results": [1]}
    assert shape_row(own(fields=["results"]), {"results": [1]}) == {"results": [1]}


def test_shaping_leaves_the_row_it_was_given_alone() -> None:
    row = {"results": [1]}
    shape_row(own(fields=["objective_results"], breakdowns=["age"]), row)
    assert row == {"results": [1]}


def test_null_means_absent_and_repeated_names_count_once() -> None:
    assert own(fields=None, breakdowns=None, level=None, time_increment=None) == own()
    assert own(breakdowns=["age", "gender", "age"]).breakdowns == ["age", "gender"]


def test_days_are_read_from_dates_and_date_times() -> None:
    report = own(start_date="2026-01-02T03:04:05Z", end_date="")
    assert (report.start_date, report.end_date) == (date(2026, 1, 2), None)


def test_request_days_are_both_inclusive() -> None:
    window = Window(SINCE, UNTIL)
    asked = own().request_params(window.since, window.until, ["spend"])
    assert asked["time_range"] == {"since": "2026-11-01", "until": "2026-11-07"}
    assert asked["fields"] == ("spend",)
