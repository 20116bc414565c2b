"""What a read of a big account's objects costs, against the sandbox in a process of its own; all figures of one run.

    python -m benchmarks.entities              # 1,000 campaigns, 10,000 ad sets, 50,000 ads
    python -m benchmarks.entities --memory     # peak memory only, of a quarter of that and of all of it

Serial paging is a bare loop that asks for the same fields on pages of the same size, one call at a time, parses each
page and does nothing else. It and the connector each have a fresh sandbox, so that neither finds pages made already.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import requests

from benchmarks.insights import Sandbox, run_script
from integration_tests.connector import Connector, configure
from source_meta_ads.streams.sweep import DELETION_COLUMNS

ACCOUNT = "1001"
EDGES = {"campaigns": "campaigns", "ad_sets": "adsets", "ads": "ads"}
STILL = {"edit_days": 1_000_000, "new_campaign_days": 1_000_000, "retired_share": 0}
WORKERS = 10
VERSION = "v26.0"


@dataclass(frozen=True)
class World:
    """How large the account is, and how slow Meta."""

    campaigns: int
    latency: int

    @property
    def scenario(self) -> dict[str, Any]:
        """The sandbox's scenario: ten ad sets a campaign, five ads an ad set."""
        return {
            "seed": 1,
            "clock": {"now": "2026-11-24T15:01:00Z"},
            "latency": {"milliseconds": self.latency},
            "tokens": [{"token": "tok-all", "scopes": ["ads_read"]}],
            "accounts": [
                {
                    "id": ACCOUNT, "campaigns": self.campaigns, "adsets_per_campaign": 10, "ads_per_adset": 5,
                    "changes": STILL,
                },
            ],
        }  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One read of the account: what it took and what it gave."""

    wall: float
    cpu: float
    peak_mb: float
    rows: Mapping[str, int]
    calls: list[dict[str, Any]]
    sandbox_cpu: float


def streams_of(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The streams read, as discover lists them."""
    known = Connector(sandbox.url, {"credentials": {"auth_type": "Service", "access_token": "tok-all"}}).streams()
    return {name: known[name] for name in EDGES}


def read(sandbox: Sandbox, folder: Path, page_size: int) -> Run:
    """Read the streams with all their columns by the console script."""
    config = {
        "credentials": {"auth_type": "Service", "access_token": "tok-all"}, "account_ids": [ACCOUNT],
        "num_workers": WORKERS, "page_size": page_size,
    }  # fmt: skip
    files = {"config": config, "catalog": {"streams": [configure(each) for each in streams_of(sandbox).values()]}}
    first, sandbox_cpu = len(sandbox.truth.journal()), sandbox.cpu()
    process = run_script(folder, sandbox.url, files)
    if process.exit_code:
        raise SystemExit(f"the read ended with exit code {process.exit_code}")
    ids: dict[str, Counter[str]] = {name: Counter() for name in EDGES}
    with process.output.open("rb") as lines:
        for line in lines:
            message = orjson.loads(line)
            if message["type"] == "RECORD":
                ids[message["record"]["stream"]][message["record"]["data"]["id"]] += 1
    if any(count > 1 for each in ids.values() for count in each.values()):
        raise SystemExit("some rows came twice")
    return Run(
        wall=process.wall, cpu=process.cpu, peak_mb=process.peak_mb,
        rows={name: len(each) for name, each in ids.items()}, calls=sandbox.truth.journal()[first:],
        sandbox_cpu=sandbox.cpu() - sandbox_cpu,
    )  # fmt: skip


def page_serially(sandbox: Sandbox, page_size: int) -> Run:
    """The same streams and fields, one call at a time."""
    fields = {
        name: sorted(set(stream["json_schema"]["properties"]) - set(DELETION_COLUMNS))
        for name, stream in streams_of(sandbox).items()
    }
    session = requests.Session()
    session.headers["Authorization"] = "Bearer tok-all"
    first, sandbox_cpu = len(sandbox.truth.journal()), sandbox.cpu()
    begun, cpu = time.perf_counter(), time.process_time()
    rows = {}
    for name, edge in EDGES.items():
        params = {"fields": ",".join(fields[name]), "limit": str(page_size)}
        rows[name] = 0
        while True:
            answer = session.get(f"{sandbox.url}/{VERSION}/act_{ACCOUNT}/{edge}", params=params, timeout=300)
            answer.raise_for_status()
            page = orjson.loads(answer.content)
            rows[name] += len(page["data"])
            if "next" not in page["paging"]:
                break
            params["after"] = page["paging"]["cursors"]["after"]
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return Run(wall, cpu, 0.0, rows, sandbox.truth.journal()[first:], sandbox.cpu() - sandbox_cpu)


def with_sandbox(world: World, work: Any, *options: Any) -> Run:
    """Do something with a fresh sandbox."""
    with tempfile.TemporaryDirectory() as name:
        sandbox = Sandbox(world, Path(name))  # type: ignore[arg-type]
        try:
            run: Run = work(sandbox, *([Path(name)] if work is read else []), *options)
            return run
        finally:
            sandbox.stop()


def compare(world: World, page_size: int) -> None:
    """Print what the connector takes beside serial paging."""
    serial = with_sandbox(world, page_serially, page_size)
    ours = with_sandbox(world, read, page_size)
    if ours.rows != serial.rows:
        raise SystemExit(f"other rows than serial paging: {ours.rows}, not {serial.rows}")
    calls = [call for call in ours.calls if call["edge"] != "batch"]
    total = sum(ours.rows.values())
    fewest = sum(math.ceil(count / page_size) for count in ours.rows.values())
    print(f"rows                   {total:8d}  " + ", ".join(f"{name} {count}" for name, count in ours.rows.items()))
    cpu = f"sandbox CPU {serial.sandbox_cpu:.1f} s"
    print(f"serial paging          {serial.wall:8.1f} s  {len(serial.calls)} calls, one at a time, {cpu}")
    print(f"connector              {ours.wall:8.1f} s  start-up included, sandbox CPU {ours.sandbox_cpu:.1f} s")
    print(f"connector / serial     {ours.wall / serial.wall:8.3f}  asked: at most 0.2")
    by_edge = ", ".join(f"{count} {edge}" for edge, count in Counter(call["edge"] for call in calls).items())
    print(f"calls                  {len(calls):8d}  {by_edge}")
    print(f"calls / fewest         {len(calls) / fewest:8.3f}  of rows / page size, {fewest}; asked: at most 1.1")
    print(f"CPU                    {ours.cpu:8.1f} s  {1000 * ours.cpu / total:.2f} ms a row")
    print(f"peak memory            {ours.peak_mb:8.0f} MB  asked: below 200")


def memory(world: World, page_size: int) -> None:
    """Print the peak memory of a read, and of one of four times the rows."""
    runs = [
        with_sandbox(World(campaigns, 0), read, page_size)
        for campaigns in (max(1, world.campaigns // 4), world.campaigns)
    ]
    for run in runs:
        print(f"rows {sum(run.rows.values()):8d}  peak memory {run.peak_mb:7.1f} MB")
    print(f"ratio of peak memory {runs[1].peak_mb / runs[0].peak_mb:.2f}")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaigns", type=int, default=1000, help="with ten ad sets of five ads each")
    parser.add_argument("--latency", type=int, default=150, help="milliseconds of each answer")
    parser.add_argument("--page-size", type=int, default=200)
    parser.add_argument("--memory", action="store_true", help="only the peak memory of two reads")
    options = parser.parse_args()
    work = memory if options.memory else compare
    work(World(options.campaigns, options.latency), options.page_size)


if __name__ == "__main__":
    main()
