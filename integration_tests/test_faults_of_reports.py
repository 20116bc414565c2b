"""Reports equal the truth whatever goes wrong on the way: every fault the sandbox has, and jobs of every fate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests

from integration_tests.connector import Connector, Output
from integration_tests.truth import REPORTS, Asked, Truth, differences, keyed

REPORT_NAMES = ("ads_insights", "ads_insights_country")
FIELDS = ["impressions", "spend", "clicks", "reach", "ad_name", "objective", "actions", "unique_clicks"]
COLUMNS = [*FIELDS, "account_id", "ad_id", "date_start", "date_stop", "country"]
START = "2026-11-16"
# The connector and the sandbox live so many times as fast as the rest of us: waits of minutes take seconds.
HASTE = 60
WORLD: dict[str, Any] = {
    "seed": 5,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": HASTE},
    "jobs": {"seconds": [0.0, 8.0], "clock": "sandbox"},
    "tokens": [{"token": "tok-all", "scopes": ["ads_read"]}],
    "accounts": [
        {"id": "1001", "timezone": "America/Los_Angeles", "campaigns": 2, "adsets_per_campaign": 2, "ads_per_adset": 2},
        {"id": "1002", "timezone": "Asia/Tokyo", "campaigns": 1, "adsets_per_campaign": 1, "ads_per_adset": 2},
    ],
}  # fmt: skip

Sandboxes = Callable[..., Truth]
KEYS = {
    "ads_insights": ("date_start", "account_id", "ad_id"),
    "ads_insights_country": ("date_start", "account_id", "ad_id", "country"),
}


def reader(truth: Truth, **config: Any) -> Connector:
    credentials = {"auth_type": "Service", "access_token": "tok-all"}
    return Connector(truth.url, {"credentials": credentials, "start_date": START, **config}, haste=HASTE)


def true_rows(truth: Truth, name: str) -> list[dict[str, Any]]:
    asked: Asked = REPORTS[name]
    return truth.report(asked, ("1001", "1002"), START, "2026-12-31", [*FIELDS, "account_id", "ad_id"])


def check_equal(truth: Truth, output: Output, but: tuple[str, ...] = ()) -> None:
    """Nothing failed, no row twice, and every row is the truth; cells of the columns `but` are not compared."""
    assert (output.exit_code, output.errors) == (0, [])
    for name in REPORT_NAMES:
        records, true = output.records(name), true_rows(truth, name)
        assert true
        compared = [column for column in COLUMNS if column not in but]
        assert differences(records, true, KEYS[name], compared) == []
        assert len(records) == len(keyed(records, KEYS[name]))


def hits(truth: Truth) -> int:
    answer = requests.get(f"{truth.url}/_sandbox/faults", timeout=30).json()
    return sum(rule["hits"] for rule in answer["data"])


# Where calls about reports go: the run is made and its rows are read at the edge insights, polled at the run itself.
EDGES = ["insights", "report run"]
PASSING: dict[str, list[dict[str, Any]]] = {
    "unknown error 1": [{"kind": "error", "code": 1, "message": "An unknown error occurred", "status": 500}],
    "unknown error 1/99": [{"kind": "error", "error": "unknown_99"}],
    "unavailable 2": [{"kind": "error", "error": "unavailable"}],
    "insights intermittent 2/1504043": [{"kind": "error", "error": "insights_intermittent"}],
    "insights unknown 2/1504044": [{"kind": "error", "error": "insights_unknown"}],
    "an error with status 200": [{"kind": "ok_with_error", "error": "unavailable"}],
    "a proxy's 500 in HTML": [{"kind": "http", "status": 500, "content": "html"}],
    "a proxy's 502, empty": [{"kind": "http", "status": 502, "content": "empty"}],
    "a proxy's 503 in JSON": [{"kind": "http", "status": 503, "content": "json"}],
    "HTML with status 200": [{"kind": "not_json"}],
    "an empty answer": [{"kind": "empty"}],
    "half an answer": [{"kind": "truncate"}],
    "a connection that breaks in the body": [{"kind": "cut"}],
    "a connection that is reset": [{"kind": "reset"}],
    "a connection that is reset after the deed": [{"kind": "reset", "done": True}],
}


@pytest.mark.parametrize("kind", PASSING)
def test_a_failure_in_passing_changes_no_row(sandboxes: Sandboxes, kind: str) -> None:
    truth = sandboxes(faults=[{**rule, "edge": EDGES, "every": 4} for rule in PASSING[kind]])
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))
    assert hits(truth) > 0


LIMITS: dict[str, dict[str, Any]] = {
    "insights of the account 80000": {"code": 80000, "subcode": 2446079},
    "insights of the app 4/1504022": {"code": 4, "subcode": 1504022},
    "the account 17/2446079": {"code": 17, "subcode": 2446079},
    "the account 613/1487742": {"code": 613, "subcode": 1487742},
}


@pytest.mark.parametrize("kind", LIMITS)
def test_a_rate_limit_is_waited_for_and_changes_no_row(sandboxes: Sandboxes, kind: str) -> None:
    truth = sandboxes(faults=[{"kind": "error", **LIMITS[kind], "edge": "insights", "nth": [2, 5]}])
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))
    assert hits(truth) == 2


def test_a_quota_that_runs_out_is_waited_for_and_not_called_into(sandboxes: Sandboxes) -> None:
    truth = sandboxes(limits={"score": {"limit": 25, "block_seconds": 60, "decay_seconds": 60}})
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))
    refused = [call for call in truth.journal() if call["code"] in (17, 613)]
    assert len(refused) <= 4
    assert Counter(call["blocked"] for call in truth.journal())[True] <= 4


TOO_MUCH: dict[str, dict[str, Any]] = {
    "1 with status 500": {"kind": "too_much_rows", "limit": 20, "form": 1},
    "100/1487534": {"kind": "too_much_rows", "limit": 20, "form": 100},
    "a page's cells, 100/1487534": {"kind": "too_much_rows", "cells": 20, "form": 100},
}


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_pages_that_are_too_large_are_asked_for_smaller(sandboxes: Sandboxes, kind: str) -> None:
    truth = sandboxes(faults=[{**TOO_MUCH[kind], "edge": "insights", "method": "GET"}])
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))
    assert hits(truth) > 0


def test_a_report_that_is_too_much_to_be_made_is_asked_for_in_parts(sandboxes: Sandboxes) -> None:
    rule = {"kind": "error", "code": 100, "subcode": 1487534, "edge": "insights", "method": "POST", "nth": [1, 2, 5]}
    truth = sandboxes(faults=[rule])
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))
    assert hits(truth) == 3


PAGES: dict[str, dict[str, Any]] = {
    "an expired cursor": {"kind": "cursor_expired", "nth": [2, 9]},
    "an empty page with a next one": {"kind": "empty_page", "every": 2},
    "short pages": {"kind": "short_page", "limit": 7},
}


@pytest.mark.parametrize("kind", PAGES)
def test_odd_pages_lose_no_row(sandboxes: Sandboxes, kind: str) -> None:
    rules = [{"kind": "short_page", "limit": 9, "edge": "insights", "method": "GET"}] if "cursor" in kind else []
    truth = sandboxes(faults=[*rules, {**PAGES[kind], "edge": "insights", "method": "GET"}])
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))
    assert hits(truth) > 0


def test_a_row_that_comes_again_on_the_next_page_is_written_once(sandboxes: Sandboxes) -> None:
    short = {"kind": "short_page", "limit": 9, "edge": "insights", "method": "GET"}
    again = {"kind": "duplicate_rows", "edge": "insights", "method": "GET", "every": 2}
    truth = sandboxes(faults=[short, again])
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))
    assert hits(truth) > 0


def test_fields_that_no_version_documents_do_no_harm(sandboxes: Sandboxes) -> None:
    truth = sandboxes(faults=[{"kind": "extra_fields", "edge": "insights"}])
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))


def test_numbers_in_place_of_digits_are_the_same_values(sandboxes: Sandboxes) -> None:
    truth = sandboxes(faults=[{"kind": "ints_for_strings", "edge": "insights"}])
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))


def test_an_enum_value_that_no_version_documents_passes_through(sandboxes: Sandboxes) -> None:
    truth = sandboxes(faults=[{"kind": "unknown_enum", "edge": "insights"}])
    output = reader(truth).read(REPORT_NAMES, columns=COLUMNS)
    check_equal(truth, output, but=("objective",))
    assert {record["objective"] for record in output.records("ads_insights")} == {"SANDBOX_NEW_VALUE"}


def test_text_from_everywhere_passes_through(sandboxes: Sandboxes) -> None:
    truth = sandboxes(faults=[{"kind": "wide_characters", "edge": "insights"}])
    output = reader(truth).read(REPORT_NAMES, columns=COLUMNS)
    check_equal(truth, output, but=("ad_name",))
    assert all("漢字 🎯" in record["ad_name"] for record in output.records("ads_insights"))


def test_a_cell_that_is_null_stays_null_and_its_row_stays(sandboxes: Sandboxes) -> None:
    truth = sandboxes(faults=[{"kind": "nulls", "fields": ["spend", "actions"], "edge": "insights"}])
    output = reader(truth).read(REPORT_NAMES, columns=COLUMNS)
    check_equal(truth, output, but=("spend", "actions"))
    assert {record.get("spend") for record in output.records("ads_insights")} == {None}


JOBS: dict[str, dict[str, Any]] = {
    "a third of the runs fail": {"fail_rate": 0.33},
    "a third of the runs are skipped": {"skip_rate": 0.33},
    "a run is not found at first": {"race_seconds": 3},
    "a run says complete before it is": {"completes_early": True},
    "all of it": {"fail_rate": 0.2, "skip_rate": 0.15, "race_seconds": 2, "completes_early": True},
}


@pytest.mark.parametrize("kind", JOBS)
def test_whatever_becomes_of_a_report_run_the_rows_are_the_truth(sandboxes: Sandboxes, kind: str) -> None:
    truth = sandboxes(jobs=JOBS[kind])
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))


def test_a_run_that_never_ends_is_given_up_and_made_again(sandboxes: Sandboxes) -> None:
    truth = sandboxes(jobs={"stuck_rate": 0.1})
    check_equal(truth, reader(truth, insights_job_timeout=10).read(REPORT_NAMES, columns=COLUMNS))


# A day of ads_insights has about 10 rows, one of ads_insights_country about 60.
@pytest.mark.parametrize("most_rows", [100, 20, 4])
def test_a_report_that_is_too_large_is_cut_down_to_days_and_objects(sandboxes: Sandboxes, most_rows: int) -> None:
    truth = sandboxes(insights={"max_rows_async": most_rows, "max_rows_sync": most_rows})
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))


def test_a_report_that_is_too_wide_is_cut_into_groups_of_fields(sandboxes: Sandboxes) -> None:
    truth = sandboxes(insights={"max_points_async": 5, "max_points": 5})
    report = {"name": "wide", "fields": [*FIELDS], "action_breakdowns": ["action_type"]}
    output = reader(truth, custom_insights=[report]).read(["customwide"], columns=COLUMNS)
    assert (output.exit_code, output.errors) == (0, [])
    true = truth.report(
        Asked((), ("action_type",)), ("1001", "1002"), START, "2026-12-31", [*FIELDS, "ad_id", "account_id"]
    )
    assert true
    assert differences(output.records("customwide"), true, KEYS["ads_insights"], COLUMNS) == []


def test_all_at_once_the_rows_are_the_truth(sandboxes: Sandboxes) -> None:
    rules: list[dict[str, Any]] = [
        {"kind": "error", "error": "unavailable", "edge": EDGES, "probability": 0.05},
        {"kind": "reset", "edge": EDGES, "probability": 0.03},
        {"kind": "cut", "edge": EDGES, "probability": 0.03},
        {"kind": "truncate", "edge": EDGES, "probability": 0.03},
        {"kind": "short_page", "limit": 11, "edge": "insights", "method": "GET", "probability": 0.3},
        {"kind": "empty_page", "edge": "insights", "method": "GET", "probability": 0.1},
        {"kind": "extra_fields", "edge": "insights"},
        {"kind": "ints_for_strings", "edge": "insights"},
        {"kind": "error", "code": 80000, "subcode": 2446079, "edge": "insights", "nth": [9]},
    ]
    truth = sandboxes(jobs=JOBS["all of it"], insights={"max_rows_async": 150}, faults=rules)
    check_equal(truth, reader(truth).read(REPORT_NAMES, columns=COLUMNS))
