"""How long the sandbox keeps figures, to the day, asked for at once and as a report run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.insights_client import Graph, sandboxes, with_features

HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
# It is 24 November 2026 out West.
OLDEST = "2023-10-24"
THIRTEEN_MONTHS = "2025-10-24"
SIX_MONTHS = "2026-05-24"
TOO_OLD = "(#3018) The start date of the time range cannot be beyond 37 months from the current date"


@pytest.fixture(scope="module")
def graph() -> Iterator[Graph]:
    with sandboxes() as made:
        yield made(accounts=with_features("frequency_value", created="2023-01-01"))


def since(day: str, until: str = "2026-11-20") -> dict[str, str]:
    return {"since": day, "until": until}


def before(day: str) -> str:
    return f"{day[:8]}{int(day[8:]) - 1}"


def answer(graph: Graph, way: str, **asked: Any) -> list[dict[str, Any]]:
    if way == "sync":
        return graph.insights(**asked)
    run_id = graph.submit(**asked)
    assert graph.finished(run_id)["async_status"] == "Job Completed"
    return graph.rows(f"{run_id}/insights")


WAYS = pytest.mark.parametrize("way", ["sync", "async"])


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("form", ["time_range", "time_ranges"])
def test_the_day_before_the_oldest_is_refused_in_metas_words(graph: Graph, method: str, form: str) -> None:
    def asked(day: str) -> dict[str, Any]:
        days = since(day, "2023-12-01")
        params: dict[str, Any] = {form: days if form == "time_range" else [days]}
        return dict(graph.call(method, "act_1001/insights", **params))

    error = asked(before(OLDEST))["error"]
    assert (error["message"], error["code"], error["type"]) == (TOO_OLD, 3018, "OAuthException")
    assert "error_subcode" not in error
    assert "error" not in asked(OLDEST)
    assert "error" not in graph.call(method, "act_1001/insights", date_preset="maximum")


@WAYS
@pytest.mark.parametrize(("breakdown", "oldest"), [(HOURLY, THIRTEEN_MONTHS), ("frequency_value", SIX_MONTHS)])
def test_some_breakdowns_are_kept_for_months_only(graph: Graph, way: str, breakdown: str, oldest: str) -> None:
    asked: dict[str, Any] = {"breakdowns": [breakdown], "fields": ["impressions", "reach"]}
    assert answer(graph, way, **asked, time_range=since(oldest))
    assert answer(graph, way, **asked, time_range=since(before(oldest))) == []


@WAYS
@pytest.mark.parametrize(
    ("breakdowns", "is_old", "hidden_sync", "hidden_async"),
    [
        (["country"], False, set(), set()),
        (["country"], True, {"reach", "frequency", "cpp", "unique_clicks", "cost_per_unique_click"},
         {"unique_clicks", "cost_per_unique_click"}),
        ([], True, set(), set()),
    ],
)  # fmt: skip
def test_reach_and_unique_counts_with_breakdowns_are_kept_thirteen_months(
    graph: Graph, way: str, breakdowns: list[str], is_old: bool, hidden_sync: set[str], hidden_async: set[str]
) -> None:
    fields = {"impressions", "reach", "frequency", "cpp", "unique_clicks", "cost_per_unique_click", "spend", "clicks"}
    day = before(THIRTEEN_MONTHS) if is_old else THIRTEEN_MONTHS
    rows = answer(graph, way, breakdowns=breakdowns, fields=sorted(fields), time_range=since(day))
    hidden = hidden_sync if way == "sync" else hidden_async
    assert {key for row in rows for key in row} == {*fields - hidden, *breakdowns, "date_start", "date_stop"}


@WAYS
def test_the_long_view_windows_are_taken_and_give_nothing(graph: Graph, way: str) -> None:
    fields = ["actions", "action_values", "video_play_actions"]
    for windows in (["7d_view", "28d_view"], ["1d_view", "7d_view", "28d_view", "7d_click"]):
        rows = answer(graph, way, level="ad", fields=fields, action_attribution_windows=windows)
        keys = {key for row in rows for name in fields for each in row.get(name, ()) for key in each}
        assert keys == {"action_type", "value", *windows} - {"7d_view", "28d_view"}
