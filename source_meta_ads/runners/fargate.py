"""The entry of a container task: `python -m source_meta_ads.runners.fargate`, with the plan in META_ADS_PLAN.

SIGTERM, which comes some time before the end, lets slices that are whole be written and drops the others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from source_meta_ads.runners.cloudwatch import emf
from source_meta_ads.runners.console import STOPPED_CODE, log_to_stderr, stopped_by_signals
from source_meta_ads.runners.local import exit_code, run_plan
from source_meta_ads.runners.plan import PlanError, read_plan
from source_meta_ads.runners.shard import Means

PLAN_VARIABLE = "META_ADS_PLAN"


def main(environ: Mapping[str, str] | None = None, out: TextIO | None = None) -> int:
    """Run the plan once; 0 when it is done or its accounts are held by others, 1 when anything failed."""
    environ = os.environ if environ is None else environ
    logger = log_to_stderr()
    means = Means(environ, logger, told=emf(out or sys.stdout))
    try:
        with stopped_by_signals(means.stop):
            return exit_code(run_plan(read_plan(plan_place(environ)), means), STOPPED_CODE)
    except (OSError, PlanError, ImportError) as error:
        logger.error(f"{error}")
        return 1


def plan_place(environ: Mapping[str, str]) -> str:
    """Where the plan is. Raises: PlanError."""
    place = environ.get(PLAN_VARIABLE, "").strip()
    if not place:
        raise PlanError(f"{PLAN_VARIABLE} is not set: set it to the plan's path, its s3:// URL, or the plan itself")
    return place


if __name__ == "__main__":
    sys.exit(main())
