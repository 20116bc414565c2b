"""Two hundred reports that a seed made up, and every built-in one, equal the sandbox's truth over two syncs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integration_tests.connector import Connector
from integration_tests.generated import GeneratedReport, built_in_report, generated_reports
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import Truth, differences

SEED = 20261124
COUNT = 200
PER_READ = 20
TODAY = date(2026, 11, 24)
TIMEZONES = {"1001": "America/Los_Angeles", "1002": "Asia/Tokyo"}
FEATURES = ["impression_device", "comscore", "frequency_value", "time_of_day_viewer_tz"]
# The clock stands still while a sync runs: its truth is one moment's.
WORLD: dict[str, Any] = {
    "seed": 3,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "jobs": {"seconds": [0.0, 0.05]},
    "tokens": [{"token": "tok-all", "scopes": ["ads_read"]}],
    "accounts": [
        {
            "id": "1001", "timezone": TIMEZONES["1001"], "features": FEATURES,
            "campaigns": 3, "adsets_per_campaign": 1, "ads_per_adset": 2,
            "changes": {"archive_rate": 0.02, "delete_rate": 0.02, "retired_share": 0.3, "new_campaign_days": 15},
        },
        {
            "id": "1002", "timezone": TIMEZONES["1002"], "currency": "JPY",
            "campaigns": 1, "adsets_per_campaign": 1, "ads_per_adset": 2, "changes": {"new_campaign_days": 30},
        },
    ],
}  # fmt: skip
REPORTS = generated_reports(SEED, COUNT, TODAY)
GROUPS = [REPORTS[first : first + PER_READ] for first in range(0, COUNT, PER_READ)]
# Days that the clock moves on between the two syncs, group by group.
MOVES = [1, 3, 10, 40]


@pytest.fixture
def sandbox() -> Iterator[Truth]:
    handle = serve_in_thread(WORLD)
    try:
        yield Truth(handle.url)
    finally:
        handle.stop()


def todays(truth: Truth) -> dict[str, date]:
    now = truth.clock()
    return {account: now.astimezone(ZoneInfo(zone)).date() for account, zone in TIMEZONES.items()}


def reader(truth: Truth, **config: Any) -> Connector:
    credentials = {"auth_type": "Service", "access_token": "tok-all"}
    return Connector(truth.url, {"credentials": credentials, "start_date": "2026-11-10", **config}, haste=10)


def test_the_generated_reports_are_of_every_kind() -> None:
    levels = {report.row["level"] for report in REPORTS}
    increments = {str(report.increment) for report in REPORTS}
    breakdowns = {name for report in REPORTS for name in report.row.get("breakdowns", ())}
    assert levels == {"account", "campaign", "adset", "ad"}
    assert {"1", "7", "monthly", "all_days"} <= increments
    assert {"image_asset", "product_id", "hourly_stats_aggregated_by_advertiser_time_zone", "age"} <= breakdowns
    assert len({str(sorted(report.row.items(), key=str)) for report in REPORTS}) == COUNT


@pytest.mark.parametrize("group", range(len(GROUPS)))
def test_made_up_reports_equal_the_truth_over_two_syncs(sandbox: Truth, group: int) -> None:
    reports, move = GROUPS[group], MOVES[group % len(MOVES)]
    connector = reader(sandbox, custom_insights=[dict(report.row) for report in reports])
    check_two_syncs(sandbox, connector, reports, move)


def check_two_syncs(
    truth: Truth, connector: Connector, reports: list[GeneratedReport], move: int, few: set[str] | None = None
) -> None:
    """Read, move the clock, read again: what is held equals the truth both times."""
    names = [report.stream for report in reports]
    days = todays(truth)
    columns = sorted({column for report in reports for column in report.columns}) if few else None
    first = connector.read(names, columns=columns)
    assert (first.exit_code, first.errors) == (0, [])
    before = {report.stream: report.true_rows(truth, TIMEZONES) for report in reports}
    wrong = {}
    for report in reports:
        found = differences(first.records(report.stream), before[report.stream], report.key, report.columns)
        if found:
            wrong[str(report.row)] = found[:5]
    assert wrong == {}
    truth.advance_days(move)
    second = connector.read(names, first.state, columns=columns)
    assert (second.exit_code, second.errors) == (0, [])
    for report in reports:
        after = report.true_rows(truth, TIMEZONES)
        true = report.after_two_syncs(before[report.stream], after, days)
        held = [*first.records(report.stream), *second.records(report.stream)]
        found = differences(held, true, report.key, report.columns)
        if found:
            wrong[str(report.row)] = found[:5]
    assert wrong == {}
    # An equality of nothing proves nothing: nearly all of them have to have rows.
    assert sum(map(bool, before.values())) >= 0.85 * len(reports)


# What source-facebook-marketing asks, and users of it therefore expect, where that is not action_type alone.
JOINED = ("action_type", "action_target_id", "action_destination")
ACTIONS_OF_PRESETS: dict[str, tuple[str, ...]] = {
    "ads_insights": JOINED,
    "ads_insights_action_carousel_card": ("action_carousel_card_id", "action_carousel_card_name"),
    "ads_insights_action_product_id": (),
    "ads_insights_action_reaction": ("action_reaction",),
    "ads_insights_action_video_sound": ("action_video_sound",),
    "ads_insights_action_video_type": ("action_video_type",),
    "ads_insights_age_and_gender": JOINED,
    "ads_insights_comscore_market": JOINED,
    "ads_insights_country": JOINED,
    "ads_insights_region": JOINED,
}
PRESET_START = "2026-11-18"
# After 40 days there is too much to read every column of every report.
FEW = {"impressions", "spend", "clicks", "reach", "frequency", "actions", "action_values", "unique_clicks", "ad_name"}


@pytest.mark.parametrize(("move", "few"), [(3, None), (40, FEW)])
def test_every_built_in_report_equals_the_truth_over_two_syncs(sandbox: Truth, move: int, few: set[str] | None) -> None:
    connector = reader(sandbox, start_date=PRESET_START)
    presets = [
        built_in_report(name, stream, PRESET_START, ACTIONS_OF_PRESETS.get(name, ("action_type",)), few)
        for name, stream in connector.streams().items()
        if "insights" in name
    ]
    assert len(presets) >= 20
    check_two_syncs(sandbox, connector, presets, move, few)
