"""What went wrong in other connectors when they read insights, each as a fact that holds here.

Who had it stands beside the test: dlt's facebook_ads, Meltano's and singer-io's tap-facebook, Estuary, ingestr,
Airbyte's source-facebook-marketing 6.1.9; all as of 2026-11.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from integration_tests.connector import Connector
from integration_tests.truth import Asked, Truth, differences, keyed

HASTE = 60
START = "2026-11-18"
COLUMNS = ["impressions", "spend", "ad_id", "account_id", "date_start", "date_stop"]
DAILY_KEY = ("date_start", "account_id", "ad_id")
WORLD: dict[str, Any] = {
    "seed": 7,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": HASTE},
    "jobs": {"seconds": [0.0, 5.0], "clock": "sandbox"},
    "tokens": [{"token": "tok-secret-1", "scopes": ["ads_read"]}],
    "accounts": [
        {"id": "1001", "timezone": "America/Los_Angeles", "campaigns": 2, "adsets_per_campaign": 2, "ads_per_adset": 2},
    ],
}  # fmt: skip

Sandboxes = Callable[..., Truth]


def reader(truth: Truth, **config: Any) -> Connector:
    credentials = {"auth_type": "Service", "access_token": "tok-secret-1"}
    return Connector(truth.url, {"credentials": credentials, "start_date": START, **config}, haste=HASTE)


def account(**settings: Any) -> dict[str, Any]:
    return {**WORLD["accounts"][0], **settings}


# Keys


@pytest.mark.parametrize("breakdowns", [["country"], ["age", "gender"], ["publisher_platform", "platform_position"]])
def test_rows_that_differ_in_a_breakdown_alone_are_all_kept(sandboxes: Sandboxes, breakdowns: list[str]) -> None:
    """By dlt's key, which lacks the breakdowns, 20 of 60 rows were left; by singer's one country a day."""
    truth = sandboxes()
    connector = reader(truth, custom_insights=[{"name": "b", "breakdowns": breakdowns, "fields": ["impressions"]}])
    key = [part[0] for part in connector.streams()["customb"]["source_defined_primary_key"]]
    records = connector.read(["customb"]).records("customb")
    assert len(keyed(records, key)) == len(records) > len(keyed(records, DAILY_KEY))
    true = truth.report(Asked(tuple(breakdowns), ()), ("1001",), START, "2026-12-31", ["impressions", "ad_id"])
    assert len(records) == len(true)


@pytest.mark.parametrize(("level", "own"), [("account", []), ("campaign", ["campaign_id"]), ("adset", ["adset_id"])])
def test_the_key_follows_the_level(sandboxes: Sandboxes, level: str, own: list[str]) -> None:
    """In Meltano's tap it holds ad_id also where no row has one."""
    connector = reader(sandboxes(), custom_insights=[{"name": "l", "level": level, "fields": ["impressions"]}])
    key = [part[0] for part in connector.streams()["customl"]["source_defined_primary_key"]]
    assert sorted(key) == sorted(["date_start", "account_id", *own])
    records = connector.read(["customl"]).records("customl")
    assert records
    assert all(record.get(column) for record in records for column in key)


def test_a_row_without_the_breakdown_that_was_asked_for_is_kept(sandboxes: Sandboxes) -> None:
    """Airbyte's connector drops it without a word."""
    truth = sandboxes(insights={"keyless_rows": True}, accounts=[account(campaigns=6)])
    column = "hourly_stats_aggregated_by_advertiser_time_zone"
    report = {"name": "hours", "breakdowns": [column], "fields": ["impressions", "actions"],
              "action_breakdowns": ["action_type"]}  # fmt: skip
    records = reader(truth, custom_insights=[report]).read(["customhours"]).records("customhours")
    asked = Asked((column,), ("action_type",))
    true = truth.report(asked, ("1001",), START, "2026-12-31", ["impressions", "actions", "ad_id"])
    without = [row for row in true if column not in row]
    assert without
    assert len(records) == len(true)
    assert sum(":" not in record[column] for record in records) == len(without)
    assert all(record[column] for record in records)


# Days


def test_no_day_is_read_twice_nor_one_past_the_end(sandboxes: Sandboxes) -> None:
    """Meltano's tap and Estuary's ask `until` a day too late, so inner days come twice and one day too many."""
    records = reader(sandboxes(), end_date="2026-11-21").read(["ads_insights"], columns=COLUMNS).records("ads_insights")
    assert {record["date_start"] for record in records} == {f"2026-11-{day}" for day in (18, 19, 20, 21)}
    assert max(Counter(tuple(record[part] for part in DAILY_KEY) for record in records).values()) == 1


def test_a_first_read_asks_for_no_day_before_the_start(sandboxes: Sandboxes) -> None:
    """Singer's tap asks for the lookback window before start_date too."""
    records = reader(sandboxes()).read(["ads_insights"], columns=COLUMNS).records("ads_insights")
    assert min(record["date_start"] for record in records) == START


@pytest.mark.parametrize(
    ("now", "timezone", "last"),
    [
        ("2026-11-24T23:30:00Z", "Asia/Tokyo", "2026-11-25"),
        ("2026-11-25T03:30:00Z", "America/Los_Angeles", "2026-11-24"),
    ],
)
def test_today_is_the_accounts_own(sandboxes: Sandboxes, now: str, timezone: str, last: str) -> None:
    """For singer's tap, Estuary's and most others it is UTC's."""
    truth = sandboxes(clock={"now": now, "speed": 1}, jobs={"clock": "real", "seconds": [0, 0.1]}, accounts=[account(timezone=timezone)])  # fmt: skip # noqa: E501
    (state,) = reader(truth).read(["ads_insights"], columns=COLUMNS).state
    assert state["stream"]["stream_state"]["1001"]["date_start"] == last


def test_weeks_and_months_have_one_row_each_whatever_the_day_of_the_sync(sandboxes: Sandboxes) -> None:
    """A window that begins with the day of the sync makes another `date_start`, and so another row, each day."""
    truth = sandboxes()
    reports = [
        {"name": period, "time_increment_period": period, "fields": ["impressions"], "level": "campaign"}
        for period in ("weekly", "monthly")
    ]
    connector = reader(truth, start_date="2026-10-20", custom_insights=reports)
    names = ["customweekly", "custommonthly"]
    first = connector.read(names)
    truth.advance_days(2)
    second = connector.read(names, first.state)
    held = {name: first.records(name) + second.records(name) for name in names}
    weeks = {date.fromisoformat(record["date_start"]) for record in held["customweekly"]}
    assert weeks
    assert {day.weekday() for day in weeks} == {0}
    assert {record["date_start"] for record in held["custommonthly"]} == {"2026-10-01", "2026-11-01"}


def test_late_conversions_reach_days_already_read(sandboxes: Sandboxes) -> None:
    """Ingestr and dlt re-read seven days or none, while Meta attributes for 28."""
    truth = sandboxes()
    connector = reader(truth, start_date="2026-11-01")
    columns = [*COLUMNS, "actions", "action_values"]
    first = connector.read(["ads_insights"], columns=columns)
    truth.advance_days(20)
    second = connector.read(["ads_insights"], first.state, columns=columns)
    true = truth.report(Asked(), ("1001",), "2026-11-01", "2026-12-31", columns)
    held = first.records("ads_insights") + second.records("ads_insights")
    assert differences(first.records("ads_insights"), true, DAILY_KEY, columns) != []
    assert differences(held, true, DAILY_KEY, columns) == []


# Calls


def test_results_are_not_read_25_rows_a_page(sandboxes: Sandboxes) -> None:
    """Meta's default, and the page size of singer's, Meltano's and dlt's: 20 times the calls."""
    truth = sandboxes(accounts=[account(ads_per_adset=8)])
    output = reader(truth).read(["ads_insights_country"], columns=[*COLUMNS, "country"])
    rows = len(output.records("ads_insights_country"))
    pages = [call for call in truth.journal() if call["edge"] == "insights" and call["method"] == "GET"]
    assert rows > 100
    assert max(call["rows"] for call in pages) > 25
    assert len(pages) <= rows / 25


def test_many_days_share_a_report_run(sandboxes: Sandboxes) -> None:
    """Airbyte's, singer's, dlt's and ingestr's make one run a day, one after the other."""
    truth = sandboxes()
    reader(truth, start_date="2026-10-28").read(["ads_insights"], columns=COLUMNS)
    made = [call for call in truth.journal() if call["edge"] == "insights" and call["method"] == "POST"]
    assert len(made) <= 28 / 4


def test_report_runs_of_accounts_and_reports_are_under_way_together(sandboxes: Sandboxes) -> None:
    """Everywhere but at Estuary's and ingestr's one run is waited for before the next is made."""
    accounts = [account(id=str(1001 + number)) for number in range(3)]
    truth = sandboxes(accounts=accounts, jobs={"seconds": [60.0, 61.0]})
    reader(truth).read(["ads_insights", "ads_insights_country"], columns=[*COLUMNS, "country"])
    kinds = [(call["edge"], call["method"]) for call in truth.journal() if "insights" in (call["edge"], call["path"])]
    first_page = kinds.index(("insights", "GET")) if ("insights", "GET") in kinds else len(kinds)
    assert kinds[:first_page].count(("insights", "POST")) >= 6


def test_no_call_is_made_only_to_read_a_header(sandboxes: Sandboxes) -> None:
    """Airbyte's connector asks for insights before each run, to see the throttle header."""
    truth = sandboxes()
    reader(truth).read(["ads_insights"], columns=COLUMNS)
    at_once = [call for call in truth.journal() if call["edge"] == "insights" and "act_" in call["path"]]
    made = [call for call in at_once if call["method"] == "POST"]
    assert all(call["rows"] for call in at_once if call["method"] == "GET")
    assert len(at_once) - len(made) <= 1


def test_the_token_is_in_no_address_and_in_no_output(sandboxes: Sandboxes) -> None:
    """`paging.next` holds it, and peers follow that address or send the token as a parameter."""
    truth = sandboxes(faults=[{"kind": "short_page", "limit": 4, "edge": "insights", "method": "GET"}])
    output = reader(truth).read(["ads_insights"], columns=COLUMNS)
    pages = [call for call in truth.journal() if call["edge"] == "insights" and call["method"] == "GET"]
    assert len(pages) > 3
    assert {call["token_in"] for call in truth.journal()} == {"header"}
    assert "tok-secret-1" not in output.text


# Errors


@pytest.mark.parametrize(
    "limit", [{"code": 80000, "subcode": 2446079}, {"code": 17, "subcode": 2446079}, {"code": 4, "subcode": 1504022}]
)
def test_a_rate_limit_is_not_taken_for_too_much_data(sandboxes: Sandboxes, limit: dict[str, int]) -> None:
    """Estuary's tries three times at once and then splits the run, so that a limit brings more calls."""
    calm, limited = (
        sandboxes(),
        sandboxes(faults=[{"kind": "error", **limit, "edge": "insights", "method": "POST", "nth": [1, 2, 3]}]),
    )
    made = []
    for truth in (calm, limited):
        output = reader(truth).read(["ads_insights"], columns=COLUMNS)
        assert output.errors == []
        posts = [call for call in truth.journal() if call["edge"] == "insights" and call["method"] == "POST"]
        made.append(sum(call["status"] == 200 for call in posts))
    assert made[0] == made[1]


def test_a_rate_limit_longer_than_any_retry_is_waited_out(sandboxes: Sandboxes) -> None:
    """Singer's and Airbyte's retry for seconds or a few minutes, Databricks' gives up: the block lasts longer."""
    truth = sandboxes(limits={"score": {"limit": 8, "block_seconds": 300, "decay_seconds": 300}})
    output = reader(truth).read(["ads_insights"], columns=COLUMNS)
    assert (output.exit_code, output.errors) == (0, [])
    true = truth.report(Asked(), ("1001",), START, "2026-12-31", COLUMNS)
    assert differences(output.records("ads_insights"), true, DAILY_KEY, COLUMNS) == []


def test_a_limit_of_one_account_leaves_the_others_alone(sandboxes: Sandboxes) -> None:
    """Everywhere else one account's block stops the run."""
    accounts = [account(), account(id="1002")]
    rule = {"kind": "error", "code": 80000, "subcode": 2446079, "edge": "insights", "account": "1001", "nth": [1, 2]}
    truth = sandboxes(accounts=accounts, faults=[rule])
    output = reader(truth).read(["ads_insights"], columns=COLUMNS)
    assert output.errors == []
    order = [record["account_id"] for record in output.records("ads_insights")]
    assert set(order) == {"1001", "1002"}
    assert order[0] == "1002"


def test_a_failed_report_run_fails_its_account_and_keeps_its_days_out_of_the_state(sandboxes: Sandboxes) -> None:
    """Where an error ends a slice as if it were read (source-google-ads did), its days are never asked for again."""
    rule = {"kind": "error", "code": 200, "edge": "insights", "account": "1002"}
    truth = sandboxes(accounts=[account(), account(id="1002")], faults=[rule])
    output = reader(truth).read(["ads_insights"], columns=COLUMNS)
    assert output.exit_code == 1
    assert any("act_1002" in error for error in output.errors)
    (state,) = output.state
    assert "date_start" not in state["stream"]["stream_state"].get("1002", {})
    truth.set_faults()
    again = reader(truth).read(["ads_insights"], output.state, columns=COLUMNS)
    true = truth.report(Asked(), ("1001", "1002"), START, "2026-12-31", COLUMNS)
    held = output.records("ads_insights") + again.records("ads_insights")
    assert differences(held, true, DAILY_KEY, COLUMNS) == []


def test_an_unknown_error_is_shown_as_meta_said_it(sandboxes: Sandboxes) -> None:
    """Airbyte's connector fell over an unset variable instead, and told errors apart by words of their texts."""
    rule = {
        "kind": "error", "code": 1, "status": 400, "message": "An unknown error occurred", "edge": "insights",
        "user_title": "Something else",
    }  # fmt: skip
    output = reader(sandboxes(faults=[rule])).read(["ads_insights"], columns=COLUMNS)
    assert output.exit_code == 1
    assert any("An unknown error occurred" in error or "Something else" in error for error in output.errors)
    assert "Traceback" not in output.text


def test_a_run_that_is_complete_but_not_yet_at_100_percent_is_not_read(sandboxes: Sandboxes) -> None:
    """Meta says Job Completed a moment before the rows are there; others read too early and fail or miss rows."""
    truth = sandboxes(jobs={"completes_early": True, "seconds": [20.0, 40.0]})
    output = reader(truth).read(["ads_insights"], columns=COLUMNS)
    assert output.errors == []
    assert not [call for call in truth.journal() if call["edge"] == "insights" and call["code"]]


# State


def test_a_changed_time_increment_is_said_and_read_anew(sandboxes: Sandboxes) -> None:
    """Airbyte's connector ignores the state without a warning, and so would leave or repeat rows unnoticed."""
    truth = sandboxes()
    own = {"name": "own", "fields": ["impressions"], "level": "campaign"}
    first = reader(truth, custom_insights=[own]).read(["customown"])
    changed = reader(truth, custom_insights=[{**own, "time_increment": 2}])
    second = changed.read(["customown"], first.state)
    assert any("time_increment" in log["message"] for log in second.of("log") if log["level"] == "WARN")
    true = truth.report(
        Asked((), (), "campaign", 2), ("1001",), START, "2026-12-31", ["impressions", "campaign_id", "account_id"]
    )
    key = ("date_start", "account_id", "campaign_id")
    assert differences(second.records("customown"), true, key, ["impressions", "date_stop"]) == []


def test_a_longer_lookback_goes_on_from_the_same_state(sandboxes: Sandboxes) -> None:
    """An option that says nothing about the rows' keys must not throw their state away."""
    truth = sandboxes()
    first = reader(truth, start_date="2026-10-01", insights_lookback_window=1).read(["ads_insights"], columns=COLUMNS)
    second = reader(truth, start_date="2026-10-01", insights_lookback_window=5).read(
        ["ads_insights"], first.state, columns=COLUMNS
    )
    days = {record["date_start"] for record in second.records("ads_insights")}
    assert days
    assert min(days) > "2026-11-10"


def test_state_of_the_official_connector_is_gone_on_from(sandboxes: Sandboxes) -> None:
    """Changing over must not cost a read of years."""
    saved = {"1001": {"date_start": "2026-11-20", "slices": ["2026-11-22"]}, "time_increment": 1}
    state = {
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": "ads_insights"}, "stream_state": saved},
    }
    connector = reader(sandboxes(), start_date="2026-09-01", insights_lookback_window=2)
    days = {row["date_start"] for row in connector.read(["ads_insights"], [state], columns=COLUMNS).records("ads_insights")}  # fmt: skip # noqa: E501
    assert min(days) == "2026-11-18"
    assert "2026-11-22" in days


def test_an_account_added_later_gets_its_history_and_the_others_go_on(sandboxes: Sandboxes) -> None:
    truth = sandboxes(accounts=[account(), account(id="1002")])
    early = reader(truth, start_date="2026-10-01", insights_lookback_window=2)
    first = early.with_config(account_ids=["1001"]).read(["ads_insights"], columns=COLUMNS)
    second = early.with_config(account_ids=["1001", "1002"]).read(["ads_insights"], first.state, columns=COLUMNS)
    oldest = {
        number: min(row["date_start"] for row in second.records("ads_insights") if row["account_id"] == number)
        for number in ("1001", "1002")
    }
    assert oldest["1001"] >= "2026-11-22"
    assert oldest["1002"] < "2026-10-15"


# Figures


def test_rows_of_archived_and_deleted_ads_make_the_sums_whole(sandboxes: Sandboxes) -> None:
    """Without them sums over ads fall short of the account's, the most frequent complaint about every peer."""
    changes = {"retired_share": 0.5, "archive_rate": 0.05, "delete_rate": 0.05}
    truth = sandboxes(accounts=[account(campaigns=6, changes=changes)])
    total = {"name": "total", "level": "account", "fields": ["spend", "impressions"]}
    output = reader(truth, start_date="2026-10-20", custom_insights=[total]).read(
        ["ads_insights", "customtotal"], columns=COLUMNS
    )
    for metric in ("spend", "impressions"):
        sums = [sum(row[metric] or 0 for row in output.records(name)) for name in ("ads_insights", "customtotal")]
        assert sums[0] == pytest.approx(sums[1])
        assert sums[0] > 0


def test_a_metric_that_meta_left_out_is_not_zero(sandboxes: Sandboxes) -> None:
    truth = sandboxes()
    output = reader(truth).read(["ads_insights"], columns=[*COLUMNS, "estimated_ad_recallers", "cpc", "clicks"])
    true = truth.report(
        Asked(), ("1001",), START, "2026-12-31", ["estimated_ad_recallers", "cpc", "clicks", "ad_id", "account_id"]
    )
    for column in ("estimated_ad_recallers", "cpc"):
        absent = {tuple(row[part] for part in DAILY_KEY) for row in true if column not in row}
        assert absent
        rows = keyed(output.records("ads_insights"), DAILY_KEY)
        assert {rows[each].get(column) for each in absent} == {None}


def test_own_action_breakdowns_do_not_change_the_counts_of_actions(sandboxes: Sandboxes) -> None:
    """The default of dlt's, none, counted actions wrongly where a report asked for some."""
    truth = sandboxes()
    reports = [
        {"name": "bare", "fields": ["actions"], "action_breakdowns": ["action_type"]},
        {"name": "split", "fields": ["actions"], "action_breakdowns": ["action_type", "action_reaction"]},
    ]
    output = reader(truth, custom_insights=reports).read(["custombare", "customsplit"])
    sums = []
    for name in ("custombare", "customsplit"):
        counts: Counter[str] = Counter()
        for row in output.records(name):
            for action in row.get("actions") or []:
                counts[action["action_type"]] += int(float(action["value"]))
        sums.append(counts)
    assert sums[0] == sums[1]
    assert sums[0]
