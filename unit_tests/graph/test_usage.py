"""Usage headers, in the units Meta documents."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.graph.usage import UsageEntry, read_usage


def test_regain_time_of_a_business_use_case_is_minutes_and_becomes_seconds() -> None:
    header = {
        "1": [
            {"type": "ads_insights", "call_count": 97, "total_cputime": 23, "total_time": 30,
             "estimated_time_to_regain_access": 5, "ads_api_access_tier": "development_access"},
            {"type": "ads_management", "call_count": 1, "total_cputime": 2, "total_time": 3},
        ]
    }  # fmt: skip
    usage = read_usage({"X-Business-Use-Case-Usage": json.dumps(header)})
    assert usage.entries == (
        UsageEntry("buc", "1", "ads_insights", 97.0, 300.0, "development_access"),
        UsageEntry("buc", "1", "ads_management", 3.0, 0.0, None),
    )


def test_an_accounts_reset_time_is_seconds_and_counts_at_the_limit_only() -> None:
    def entry(pct: float) -> UsageEntry:
        header = {"acc_id_util_pct": pct, "reset_time_duration": 100, "ads_api_access_tier": "standard_access"}
        return read_usage({"x-ad-account-usage": json.dumps(header)}).entries[0]

    assert entry(9.67) == UsageEntry("account", None, None, 9.67, 0.0, "standard_access")
    assert entry(100.0).regain_seconds == 100.0


def test_the_closest_limit_of_an_app_counts() -> None:
    header = '{"call_count": 28, "total_time": 25, "total_cputime": 41}'
    assert read_usage({"X-App-Usage": header}).entries == (UsageEntry("app", None, None, 41.0),)


def test_the_insights_throttle_has_an_app_and_an_account_side() -> None:
    header = '{"app_id_util_pct": 100, "acc_id_util_pct": 10, "ads_api_access_tier": "standard_access"}'
    entries = read_usage({"X-FB-Ads-Insights-Throttle": header}).entries
    assert [(entry.scope, entry.pct) for entry in entries] == [("insights_app", 100.0), ("insights_account", 10.0)]


@pytest.mark.parametrize("bad", ["", "x", "[]", "7", '{"1": ["x"]}', '{"1": [{"call_count": "9"}, 3]}'])
def test_a_header_that_is_not_what_meta_documents_never_fails_a_good_response(bad: str) -> None:
    usage = read_usage({"X-Business-Use-Case-Usage": bad, "X-App-Usage": '{"call_count": 5}'})
    assert ("app", 5.0) in [(entry.scope, entry.pct) for entry in usage.entries]


@given(st.dictionaries(st.sampled_from(["X-App-Usage", "x-ad-account-usage", "X-BUSINESS-USE-CASE-USAGE"]), st.text()))
def test_no_header_crashes_the_reader(headers: dict[str, str]) -> None:
    assert read_usage(headers).unreadable >= 0
