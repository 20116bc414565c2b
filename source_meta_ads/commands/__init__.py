"""The commands beside Airbyte's own: one module each, imported when it is asked for.

A module has `configure(parser)`, which adds its arguments, and `execute(arguments) -> exit code`. What a person asked
for goes to stdout, logs and progress to stderr.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence

# Name → what it does, as `--help` has it. A command's module is called like the command.
COMMANDS: dict[str, str] = {
    "drift": "what changes between two API versions, for all fields or those that a configuration uses",
    "migrate": "what changes for a connection of source-facebook-marketing, and its files converted",
    "report": "a recorded run as one HTML page",
    "run": "a plan's connections, read into files here or on S3, once or on a schedule",
    "state": "where the streams of a plan's connections stand, how they got there, and taking them back",
    "sync": "streams read into a folder, with nothing but a configuration; run again, it goes on from there",
    "versions": "the API versions that Meta has had, until when it serves each, and what each changed",
}


def is_command(args: Sequence[str]) -> bool:
    """Whether a command line is for one of ours, not for Airbyte's entrypoint."""
    return bool(args) and args[0] in COMMANDS


def execute(args: Sequence[str]) -> int:
    """Run one command line and return its exit code; a wrong argument ends the process with code 2."""
    name, *rest = args
    module = importlib.import_module(f"{__name__}.{name}")
    parser = argparse.ArgumentParser(prog=f"source-meta-ads {name}", description=COMMANDS[name])
    module.configure(parser)
    code: int = module.execute(parser.parse_args(rest))
    return code
