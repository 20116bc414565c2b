"""A server in a process of its own, that tells what it has used: the sandbox, or the floor that it is measured by.

`python benchmarks/served.py sandbox world.yaml`, or `floor body.json`.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import uvicorn  # noqa: E402 # the sandbox is found from anywhere

from benchmarks.connection import Connection  # noqa: E402
from integration_tests.sandbox.server import Sandbox, listen, run, scenario_of, server_for, spare_collector  # noqa: E402


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    def used(self, what: str) -> float:
        """What the process has used: `cpu` in seconds, or the `peak` of its memory in MB."""
        return float(json.loads(Connection(self.url).call("GET", "/usage"))[what])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def start(*args: str) -> Server:
    """Start such a server and wait until it listens."""
    process = subprocess.Popen([sys.executable, __file__, *args], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    return Server(process, process.stdout.readline().strip())


def usage() -> dict[str, float]:
    """What this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    status = Path("/proc/self/status")
    # Linux counts what the parent held before exec into ru_maxrss.
    peak = int(status.read_text().partition("VmHWM:")[2].split()[0]) if status.exists() else used.ru_maxrss / 1024
    return {"cpu": used.ru_utime + used.ru_stime, "peak": peak / 1024}


def serve(app: Any) -> None:
    """Serve an application on a free port, on the last core alone; say where. It also answers GET /usage."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    listening = listen("127.0.0.1", 0)
    host, port = listening.getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)

    async def metered(scope: Any, receive: Any, send: Any) -> None:
        await (plain(json.dumps(usage()).encode()) if scope["path"] == "/usage" else app)(scope, receive, send)

    spare_collector()
    server: uvicorn.Server = server_for(metered)  # type: ignore[arg-type]
    run(lambda: server.serve(sockets=[listening]))


def plain(body: bytes) -> Any:
    """An application that answers everything with the same bytes."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


if __name__ == "__main__":
    kind, path = sys.argv[1:]
    serve(Sandbox(scenario_of(path)) if kind == "sandbox" else plain(Path(path).read_bytes()))
