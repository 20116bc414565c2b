"""`make demo`: the connector against the sandbox, from check to a second sync that sees restated days.

Runs the installed console script as a user would, keeps what it wrote in ./demo-output, and compares the
deduplicated result with what the sandbox says is true. Exits 1 if anything is off.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from integration_tests.truth import EDGES, REPORTS, Asked, Truth, differences, keyed, plain  # noqa: E402

OUTPUT = ROOT / "demo-output"
SCENARIO = ROOT / "integration_tests" / "sandbox" / "scenarios" / "demo.yaml"
CONNECTOR = Path(sys.executable).with_name("source-meta-ads")
TOKEN = "demo-token-never-printed"
HISTORY_DAYS = 35
DAYS_BETWEEN = 3
CUSTOM = "campaign_by_platform"


class DemoFailed(Exception):
    """Something in the demo is not as it should be."""


@dataclass
class Sync:
    """What one `read` wrote."""

    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    state: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)


def main() -> int:
    """Run the demo; 0 when all of it held."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir()
    sandbox = subprocess.Popen(
        [sys.executable, "-m", "integration_tests.sandbox", "--port", "0", "--scenario", str(SCENARIO)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = _address(sandbox)
        _play(Truth(url))
    except DemoFailed as failure:
        print(f"demo failed: {failure}", file=sys.stderr)
        return 1
    finally:
        sandbox.terminate()
        sandbox.wait(timeout=10)
    return 0


def _play(truth: Truth) -> None:
    start = (truth.clock() - timedelta(days=HISTORY_DAYS)).date().isoformat()
    accounts = truth.accounts_of(TOKEN)
    _write("config.json", _config(start))
    check = _messages(truth, "check")
    status = next(m["connectionStatus"] for m in check if m["type"] == "CONNECTION_STATUS")
    if status["status"] != "SUCCEEDED":
        raise DemoFailed(f"check: {status.get('message')}")
    print(f"check      {status['status']}, {len(accounts)} ad accounts")
    catalog = next(m["catalog"] for m in _messages(truth, "discover") if m["type"] == "CATALOG")
    streams = {stream["name"]: stream for stream in catalog["streams"] if _demonstrated(stream["name"])}
    print(f"discover   {len(catalog['streams'])} streams, {len(streams)} of them read below")
    _write("catalog.json", _configured(streams))

    first = _sync(truth, with_state=False)
    truth.advance_days(DAYS_BETWEEN)
    second = _sync(truth, with_state=True)

    held = {name: first.records[name] + second.records[name] for name in streams}
    until = (truth.clock() + timedelta(days=1)).date().isoformat()
    wrong = []
    for name, stream in streams.items():
        key = [part[0] for part in stream["source_defined_primary_key"]]
        columns = list(stream["json_schema"]["properties"])
        true = _truth_of(truth, name, accounts, start, until, columns)
        wrong += [f"{name}: {each}" for each in differences(held[name], true, key, columns)]
    _print_streams(streams, first, second)
    _print_spend(first, second)
    if wrong:
        raise DemoFailed(f"{len(wrong)} differences from the truth, the first: " + "; ".join(wrong[:5]))
    _report()
    print(f"\nEvery stream, deduplicated by its key, equals what the sandbox says is true. Files: {OUTPUT.name}/")


def _truth_of(
    truth: Truth, name: str, accounts: list[str], start: str, until: str, columns: list[str]
) -> list[dict[str, Any]]:
    if name in EDGES:
        return [{**row, "account_id": row["account_id"]} for row in truth.objects(EDGES[name], accounts)]
    asked = REPORTS.get(name) or Asked(("publisher_platform",), ("action_type",), level="campaign")
    fields = [column for column in columns if column not in asked.breakdowns]
    return truth.report(asked, accounts, start, until, fields)


def _demonstrated(name: str) -> bool:
    return name in EDGES or name in REPORTS or name == f"custom{CUSTOM}"


def _config(start: str) -> dict[str, Any]:
    return {
        "credentials": {"auth_type": "Service", "access_token": TOKEN},
        "start_date": start,
        "custom_insights": [
            {
                "name": CUSTOM,
                "level": "campaign",
                "breakdowns": ["publisher_platform"],
                "action_breakdowns": ["action_type"],
                "fields": ["campaign_name", "impressions", "clicks", "spend", "actions"],
            }
        ],
    }


def _configured(streams: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": "incremental" if "incremental" in stream["supported_sync_modes"] else "full_refresh",
                "destination_sync_mode": "append_dedup",
                "cursor_field": stream.get("default_cursor_field"),
                "primary_key": stream.get("source_defined_primary_key"),
            }
            for stream in streams.values()
        ]
    }


def _sync(truth: Truth, *, with_state: bool) -> Sync:
    """One read: records appended to one file a stream, the newest state of each stream kept."""
    sync = Sync()
    extra = ["--catalog", str(OUTPUT / "catalog.json")]
    if with_state:
        extra += ["--state", str(OUTPUT / "state.json")]
    started: dict[str, float] = {}
    for message in _messages(truth, "read", *extra):
        if message["type"] == "RECORD":
            sync.records[message["record"]["stream"]].append(message["record"]["data"])
        elif message["type"] == "STATE":
            name = message["state"]["stream"]["stream_descriptor"]["name"]
            sync.state[name] = message["state"]
        elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            trace = message["trace"]
            name, moment = trace["stream_status"]["stream_descriptor"]["name"], trace["emitted_at"] / 1000
            started.setdefault(name, moment)
            sync.seconds[name] = moment - started[name]
        elif message["type"] == "LOG" and message["log"]["message"].startswith("run summary: "):
            summary = json.loads(message["log"]["message"].removeprefix("run summary: "))
            sync.calls = summary["calls_by_stream"]
    for name, records in sync.records.items():
        with (OUTPUT / f"{name}.jsonl").open("a", encoding="utf-8") as out:
            out.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    _write("state.json", list(sync.state.values()))
    return sync


def _messages(truth: Truth, command: str, *extra: str) -> Iterator[dict[str, Any]]:
    """What one run of the connector prints, line by line; the run has to end well and print nothing secret."""
    arguments = [str(CONNECTOR), command, "--config", str(OUTPUT / "config.json"), *extra]
    environment = {**os.environ, "META_GRAPH_URL": truth.url, "META_ADS_RECORD": f"{OUTPUT / 'runs'}/"}
    environment.pop("DEPLOYMENT_MODE", None)
    errors: list[str] = []
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=ROOT
    ) as run:
        for line in run.stdout or ():
            if TOKEN in line:
                raise DemoFailed(f"{command} printed the access token")
            message = json.loads(line)
            if message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
                errors.append(message["trace"]["error"]["message"])
            yield message
    if run.returncode or errors:
        raise DemoFailed(f"{command} ended with {run.returncode}: {'; '.join(errors)}")


def _print_streams(streams: Mapping[str, Any], first: Sync, second: Sync) -> None:
    print(f"\n{'stream':<36}{'rows':>8}{'changed by 2nd read':>21}{'API calls':>11}{'seconds':>9}")
    for name, stream in streams.items():
        key = [part[0] for part in stream["source_defined_primary_key"]]
        before = keyed(first.records[name], key)
        after = {**before, **keyed(second.records[name], key)}
        changed = sum(plain(row) != plain(before.get(each, {})) for each, row in after.items())
        calls = first.calls.get(name, 0) + second.calls.get(name, 0)
        seconds = first.seconds.get(name, 0.0) + second.seconds.get(name, 0.0)
        print(f"{name:<36}{len(after):>8}{changed:>21}{calls:>11}{seconds:>9.1f}")


def _print_spend(first: Sync, second: Sync) -> None:
    """Total spend by campaign, before the clock moved and after, from the deduplicated ads_insights."""
    key = ("date_start", "account_id", "ad_id")
    before = keyed(first.records["ads_insights"], key)
    after = {**before, **keyed(second.records["ads_insights"], key)}
    totals = []
    for rows in (before, after):
        total: defaultdict[tuple[str, str], float] = defaultdict(float)
        for row in rows.values():
            total[row["campaign_name"], row["account_currency"]] += row.get("spend") or 0.0
        totals.append(total)
    print(f"\n{'spend by campaign':<44}{'before':>14}{f'{DAYS_BETWEEN} days later':>14}")
    for campaign, currency in sorted(totals[1]):
        old, new = (total[campaign, currency] for total in totals)
        print(f"{campaign[:38]:<40}{currency:<4}{old:>14,.2f}{new:>14,.2f}")


def _report() -> None:
    """The second sync as a page, with the days that it found restated since the first."""
    page = OUTPUT / "report.html"
    arguments = [str(CONNECTOR), "report", str(OUTPUT / "runs"), "--to", str(page)]
    ended = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, check=False)
    if ended.returncode or "Restated days" not in page.read_text(encoding="utf-8"):
        raise DemoFailed(f"report: {ended.stderr.strip() or 'the page is not whole'}")
    if TOKEN in page.read_text(encoding="utf-8"):
        raise DemoFailed("the report shows the access token")
    print(f"\nThe second sync as a page, restated days and all: {page.relative_to(ROOT)}")


def _address(sandbox: subprocess.Popen[str]) -> str:
    for line in sandbox.stdout or ():
        if "http://" in line:
            return line.split()[-1].rstrip("/")
    raise DemoFailed("the sandbox did not start")


def _write(name: str, content: Any) -> None:
    (OUTPUT / name).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
