"""`python -m integration_tests.sandbox`: the sandbox until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from integration_tests.sandbox.server import Sandbox, address, listen, run, scenario_of, server_for, spare_collector


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 2 for a scenario or a port that is no good."""
    parser = argparse.ArgumentParser(prog="python -m integration_tests.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--scenario", help="a YAML file; without one, scenarios/default.yaml")
    options = parser.parse_args(arguments)
    try:
        sandbox = Sandbox(scenario_of(options.scenario))
        listening = listen(options.host, options.port)
    except (ValueError, OSError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    server = server_for(sandbox)

    async def serve() -> None:
        task = asyncio.ensure_future(server.serve(sockets=[listening]))
        while not server.started and not task.done():
            await asyncio.sleep(0.001)
        print(f"Meta Graph API sandbox on {address(listening)}", flush=True)
        await task

    spare_collector()
    # uvicorn ends in good order on the signal, and then hands it on to whoever was there before.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        run(serve)
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
