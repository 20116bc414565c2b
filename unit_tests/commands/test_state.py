"""States by hand: only while no run works the account, and never without saying what was done."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from source_meta_ads.clock import Clock
from source_meta_ads.commands import state
from source_meta_ads.registry.leases import Leases
from source_meta_ads.registry.states import Place, StateBook, States
from source_meta_ads.registry.store import VersionLog, open_store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite://{tmp_path}/registry.db"


@pytest.fixture
def log(url: str) -> VersionLog:
    log = open_store(url)
    run = States(log, "shop", "run-1", Clock().now, "out (jsonl)")
    run.commit("ads_insights", {"1001": {"date_start": "2026-11-01"}, "time_increment": 1})
    run.commit("ads_insights", {"1001": {"date_start": "2026-11-20"}, "1002": {"date_start": "2026-11-19"}})
    run.commit("ads", {"1001": {"updated_time": "2026-11-20T00:00:00+00:00"}})
    return log


def execute(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    state.configure(parser)
    return state.execute(parser.parse_args(arguments))


def entry(log: VersionLog, stream: str, account_id: str) -> Any:
    standing = StateBook(log, Clock().now).standing(Place("shop", stream, account_id))
    assert standing
    return standing.entry


def test_without_a_connection_the_connections_are_named(
    url: str, log: VersionLog, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute("show", "--registry", url) == 0
    assert capsys.readouterr().out == "shop\n"
    assert execute("reset", "--registry", url) == 1
    assert "name a connection with --connection (there are shop)" in capsys.readouterr().err


def test_show_as_json_is_what_read_takes(url: str, log: VersionLog, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute("show", "--registry", url, "--connection", "shop", "--json", "--stream", "ads_insights") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["stream"]["stream_descriptor"] == {"name": "ads_insights"}
    assert found["stream"]["stream_state"] == {
        "1001": {"date_start": "2026-11-20"}, "1002": {"date_start": "2026-11-19"},
    }  # fmt: skip


def test_rewinding_takes_back_what_is_named_and_nothing_else(
    url: str, log: VersionLog, capsys: pytest.CaptureFixture[str]
) -> None:
    there = ("--registry", url, "--connection", "shop")
    assert execute("rewind", *there, "--stream", "ads_insights", "--to", "2026-11-10") == 0
    assert entry(log, "ads_insights", "1001") == entry(log, "ads_insights", "1002") == {"date_start": "2026-11-10"}
    assert entry(log, "ads", "1001") == {"updated_time": "2026-11-20T00:00:00+00:00"}
    capsys.readouterr()
    assert execute("rewind", *there, "--account", "1001", "--to", "2026-11-10") == 0
    assert "ads act_1001: updated_time 2026-11-10T00:00:00+00:00" in capsys.readouterr().out
    assert execute("rewind", *there, "--to", "2026-11-15") == 0
    assert capsys.readouterr().out.count("stands before 2026-11-15 already") == 3


def test_a_version_of_before_can_be_put_back(url: str, log: VersionLog) -> None:
    one = ("--registry", url, "--connection", "shop", "--stream", "ads_insights", "--account", "1001")
    assert execute("rewind", *one, "--version", "1") == 0
    assert entry(log, "ads_insights", "1001") == {"date_start": "2026-11-01"}
    versions = StateBook(log, Clock().now).history(Place("shop", "ads_insights", "1001"))
    assert [each.by for each in versions] == ["state rewind --version 1", "run-1", "run-1"]


@pytest.mark.parametrize("action", [["reset"], ["rewind", "--to", "2026-11-10"]])
def test_while_a_run_works_an_account_its_states_stay(
    url: str, log: VersionLog, capsys: pytest.CaptureFixture[str], action: list[str]
) -> None:
    leases = Leases(log, "run-2", Clock(), timedelta(minutes=5))
    leases.renew()
    leases.acquire(["1002"])
    assert execute(*action, "--registry", url, "--connection", "shop") == 1
    assert "act_1002 is being worked by run run-2 on" in capsys.readouterr().err
    assert entry(log, "ads_insights", "1001") == {"date_start": "2026-11-20"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["rewind"], "rewind needs either --to DATE or --version N"),
        (["rewind", "--to", "2026-11-01", "--version", "1"], "rewind needs either --to DATE or --version N"),
        (["rewind", "--to", "yesterday"], "--to yesterday: is no day: write it as 2026-11-01"),
        (["rewind", "--version", "1"], "name both with --stream and --account"),
        (["rewind", "--version", "9", "--stream", "ads"], "ads act_1001: there is no version 9: `history` lists them"),
        (["show", "--stream", "nothing"], "no such states (connections: shop)"),
    ],
)
def test_what_can_t_be_done_is_explained(
    url: str, log: VersionLog, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert execute(*arguments, "--registry", url, "--connection", "shop") == 1
    assert complaint in capsys.readouterr().err
