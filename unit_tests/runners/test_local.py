"""Plans run once or at a steady pace, and what a process answers in the end."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from source_meta_ads.runners import local
from source_meta_ads.runners.local import exit_code, run_every, run_plan, span
from source_meta_ads.runners.outcome import Outcome
from source_meta_ads.runners.plan import Plan, PlanError
from source_meta_ads.runners.shard import Means
from source_meta_ads.runners.stop import Stop
from unit_tests.simulated import SimulatedClock

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LOGGER = logging.getLogger("test")


def outcome(status: str) -> Outcome:
    made = Outcome("run-1", "shop", NOW)
    if status == "failed":
        made.fail("no")
    made.is_stopped = status == "stopped"
    if status == "skipped":
        made.held["1001"] = "run-2"
    assert made.status == status
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", timedelta(minutes=30)),
        ("1h", timedelta(hours=1)),
        (" 2 d ", timedelta(days=2)),
        ("90s", timedelta(seconds=90)),
    ],
)
def test_a_span_of_time_is_read(text: str, expected: timedelta) -> None:
    assert span(text) == expected


@pytest.mark.parametrize("text", ["", "1", "h", "0h", "1.5h", "-1h", "1 hour", "1h30m"])
def test_what_is_no_span_is_explained(text: str) -> None:
    with pytest.raises(PlanError, match="is no span of time: write a number and s, m, h or d, as in 1h"):
        span(text)


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["succeeded", "skipped"], 0), (["succeeded", "failed"], 1), (["stopped"], 143), (["stopped", "failed"], 1),
        ([], 0),
    ],
)  # fmt: skip
def test_the_exit_code_tells_how_it_ended(statuses: list[str], code: int) -> None:
    assert exit_code([outcome(status) for status in statuses], 143) == code


class PacedStop(Stop):
    """Lets so much simulated time pass as is waited for, and asks for the end after some waits."""

    def __init__(self, clock: SimulatedClock, waits: int) -> None:
        super().__init__()
        self.clock, self.left, self.waited = clock, waits, list[float]()

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.clock.sleep(seconds)
        self.left -= 1
        return self.left == 0


def test_runs_begin_at_a_steady_pace_however_long_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimulatedClock()
    took = iter([600.0, 60.0, 5000.0, 60.0])
    begun = []

    def run(plan: Plan, means: Means) -> list[Outcome]:
        begun.append(clock.elapsed)
        clock.sleep(next(took))
        return [outcome("succeeded")]

    monkeypatch.setattr(local, "run_plan", run)
    stop = PacedStop(clock, 4)
    connection = {"name": "shop", "config": {}, "streams": ["ads"]}
    plan = Plan.parse({"connections": [connection], "output": {"url": "out"}, "registry": "file:///r"})
    run_every(plan, timedelta(hours=1), Means({}, LOGGER, stop, clock))
    assert begun == [0.0, 3600.0, 7200.0, 12200.0]


def test_a_plan_that_is_stopped_begins_no_other_connection(tmp_path: Path) -> None:
    stop = Stop()
    stop.ask("enough")
    connection = {"name": "shop", "config": {}, "streams": ["ads"]}
    raw = {"connections": [connection], "output": {"url": str(tmp_path)}, "registry": f"file://{tmp_path}/r"}
    assert run_plan(Plan.parse(raw), Means({}, LOGGER, stop)) == []
