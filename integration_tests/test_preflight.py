"""Impossible reports fail before anything is read, doubtful ones are asked about, and presets equal the truth."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from integration_tests.connector import Connector, Output
from integration_tests.truth import Asked, Truth, differences, plain

START, UNTIL = "2026-11-10", "2026-12-31"
ACCOUNTS = ("1001", "1002")
HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
DEVICES, POSITIONS = "ads_insights_platform_and_device", "ads_insights_platform_and_position"
# The clock stands still, so that the truth is that of the sync's moment; ads were archived and deleted before it.
WORLD: dict[str, Any] = {
    "seed": 5,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "jobs": {"seconds": [0.0, 0.05]},
    "tokens": [{"token": "tok-all", "scopes": ["ads_read"]}],
    "accounts": [
        {
            "id": "1001", "name": "West", "campaigns": 2, "adsets_per_campaign": 2, "ads_per_adset": 2,
            "features": ["impression_device"],
            "changes": {"archive_rate": 0.03, "delete_rate": 0.03, "retired_share": 0.3},
        },
        {
            "id": "1002", "name": "Ost", "timezone": "Asia/Tokyo", "currency": "JPY",
            "campaigns": 2, "adsets_per_campaign": 1, "ads_per_adset": 2,
        },
    ],
}  # fmt: skip
TYPE = ("action_type",)
PRESETS = {
    POSITIONS: Asked(("publisher_platform", "platform_position"), TYPE),
    "ads_insights_hourly": Asked((HOURLY,), TYPE),
    "adset_insights": Asked((), TYPE, level="adset"),
    "campaign_insights": Asked((), TYPE, level="campaign"),
    "campaign_insights_country": Asked(("country",), TYPE, level="campaign"),
    "campaign_insights_age_and_gender": Asked(("age", "gender"), TYPE, level="campaign"),
    "account_insights": Asked((), TYPE, level="account"),
    "campaign_insights_weekly": Asked((), TYPE, level="campaign", time_increment=7),
    "campaign_insights_monthly": Asked((), TYPE, level="campaign", time_increment="monthly"),
    "campaign_insights_all_days": Asked((), TYPE, level="campaign", time_increment="all_days"),
    "account_insights_weekly": Asked((), TYPE, level="account", time_increment=7),
    "account_insights_monthly": Asked((), TYPE, level="account", time_increment="monthly"),
    "account_insights_all_days": Asked((), TYPE, level="account", time_increment="all_days"),
}
# Where calendar increments begin, so that the truth has the same ones: the 9th is a Monday.
STARTS = {7: "2026-11-09", "monthly": "2026-11-01"}


def with_report(connector: Connector, **report: Any) -> Connector:
    return connector.with_config(custom_insights=[{"name": "r", "fields": ["spend", "impressions"], **report}])


def warnings(output: Output) -> list[str]:
    """The warnings of a run, without the words that name it."""
    found = [log["message"] for log in output.of("log") if log["level"] == "WARN"]
    return [re.sub(r" \[run=[^\]]*\]$", "", message) for message in found]


def probes(truth: Truth) -> list[Mapping[str, Any]]:
    """The synchronous insights calls: the questions put before reading."""
    return [call for call in truth.journal() if call["method"] == "GET" and call["path"].endswith("/insights")
            and "/act_" in call["path"]]  # fmt: skip


def check_equal(
    connector: Connector, truth: Truth, name: str, asked: Asked, records: Sequence[Mapping[str, Any]], since: str
) -> None:
    stream = connector.streams()[name]
    columns = list(stream["json_schema"]["properties"])
    fields = [column for column in columns if column not in asked.breakdowns]
    true = truth.report(asked, ACCOUNTS, since, UNTIL, fields)
    assert true, f"the sandbox has nothing for {name}: the test would prove nothing"
    key = [part[0] for part in stream["source_defined_primary_key"]]
    assert differences(records, true, key, columns) == []
    assert len(records) == len(true)


def test_an_account_without_the_opt_in_is_named_with_the_stream_to_read_instead(
    connector: Connector, truth: Truth
) -> None:
    output = connector.read([DEVICES, POSITIONS])
    assert (output.exit_code, output.errors) == (0, [])
    (warning,) = [each for each in warnings(output) if "impression_device" in each]
    assert all(word in warning for word in ("act_1002 (Ost)", "feature-settings", POSITIONS))
    assert {row["account_id"] for row in output.records(DEVICES)} == {"1001"}
    check_equal(connector, truth, POSITIONS, PRESETS[POSITIONS], output.records(POSITIONS), START)
    # One for the account that has rows, two for the one that has none; the other stream asks nothing.
    assert len(probes(truth)) == 3


def test_nothing_is_asked_about_streams_that_are_not_read(connector: Connector, truth: Truth) -> None:
    output = with_report(connector, breakdowns=["country", "age"]).read(["campaigns", "campaign_insights"])
    assert (output.exit_code, probes(truth), warnings(output)) == (0, [], [])


IMPOSSIBLE: list[tuple[dict[str, Any], list[str]]] = [
    ({"breakdowns": ["dma"]}, ["dma", "2026-06-22", "comscore_market"]),
    ({"breakdowns": ["age", "region"]}, ["age and region", "nearest valid report: breakdowns age"]),
    ({"breakdowns": ["region"], "fields": ["spend", "video_p25_watched_actions"]}, ["nearest valid report", "spend"]),
    ({"breakdowns": ["place_page_id"], "level": "account"}, ["place_page_id", "campaign"]),
    ({"action_attribution_windows": ["28d_view"]}, ["28d_view", "1d_view"]),
]


@pytest.mark.parametrize(("report", "words"), IMPOSSIBLE, ids=[str(each[0]) for each in IMPOSSIBLE])
def test_an_impossible_report_fails_check_discover_and_read_in_one_sentence(
    connector: Connector, truth: Truth, report: dict[str, Any], words: list[str]
) -> None:
    known = connector.streams()
    broken = Known(connector.url, with_report(connector, **report).config, known)
    (status,) = broken.check().of("connectionStatus")
    discovered, read = broken.discover(), broken.read(["campaigns"])
    assert (status["status"], discovered.exit_code, read.exit_code) == ("FAILED", 1, 1)
    assert (discovered.of("catalog"), read.records("campaigns")) == ([], [])
    for message in (status["message"], *discovered.errors, *read.errors):
        assert all(word in message for word in ["custom_insights 'r'", *words]), message
        assert "\n" not in message
    assert len(discovered.errors) == len(read.errors) == 1
    assert truth.journal() == []


class Known(Connector):
    """Reads with a catalog that was discovered before the configuration broke."""

    def __init__(self, url: str, config: Mapping[str, Any], known: dict[str, dict[str, Any]]) -> None:
        super().__init__(url, config)
        self.known = known

    def streams(self) -> dict[str, dict[str, Any]]:
        return self.known


def test_a_doubtful_report_that_meta_refuses_fails_with_metas_words(connector: Connector, truth: Truth) -> None:
    own = with_report(connector, breakdowns=["country", "gender"])
    (status,) = own.check().of("connectionStatus")
    read = own.read(["customr"])
    for message in (status["message"], *read.errors):
        for word in ("Current combination of data breakdown columns", "nearest valid report: breakdowns"):
            assert word in message
    assert (status["status"], read.exit_code, len(read.errors)) == ("FAILED", 1, 1)
    assert len(probes(truth)) == 2


def test_a_doubtful_report_that_meta_accepts_warns_and_is_read(connector: Connector, truth: Truth) -> None:
    own = with_report(connector, fields=["actions"], action_breakdowns=["action_video_sound"])
    assert own.check().of("connectionStatus") == [{"status": "SUCCEEDED"}]
    output = own.read(["customr"])
    assert (output.exit_code, output.errors) == (0, [])
    (warning,) = warnings(output)
    assert "action_video_sound: Meta documents no report with it" in warning
    check_equal(own, truth, "customr", Asked((), ("action_video_sound",)), output.records("customr"), START)
    assert len(probes(truth)) == 2


def test_a_doubtful_report_that_meta_accepts_without_giving_rows_says_so(connector: Connector) -> None:
    output = with_report(connector, breakdowns=["media_type"]).read(["customr"])
    assert (output.exit_code, output.records("customr")) == (0, [])
    assert any("act_1001 (West)" in each and "no row for 30 days" in each for each in warnings(output))


def test_check_stays_cheap_with_many_doubtful_reports(connector: Connector, truth: Truth) -> None:
    names = ("media_type", "rule_set_id", "media_format", "placement_path", "sot_channel", "hsid", "media_id",
             "redownload", "existing_post_id", "landing_destination", "overlap_segment", "zip")  # fmt: skip
    reports = [{"name": name, "breakdowns": [name], "fields": ["spend"]} for name in names]
    assert connector.with_config(custom_insights=reports).check().of("connectionStatus") == [{"status": "SUCCEEDED"}]
    assert 0 < len(probes(truth)) <= 20


@pytest.mark.parametrize("fault", [{"code": 80000, "subcode": 2446079}, {"code": 1, "status": 500}, {"code": 200}])
def test_a_limit_or_failure_of_a_question_does_not_stop_a_read(
    connector: Connector, truth: Truth, fault: dict[str, Any]
) -> None:
    own = with_report(connector, fields=["actions"], action_breakdowns=["action_video_sound"])
    own = Connector(own.url, own.config, haste=100)
    truth.set_faults({"kind": "error", "method": "GET", "edge": "insights", "params": {"limit": "1"}, **fault})
    output = own.read(["customr"])
    assert (output.exit_code, output.errors) == (0, [])
    assert output.records("customr")
    assert any("Meta documents no report" in each for each in warnings(output))
    assert probes(truth)


def test_metrics_too_old_for_breakdowns_are_named_once_a_report(connector: Connector) -> None:
    old = with_report(
        connector, breakdowns=["country"], level="account", fields=["spend", "reach", "unique_clicks"],
        start_date="2025-10-20", end_date="2025-10-30",
    )  # fmt: skip
    output = old.read(["customr"])
    (warning,) = [each for each in warnings(output) if "leaves them out" in each]
    assert "reach, unique_clicks: Meta leaves them out before 2025-10-26" in warning
    assert [each for each in warnings(old.check()) if "leaves them out" in each] == [warning]
    again = old.read(["customr"], output.state)
    assert [each for each in warnings(again) if "leaves them out" in each] == []


def test_a_report_that_ends_before_anything_is_kept_fails_check_and_read(connector: Connector) -> None:
    old = with_report(connector, breakdowns=[HOURLY], start_date="2025-01-01", end_date="2025-02-01")
    (status,) = old.check().of("connectionStatus")
    read = old.read(["customr"])
    for message in (status["message"], *read.errors):
        assert all(word in message for word in ("2025-02-01", "13 months", "nearest valid report"))
    assert read.exit_code == 1


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_equals_the_truth(connector: Connector, truth: Truth, name: str) -> None:
    output = connector.read([name])
    assert (output.exit_code, output.errors) == (0, [])
    asked = PRESETS[name]
    check_equal(connector, truth, name, asked, output.records(name), STARTS.get(asked.time_increment, START))


@pytest.mark.parametrize("level", ["ad", "campaign", "account"])
@pytest.mark.parametrize(
    ("settings", "increment"),
    [
        ({"time_increment": 3}, 3),
        ({"time_increment": 14}, 14),
        ({"time_increment_period": "weekly"}, 7),
        ({"time_increment_period": "monthly"}, "monthly"),
        ({"time_increment_period": "all_days"}, "all_days"),
    ],
    ids=str,
)
def test_a_report_of_any_increment_equals_the_truth(
    connector: Connector, truth: Truth, level: str, settings: dict[str, Any], increment: int | str
) -> None:
    own = with_report(connector, level=level, fields=["spend", "impressions", "reach", "actions"], **settings)
    asked = Asked((), (), level=level, time_increment=increment)
    since = START if isinstance(increment, int) and increment != 7 else STARTS.get(increment, START)
    check_equal(own, truth, "customr", asked, own.read(["customr"]).records("customr"), since)


def test_the_sums_of_every_level_and_increment_meet_those_of_ads(connector: Connector, truth: Truth) -> None:
    truth.advance_days(10)
    monthly = connector.with_config(start_date="2026-11-01")
    names = ("ads_insights", "adset_insights", "campaign_insights", "account_insights", "account_insights_monthly",
             "campaign_insights_all_days", "ads_insights_hourly")  # fmt: skip
    output = monthly.read(names)
    # The edge leaves out archived and deleted ads unless asked for them.
    living = {ad["id"] for ad in truth.objects("ads", ACCOUNTS)}
    assert {row["ad_id"] for row in output.records("ads_insights")} - living
    for account in ACCOUNTS:
        for metric in ("impressions", "clicks", "spend"):
            sums = {
                name: sum(plain(row.get(metric)) or 0 for row in output.records(name) if row["account_id"] == account)
                for name in names
            }
            assert sums["ads_insights"] > 0
            assert list(sums.values()) == pytest.approx([sums["ads_insights"]] * len(sums)), (metric, sums)
