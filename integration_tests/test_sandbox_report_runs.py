"""The life of a report run in the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integration_tests.insights_client import Graph, sandboxes
from integration_tests.sandbox import report_runs


@pytest.fixture
def sandbox() -> Iterator[Callable[..., Graph]]:
    """Makes sandboxes with other settings."""
    with sandboxes() as made:
        yield made


def test_a_run_goes_through_its_statuses_and_brings_the_same_rows(sandbox: Callable[..., Graph]) -> None:
    graph = sandbox(jobs={"seconds": [0.6, 0.6]})
    asked: dict[str, Any] = {"level": "ad", "time_increment": 1, "fields": ["ad_id", "impressions", "actions"]}
    run_id = graph.submit(**asked)
    early = graph.get(f"{run_id}/insights")
    assert early["error"]["code"] == 100
    seen: list[str] = []
    percents: list[int] = []
    for _ in range(200):
        body = graph.get(run_id)
        percents.append(body["async_percent_completion"])
        if not seen or seen[-1] != body["async_status"]:
            seen.append(body["async_status"])
        if seen[-1] == "Job Completed":
            break
        time.sleep(0.01)
    assert seen == ["Job Not Started", "Job Started", "Job Running", "Job Completed"]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert body.keys() == {
        "id", "account_id", "time_ref", "time_completed", "async_status", "async_percent_completion", "date_start",
        "date_stop",
    }  # fmt: skip
    assert len(run_id) >= 16
    assert graph.rows(f"{run_id}/insights") == graph.insights(**asked)
    assert len(graph.get(f"{run_id}/insights")["data"]) == 25


def test_runs_fail_are_skipped_and_get_stuck_as_often_as_the_scenario_says(sandbox: Callable[..., Graph]) -> None:
    failing = sandbox(jobs={"seconds": [0, 0], "fail_rate": 1})
    run_id = failing.submit()
    failed = failing.finished(run_id)
    assert (failed["async_status"], failed["error_code"], failed["error_subcode"]) == ("Job Failed", -2, 2490547)
    assert failed["error_user_title"]
    skipping = sandbox(jobs={"seconds": [0, 0], "skip_rate": 1})
    assert skipping.finished(skipping.submit())["async_status"] == "Job Skipped"
    stuck = sandbox(jobs={"seconds": [0, 0], "stuck_rate": 1})
    assert stuck.get(stuck.submit())["async_status"] in ("Job Not Started", "Job Running")


def test_too_much_is_refused_at_once_and_fails_as_a_run(sandbox: Callable[..., Graph]) -> None:
    graph = sandbox(
        insights={"max_rows_sync": 20, "max_rows_async": 50, "max_work_sync": 5000}, jobs={"seconds": [0, 0]}
    )
    asked: dict[str, Any] = {"level": "ad", "time_increment": 1}
    error = graph.refusal(**asked)
    assert (error["code"], error["error_subcode"]) == (100, 1487534)
    error = graph.refusal(time_ranges=[{"since": "2025-01-01", "until": "2025-12-31"}])
    assert (error["code"], error["error_subcode"]) == (2, 1504038)
    run = graph.finished(graph.submit(**asked))
    assert (run["async_status"], run["error_code"], run["error_subcode"]) == ("Job Failed", -3, 1504045)
    small = {"since": "2026-11-10", "until": "2026-11-11"}
    assert graph.finished(graph.submit(**asked, time_range=small))["async_status"] == "Job Completed"


def test_a_run_is_unknown_at_first_and_after_thirty_days(sandbox: Callable[..., Graph]) -> None:
    graph = sandbox(jobs={"seconds": [0, 0], "race_seconds": 0.3})
    run_id = graph.submit()
    error = graph.get(run_id)["error"]
    assert (error["code"], error["error_subcode"], error["type"]) == (100, 33, "GraphMethodException")
    time.sleep(0.35)
    assert graph.get(run_id)["async_status"] == "Job Completed"
    graph.control("clock", advance_days=31)
    assert graph.get(run_id)["error"]["error_subcode"] == 33
    assert graph.get("6999999999999999")["error"]["error_subcode"] == 33


def test_a_summary_must_have_been_in_the_report(sandbox: Callable[..., Graph]) -> None:
    graph = sandbox(jobs={"seconds": [0, 0]})
    run_id = graph.submit(fields=["impressions"], level="ad")
    graph.finished(run_id)
    assert "impressions" in graph.get(f"{run_id}/insights", summary=["impressions"])["summary"]
    assert "weren't there while creating" in graph.get(f"{run_id}/insights", summary=["clicks"])["error"]["message"]


def test_pages_are_the_same_again_whether_their_rows_are_kept_or_not(
    sandbox: Callable[..., Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = sandbox(jobs={"seconds": [0, 0]})
    run_id = graph.submit(level="ad", time_increment=1, fields=["ad_id", "spend", "actions", "cost_per_action_type"])
    graph.finished(run_id)
    made = graph.rows(f"{run_id}/insights", limit=7)
    assert len(made) > 14
    assert graph.rows(f"{run_id}/insights", limit=7) == made
    monkeypatch.setattr(report_runs, "KEPT_BYTES", 0)
    assert graph.rows(f"{run_id}/insights", limit=11) == made
    assert graph.rows(f"{run_id}/insights", limit=11) == made
