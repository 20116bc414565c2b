"""What a report can't have for its age: which metrics, from which day on, and what is asked for instead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.insights.reports import Report, built_in_reports
from source_meta_ads.insights.retention import age_limits, age_problems, cuts, fields_at
from source_meta_ads.schemas.fields import load_node

TODAY = date(2026, 11, 24)
THIRTEEN_MONTHS = date(2025, 10, 25)
HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
FIELDS = ["spend", "reach", "unique_clicks", "cpp", "cost_per_unique_click", "impressions", "frequency"]


def own(**keys: Any) -> Report:
    return Report(name="r", **{"fields": FIELDS, **keys})


def said(report: Report, start: date | None, fields: list[str] | None = None) -> list[str]:
    return [problem.message for problem in age_problems(report, start, TODAY, fields)]


def test_reach_and_unique_counts_by_a_breakdown_begin_thirteen_months_ago() -> None:
    (message,) = said(own(breakdowns=["country"]), date(2025, 1, 1))
    assert message == (
        "reach, unique_clicks, cpp, cost_per_unique_click, frequency: Meta leaves them out before 2025-10-25 with "
        "breakdowns, the columns are empty there"
    )


@pytest.mark.parametrize(
    ("report", "start"),
    [
        (own(), date(2024, 1, 1)),
        (own(breakdowns=["country"]), THIRTEEN_MONTHS),
        (own(breakdowns=["country"], fields=["spend", "clicks"]), date(2024, 1, 1)),
        (own(breakdowns=[HOURLY], fields=["reach"]), THIRTEEN_MONTHS),
    ],
)
def test_a_report_that_has_all_it_asks_for_has_no_finding(report: Report, start: date) -> None:
    assert said(report, start) == []


def test_only_fields_that_are_asked_for_are_named() -> None:
    report = own(breakdowns=["age"])
    assert said(report, date(2025, 1, 1), ["spend"]) == []
    assert said(report, date(2025, 1, 1), ["spend", "cpp"])[0].startswith("cpp: ")


@pytest.mark.parametrize(
    ("breakdowns", "start", "words"),
    [
        ([HOURLY], date(2025, 1, 1), [f"no rows by {HOURLY} before 2025-10-25"]),
        (["frequency_value"], date(2026, 1, 1), ["no rows by frequency_value before 2026-05-25"]),
        ([], date(2020, 1, 1), ["no rows before 2023-10-25"]),
        (["country"], date(2020, 1, 1), ["no rows before 2023-10-25", "reach", "2025-10-25"]),
    ],
)
def test_rows_that_are_gone_are_named_in_the_same_single_finding(
    breakdowns: list[str], start: date, words: list[str]
) -> None:
    (message,) = said(own(breakdowns=breakdowns), start)
    assert all(word in message for word in words)


def test_without_a_start_date_the_default_history_counts() -> None:
    assert len(said(own(breakdowns=["country"]), None)) == 1
    assert said(own(breakdowns=[HOURLY], fields=["spend"]), None) == []


def test_a_report_that_ends_before_anything_is_kept_is_impossible() -> None:
    report = own(breakdowns=[HOURLY], start_date="2025-01-01", end_date="2025-10-24")
    (problem,) = age_problems(report, report.start_date, TODAY)
    assert problem.severity == "error"
    assert all(word in problem.message for word in ("2025-10-24", "2025-10-25", "13 months", HOURLY, "nearest valid"))
    still = own(breakdowns=[HOURLY], start_date="2025-01-01", end_date="2025-10-25")
    assert [each.severity for each in age_problems(still, still.start_date, TODAY)] == ["warning"]


def test_old_windows_ask_for_what_is_left_and_young_ones_for_all() -> None:
    report = own(breakdowns=["country"])
    assert fields_at(report, FIELDS, THIRTEEN_MONTHS, TODAY) == tuple(FIELDS)
    assert fields_at(report, FIELDS, THIRTEEN_MONTHS - timedelta(days=1), TODAY) == ("spend", "impressions")
    assert fields_at(own(), FIELDS, date(2024, 1, 1), TODAY) == tuple(FIELDS)
    assert (cuts(report, FIELDS, TODAY), cuts(own(), FIELDS, TODAY)) == ((THIRTEEN_MONTHS,), ())


@given(
    report=st.sampled_from(built_in_reports("v26.0")),
    since=st.dates(date(2023, 10, 25), TODAY),
    today=st.dates(TODAY, date(2027, 6, 1)),
)
def test_a_finding_names_exactly_the_fields_that_old_windows_lack(report: Report, since: date, today: date) -> None:
    fields = report.request_fields(None)
    missing = set(fields) - set(fields_at(report, fields, since, today))
    named = {name for limit in age_limits(report, fields, today) if since < limit.first_day for name in limit.fields}
    assert named == missing
    found = age_problems(report, since, today, fields)
    assert len(found) <= 1
    assert all(name in found[0].message for name in missing)
    assert {"account_id", *table().levels[report.level].key} <= set(fields) - missing


def test_every_field_of_the_rules_is_a_field_of_meta() -> None:
    known = load_node("AdsInsights", "v26.0").fields
    for rule in table().fields.kept_with_breakdowns:
        assert set(rule.names) <= set(known)
        for prefix in rule.prefixes:
            assert any(name.startswith(prefix) for name in known)
