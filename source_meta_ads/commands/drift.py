"""`source-meta-ads drift`: what going from one API version to another changes, on paper and, with --live, at Meta."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from source_meta_ads.catalog import Chosen, build_streams
from source_meta_ads.clock import Clock
from source_meta_ads.config import Config
from source_meta_ads.connection import connect, runtime
from source_meta_ads.graph.errors import GraphError
from source_meta_ads.graph.versions import find
from source_meta_ads.probe import Comparison, Probe
from source_meta_ads.schemas.drift import Change
from source_meta_ads.streams.failure import Failure
from source_meta_ads.upgrade import Effect, Upgrade, known_versions

# Streams named in a line.
_NAMED = 3
_SIGNS = {"removed": "−", "added": "+", "retyped": "~", "absent": "−"}
Columns = Mapping[str, Collection[str] | None]


class _WrongInput(Exception):
    """What was asked for can't be done; the message says what to write instead."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--from", dest="before", required=True, metavar="VERSION", help="the version now, as v25.0")
    parser.add_argument("--to", dest="after", required=True, metavar="VERSION", help="the version then, as v26.0")
    parser.add_argument("--config", help="a configuration: only what its streams use is told")
    parser.add_argument("--catalog", help="a configured catalog: only its streams and columns are told")
    parser.add_argument("--live", action="store_true", help="ask Meta for a row of each stream in both; needs --config")
    parser.add_argument("--json", action="store_true", help="print JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Print what changes: 0, 1 where something that is used breaks, 2 for a wrong argument, file or token."""
    try:
        return _told(arguments)
    except (_WrongInput, Failure, GraphError, ValueError) as error:
        sys.stderr.write(f"{error.message if isinstance(error, Failure) else error}\n")
        return 2


def _told(arguments: argparse.Namespace) -> int:
    config, is_of_use = _config(arguments.config), bool(arguments.config or arguments.catalog)
    columns = _columns(arguments.catalog, config)
    upgrade = _upgrade(arguments)
    effects: list[Effect] = []
    if upgrade:
        effects = upgrade.of_streams(config, columns) if is_of_use else upgrade.of_everything()
    compared = _compared(arguments, config, columns) if arguments.live else []
    live = [Effect(each.stream, change) for each in compared for change in each.changes]
    broken = [each for each in [*effects, *live] if each.change.is_breaking]
    document = {
        "from": arguments.before,
        "to": arguments.after,
        "by": None if upgrade is None else "field definitions" if upgrade.is_exact else "compatibility matrix",
        "streams": sorted(columns) if is_of_use else None,
        "changes": [_plain(each) for each in effects],
        "live": [_plain(each) for each in live] if arguments.live else None,
        "notes": {each.stream: each.note for each in compared if each.note},
        "breaks": is_of_use and bool(broken),
    }
    lines = [json.dumps(document, indent=2, ensure_ascii=False)] if arguments.json else _lines(document, effects, live)
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if document["breaks"] else 0


def _upgrade(arguments: argparse.Namespace) -> Upgrade | None:
    """The step asked about; None for one to a version that only Meta itself can tell of."""
    before, after = find(arguments.before), find(arguments.after)
    if arguments.live and not arguments.config:
        raise _WrongInput("--live asks Meta, for which it takes a token: give the --config that has it")
    if arguments.live and before.number < after.number and after.name not in known_versions():
        return None
    return Upgrade(before.name, after.name)


def _config(path: str | None) -> Config:
    if path:
        return Config.parse(_json_of(path, "configuration"))
    return Config.model_validate({"credentials": {"auth_type": "Service", "access_token": "none"}})


def _columns(path: str | None, config: Config) -> Columns:
    """Columns by stream: of the catalog, or the default ones (None) of every stream of the configuration."""
    if not path:
        return {built.stream.name: None for built in build_streams(config, None, lambda _: Chosen())}
    try:
        entries = _json_of(path, "configured catalog")["streams"]
        if not isinstance(entries, list):
            raise TypeError
        streams = [each["stream"] for each in entries]
        return {each["name"]: list((each.get("json_schema") or {}).get("properties") or ()) or None for each in streams}
    except (KeyError, TypeError, AttributeError):
        raise _WrongInput(
            f'{path} is no configured catalog: it needs {{"streams": [{{"stream": {{"name": …}}}}]}}'
        ) from None


def _json_of(path: str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise _WrongInput(f"{path}: {error.strerror}: name a file that can be read") from None
    except ValueError as error:
        raise _WrongInput(f"{path} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise _WrongInput(f"{path} is no {what}: a JSON object is wanted")
    return found


def _compared(arguments: argparse.Namespace, config: Config, columns: Columns) -> list[Comparison]:
    """Both versions' answers about the first account that can be read."""
    clock, logger = Clock(), logging.getLogger("source_meta_ads.drift")
    before, after = (
        connect(config.model_copy(update={"api_version": version}), os.environ, clock, logger)
        for version in (arguments.before, arguments.after)
    )
    accounts = runtime(config, before).reach.accounts
    if not accounts:
        raise _WrongInput("--live found no ad account that the token can read: name one in account_ids")
    probe = Probe(config, before.session, after.session, accounts[0], clock)
    return [probe.compare(name, columns[name]) for name in columns]


def _plain(effect: Effect) -> dict[str, Any]:
    return {"where": effect.where, **effect.change.as_json(), "breaks": effect.change.is_breaking}


def _lines(document: Mapping[str, Any], effects: Sequence[Effect], live: Sequence[Effect]) -> list[str]:
    streams = document["streams"]
    of = "all fields" if streams is None else f"{len(streams)} stream" + ("" if len(streams) == 1 else "s")
    lines = [f"{document['from']} → {document['to']}, {of}"]
    if document["by"]:
        lines += [f"\nby our {document['by']}: {_counted(effects)}", *_listed(effects)]
    if document["live"] is not None:
        lines += [f"\nby what Meta answers now: {_counted(live)}", *_listed(live)]
        lines += [f"  {stream}: {note}" for stream, note in document["notes"].items()]
    return lines


def _counted(effects: Sequence[Effect]) -> str:
    breaking = sum(each.change.is_breaking for each in effects)
    changes = f"{len(effects)} change" + ("" if len(effects) == 1 else "s")
    return f"{changes}, {breaking} breaking" if effects else "nothing changes"


def _listed(effects: Sequence[Effect]) -> list[str]:
    """One line a change, what breaks first; the streams that share it are named together."""
    where: dict[Change, list[str]] = {}
    for each in effects:
        where.setdefault(each.change, []).append(each.where)
    ordered = sorted(where.items(), key=lambda each: (not each[0].is_breaking, each[1][0], each[0].field))
    return [f"  {_SIGNS.get(change.kind, '!')} {_named(names)}: {change}" for change, names in ordered]


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
