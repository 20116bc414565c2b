"""`source-meta-ads sync`: read into a folder, with nothing but a configuration; run again, it goes on from there."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from source_meta_ads.catalog import Chosen, build_streams
from source_meta_ads.clock import Clock
from source_meta_ads.commands.state import as_airbyte
from source_meta_ads.config import Config
from source_meta_ads.registry.states import StateBook
from source_meta_ads.registry.store import VersionLog, open_store
from source_meta_ads.runners.console import STOPPED_CODE, log_to_stderr, stopped_by_signals
from source_meta_ads.runners.local import exit_code
from source_meta_ads.runners.outcome import Outcome
from source_meta_ads.runners.plan import ConnectionPlan, PlanError, StreamPlan
from source_meta_ads.runners.progress import shown
from source_meta_ads.runners.shard import Means, Place, work
from source_meta_ads.sinks.files import FolderFiles
from source_meta_ads.sinks.formats import FormatName, open_format
from source_meta_ads.streams.failure import Failure

# What most people want first: the objects and what they cost. The rest is a name away.
DEFAULT_STREAMS = ("ad_account", "campaigns", "ad_sets", "ads", "ad_creatives", "ads_insights")
_CONNECTION = "sync"
_REGISTRY = "registry"
_LEASE = timedelta(minutes=2)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--config", required=True, help="the configuration: a file of JSON or YAML")
    parser.add_argument("--output", required=True, metavar="DIR", help="the folder for rows and state")
    parser.add_argument(
        "--streams", help=f"names with commas between, or `all`; without: {', '.join(DEFAULT_STREAMS)}"
    )  # fmt: skip
    parser.add_argument("--format", choices=("jsonl", "parquet"), default="jsonl", help="jsonl (gzip) or parquet")
    parser.add_argument("--full-refresh", action="store_true", help="read all of it again instead of what changed")
    parser.add_argument("--verbose", action="store_true", help="show the log, not only warnings")


def execute(arguments: argparse.Namespace) -> int:
    """Sync; 0 when all is read, 1 when anything failed, 143 when stopped by a signal."""
    logger = log_to_stderr(logging.INFO if arguments.verbose else logging.WARNING)
    try:
        outcome, log = _sync(arguments, logger)
    except (OSError, ValueError, ImportError, Failure) as error:
        sys.stderr.write(f"source-meta-ads sync: {getattr(error, 'message', None) or error}\n")
        return 1
    folder = Path(arguments.output)
    _write_state(folder, log)
    _print_summary(outcome, folder, arguments.format)
    return exit_code([outcome], STOPPED_CODE)


def _sync(arguments: argparse.Namespace, logger: logging.Logger) -> tuple[Outcome, VersionLog]:
    config = _config(arguments.config)
    connection = _plan(config, _streams(arguments.streams, config), full_refresh=arguments.full_refresh)
    form: FormatName = arguments.format
    open_format(form)
    folder = Path(arguments.output).absolute()
    files = FolderFiles(folder)
    log = open_store(f"file://{folder / _REGISTRY}")
    # The registry is in the folder, so that both can be moved together.
    place = Place(log, files, form, _LEASE, f"this folder ({form})")
    means = Means(os.environ, logger)
    with stopped_by_signals(means.stop), shown(sys.stderr, means.clock.monotonic) as watcher:
        means.watcher = watcher
        return work(connection, place, means), log


def _config(path: str) -> dict[str, Any]:
    try:
        config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"--config {path}: {error.strerror}: name a file that can be read") from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise PlanError(f"--config {path}: is neither JSON nor YAML") from None
    if not isinstance(config, dict):
        raise PlanError(f"--config {path}: holds no object: write keys and values, as in docs/configuration.md")
    return config


def _streams(wanted: str | None, config: dict[str, Any]) -> Sequence[str]:
    if wanted is None:
        return DEFAULT_STREAMS
    if wanted.strip() == "all":
        return [built.stream.name for built in build_streams(Config.parse(config), None, lambda _: Chosen())]
    return [name.strip() for name in wanted.split(",") if name.strip()]


def _plan(config: dict[str, Any], names: Sequence[str], *, full_refresh: bool) -> ConnectionPlan:
    streams = tuple(StreamPlan(name=name, full_refresh=full_refresh) for name in names)
    try:
        return ConnectionPlan(name=_CONNECTION, config=config, streams=streams)
    except ValidationError as error:
        reasons = "; ".join(str(each["msg"]).removeprefix("Value error, ") for each in error.errors())
        raise PlanError(f"--streams: {reasons}") from None


def _write_state(folder: Path, log: VersionLog) -> None:
    """Leave the state beside the rows, as `read --state` takes it, for whoever goes on with another tool."""
    book = StateBook(log, Clock().now)
    found = [(place, standing) for place in book.places(_CONNECTION) if (standing := book.standing(place))]
    FolderFiles(folder).put("state.json", lambda path: _dump(path, as_airbyte(found)))


def _dump(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _print_summary(outcome: Outcome, folder: Path, form: FormatName) -> None:
    table = Table(title=f"{outcome.status}: {folder}", title_justify="left", box=None, pad_edge=False)
    table.add_column("stream")
    for title in ("rows", "files", "bytes"):
        table.add_column(title, justify="right")
    table.add_column("status")
    for name, each in outcome.streams.items():
        table.add_row(name, f"{each.rows:,}", f"{each.files:,}", f"{each.bytes:,}", each.status)
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    for account_id, holder in outcome.held.items():
        console.print(f"act_{account_id} left out: {holder} works it", markup=False)
    for error in outcome.errors:
        console.print(error, style="red", markup=False)
    suffix = open_format(form).suffix
    console.print(f"rows: stream=<name>/**/*{suffix}   state: state.json   run: {outcome.manifest}", markup=False)
