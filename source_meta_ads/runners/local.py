"""A plan, run here: once, or again and again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from source_meta_ads.registry.store import open_store
from source_meta_ads.runners.outcome import Outcome
from source_meta_ads.runners.plan import Plan, PlanError
from source_meta_ads.runners.shard import Means, Place, work
from source_meta_ads.sinks.files import open_files
from source_meta_ads.sinks.formats import open_format

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(rf"^\s*(\d+)\s*([{''.join(_UNITS)}])\s*$")


def run_plan(plan: Plan, means: Means) -> list[Outcome]:
    """Run each connection of a plan once, one after the other, until all are run or the end is asked for.

    Raises: OSError where registry or output can't be used; ImportError where an extra is missing.
    """
    open_format(plan.output.format)
    files = open_files(plan.output.url)
    place = Place(
        log=open_store(plan.registry),
        files=files,
        format=plan.output.format,
        lease=plan.lease,
        output=f"{files.url} ({plan.output.format})",
    )
    outcomes = []
    for connection in plan.connections:
        if means.stop.is_asked_for:
            break
        outcomes.append(work(connection, place, means))
    return outcomes


def run_every(plan: Plan, every: timedelta, means: Means) -> list[Outcome]:
    """Run a plan at a steady pace until the end is asked for; the outcomes of the last run.

    A run that takes longer than the pace delays the next one, which then begins at once; none is made up for.
    """
    seconds = every.total_seconds()
    due = means.clock.monotonic()
    while True:
        outcomes = run_plan(plan, means)
        due = max(due + seconds, means.clock.monotonic())
        wait = due - means.clock.monotonic()
        means.logger.info(f"the next run begins in {wait:.0f} s")
        if means.stop.wait(wait):
            return outcomes


def span(text: str) -> timedelta:
    """The time that a text such as `30m`, `1h` or `1d` says. Raises: PlanError."""
    match = _SPAN.match(text)
    if not match or not int(match.group(1)):
        raise PlanError(f"{text!r} is no span of time: write a number and s, m, h or d, as in 1h")
    return timedelta(seconds=int(match.group(1)) * _UNITS[match.group(2)])


def exit_code(outcomes: Sequence[Outcome], stopped_code: int) -> int:
    """What a process answers after these runs: 1 where one failed, `stopped_code` where the end was asked for."""
    statuses = {outcome.status for outcome in outcomes}
    if "failed" in statuses:
        return 1
    return stopped_code if "stopped" in statuses else 0
