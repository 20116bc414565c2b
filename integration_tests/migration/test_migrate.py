"""`migrate` says what differs and writes files that read on where source-facebook-marketing stopped."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from integration_tests.connector import printed
from integration_tests.migration import official
from integration_tests.truth import Truth
from source_meta_ads.commands import execute

ACCOUNTS = ["1001", "1002"]
CONFIG: dict[str, Any] = {
    "account_ids": ACCOUNTS,
    "credentials": {"auth_type": "Service", "access_token": "tok-all"},
    "start_date": "2026-11-10T00:00:00Z",
    "end_date": "",
    "insights_lookback_window": 28,
    "custom_insights": [{"name": "My_Report", "level": "campaign", "breakdowns": ["country"], "fields": ["spend"]}],
}
STATES = [
    official.message(
        "ads_insights", official.insights_state({"1001": "2026-11-20", "1002": "2026-11-19"}, ["2026-11-22"])
    ),
    official.message("ads", official.object_state(dict.fromkeys(ACCOUNTS, "2026-11-20T08:00:00+00:00"))),
    official.message("ads_insights_country", official.old_insights_state("2026-11-20")),
]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A configuration, a catalog of all its streams, and states of three forms."""
    contents = {"config": CONFIG, "catalog": official.configured(), "state": STATES}
    paths = {}
    for name, content in contents.items():
        paths[name] = tmp_path / f"{name}.json"
        paths[name].write_text(json.dumps(content), encoding="utf-8")
    return paths


def arguments(files: dict[str, Path], *more: str) -> list[str]:
    return ["migrate", *(part for name, path in files.items() for part in (f"--{name}", str(path))), *more]


def test_it_says_what_is_lost_what_is_changed_and_what_goes_on(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(arguments(files, "--json")) == 1
    told = json.loads(capsys.readouterr().out)
    lost = {note["subject"] for part in told.values() for note in part if note["weight"] == "lost"}
    assert "ad_creatives_from_ads" in lost
    assert not any(subject.startswith("ads_insights") for subject in lost)
    changed = {note["subject"]: note["text"] for note in told["catalog"] if note["weight"] == "changed"}
    assert changed["campaigns.daily_budget"].startswith("number → string: minor units")
    places = {note["subject"]: note["text"] for note in told["state"]}
    assert places["ads_insights"] == (
        "goes on for 1001 from 2026-11-20 and 1 days beyond it, 1002 from 2026-11-19 and 1 days beyond it"
    )
    assert "starts over" in places["ads_insights_country"]
    assert "several now" in places["ads_insights_country"]


def test_the_token_is_written_for_its_owner_alone_and_printed_nowhere(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--json"]):
        execute(arguments(files, "--output", str(tmp_path / "new"), *more))
        said = capsys.readouterr()
        assert "tok-all" not in said.out + said.err
    written = tmp_path / "new" / "config.json"
    assert json.loads(written.read_text(encoding="utf-8"))["credentials"] == CONFIG["credentials"]
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_older_keys_are_folded_and_unknown_ones_named(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = {"account_id": "1001", "account_ids": ["act_1001"], "access_token": "tok-all", "start_date": "2026-11-10"}
    files["config"].write_text(json.dumps(old), encoding="utf-8")
    execute(["migrate", "--config", str(files["config"]), "--output", str(tmp_path / "new")])
    said = capsys.readouterr().out
    assert "access_token: now under credentials" in said
    assert "account_id: means nothing here; left out" in said
    assert json.loads((tmp_path / "new" / "config.json").read_text(encoding="utf-8")) == {
        "account_ids": ["1001"],
        "credentials": {"auth_type": "Service", "access_token": "tok-all"},
        "start_date": "2026-11-10",
    }


def test_the_files_written_are_read_on_from(
    files: dict[str, Path], tmp_path: Path, truth: Truth, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["campaigns", "ads", "ads_insights"]
    files["catalog"].write_text(json.dumps(official.configured(names)), encoding="utf-8")
    new = tmp_path / "new"
    execute(arguments(files, "--output", str(new)))
    monkeypatch.setenv("META_GRAPH_URL", truth.url)
    written = [part for name in ("config", "catalog", "state") for part in (f"--{name}", str(new / f"{name}.json"))]
    output = printed(["read", *written])
    assert (output.exit_code, output.errors) == (0, [])
    assert all(output.statuses(name)[-1] == "COMPLETE" for name in names)
    assert min(record["date_start"] for record in output.records("ads_insights")) == "2026-11-10"
    assert output.records("campaigns")


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("config", "{", "config.json: not JSON"),
        ("config", "5", "config.json: a JSON object is needed, this is int"),
        ("config", '{"credentials": {"access_token": "t"}, "start_date": "soon"}', "configuration: start_date: 'soon'"),
        ("catalog", '{"catalog": []}', 'not a configured catalog: it has no list "streams"'),
        ("catalog", '{"streams": [{"name": "ads"}]}', 'a stream has no "stream" with a "name"'),
        ("state", '[{"x": 1}]', "not a state: a list of messages"),
        ("state", '{"ads": 5}', "not a state: ads has int instead of an object"),
    ],
)
def test_a_file_that_can_not_be_used_is_named_with_what_is_wrong(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str], file: str, content: str, complaint: str
) -> None:
    files[file].write_text(content, encoding="utf-8")
    assert execute(arguments(files)) == 2
    assert complaint in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    files["state"].unlink()
    assert execute(arguments(files)) == 2
    assert (
        capsys.readouterr().err.strip().endswith("state.json: No such file or directory: name a file that can be read")
    )
