"""The same plan by every runner: here, as a container task, as a function; stopped, started together, out of luck."""

from __future__ import annotations

import copy
import io
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from integration_tests import runner_world
from integration_tests.runner_world import Held, plan, wrong
from integration_tests.truth import Truth
from source_meta_ads.registry.leases import Leases
from source_meta_ads.registry.store import open_store
from source_meta_ads.run import run
from source_meta_ads.runners import fargate, lambda_handler
from source_meta_ads.runners.local import run_plan
from source_meta_ads.runners.outcome import Outcome
from source_meta_ads.runners.plan import Plan
from source_meta_ads.runners.shard import Means
from source_meta_ads.runners.stop import Stop

pytestmark = pytest.mark.usefixtures("graph")

WORLD = runner_world.WORLD
SCRIPT = Path(sys.executable).with_name("source-meta-ads")
NAMES = [each["name"] for each in runner_world.STREAMS]
LOGGER = logging.getLogger("airbyte")


class Context:
    """An invocation that has so many seconds left."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


@pytest.fixture
def raw(tmp_path: Path) -> dict[str, Any]:
    return plan(str(tmp_path / "out"), f"file://{tmp_path}/registry")


def outcome_of(raw: dict[str, Any], truth: Truth, stop: Stop | None = None, **more: Any) -> Outcome:
    means = Means({"META_GRAPH_URL": truth.url}, LOGGER, stop or Stop(), **more)
    (outcome,) = run_plan(Plan.parse(raw), means)
    return outcome


def as_command(raw: dict[str, Any], folder: Path) -> int:
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        run(["run", "--plan", str(path)])
    return int(ended.value.code or 0)


def as_task(raw: dict[str, Any], folder: Path) -> int:
    return fargate.main({**os.environ, "META_ADS_PLAN": yaml.safe_dump(raw)}, io.StringIO())


def as_function(raw: dict[str, Any], folder: Path) -> int:
    answer = lambda_handler.handler({"plan": raw}, Context(900))
    return 0 if answer["is_done"] else 1


RUNNERS: dict[str, Callable[[dict[str, Any], Path], int]] = {
    "command": as_command,
    "task": as_task,
    "function": as_function,
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_every_runner_brings_the_tables_to_the_truth(
    truth: Truth, raw: dict[str, Any], tmp_path: Path, runner: str
) -> None:
    for days in (0, 2):
        truth.advance_days(days)
        assert RUNNERS[runner](raw, tmp_path) == 0
        assert wrong(Held(tmp_path / "out"), truth, NAMES) == []


def test_one_runner_goes_on_where_another_left_off(truth: Truth, raw: dict[str, Any], tmp_path: Path) -> None:
    for each in RUNNERS.values():
        assert each(raw, tmp_path) == 0
        truth.advance_days(1)
    log = open_store(raw["registry"])
    latest = log.latest("state/shop/ads_insights/1001")
    assert latest
    assert latest.document["entry"]["date_start"] == "2026-11-26"
    assert {version.document["output"] for version in log.history("state/shop/ads_insights/1001")} == {
        f"{tmp_path}/out (jsonl)"
    }


def test_an_account_that_another_run_works_is_left_out_and_named(
    truth: Truth, raw: dict[str, Any], tmp_path: Path
) -> None:
    means = Means({}, LOGGER)
    other = Leases(open_store(raw["registry"]), "other-run", means.clock, Plan.parse(raw).lease)
    other.renew()
    other.acquire(["1001"])
    outcome = outcome_of(raw, truth)
    assert outcome.status == "succeeded"
    assert [account.id for account in outcome.accounts] == ["1002"]
    assert outcome.held["1001"].startswith("run other-run on ")
    assert wrong(Held(tmp_path / "out"), truth, NAMES, ["1002"]) == []
    assert {call["account_id"] for call in truth.journal() if call["edge"] in ("insights", "campaigns")} == {"1002"}
    other.acquire(["1002"])
    assert outcome_of(raw, truth).status == "skipped"


def test_runs_started_together_never_work_one_account(truth: Truth, tmp_path: Path) -> None:
    """Each run asks for another API version, so that the sandbox's journal tells whose a call was."""
    versions = ("v25.0", "v26.0")
    registry = f"file://{tmp_path}/registry"
    processes = []
    for version in versions:
        raw = plan(str(tmp_path / version), registry, api_version=version, streams=["ads_insights", "campaigns"])
        raw["connections"][0]["name"] = version
        processes.append(
            subprocess.Popen(
                [str(SCRIPT), "run", "--plan", json.dumps(raw)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    told = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], told
    works: dict[str, list[str]] = {}
    for call in truth.journal():
        if call["edge"] in ("insights", "campaigns") and call["account_id"]:
            seen = works.setdefault(str(call["account_id"]), [])
            if not seen or seen[-1] != call["version"]:
                seen.append(str(call["version"]))
    assert works.keys() == {"1001", "1002"}
    for account_id, seen in works.items():
        assert len(seen) == len(set(seen)), f"act_{account_id} was worked in turns: {seen}"


def slow(sandboxes: Callable[..., Truth]) -> Truth:
    """A sandbox whose report runs take a while."""
    return sandboxes(jobs={"seconds": [1.5, 1.5]}, clock={"speed": 1})


def test_a_function_whose_time_is_up_ends_and_the_next_one_takes_over_its_report_runs(
    sandboxes: Callable[..., Truth], raw: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = slow(sandboxes)
    monkeypatch.setenv("META_GRAPH_URL", truth.url)
    raw = {**raw, "connections": [{**raw["connections"][0], "streams": [runner_world.STREAMS[0]]}]}
    # So much more than the spare time that the report runs are under way, and none is done.
    first = lambda_handler.handler({"plan": raw}, Context(lambda_handler.SPARE_SECONDS + 1.2))
    assert (first["is_done"], first["runs"][0]["status"], first["runs"][0]["errors"]) == (False, "stopped", [])
    noted = open_store(raw["registry"]).latest("state/shop/ads_insights/1001")
    made = [call for call in truth.journal() if call["method"] == "POST" and call["edge"] == "insights"]
    assert made
    assert noted
    assert noted.document["entry"]["runs"]
    time.sleep(1.5)
    second = lambda_handler.handler({"plan": raw}, Context(900))
    assert second["is_done"]
    assert wrong(Held(tmp_path / "out"), truth, ["ads_insights"]) == []
    taken = {call["path"].split("/")[1] for call in truth.journal() if call["edge"] == "insights" and call["rows"]}
    assert {run["id"] for run in noted.document["entry"]["runs"]} <= taken


def test_a_task_that_is_told_to_end_drops_what_is_not_whole(
    sandboxes: Callable[..., Truth], raw: dict[str, Any], tmp_path: Path
) -> None:
    truth = slow(sandboxes)
    environment = {**os.environ, "META_GRAPH_URL": truth.url, "META_ADS_PLAN": json.dumps(raw)}
    process = subprocess.Popen(
        [sys.executable, "-m", "source_meta_ads.runners.fargate"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not list((tmp_path / "out").glob("stream=campaigns/**/*.gz")):
        assert process.poll() is None
        time.sleep(0.02)
    process.terminate()
    out, log = process.communicate(timeout=60)
    assert process.returncode == 143, log
    assert "SIGTERM received" in log
    assert "Traceback" not in log
    ended = [json.loads(line) for line in out.splitlines()]
    assert [line["status"] for line in ended if "meta_ads.runs" in line] == ["stopped"]
    assert open_store(raw["registry"]).keys("run/") == []
    assert outcome_of(raw, truth).status == "succeeded"
    assert wrong(Held(tmp_path / "out"), truth, NAMES) == []


def busy_readers() -> list[str]:
    """Threads that still do something; the CDK leaves a pool's idle ones to the garbage collector."""
    frames = sys._current_frames()
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("workerpool", "part-", "lease"))
        and (frame := frames.get(thread.ident or 0))
        and frame.f_code.co_name != "_worker"
    ]


def test_a_run_that_can_t_write_ends_and_says_so(truth: Truth, raw: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "stream=ads_insights").write_text("in the way", encoding="utf-8")
    outcome = outcome_of(raw, truth)
    assert outcome.status == "failed"
    assert "date=2026-11-18/" in outcome.errors[0]
    assert "can't be written (Not a directory): mend that or name another place" in outcome.errors[0]
    log = open_store(raw["registry"])
    states = [log.latest(key) for key in log.keys("state/shop/ads_insights/")]
    assert all(state and "date_start" not in state.document["entry"] for state in states)
    assert busy_readers() == []
    (tmp_path / "out" / "stream=ads_insights").unlink()
    assert outcome_of(raw, truth).status == "succeeded"
    assert wrong(Held(tmp_path / "out"), truth, NAMES) == []


def test_a_run_that_is_taken_for_dead_writes_nothing_more(
    truth: Truth, raw: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_store(raw["registry"])
    lives = iter([True])
    monkeypatch.setattr(Leases, "is_alive", property(lambda self: next(lives, False)))
    outcome = outcome_of(raw, truth)
    assert outcome.status == "failed"
    assert "showed no sign of life for too long" in outcome.errors[0]
    assert not list((tmp_path / "out").rglob("*.gz"))
    assert log.keys("state/") == []


def test_a_state_that_somebody_took_back_meanwhile_ends_the_run(
    truth: Truth, raw: dict[str, Any], tmp_path: Path
) -> None:
    log = open_store(raw["registry"])

    def checkpoint(step: str) -> None:
        if step == "file":
            log.create("state/shop/campaigns/1001", 1, {"entry": None, "shared": {}, "at": "now", "by": "hand"})

    outcome = outcome_of(raw, truth, checkpoint=checkpoint)
    assert outcome.status == "failed"
    assert "state of campaigns, account act_1001: version 1 was written by another run meanwhile" in outcome.errors[0]
    assert outcome_of(raw, truth).status == "succeeded"
    assert wrong(Held(tmp_path / "out"), truth, NAMES) == []


def test_a_token_that_is_refused_fails_the_run_in_one_sentence(truth: Truth, raw: dict[str, Any]) -> None:
    raw["connections"][0]["config"]["credentials"]["access_token"] = "tok-wrong"
    outcome = outcome_of(raw, truth)
    assert outcome.status == "failed"
    assert len(outcome.errors) == 1
    assert "tok-wrong" not in json.dumps(outcome.as_manifest({}))
    with pytest.raises(lambda_handler.RunFailed, match="190"):
        lambda_handler.handler({"plan": raw}, Context(900))


def test_what_fails_in_one_connection_keeps_no_other_from_running(
    truth: Truth, raw: dict[str, Any], tmp_path: Path
) -> None:
    broken = copy.deepcopy(raw["connections"][0])
    broken |= {"name": "broken", "streams": ["no_such_stream"]}
    means = Means({"META_GRAPH_URL": truth.url}, LOGGER)
    outcomes = run_plan(Plan.parse({**raw, "connections": [broken, raw["connections"][0]]}), means)
    assert [outcome.status for outcome in outcomes] == ["failed", "succeeded"]
    assert outcomes[0].errors[0].startswith("streams: there is no stream 'no_such_stream'")
    assert wrong(Held(tmp_path / "out"), truth, NAMES) == []


def test_an_account_that_meta_refuses_fails_alone(
    sandboxes: Callable[..., Truth], raw: dict[str, Any], tmp_path: Path
) -> None:
    token = {"token": "tok-all", "scopes": ["ads_read"], "accounts": ["1001"]}
    truth = sandboxes(tokens=[token])
    raw["connections"][0]["config"]["account_ids"] = ["1001", "1002"]
    outcome = outcome_of(raw, truth)
    assert outcome.status == "failed"
    assert all("act_1002" in error for error in outcome.errors)
    assert wrong(Held(tmp_path / "out"), truth, NAMES, ["1001"]) == []


def test_without_a_plan_it_says_where_to_put_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("META_ADS_PLAN", raising=False)
    assert fargate.main({}, io.StringIO()) == 1
    assert "META_ADS_PLAN is not set: set it to the plan's path" in capsys.readouterr().err
