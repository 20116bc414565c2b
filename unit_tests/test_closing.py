"""What a run leaves behind, however it ends."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from source_meta_ads.closing import closing
from source_meta_ads.config import Config
from source_meta_ads.connection import Connection, connect
from source_meta_ads.streams.failure import Failure
from unit_tests.simulated import SimulatedClock

TOKEN = "EAABcanary-of-closing"
LOGGER = logging.getLogger("test.closing")


def connection(environ: Mapping[str, str]) -> Connection:
    made = connect(Config.parse({"access_token": TOKEN}), environ, SimulatedClock(), LOGGER)
    made.meter.call("ads", 200)
    return made


class Run:
    """One run, ended in some way, and what it left."""

    def __init__(self, environ: Mapping[str, str], error: BaseException | None = None) -> None:
        self.told: list[dict[str, Any]] = []
        made = connection(environ)
        try:
            with closing(made, environ, LOGGER, self.told.append):
                if error:
                    raise error
        except (Failure, OSError):
            if error is None:
                raise
        self.recording = self.told[0]


def test_a_run_that_goes_well_is_told_once_with_its_summary(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run = Run({"META_ADS_RUN_ID": "run-1"})
    assert len(run.told) == 1
    assert (run.recording["run_id"], run.recording["status"], run.recording["message"]) == ("run-1", "succeeded", None)
    (line,) = (each for each in caplog.messages if each.startswith("run summary: "))
    summary = json.loads(line.removeprefix("run summary: "))
    assert summary == run.recording["summary"]
    assert summary["calls"] == 1


@pytest.mark.parametrize(
    ("error", "message"),
    [(Failure(f"no luck with {TOKEN}"), "no luck with ****"), (OSError(f"disk of {TOKEN}"), "OSError: disk of ****")],
)
def test_a_run_that_fails_is_told_with_its_words_and_no_secret(error: Exception, message: str) -> None:
    run = Run({}, error)
    assert (run.recording["status"], run.recording["message"]) == ("failed", message)
    assert TOKEN not in json.dumps(run.told)


def test_a_run_whose_reader_goes_away_is_told_as_stopped() -> None:
    told: list[dict[str, Any]] = []

    def reading() -> Iterator[int]:
        with closing(connection({}), {}, LOGGER, told.append):
            yield 1
            yield 2

    rows = reading()
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert [each["status"] for each in told] == ["stopped"]


def test_a_recording_goes_to_a_file_or_under_its_id_into_a_folder(tmp_path: Path) -> None:
    for place in (f"{tmp_path}/one/run.json", f"{tmp_path}/two/", str(tmp_path)):
        Run({"META_ADS_RECORD": place, "META_ADS_RUN_ID": "r7"})
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))
    assert found == ["one/run.json", "r7.json", "two/r7.json"]
    assert json.loads((tmp_path / "r7.json").read_text(encoding="utf-8"))["run_id"] == "r7"


def test_nothing_is_written_that_nobody_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Run({})
    assert list(tmp_path.iterdir()) == []
