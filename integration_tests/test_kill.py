"""Killed at any moment and resumed from what it had written, the connector ends with the truth."""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from integration_tests.connector import Connector, configure
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import EDGES, REPORTS, Truth, differences

SCRIPT = Path(sys.executable).with_name("source-meta-ads")
CHAINS = 4
KILLS_A_CHAIN = 13
START = "2026-10-25"
FIELDS = ["impressions", "spend", "clicks", "actions", "ad_name"]
COLUMNS = [*FIELDS, "id", "name", "account_id", "ad_id", "date_start", "date_stop", "country", "updated_time"]
KEYS = {
    "ads_insights": ("date_start", "account_id", "ad_id"),
    "ads_insights_country": ("date_start", "account_id", "ad_id", "country"),
    "ads": ("id",),
}
# Slow enough that a kill lands in every phase: jobs made, polled, half read, state written.
WORLD: dict[str, Any] = {
    "seed": 3,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "latency": {"milliseconds": 8},
    "jobs": {"seconds": [0.05, 0.4]},
    "tokens": [{"token": "tok-all", "scopes": ["ads_read"]}],
    "accounts": [
        {"id": "1001", "timezone": "America/Los_Angeles", "campaigns": 2, "adsets_per_campaign": 1, "ads_per_adset": 2},
        {"id": "1002", "timezone": "Asia/Tokyo", "campaigns": 1, "adsets_per_campaign": 1, "ads_per_adset": 2},
    ],
}  # fmt: skip


@dataclass
class Destination:
    """Who holds the records, and the newest state, as a platform does.

    `keeps_uncommitted`: whether records that no state followed are kept; platforms differ, both have to end well.
    """

    keeps_uncommitted: bool
    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in KEYS})
    state: dict[str, Any] = field(default_factory=dict)

    def take(self, lines: list[str]) -> None:
        """What one run printed, up to the last line that is whole."""
        waiting: dict[str, list[dict[str, Any]]] = {name: [] for name in KEYS}
        for line in lines:
            message = json.loads(line)
            if message["type"] == "RECORD":
                waiting[message["record"]["stream"]].append(message["record"]["data"])
            elif message["type"] == "STATE":
                name = message["state"]["stream"]["stream_descriptor"]["name"]
                self.state[name] = message["state"]
                self.records[name] += waiting[name]
                waiting[name] = []
        if self.keeps_uncommitted:
            for name, records in waiting.items():
                self.records[name] += records


@dataclass
class Installed:
    """The console script with a configuration and a catalog in files."""

    url: str
    folder: Path

    def prepare(self) -> None:
        self.folder.mkdir()
        config = {"credentials": {"auth_type": "Service", "access_token": "tok-all"}, "start_date": START}
        streams = Connector(self.url, config).streams()
        catalog = {"streams": [configure(streams[name], COLUMNS) for name in KEYS]}
        self._write("config", config)
        self._write("catalog", catalog)

    def read(self, state: Mapping[str, Any], *, lines: int | None = None, seconds: float | None = None) -> list[str]:
        """The whole lines of a read; killed after so many lines or seconds, where one of them is given."""
        self._write("state", list(state.values()))
        arguments = [str(SCRIPT), "read"]
        for name in ("config", "catalog", "state"):
            arguments += [f"--{name}", str(self.folder / f"{name}.json")]
        environment = {**os.environ, "META_GRAPH_URL": self.url}
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
            assert process.stdout is not None
            timer = threading.Timer(seconds, process.kill) if seconds else None
            if timer:
                timer.start()
            found: list[str] = []
            for line in process.stdout:
                if line.endswith(b"\n"):
                    found.append(line.decode())
                if lines and len(found) == lines:
                    process.kill()
            if timer:
                timer.cancel()
        assert process.returncode == (0 if not (lines or seconds) else process.returncode)
        return found

    def _write(self, name: str, content: Any) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def chain_of_kills(chain: int, truth: Truth, installed: Installed) -> None:
    """Read, kill, resume, kill …, with the clock moved on now and then; at last read to the end and compare."""
    chance = random.Random(f"kill {chain}")
    destination = Destination(keeps_uncommitted=chain % 2 == 0)
    begun = time.monotonic()
    whole = installed.read({})
    seconds = time.monotonic() - begun
    for kill in range(KILLS_A_CHAIN):
        if chance.random() < 0.5:
            lines = installed.read(destination.state, lines=chance.randint(1, len(whole)))
        else:
            lines = installed.read(destination.state, seconds=chance.uniform(0.4, 1.0) * seconds)
        destination.take(lines)
        if kill % 4 == 3:
            truth.advance_days(1)
    destination.take(installed.read(destination.state))
    check_equal(truth, destination)


@pytest.fixture
def chains(tmp_path: Path) -> Iterator[list[tuple[Truth, Installed]]]:
    """A sandbox a chain, and the connector set up for it."""
    handles = [serve_in_thread(copy.deepcopy(WORLD)) for _ in range(CHAINS)]
    found = []
    for number, handle in enumerate(handles):
        installed = Installed(handle.url, tmp_path / str(number))
        installed.prepare()
        found.append((Truth(handle.url), installed))
    yield found
    for handle in handles:
        handle.stop()


def test_killed_at_fifty_random_points_and_resumed_it_ends_with_the_truth(
    chains: list[tuple[Truth, Installed]],
) -> None:
    with ThreadPoolExecutor(CHAINS) as pool:
        ended = [pool.submit(chain_of_kills, number, *chain) for number, chain in enumerate(chains)]
    for each in ended:
        each.result()


def check_equal(truth: Truth, destination: Destination) -> None:
    accounts = ("1001", "1002")
    for name, key in KEYS.items():
        if name in EDGES:
            true, columns = truth.objects(EDGES[name], accounts), ["id", "name", "updated_time"]
        else:
            fields = [*FIELDS, "account_id", "ad_id"]
            true, columns = truth.report(REPORTS[name], accounts, START, "2026-12-31", fields), [*FIELDS, *key]
        assert true
        assert differences(destination.records[name], true, key, columns) == []
