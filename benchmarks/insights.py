"""What a read of insights costs, against the sandbox in a process of its own; all figures are of this one run.

    python -m benchmarks.insights            # two reads; --memory: see --help

The floor of a read is the longest report job, as the sandbox ran it, and then the transfer of the result pages at the
concurrency that the configuration allows:

    floor = longest job + ceil(result pages / workers) * latency

It leaves out what no reader can avoid either: starting Python, finding the accounts, the sandbox's own work on a page.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from integration_tests.connector import Connector, configure
from integration_tests.sandbox.scenario import load
from integration_tests.sandbox.world import World
from integration_tests.truth import Truth

SCRIPT = Path(sys.executable).with_name("source-meta-ads")
STREAM = "ads_insights"
TODAY = "2026-11-24"
WORKERS = 10
VERSION = "v26.0"


@dataclass(frozen=True)
class Size:
    """How large the world is, and how slow."""

    accounts: int
    ads: int
    days: int
    latency: int
    jobs: tuple[float, float]

    @property
    def scenario(self) -> dict[str, Any]:
        """The sandbox's scenario: ads in groups of 30, ten campaigns of 3 ad sets by default."""
        per_adset = max(1, self.ads // 30)
        campaigns = math.ceil(self.ads / (3 * per_adset))
        return {
            "seed": 1,
            "clock": {"now": f"{TODAY}T15:01:00Z"},
            "latency": {"milliseconds": self.latency},
            "jobs": {"seconds": list(self.jobs)},
            "tokens": [{"token": "tok-all", "scopes": ["ads_read"]}],
            "accounts": [
                {
                    "id": str(1001 + number), "campaigns": campaigns, "adsets_per_campaign": 3,
                    "ads_per_adset": per_adset, "changes": {"new_campaign_days": 10_000},
                }
                for number in range(self.accounts)
            ],
        }  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One read of the installed connector, as the operating system and the sandbox saw it."""

    wall: float
    cpu: float
    peak_mb: float
    rows: int
    state: list[dict[str, Any]]
    calls: list[dict[str, Any]]
    sandbox_cpu: float
    exit_code: int


class Sandbox:
    """A sandbox in a process of its own."""

    def __init__(self, size: Size, folder: Path) -> None:
        path = folder / "scenario.yaml"
        path.write_text(json.dumps(size.scenario), encoding="utf-8")
        command = [sys.executable, "-m", "integration_tests.sandbox", "--port", "0", "--scenario", str(path)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]
        self.truth = Truth(self.url)

    def cpu(self) -> float:
        """CPU seconds that it has used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


@contextlib.contextmanager
def sandbox_of(size: Size) -> Iterator[tuple[Sandbox, Path]]:
    """A running sandbox and a folder for files."""
    with tempfile.TemporaryDirectory() as name:
        sandbox = Sandbox(size, Path(name))
        try:
            yield sandbox, Path(name)
        finally:
            sandbox.stop()


@dataclass(frozen=True)
class Process:
    """A run of the console script, as the operating system saw it; `output` is what it wrote."""

    wall: float
    cpu: float
    peak_mb: float
    exit_code: int
    output: Path


def run_script(folder: Path, url: str, files: Mapping[str, Any]) -> Process:
    """Run `read` with these files (config, catalog, state) against a Graph API."""
    arguments = [str(SCRIPT), "read"]
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        arguments += [f"--{name}", str(folder / f"{name}.json")]
    output = folder / "output.jsonl"
    with output.open("wb") as out:
        begun = time.perf_counter()
        process = subprocess.Popen(arguments, stdout=out, env={**os.environ, "META_GRAPH_URL": url})
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Process(wall, cpu, usage.ru_maxrss / 1024, process.returncode, output)


def read(sandbox: Sandbox, folder: Path, start: str, state: list[dict[str, Any]]) -> Run:
    """Read ads_insights with all its columns by the console script."""
    config = {
        "credentials": {"auth_type": "Service", "access_token": "tok-all"}, "start_date": start,
        "num_workers": WORKERS,
    }  # fmt: skip
    stream = Connector(sandbox.url, config).streams()[STREAM]
    files: dict[str, Any] = {"config": config, "catalog": {"streams": [configure(stream)]}, "state": state}
    first, cpu = len(sandbox.truth.journal()), sandbox.cpu()
    process = run_script(folder, sandbox.url, files)
    rows, newest = 0, state
    with process.output.open("rb") as lines:
        for line in lines:
            if b'"type":"RECORD"' in line[-40:] or line.startswith(b'{"type":"RECORD"'):
                rows += 1
            elif b'"STATE"' in line:
                newest = [orjson.loads(line)["state"]]
    return Run(
        wall=process.wall, cpu=process.cpu, peak_mb=process.peak_mb, rows=rows, state=newest,
        calls=sandbox.truth.journal()[first:], sandbox_cpu=sandbox.cpu() - cpu, exit_code=process.exit_code,
    )  # fmt: skip


def starting() -> float:
    """CPU seconds of a command that does nothing: Python, airbyte-cdk, the connector's modules."""
    process = subprocess.Popen([str(SCRIPT), "spec"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def kind_of(call: Mapping[str, Any]) -> str:
    """What a call is for."""
    if call["edge"] == "batch":
        return "polls"
    node = call["path"].split("/")[1]
    if call["edge"] == "insights":
        if call["method"] == "POST":
            return "job creation"
        return "sync insights" if node.startswith("act_") else "result pages"
    return {"report run": "polls", "batch": "batches"}.get(call["edge"], "other")


def longest_job(size: Size, made_before: int, made: int) -> float:
    """The seconds that the longest of the runs made in a read took, by the sandbox's own rule."""
    world = World(load(size.scenario))
    least, most = size.jobs
    numbers = range(made_before, made_before + made)
    return max((least + (most - least) * world.share("run", number, "seconds") for number in numbers), default=0.0)


def report(title: str, run: Run, size: Size, made_before: int, started: float) -> int:
    """Print what a read cost, `started` being the CPU seconds that any command takes; return how many runs it made."""
    kinds = Counter(kind_of(call) for call in run.calls)
    made = sum(kind_of(call) == "job creation" and call["status"] == 200 for call in run.calls)
    asked = [call for call in run.calls if kind_of(call) != "batches"]
    beyond = len(asked) - kinds["job creation"] - kinds["polls"]
    polls = Counter(call["at"][:19] for call in run.calls if kind_of(call) == "polls")
    longest = longest_job(size, made_before, made)
    pages = kinds["result pages"] + kinds["sync insights"]
    floor = longest + math.ceil(pages / WORKERS) * size.latency / 1000
    print(f"{title} (exit code {run.exit_code})")
    print(f"  rows                      {run.rows:10d}")
    print(f"  wall                      {run.wall:10.1f} s")
    print(f"  floor                     {floor:10.1f} s  longest job {longest:.1f} s, {pages} pages, {WORKERS} workers")
    print(f"  wall / floor              {run.wall / floor if floor else math.nan:10.2f}")
    print(f"  calls                     {len(asked):10d}  " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    print(f"  quota points              {sum(call['points'] for call in asked):10.0f}")
    print(f"  rows a call beyond these  {run.rows / beyond if beyond else math.nan:10.0f}  (beyond creation and polls)")
    print(
        f"  polls a second            {kinds['polls'] / run.wall:10.2f}  most in one {max(polls.values(), default=0)}"
    )
    each, beyond_start = (1000 * cpu / max(1, run.rows) for cpu in (run.cpu, run.cpu - started))
    print(f"  connector CPU             {run.cpu:10.1f} s  {each:.2f} ms a row")
    print(f"  connector CPU, starting   {started:10.1f} s  {beyond_start:.2f} ms a row beyond it")
    print(f"  sandbox CPU               {run.sandbox_cpu:10.1f} s")
    print(f"  peak memory               {run.peak_mb:10.0f} MB")
    return int(made)


def start_of(days: int) -> str:
    """The first of so many days that end today."""
    return (date.fromisoformat(TODAY) - timedelta(days=days - 1)).isoformat()


def two_reads(size: Size) -> None:
    """A first read, and one a day later that reads 28 days again."""
    with sandbox_of(size) as (sandbox, folder):
        started = starting()
        first = read(sandbox, folder, start_of(size.days), [])
        made = report(f"first read, {size.days} days", first, size, 0, started)
        sandbox.truth.advance_days(1)
        second = read(sandbox, folder, start_of(size.days), first.state)
        report("a day later, the lookback window again", second, size, made, started)


def memory(size: Size) -> None:
    """Peak memory of a read, and of one of four times the days."""
    runs = []
    for days in (size.days, size.days * 4):
        with sandbox_of(size) as (sandbox, folder):
            runs.append(read(sandbox, folder, start_of(days), []))
    for run in runs:
        print(f"rows {run.rows:8d}  peak memory {run.peak_mb:7.1f} MB  exit code {run.exit_code}")
    print(f"ratio of rows {runs[1].rows / runs[0].rows:.2f}, of peak memory {runs[1].peak_mb / runs[0].peak_mb:.2f}")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=3)
    parser.add_argument("--ads", type=int, default=300, help="an account")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--latency", type=int, default=150, help="milliseconds of each answer")
    parser.add_argument("--jobs", type=float, nargs=2, default=(3.0, 10.0), help="least and most seconds of a job")
    parser.add_argument("--memory", action="store_true", help="only the peak memory of two reads")
    options = parser.parse_args()
    size = Size(options.accounts, options.ads, options.days, options.latency, tuple(options.jobs))
    (memory if options.memory else two_reads)(size)


if __name__ == "__main__":
    main()
