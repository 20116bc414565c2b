"""`source-meta-ads report RUN`: a recorded run as one HTML page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from source_meta_ads.reporting.page import page
from source_meta_ads.reporting.recording import ReportError, earlier, find, load


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "run", metavar="RUN", help="a recording, a folder of them (its newest run), or a run's id with --output"
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder in which a run's id is looked for")
    parser.add_argument(
        "--before", type=Path, metavar="FILE",
        help="the recording to compare days with; without it, the earlier ones in the same folder",
    )  # fmt: skip
    parser.add_argument("--to", type=Path, metavar="FILE", help="where to write the page; without it, beside the run")


def execute(arguments: argparse.Namespace) -> int:
    """Write the page and print its path; 1 with a sentence on stderr where there is no run, or no place to write."""
    try:
        recording = find(arguments.run, arguments.output)
        before = [load(arguments.before)] if arguments.before else earlier(recording)
    except ReportError as error:
        sys.stderr.write(f"report: {error}\n")
        return 1
    target = arguments.to or recording.path.with_suffix(".html")
    try:
        target.write_text(page(recording, before), encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"report: {target}: {error.strerror}: name another place with --to\n")
        return 1
    sys.stdout.write(f"{target}\n")
    return 0
