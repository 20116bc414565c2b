"""The entry of a Lambda function: `source_meta_ads.runners.lambda_handler.handler`.

A report that Meta takes longer for than the function may run is not lost: its run's id is in the state, and the next
invocation asks after it. The function ends by itself while there is still time to write what is whole.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from source_meta_ads.runners.cloudwatch import emf
from source_meta_ads.runners.console import log_to_stderr
from source_meta_ads.runners.fargate import plan_place
from source_meta_ads.runners.local import run_plan
from source_meta_ads.runners.plan import Plan, read_plan
from source_meta_ads.runners.shard import Means
from source_meta_ads.runners.stop import Stop

# Left for the calls that are under way, the files and states of slices that are whole, and the manifest.
SPARE_SECONDS = 60.0


class Context(Protocol):
    """What Lambda tells of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""


class RunFailed(RuntimeError):
    """A run failed; Lambda counts it, and repeats or files the event as it is set up to."""


def handler(event: Any, context: Context) -> dict[str, Any]:
    """Run the plan that the event or META_ADS_PLAN has, as far as time allows; what became of each connection.

    Raises: RunFailed; PlanError, OSError for a plan that can't be run.
    """
    means = Means(os.environ, log_to_stderr(), told=emf(sys.stdout))
    plan = _plan(event)
    with _ended_in_time(means.stop, context):
        outcomes = run_plan(plan, means)
    summaries = [outcome.summary() for outcome in outcomes]
    if failed := [summary for summary in summaries if summary["status"] == "failed"]:
        raise RunFailed(json.dumps(failed))
    left = len(plan.connections) - len(outcomes)
    is_done = not left and all(summary["status"] != "stopped" for summary in summaries)
    return {"is_done": is_done, "connections_left": left, "runs": summaries}


def _plan(event: Any) -> Plan:
    given = event.get("plan") if isinstance(event, Mapping) else None
    if isinstance(given, Mapping):
        return Plan.parse(given)
    return read_plan(str(given) if given else plan_place(os.environ))


@contextmanager
def _ended_in_time(stop: Stop, context: Context) -> Iterator[None]:
    """Ask for the end when only the spare time is left."""
    seconds = context.get_remaining_time_in_millis() / 1000 - SPARE_SECONDS
    timer = threading.Timer(max(0.0, seconds), stop.ask, args=("the function's time is nearly up",))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
