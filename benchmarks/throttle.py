"""Quotas used to the full and never hit: the connector against a sandbox whose limits are tight, in hastened time.

Fifty accounts, five of them ten times as large. Each scenario reads the same objects (or reports) twice: once with no
limit, which says how many calls are needed, and once with limits. Then, in seconds of the sandbox:

- score: a score of L points that decays in D seconds lets L − 1 calls go at once, then one every D / L seconds. An
  account of n calls takes (n − L + 1) · D / L; the slowest account is the time that the quota dictates.
- hour: a quota of C calls an hour lets C go at once and stops for an hour from the first of them. n calls take
  ⌊(n − 1) / C⌋ hours. C is chosen so that the scope with the most calls needs 2.6 times its quota.

The share of the allowed rate is what that slowest scope got through, against what the quota allowed meanwhile: L − 1
and one every D / L seconds; C an hour in the whole hours that it took. Refusals in a row are those of one scope with no
call that succeeded between them: with no headers, one block may cost one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import math
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer, Type  # noqa: E402 # the package is found from anywhere
from airbyte_cdk.utils import AirbyteTracedException  # noqa: E402

from integration_tests.connector import Connector, configure  # noqa: E402
from integration_tests.truth import Truth  # noqa: E402
from source_meta_ads.clock import Clock  # noqa: E402
from source_meta_ads.source import SourceMetaAds  # noqa: E402

LARGE = (3, 13, 23, 33, 49)
STILL = {"edit_days": 1_000_000, "new_campaign_days": 1_000_000}
OBJECTS, REPORTS = ("campaigns", "ad_sets", "ads"), ("customby_campaign",)
REPORT = {"name": "by_campaign", "level": "campaign", "fields": ["impressions", "spend"], "action_breakdowns": []}
COLUMNS = ("id", "name", "account_id", "campaign_id", "date_start", "impressions", "spend")
RATE_CODES = frozenset({4, 17, 613, 80000, 80003, 80004})
INSIGHTS_EDGES = ("insights", "report run")
# Most of a quota that a scope needs, in quotas: not a whole number, or one call more would be an hour more.
NEEDED = 2.6
HOUR = 3600.0

Call = Mapping[str, Any]
Scope = Callable[[Call], str | None]


class FastClock(Clock):
    """A clock on which seconds pass many times as fast; the date is the server's, as ever."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def monotonic(self) -> float:
        """Seconds of the fast clock."""
        return super().monotonic() * self._speed

    def sleep(self, seconds: float) -> None:
        """Sleep through so many seconds of the fast clock."""
        super().sleep(seconds / self._speed)


@dataclass(frozen=True)
class Scenario:
    """One kind of quota: what is read under it, and which calls it counts together (None: not at all)."""

    name: str
    kind: str
    speed: float
    streams: Sequence[str]
    scope: Scope
    limits: Callable[[int], dict[str, Any]]
    page_size: int = 4
    start: str = "2026-11-01"
    headers: bool = True

    def section(self, quota: int) -> dict[str, Any]:
        """The sandbox's limits."""
        return {**self.limits(quota), "headers": self.headers}


@dataclass
class Run:
    """What one read did."""

    calls: list[dict[str, Any]]
    records: Counter[tuple[str, str]] = field(default_factory=Counter)
    failure: str = ""
    wall: float = 0.0

    @property
    def seconds(self) -> float:
        """From the first call to the last, on the sandbox's clock."""
        return moment(self.calls[-1]) - moment(self.calls[0])


def moment(call: Call) -> float:
    return datetime.fromisoformat(call["at"]).timestamp()


def by_account(call: Call) -> str | None:
    return call["account_id"] or None


def everything(call: Call) -> str | None:
    return "the app"


def objects_of_account(call: Call) -> str | None:
    return call["account_id"] if call["account_id"] and call["edge"] not in INSIGHTS_EDGES else None


def insights_of_account(call: Call) -> str | None:
    return call["account_id"] if call["account_id"] and call["edge"] in INSIGHTS_EDGES else None


LIMIT, DECAY = 60, 300


def score(quota: int) -> dict[str, Any]:
    # Only the score counts here: the hourly quotas of development access are out of the way.
    points = {"limit": LIMIT, "decay_seconds": DECAY, "block_seconds": DECAY}
    return {"tier": "development_access", "score": points, "buc": {"ads_management": 1_000_000}}


SCENARIOS = {
    each.name: each
    for each in (
        Scenario("score", "score", 20, OBJECTS, by_account, score, page_size=1),
        Scenario("objects", "hour", 150, OBJECTS, objects_of_account, lambda quota: {"buc": {"ads_management": quota}}),
        Scenario("insights", "hour", 150, REPORTS, insights_of_account, lambda quota: {"buc": {"ads_insights": quota}},
                 start="2026-02-01"),
        Scenario("app", "hour", 150, OBJECTS, everything, lambda quota: {"app": quota}),
        Scenario("score, no headers", "score", 20, OBJECTS, by_account, score, page_size=1, headers=False),
        Scenario("objects, no headers", "hour", 150, OBJECTS, objects_of_account,
                 lambda quota: {"buc": {"ads_management": quota}}, headers=False),
        Scenario("app, no headers", "hour", 150, OBJECTS, everything, lambda quota: {"app": quota}, headers=False),
    )
}  # fmt: skip


def world(speed: float) -> dict[str, Any]:
    """The sandbox: small accounts of 2 campaigns, 4 ad sets, 12 ads; large ones of ten times as many campaigns."""
    return {
        "seed": 1,
        "clock": {"now": "2026-11-24T15:01:00Z", "speed": speed},
        "jobs": {"seconds": [0.0, 0.0]},
        "tokens": [{"token": "tok-all", "scopes": ["ads_read"]}],
        "accounts": [
            {
                "id": str(1001 + number), "campaigns": 20 if number in LARGE else 2, "adsets_per_campaign": 2,
                "ads_per_adset": 3, "changes": STILL,
            }
            for number in range(50)
        ],
    }  # fmt: skip


@contextlib.contextmanager
def sandbox(speed: float) -> Iterator[Truth]:
    """A sandbox in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "scenario.yaml"
        path.write_text(json.dumps(world(speed)), encoding="utf-8")
        command = [sys.executable, "-m", "integration_tests.sandbox", "--port", "0", "--scenario", str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        try:
            assert process.stdout is not None
            yield Truth(process.stdout.readline().split()[-1])
        finally:
            process.terminate()
            process.wait()


def read(scenario: Scenario, truth: Truth, speed: float) -> Run:
    """One read in this process."""
    config = {
        "credentials": {"auth_type": "Service", "access_token": "tok-all"}, "page_size": scenario.page_size,
        "start_date": scenario.start, "end_date": "2026-11-20", "custom_insights": [REPORT],
        "rate_limit_timeout": 1440,
    }  # fmt: skip
    known = Connector(truth.url, config).streams()
    catalog = {"streams": [configure(known[name], COLUMNS, full_refresh=True) for name in scenario.streams]}
    source = SourceMetaAds(clock=FastClock(speed), environ={"META_GRAPH_URL": truth.url})
    logger = logging.getLogger("airbyte.throttle")
    first, begun = len(truth.journal()), time.perf_counter()
    run = Run([])
    try:
        for message in source.read(logger, config, ConfiguredAirbyteCatalogSerializer.load(catalog), []):
            if message.type == Type.RECORD and message.record:
                row = message.record.data
                key = f"{row.get('id') or row['campaign_id']} {row.get('date_start')}"
                run.records[message.record.stream, key] += 1
    except AirbyteTracedException as error:
        run.failure = str(error.message)
    run.wall = time.perf_counter() - begun
    run.calls = truth.journal()[first:]
    return run


def needed(scenario: Scenario, calls: Sequence[Call]) -> Counter[str]:
    """Calls of each scope that were let through."""
    scopes = (scenario.scope(call) for call in calls if call["code"] not in RATE_CODES and call["edge"] != "batch")
    return Counter(scope for scope in scopes if scope)


def dictated(scenario: Scenario, calls: int, quota: int) -> float:
    """The seconds that so many calls of one scope take under its quota alone."""
    if scenario.kind == "hour":
        return ((calls - 1) // quota) * HOUR
    return max(0.0, (calls - LIMIT + 1) * DECAY / LIMIT)


def share_used(scenario: Scenario, run: Run, scope: str, quota: int) -> float:
    """What the scope got through of what its quota allowed in the time that it took."""
    made = [moment(call) for call in run.calls if scenario.scope(call) == scope and call["code"] not in RATE_CODES]
    took = made[-1] - made[0]
    if scenario.kind == "hour":
        hours = math.floor(took / HOUR)
        return sum(each - made[0] < hours * HOUR for each in made) / (hours * quota) if hours else math.nan
    return len(made) / (LIMIT - 1 + took * LIMIT / DECAY)


def most_in_a_row(scenario: Scenario, calls: Sequence[Call]) -> int:
    """The most refusals of one scope with no success between them."""
    running: Counter[str] = Counter()
    most = 0
    for call in calls:
        if (scope := scenario.scope(call)) is None:
            continue
        running[scope] = running[scope] + 1 if call["code"] in RATE_CODES else 0
        most = max(most, running[scope])
    return most


def measure(scenario: Scenario, haste: float) -> bool:
    """Run one scenario and print what it came to; whether it reached what it should."""
    speed = scenario.speed * haste
    with sandbox(1) as truth:
        free = read(scenario, truth, 1)
    wanted = needed(scenario, free.calls)
    scope, most = wanted.most_common(1)[0]
    quota = math.ceil(most / NEEDED)
    with sandbox(speed) as truth:
        truth.set_limits(scenario.section(quota))
        run = read(scenario, truth, speed)
    scope, most = needed(scenario, run.calls).most_common(1)[0]
    dictates = max(dictated(scenario, calls, quota) for calls in wanted.values())
    refused = [call for call in run.calls if call["code"] in RATE_CODES]
    blocked = sum(call["blocked"] for call in run.calls)
    ratio, share = run.seconds / dictates, share_used(scenario, run, scope, quota)
    lost = free.records - run.records
    in_a_row = most_in_a_row(scenario, run.calls)
    limit = f"{quota} calls an hour" if scenario.kind == "hour" else "60 points, decay 300 s, block 300 s"
    goals = {
        "nothing lost": not run.failure and not lost and not free.failure,
        "time": ratio <= 1.2,
        "share": share >= 0.95,
        "refusals": not refused and not blocked if scenario.headers else in_a_row <= 1,
    }
    if not scenario.headers:
        # Without warning every block costs a refusal and a guess; only recovery is asked for.
        del goals["time"], goals["share"]
    print(f"{scenario.name}: {limit}, {len(wanted)} scopes, the largest needs {max(wanted.values())} calls")
    print(f"  calls                    {len(run.calls):8d}  ({len(free.calls)} without limits; {scope} {most})")
    print(f"  refused                  {len(refused):8d}  most in a row for one scope {in_a_row}")
    print(f"  sent while blocked       {blocked:8d}")
    print(f"  time, the quota's own    {dictates:8.0f} s")
    print(f"  time                     {run.seconds:8.0f} s  ({run.wall:.1f} s of ours)")
    print(f"  ratio                    {ratio:8.2f}")
    print(f"  share of the rate        {share:8.1%}")
    print(f"  records                  {run.records.total():8d}  lost {lost.total()} {run.failure[:200]}")
    print(f"  {'reached' if all(goals.values()) else 'MISSED: ' + ', '.join(k for k, v in goals.items() if not v)}")
    return all(goals.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", default=list(SCENARIOS), help=f"some of {', '.join(SCENARIOS)}")
    parser.add_argument("--haste", type=float, default=1, help="times as fast as each scenario's own speed")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    return int(False in [measure(SCENARIOS[name], asked.haste) for name in asked.scenario])


if __name__ == "__main__":
    sys.exit(main())
