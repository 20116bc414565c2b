"""A page of whatever a recording holds or lacks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from source_meta_ads.reporting.money_sections import main_stream
from source_meta_ads.reporting.page import page
from source_meta_ads.reporting.recording import Recording

BARE = {"format": 1, "run_id": "run-1", "started_at": "2026-11-24T15:00:00+00:00"}


def recording(**more: Any) -> Recording:
    return Recording({**BARE, **more}, Path("run-1.json"))


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split("</style>")[1]))


def test_a_recording_of_nothing_is_still_a_page() -> None:
    html = page(recording(), [])
    said = words(html)
    for text in ("This run read no report by the day", "No earlier run is recorded", "needed no report job",
                 "Nothing had to be tried again", "Meta said nothing of how much"):  # fmt: skip
        assert text in said
    assert html.count("<section") == html.count("</section>") == 7


def test_the_page_needs_nothing_else() -> None:
    html = page(recording(), [])
    assert not re.search(r"<script|@import|url\(|\bsrc=|https?://", html)
    assert "default-src 'none'" in html


@pytest.mark.parametrize(
    ("streams", "main"),
    [
        ([("ads_insights", None), ("custom_a", 1.0), ("custom_a", 1.0)], "ads_insights"),
        ([("custom_b", 1.0), ("custom_a", None), ("custom_a", None)], "custom_a"),
        ([("custom_b", 1.0), ("custom_a", None)], "custom_b"),
        ([], None),
    ],
)
def test_one_report_stands_for_the_runs_spend(streams: list[tuple[str, float | None]], main: str | None) -> None:
    days = [[name, "1", "USD", f"2026-11-{number:02}", 1, spend] for number, (name, spend) in enumerate(streams, 1)]
    assert main_stream(recording(days=days)) == main


def test_money_is_counted_once_and_by_currency() -> None:
    days = [
        ["ads_insights", "1", "USD", "2026-11-01", 1, 5.0], ["ads_insights", "2", "JPY", "2026-11-01", 1, 700.0],
        ["ads_insights_country", "1", "USD", "2026-11-01", 9, 5.0],
    ]  # fmt: skip
    said = words(page(recording(days=days), []))
    assert "700 JPY 5.00 USD spend in ads_insights" in said


def test_a_failure_and_its_errors_come_with_what_to_do() -> None:
    error = {"class": "AuthError", "code": 190, "subcode": 463, "edge": "ads", "account_id": "1", "count": 3,
             "meaning": "the token expired", "fix": "generate a new token", "message": "Session <b>expired",
             "at_seconds": 2}  # fmt: skip
    summary = {"errors_by_class": {"AuthError": 3}, "retries_by_class": {"TransientError": 2}, "waited_seconds": 75}
    html = page(
        recording(status="failed", message="ads did not finish", errors=[error], summary=summary,
                  accounts={"1": {"name": "West", "timezone": "UTC"}}),
        [],
    )  # fmt: skip
    said = words(html)
    assert "✕ failed" in said
    assert "The run failed ads did not finish" in said
    assert "AuthError #190/463 the token expired" in said
    assert "What to do: generate a new token" in said
    assert "West (act_1) · ads · 15:00:02 , 3 times" in said
    assert "Meta: Session &lt;b&gt;expired" in said
    assert "Calls were held back for 1 min 15 s" in said


def test_jobs_quota_and_drift_are_shown() -> None:
    jobs = [
        {"stream": "ads_insights", "account_id": "1", "since": "2026-11-01", "until": "2026-11-02",
         "started_seconds": 0, "ended_seconds": ended, "outcome": outcome}
        for ended, outcome in ((4, "done"), (8, "TooMuchData"), (None, "running"))
    ]  # fmt: skip
    html = page(
        recording(
            seconds=10, jobs=jobs, quota=[[0, {"app": 3.0}], [5, {"app": 81.5, "account act_1": 0.2}]],
            calls={"span_seconds": 1, "amounts": {"ads": [[0, 3]], "ads 400": [[1, 1]]}},
            summary={"drifts_by_kind": {"ads added": 2}, "differences_by_metric": {"ads_insights spend": -1.5}},
        ),
        [],
    )  # fmt: skip
    said = words(html)
    assert "not ended by the run" in said
    assert "app: at most 81.5 %" in said
    assert "81.5 % of the fullest limit" in said
    assert "ads_insights 3 4.0 s 8.0 s act_1, 2026-11-01 to 2026-11-02" in said
    assert "ads added 2" in said
    assert "ads_insights spend -1.50" in said
    assert len(re.findall('<rect class="refused"', html)) == 2
