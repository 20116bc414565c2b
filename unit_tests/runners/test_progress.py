"""Whoever watches sees that a run moves, what it has, and how each stream ended."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from source_meta_ads.runners.progress import Bars, Lines, shown
from source_meta_ads.runners.shard import Watcher
from unit_tests.simulated import SimulatedClock


def follow(watcher: Watcher, clock: SimulatedClock) -> None:
    watcher.begun(["campaigns", "ads_insights"], 2)
    for number in range(1200):
        watcher.read("ads_insights")
        if number == 700:
            clock.sleep(11)
    watcher.closed("ads_insights", {"account_id": "1001", "since": "2026-11-01", "until": "2026-11-16"})
    watcher.estimated("campaigns", 10)
    watcher.read("campaigns")
    watcher.closed("campaigns", {"account_id": "1001"})
    watcher.ended("campaigns", "COMPLETE")
    watcher.ended("ads_insights", "INCOMPLETE")


def test_without_a_terminal_there_is_a_line_now_and_then() -> None:
    clock, out = SimulatedClock(), io.StringIO()
    with shown(out, clock.monotonic) as watcher:
        assert isinstance(watcher, Lines)
        follow(watcher, clock)
    assert out.getvalue().splitlines() == [
        "reading 2 streams of 2 accounts",
        "ads_insights 1,000 rows, 0 of 2 accounts",
        "campaigns: complete, 1 rows, 1 of 2 accounts",
        "ads_insights: incomplete, 1,200 rows, 16 days",
    ]


def test_on_a_terminal_each_stream_has_a_bar_that_ends_full_only_when_it_is_whole() -> None:
    out = io.StringIO()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]} {task.fields[status]}"))
    progress = Progress(*columns, console=Console(file=out, width=100), auto_refresh=False)
    follow(Bars(progress), SimulatedClock())
    tasks = {task.description: task for task in progress.tasks}
    assert (tasks["campaigns"].completed, tasks["campaigns"].total) == (1, 1)
    assert (tasks["ads_insights"].completed, tasks["ads_insights"].total) == (0, 1)
    assert tasks["ads_insights"].fields == {"told": "1,200 rows, 16 days", "status": "incomplete"}
