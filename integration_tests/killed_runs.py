"""Runs of a plan that are killed: each in a process forked from this one, which has everything imported already.

    python -m integration_tests.killed_runs URL PLAN SEED KILLS

Most of them end at a step by chance, just after a lease, a file, a state or a manifest was written, without another
instruction; the others are killed from outside at some moment. In between days go by. A last run comes to its end.
Prints as JSON how many runs died after which step, and fails unless each run but those succeeds.
"""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from integration_tests.truth import Truth
from source_meta_ads.runners.console import log_to_stderr
from source_meta_ads.runners.local import run_plan
from source_meta_ads.runners.plan import Plan
from source_meta_ads.runners.shard import Means

_DIED = 9
_MOST_TRIES = 4
# More than the plan's lookback window: what a run lost of the days in between no later run would read again.
_DAYS = 9


def run(plan: Plan, url: str, checkpoint: Callable[[str], None]) -> int:
    """One run in this process; 0 when it succeeded."""
    means = Means({**os.environ, "META_GRAPH_URL": url}, log_to_stderr(logging.ERROR), checkpoint=checkpoint)
    outcomes = run_plan(plan, means)
    for outcome in outcomes:
        if outcome.status != "succeeded":
            sys.stderr.write(f"{outcome.status}: {outcome.errors} {outcome.held}\n")
    return int(any(outcome.status != "succeeded" for outcome in outcomes))


@dataclass(frozen=True)
class Death:
    """When a run is to die: at a step's so-manieth time, or after some seconds."""

    step: str = ""
    time: int = 0
    after_seconds: float | None = None


def forked(plan: Plan, url: str, steps: Path, death: Death) -> int:
    """The exit code of a run in a process of its own; its steps are left in a file."""
    steps.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        times: Counter[str] = Counter()
        file = os.open(steps, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

        def checkpoint(step: str) -> None:
            os.write(file, f"{step}\n".encode())
            times[step] += 1
            if (step, times[step]) == (death.step, death.time):
                os._exit(_DIED)

        try:
            os._exit(run(plan, url, checkpoint))
        except BaseException as error:  # noqa: BLE001 - a child must never go on as its parent
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
    if death.after_seconds is not None:
        time.sleep(death.after_seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def drawn(chance: random.Random, whole: Counter[str], seconds: float) -> Death:
    """A death by chance: three of four at a step, of any kind alike."""
    if chance.random() < 0.25:
        return Death(after_seconds=chance.uniform(0.1, 0.9) * seconds)
    step = chance.choice(sorted(whole))
    # Later runs have fewer states to write than the first.
    return Death(step, chance.randint(1, min(2, whole[step]) if step == "state" else whole[step]))


def main(url: str, plan_text: str, seed: str, kills: int) -> int:
    plan, chance, truth = Plan.parse(json.loads(plan_text)), random.Random(seed), Truth(url)
    steps = Path(f"steps-{os.getpid()}").absolute()
    begun = time.monotonic()
    code = forked(plan, url, steps, Death())
    seconds = time.monotonic() - begun
    whole = Counter(steps.read_text(encoding="utf-8").split())
    died: Counter[str] = Counter()
    for _ in range(_MOST_TRIES * kills):
        if code == 1 or died.total() == kills:
            break
        code = forked(plan, url, steps, drawn(chance, whole, seconds))
        if code in (_DIED, -signal.SIGKILL):
            seen = steps.read_text(encoding="utf-8").split() if steps.exists() else []
            died[seen[-1] if seen else "nothing"] += 1
            if died.total() % 3 == 0:
                truth.advance_days(_DAYS)
    code = code if code == 1 else forked(plan, url, steps, Death())
    steps.unlink(missing_ok=True)
    sys.stdout.write(json.dumps(died))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
