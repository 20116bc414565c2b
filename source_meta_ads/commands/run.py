"""`source-meta-ads run`: read what a plan says into files, once or on a schedule."""

from __future__ import annotations

import argparse
import os
import sys

from source_meta_ads.runners.console import STOPPED_CODE, log_to_stderr, stopped_by_signals
from source_meta_ads.runners.local import exit_code, run_every, run_plan, span
from source_meta_ads.runners.plan import PlanError, read_plan
from source_meta_ads.runners.shard import Means


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--plan", required=True, help="the plan: a file, an s3:// URL, or its text")
    parser.add_argument("--every", metavar="SPAN", help="run again and again, as 30m or 1h; without: once")


def execute(arguments: argparse.Namespace) -> int:
    """Run the plan; 0 when done, 1 when anything failed, 143 when stopped by a signal."""
    logger = log_to_stderr()
    means = Means(os.environ, logger)
    try:
        plan = read_plan(arguments.plan)
        every = span(arguments.every) if arguments.every else None
        with stopped_by_signals(means.stop):
            outcomes = run_every(plan, every, means) if every else run_plan(plan, means)
    except (OSError, PlanError, ImportError) as error:
        sys.stderr.write(f"source-meta-ads run: {error}\n")
        return 1
    for outcome in outcomes:
        rows, accounts = outcome.rows, len(outcome.accounts)
        held = f", {len(outcome.held)} accounts held by other runs" if outcome.held else ""
        sys.stdout.write(
            f"{outcome.connection}: {outcome.status}, {rows:,} rows of {accounts} accounts{held} ({outcome.manifest})\n"
        )
        for problem in outcome.errors:
            sys.stdout.write(f"  {problem}\n")
    return exit_code(outcomes, STOPPED_CODE)
