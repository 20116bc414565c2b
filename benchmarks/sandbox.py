"""How fast the sandbox answers: small calls, pages of objects and of insights, its start and its memory.

A server runs in a process of its own, pinned to one core where the machine has several; clients run on the others. The
figures are per second of that process's CPU, so that neither the clients nor what else the machine does is measured.
Rows are made once, and that is what a benchmark of a connector sees: "rows made" is a whole edge read once from a
server that has answered nothing of it before, its first page with all that has to be set up included; "all pages" are
the four edges together. For report runs it is all CPU from the submission to the last page, whenever the rows were
made. "Made ahead" is what is left of it for the reader when the run took a while, as Meta's do: the CPU of reading its
pages alone, the rows having been made while it ran. That CPU was used too, only sooner.
The floor is a bare ASGI app on the same server that answers with the same bytes, measured just after: a ratio of 0.5 is
half as fast as that.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.connection import TOKEN, VERSION, Connection  # noqa: E402 # the sandbox is found from anywhere
from benchmarks.served import Server, start  # noqa: E402
from integration_tests.sandbox.insights_query import known_fields  # noqa: E402
from source_meta_ads.schemas.fields import load_node  # noqa: E402

ACCOUNT, SECONDS = "1001", 2.0
CLIENTS = max(2, min(4, (os.cpu_count() or 2) - 1))
AD = {"id": ACCOUNT, "campaigns": 100, "adsets_per_campaign": 2, "ads_per_adset": 5, "creatives": 1000}
# Large enough that making its rows is what takes the time.
LARGE: dict[str, Any] = {**AD, "id": "1002", "campaigns": 500, "creatives": 5000}
WORLD: dict[str, Any] = {
    "seed": 1, "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0}, "jobs": {"seconds": [0, 0]},
    "tokens": [{"token": TOKEN}], "accounts": [AD],
}  # fmt: skip
MANY = {"count": 999, "template": {**{key: value for key, value in AD.items() if key != "id"}}}
EDGES = {"campaigns": "Campaign", "adsets": "AdSet", "ads": "Ad", "adcreatives": "AdCreative"}
REPORT = {
    "level": "ad", "time_increment": "1",
    "action_breakdowns": json.dumps(["action_type", "action_target_id", "action_destination"]),
    "action_attribution_windows": json.dumps(["1d_click", "7d_click", "28d_click", "1d_view"]),
}  # fmt: skip


def ask(url: str, paths: Sequence[str], until: float) -> tuple[int, int]:
    """Ask for paths in turn until a moment: calls and bytes."""
    connection, calls, size = Connection(url), 0, 0
    while time.time() < until:
        size += len(connection.call("GET", paths[calls % len(paths)]))
        calls += 1
    return calls, size


def rate(pool: ProcessPoolExecutor, server: Server, paths: Sequence[str]) -> tuple[float, float]:
    """Calls and megabytes a second of CPU, when every client asks for the same."""
    before, until = server.used("cpu"), time.time() + SECONDS
    done = [each.result() for each in [pool.submit(ask, server.url, paths, until) for _ in range(CLIENTS)]]
    spent = server.used("cpu") - before
    return sum(calls for calls, _ in done) / spent, sum(size for _, size in done) / spent / 1e6


def bare(pool: ProcessPoolExecutor, body: bytes) -> tuple[float, float]:
    """The rate of the floor with a body."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        server = start("floor", file.name)
        try:
            return rate(pool, server, ["/"])
        finally:
            server.stop()


def pages(connection: Connection, path: str, **params: str) -> tuple[list[str], int]:
    """Read a listing to its end: the addresses of its pages, and its bytes."""
    addresses, size = [], 0
    address = f"/{VERSION}/{path}?{urlencode(params)}"
    while address:
        body = connection.call("GET", address)
        addresses.append(address)
        size += len(body)
        following = urlsplit(json.loads(body).get("paging", {}).get("next", ""))
        address = following.path and f"{following.path}?{following.query}"
    return addresses, size


def reports(connection: Connection, read: Callable[..., tuple[list[str], int]] = pages) -> tuple[list[str], int]:
    """Make report runs and read each once: as `pages`."""
    addresses, size = list[str](), 0
    for day in range(1, 9):
        run_id = submitted(connection, day, ACCOUNT)
        while connection.json("GET", run_id)["async_percent_completion"] != 100:
            time.sleep(0.01)
        more, n_bytes = read(connection, f"{run_id}/insights", limit="100")
        addresses, size = [*addresses, *more], size + n_bytes
    return addresses, size


def submitted(connection: Connection, day: int, account: str) -> str:
    """Begin a report run of one day: its id."""
    fields = sorted(set(load_node("AdsInsights", VERSION).default_names) & known_fields())
    days = json.dumps({"since": f"2026-09-{day:02}", "until": f"2026-09-{day:02}"})
    asked = connection.json("POST", f"act_{account}/insights", fields=",".join(fields), time_range=days, **REPORT)
    return str(asked["report_run_id"])


def measure_pages(
    pool: ProcessPoolExecutor, server: Server, name: str, read: Callable[[Connection], tuple[list[str], int]]
) -> tuple[int, float]:
    """Report how fast the pages of a listing are made and read again; return the bytes made and their CPU seconds."""
    connection, before = Connection(server.url), server.used("cpu")
    addresses, size = read(connection)
    spent = server.used("cpu") - before
    _, again = rate(pool, server, addresses[-4:])
    _, least = bare(pool, connection.call("GET", addresses[-2]))
    report(f"{name}, rows made", size / spent / 1e6, "MB/s", least, f"{size / len(addresses) / 1e3:.0f} kB a page")
    report(f"{name}, read again", again, "MB/s", least)
    return size, spent


def made_ahead() -> float:
    """Megabytes a second of CPU when report runs are read that had a second to make their rows."""
    server = start("sandbox", scenario([AD], jobs={"seconds": [1, 1]}))
    spent = 0.0

    def timed(connection: Connection, path: str, **params: str) -> tuple[list[str], int]:
        nonlocal spent
        before = server.used("cpu")
        found = pages(connection, path, **params)
        spent += server.used("cpu") - before
        return found

    try:
        _, size = reports(Connection(server.url), timed)
        return size / spent / 1e6
    finally:
        server.stop()


def report_waits() -> None:
    """Report how long small calls take while rows are made ahead, and when nothing else is done."""
    server = start("sandbox", scenario([AD, LARGE], jobs={"seconds": [60, 60]}))
    try:
        connection = Connection(server.url)
        idle = connection.waits(f"/{VERSION}/me", 80)
        for day in range(1, 5):
            submitted(connection, day, LARGE["id"])
        # So few that there is still something to make at the last of them.
        busy = connection.waits(f"/{VERSION}/me", 80)
        note = f"median, at most {busy[-1]:.1f}; idle {idle[40]:.2f}, at most {idle[-1]:.1f}"
        report("small calls while rows are made", busy[40], "ms", 0, note)
    finally:
        server.stop()


def scenario(accounts: Sequence[Any], **sections: Any) -> str:
    """A file with the world of some accounts; the caller's temporary directory ends with the process."""
    path = Path(tempfile.mkdtemp()) / "world.yaml"
    path.write_text(json.dumps({**WORLD, "accounts": list(accounts), **sections}))
    return str(path)


def started(path: str) -> float:
    """Seconds from nothing to the first answer."""
    begin = time.perf_counter()
    server = start("sandbox", path)
    Connection(server.url).call("GET", f"/{VERSION}/me")
    server.stop()
    return time.perf_counter() - begin


def peak_after_reading(path: str) -> float:
    """The memory of a server, in MB, when one account was read to its end."""
    server = start("sandbox", path)
    try:
        connection = Connection(server.url)
        for edge in (*EDGES, "insights"):
            asked = {"level": "ad"} if edge == "insights" else {"fields": "id,name"}
            pages(connection, f"act_{ACCOUNT}/{edge}", limit="500", **asked)
        return server.used("peak")
    finally:
        server.stop()


def report(name: str, value: float, unit: str, least: float, note: str = "") -> None:
    """Print a line: the figure, and how much of the floor it is."""
    ratio = f"{value / least:8.2f}" if least else " " * 8
    print(f"{name:<38} {value:10,.1f} {unit:<8} {ratio}  {note}")


def main() -> None:
    """Measure everything and print it as a table."""
    alone, many = scenario([AD]), scenario([AD, MANY])
    server = start("sandbox", scenario([AD, LARGE]))
    print(f"{CLIENTS} clients; per second of the server's CPU\n{'':<38} {'':>10} {'':<8} of floor")
    try:
        with ProcessPoolExecutor(CLIENTS, mp_context=multiprocessing.get_context("spawn")) as pool:
            list(pool.map(time.sleep, [0.2] * CLIENTS))
            connection = Connection(server.url)
            first = connection.json("GET", f"act_{ACCOUNT}/ads", limit="1")["data"][0]["id"]
            node = f"/{VERSION}/{first}?fields=id,name,effective_status,updated_time"
            calls, _ = rate(pool, server, [node])
            least, _ = bare(pool, connection.call("GET", node))
            report("small calls", calls, "calls/s", least)
            made = []
            for edge, name in EDGES.items():
                fields = ",".join(load_node(name, VERSION).default_names)
                read = partial(pages, path=f"act_{LARGE['id']}/{edge}", fields=fields, limit="100")
                made.append(measure_pages(pool, server, f"pages of {edge}", read))
            size, spent = map(sum, zip(*made, strict=True))
            report("all pages of an account, rows made", size / spent / 1e6, "MB/s", 0, f"{size / 1e6:.0f} MB")
            measure_pages(pool, server, "pages of report runs", reports)
            report("pages of report runs, made ahead", made_ahead(), "MB/s", 0, "read from runs of a second")
            report_waits()
    finally:
        server.stop()
    report("start-up", 1000 * min(started(alone) for _ in range(3)), "ms", 0, "1 account, to the first answer")
    report("start-up", 1000 * min(started(many) for _ in range(3)), "ms", 0, "1,000 accounts")
    one, thousand = peak_after_reading(alone), peak_after_reading(many)
    report("peak memory, 1 account read", one, "MB", 0, "of 1 account × 1,000 ads")
    report("", thousand, "MB", 0, f"of 1,000 accounts × 1,000 ads: × {thousand / one:.3f}")


if __name__ == "__main__":
    main()
