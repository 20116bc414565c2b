"""`source-meta-ads sync` and `state`, as somebody at a terminal has them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integration_tests import runner_world
from integration_tests.connector import Connector
from integration_tests.runner_world import START, Held
from integration_tests.truth import EDGES, REPORTS, Truth, differences
from source_meta_ads.commands.sync import DEFAULT_STREAMS
from source_meta_ads.run import run

pytestmark = pytest.mark.usefixtures("graph")

WORLD = runner_world.WORLD
SCRIPT = Path(sys.executable).with_name("source-meta-ads")
CONFIG = {"credentials": {"auth_type": "Service", "access_token": "tok-all"}, "start_date": START}
COLUMNS = ["impressions", "spend", "clicks", "ad_name"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG), encoding="utf-8")
    return path


def command(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        run([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def wrong(folder: Path, truth: Truth, form: str = "jsonl") -> list[str]:
    held, found = Held(folder, form), []
    for stream in DEFAULT_STREAMS:
        rows = held.rows(stream)
        key: tuple[str, ...] = ("id",)
        columns = ["name"]
        if stream in EDGES:
            true = truth.objects(EDGES[stream], runner_world.ACCOUNTS)
        else:
            fields = [*COLUMNS, "account_id", "ad_id"]
            true = truth.report(REPORTS[stream], runner_world.ACCOUNTS, START, "2026-12-31", fields)
            key, columns = ("date_start", "account_id", "ad_id"), COLUMNS
        assert true
        found += [f"{stream}: {len(rows)} rows, in truth {len(true)}"] if len(rows) != len(true) else []
        found += differences(rows, true, key, columns)
    return found


def test_a_sync_and_the_next_one_bring_the_folder_to_the_truth(
    truth: Truth, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for days in (0, 3):
        truth.advance_days(days)
        assert command("sync", "--config", config, "--output", out) == 0
        assert wrong(out, truth) == []
    told = capsys.readouterr()
    assert f"succeeded: {out}" in told.out
    assert "ads_insights: complete," in told.err
    assert "tok-all" not in told.out + told.err


def test_the_folder_can_be_moved_and_goes_on(truth: Truth, config: Path, tmp_path: Path) -> None:
    assert command("sync", "--config", config, "--output", tmp_path / "out", "--format", "parquet") == 0
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    truth.advance_days(1)
    assert command("sync", "--config", config, "--output", tmp_path / "elsewhere", "--format", "parquet") == 0
    assert wrong(tmp_path / "elsewhere", truth, "parquet") == []


def test_the_state_file_is_one_that_read_goes_on_from(truth: Truth, config: Path, tmp_path: Path) -> None:
    assert command("sync", "--config", config, "--output", tmp_path / "out", "--streams", "ads_insights,campaigns") == 0
    state = json.loads((tmp_path / "out" / "state.json").read_text(encoding="utf-8"))
    assert [each["stream"]["stream_descriptor"]["name"] for each in state] == ["ads_insights", "campaigns"]
    days = {"insights_lookback_window": 2}
    output = Connector(truth.url, {**CONFIG, **days}).read(["ads_insights"], state)
    assert output.errors == []
    assert min(row["date_start"] for row in output.records("ads_insights")) >= "2026-11-22"


def test_a_sync_that_is_killed_goes_on_at_once(truth: Truth, config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = [str(SCRIPT), "sync", "--config", str(config), "--output", str(out)]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE)
    while not list(out.glob("stream=*/**/*.gz")):
        assert process.poll() is None
    process.kill()
    process.communicate()
    assert command("sync", "--config", config, "--output", out) == 0
    assert wrong(out, truth) == []


def test_on_a_terminal_there_are_bars(config: Path, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    arguments = [
        str(SCRIPT),
        "sync",
        "--config",
        str(config),
        "--output",
        str(tmp_path / "out"),
        "--streams",
        "campaigns",
    ]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen(arguments, stderr=follower, stdout=subprocess.PIPE, env=environment) as process:
        os.close(follower)
        shown = b""
        while chunk := _read(leader):
            shown += chunk
        assert process.wait() == 0
    os.close(leader)
    assert "━" in shown.decode()
    assert "3 rows, 2 of 2 accounts" in shown.decode()


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:
        # What Linux says once nobody holds the other end.
        return b""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--config", "/nowhere.json"],
            "--config /nowhere.json: No such file or directory: name a file that can be read",
        ),
        (["--config", "{folder}/text"], "--config {folder}/text: holds no object: write keys and values"),
        (["--config", "{folder}/broken"], "--config {folder}/broken: is neither JSON nor YAML"),
        (["--config", "{folder}/empty"], "credentials: required, but missing"),
        (["--streams", "campaign"], "streams: there is no stream 'campaign': did you mean 'campaigns'?"),
        (["--streams", "ads,ads"], "--streams: streams: ads twice: name each stream once"),
        (["--streams", " , "], "--streams: "),
        (["--output", "/proc/x"], "output /proc/x: can't be made"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    for name, text in (("text", "just a text"), ("broken", "{"), ("empty", "{}")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    given: dict[str, Any] = {"--config": config, "--output": tmp_path / "out"}
    given |= dict(zip(arguments[::2], [each.format(folder=tmp_path) for each in arguments[1::2]], strict=True))
    assert command("sync", *(part for pair in given.items() for part in pair)) == 1
    told = "".join(capsys.readouterr())
    assert complaint.format(folder=tmp_path) in told.replace("\n", "")
    assert "Traceback" not in told


def test_states_are_shown_and_taken_back(
    truth: Truth, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    sync: list[str | Path] = ["sync", "--config", config, "--output", out, "--streams", "ads_insights,campaigns"]
    assert command(*sync) == 0
    registry = ["--registry", f"file://{out}/registry", "--connection", "sync"]
    capsys.readouterr()
    assert command("state", "show", *registry) == 0
    shown = capsys.readouterr().out
    assert "date_start 2026-11-24" in shown
    assert "marks of its objects" in shown
    before = len([call for call in truth.journal() if call["edge"] == "campaigns"])
    assert command("state", "rewind", *registry, "--to", "2026-11-20", "--account", "act_1001") == 0
    assert "ads_insights act_1001: date_start 2026-11-20 (version" in capsys.readouterr().out
    assert command("state", "reset", *registry, "--stream", "campaigns", "--account", "1002") == 0
    assert command("state", "history", *registry, "--stream", "campaigns", "--account", "1002") == 0
    history = capsys.readouterr().out
    assert "starts over" in history
    assert "state reset" in history
    assert command(*sync) == 0
    assert len([call for call in truth.journal() if call["edge"] == "campaigns"]) > before
    rows = Held(out).rows("campaigns")
    assert differences(rows, truth.objects("campaigns", runner_world.ACCOUNTS), ("id",), ["name"]) == []
    capsys.readouterr()
    assert command("state", "show", "--json", *registry) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((out / "state.json").read_text(encoding="utf-8"))
