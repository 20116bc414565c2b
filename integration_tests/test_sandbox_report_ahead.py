"""Rows of report runs that are made before somebody asks for them: made they are, and nothing but time tells."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from integration_tests.sandbox import report_ahead
from integration_tests.sandbox.call import Call
from integration_tests.sandbox.graph import Graph, written
from integration_tests.sandbox.insights import Report
from integration_tests.sandbox.insights_query import Query
from integration_tests.sandbox.insights_rows import Collector
from integration_tests.sandbox.insights_sheet import Sheet
from integration_tests.sandbox.scenario import load
from integration_tests.sandbox.server import serve_in_thread

ACCOUNT, TOKEN = "1001", {"Authorization": "Bearer t"}
SCENARIO: dict[str, Any] = {
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0}, "jobs": {"seconds": [60, 60], "clock": "sandbox"},
    "tokens": [{"token": "t"}],
    "accounts": [{
        "id": ACCOUNT, "campaigns": 12, "adsets_per_campaign": 2, "ads_per_adset": 3,
        "changes": {"archive_rate": 0.2, "delete_rate": 0.1, "edit_days": 2, "new_campaign_days": 3},
    }],
}  # fmt: skip
REPORT = {
    "level": "ad", "time_increment": "1", "time_range": json.dumps({"since": "2026-11-20", "until": "2026-11-22"}),
    "fields": "ad_id,impressions,spend,cpc,actions,cost_per_action_type",
    "action_breakdowns": json.dumps(["action_type", "action_destination"]),
}  # fmt: skip


class Made:
    """Counts queries whose figures were gathered, and rows that were written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.queries = self.rows = 0
        gather, json_of = Collector.gather, Sheet.json

        def counted(*args: Any) -> Iterator[Any]:
            self.queries += 1
            yield from gather(*args)

        def counted_row(*args: Any) -> bytes:
            self.rows += 1
            return json_of(*args)

        monkeypatch.setattr(Collector, "gather", counted)
        monkeypatch.setattr(Sheet, "json", counted_row)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    return Made(monkeypatch)


def answer(graph: Graph, method: str, path: str, **params: str) -> bytes:
    return written(graph.answer(Call(method, "v26.0", tuple(path.split("/")), params, "t", "header")).body)


def submitted(graph: Graph, **params: str) -> str:
    asked = {**REPORT, **params}
    return str(json.loads(answer(graph, "POST", f"act_{ACCOUNT}/insights", **asked))["report_run_id"])


def work(graph: Graph) -> None:
    """Let a graph make all that it would make ahead."""
    for _ in range(10_000):
        if not graph.runs.ahead.has_work:
            return
        graph.runs.ahead.work()
    raise AssertionError("there is no end to it")


def read(graph: Graph, run_id: str, advance: timedelta) -> list[bytes]:
    """What a client sees of a run when the clock has moved: its state, its pages, the journal."""
    graph.world.clock.advance(advance)
    seen = [answer(graph, "GET", run_id), answer(graph, "GET", f"{run_id}/insights", limit="7", summary="impressions")]
    seen.append(answer(graph, "GET", f"{run_id}/insights", limit="5000"))
    return [*seen, json.dumps(graph.journal.since(0)).encode()]


def test_a_server_makes_the_rows_of_a_run_while_it_runs(made: Made) -> None:
    handle = serve_in_thread(SCENARIO)
    try:
        asked = requests.post(f"{handle.url}/v26.0/act_{ACCOUNT}/insights", REPORT, headers=TOKEN, timeout=10)
        run_id = asked.json()["report_run_id"]
        ahead = handle.sandbox.control.graph.runs.ahead
        for _ in range(500):
            if not ahead.has_work:
                break
            time.sleep(0.01)
        rows = ahead.n_written
        assert rows == made.rows == ahead.n_rows > 50
        requests.post(f"{handle.url}/_sandbox/clock", json={"advance_seconds": 61}, timeout=10)
        page = requests.get(f"{handle.url}/v26.0/{run_id}/insights?limit=5000", headers=TOKEN, timeout=10).json()
        assert (len(page["data"]), made.rows, made.queries) == (rows, rows, 1)
        requests.post(f"{handle.url}/v26.0/act_{ACCOUNT}/insights", REPORT, headers=TOKEN, timeout=10)
        requests.post(f"{handle.url}/_sandbox/reset", timeout=10)
        assert handle.sandbox.control.graph.runs.ahead.n_rows == 0
    finally:
        handle.stop()


def test_pages_made_ahead_have_the_same_bytes_and_cost_no_more_rows(made: Made) -> None:
    ahead, later = Graph(load(SCENARIO)), Graph(load(SCENARIO))
    run_id = submitted(ahead)
    assert submitted(later) == run_id
    work(ahead)
    assert (made.queries, made.rows) == (1, ahead.runs.ahead.n_rows)
    assert ahead.runs.ahead.n_written == ahead.runs.ahead.n_rows > 50
    before = made.rows
    seen = read(ahead, run_id, timedelta(seconds=61))
    # The sums beside a page are no row of the report.
    assert (made.queries, made.rows) == (1, before + 1)
    assert seen == read(later, run_id, timedelta(seconds=61))
    assert (ahead.runs.ahead.n_rows, ahead.runs.ahead.has_work) == (0, False)


@pytest.mark.parametrize("advance", [timedelta(days=days) for days in (1, 3, 9)], ids=str)
def test_rows_made_ahead_are_dropped_where_the_clock_moved_past_a_change(made: Made, advance: timedelta) -> None:
    ahead, later = Graph(load(SCENARIO)), Graph(load(SCENARIO))
    run_id = submitted(ahead)
    submitted(later)
    work(ahead)
    made_ahead = made.queries
    assert read(ahead, run_id, advance) == read(later, run_id, advance)
    assert made.queries == made_ahead + 2


def test_a_first_page_asked_for_too_early_has_the_same_bytes(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_ahead, "SLICE", 0.0)
    begun, later = Graph(load(SCENARIO)), Graph(load(SCENARIO))
    run_id = submitted(begun)
    submitted(later)
    for _ in range(30):
        begun.runs.ahead.work()
    assert begun.runs.ahead.n_rows > begun.runs.ahead.n_written == 0
    seen = read(begun, run_id, timedelta(seconds=61))
    assert made.queries == 1
    assert seen == read(later, run_id, timedelta(seconds=61))


def test_only_so_much_is_made_ahead_and_a_reader_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph(load(SCENARIO))
    monkeypatch.setattr(report_ahead, "MOST_RUNS", 2)
    runs = [submitted(graph) for _ in range(3)]
    work(graph)
    ahead = graph.runs.ahead
    rows = ahead.n_rows
    read(graph, runs[0], timedelta(seconds=61))
    assert ahead.n_rows == rows // 2
    assert ahead.has_work
    work(graph)
    assert ahead.n_rows == rows
    monkeypatch.setattr(report_ahead, "MOST_BYTES", 10_000)
    monkeypatch.setattr(report_ahead, "SLICE", 0.0)
    read(graph, runs[1], timedelta())
    read(graph, runs[2], timedelta())
    submitted(graph)
    work(graph)
    assert ahead.n_bytes >= 10_000
    assert 0 < ahead.n_written < ahead.n_rows


def test_what_expires_or_is_too_large_is_not_made(made: Made) -> None:
    graph = Graph(load({**SCENARIO, "jobs": {**SCENARIO["jobs"], "expire_days": 1}}))
    submitted(graph)
    graph.world.clock.advance(timedelta(days=2))
    work(graph)
    assert (made.queries, graph.runs.ahead.n_rows) == (0, 0)
    small = Graph(load({**SCENARIO, "insights": {"max_work_async": 10}}))
    run_id = submitted(small)
    work(small)
    assert small.runs.ahead.n_rows == 0
    small.world.clock.advance(timedelta(seconds=61))
    assert json.loads(answer(small, "GET", run_id))["async_status"] == "Job Failed"


@pytest.mark.parametrize("speed", [1, 20_000])
def test_rows_made_ahead_are_those_made_when_read_while_the_clock_runs(
    speed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_ahead, "SLICE", 0.0)
    clock = {**SCENARIO["clock"], "speed": speed}
    graph = Graph(load({**SCENARIO, "clock": clock, "jobs": {"seconds": [0, 0]}}))
    n_made = []
    for steps in (0, 3, 50, 150, 1000, 1000, 1000, 20, 1000):
        run_id = submitted(graph)
        for _ in range(steps):
            graph.runs.ahead.work()
        n_made.append(graph.runs.ahead.n_written)
        # Every other time long enough for ads to end, or for new ones to come.
        graph.world.clock.advance(timedelta(hours=7 * (steps % 20 != 0)))
        query = graph.runs._runs[run_id].query
        before, page, after = made_now(graph, query), rows_of(graph, run_id), made_now(graph, query)
        assert page in (before, after)
        assert len(page) > 50
    assert min(n_made) == 0
    assert max(n_made) > 50


def made_now(graph: Graph, query: Query) -> list[dict[str, Any]]:
    """The rows of a query as somebody gets them for whom nothing was made ahead."""
    report = Report.of(Collector(graph.world), query, 10**9)
    return [report.write(row) for row in report.rows]


def rows_of(graph: Graph, run_id: str) -> list[dict[str, Any]]:
    answer(graph, "GET", run_id)
    rows: list[dict[str, Any]] = json.loads(answer(graph, "GET", f"{run_id}/insights", limit="5000"))["data"]
    return rows
