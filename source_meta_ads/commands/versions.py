"""`source-meta-ads versions`: the compatibility matrix, with each version's standing today."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from source_meta_ads.clock import Clock
from source_meta_ads.graph.versions import find
from source_meta_ads.manifest import VersionRow, manifest

_HEAD = ("version", "released", "ads until", "status", "fields", "breakdowns")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("version", nargs="?", help="show all that this version changed, as v26.0")
    parser.add_argument("--json", action="store_true", help="print the matrix as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Print the matrix, or one version of it: 0, or 2 for a version that it hasn't."""
    today = Clock().now().date()
    rows = manifest().compatibility
    if arguments.version:
        rows = [row for row in rows if row.version == arguments.version]
        if not rows:
            known = f"{manifest().compatibility[0].version} to {manifest().compatibility[-1].version}"
            sys.stderr.write(f"{arguments.version} is not in the matrix: it has {known}\n")
            return 2
    if arguments.json:
        sys.stdout.write(json.dumps([_plain(row, today) for row in rows], indent=2) + "\n")
    elif arguments.version:
        sys.stdout.write("\n".join(_told(rows[0], today)) + "\n")
    else:
        lines = [_HEAD, *(_cells(row, today) for row in reversed(rows))]
        sys.stdout.write("\n".join(_aligned(lines)) + "\n")
    return 0


def _plain(row: VersionRow, today: date) -> dict[str, Any]:
    return {**row.model_dump(mode="json", exclude_none=True), "status": find(row.version).status(today)}


def _cells(row: VersionRow, today: date) -> tuple[str, ...]:
    added, removed = (sum(map(len, nodes.values())) for nodes in (row.fields.added, row.fields.removed))
    fields = f"+{added} −{removed}"
    breakdowns = f"+{len(row.breakdowns.added)} −{len(row.breakdowns.removed)}"
    ends = _end(row.marketing_expiry)
    return row.version, str(row.released), ends, find(row.version).status(today), fields, breakdowns


def _told(row: VersionRow, today: date) -> Iterable[str]:
    version = find(row.version)
    yield f"{row.version}: {version.status(today)}, released {row.released}"
    yield f"  ads calls until {_end(row.marketing_expiry)}, Graph until {_end(row.graph_expiry)}"
    if warning := version.warning(today):
        yield f"  {warning}"
    for sign, nodes in (("+", row.fields.added), ("−", row.fields.removed)):
        for node, names in nodes.items():
            yield from (f"  {sign} {node}.{name}" for name in names)
    for node, types in row.fields.retyped.items():
        yield from (f"  ~ {node}.{name}: was {before}, is {after}" for name, (before, after) in types.items())
    for kind in ("breakdowns", "action_breakdowns", "attribution_windows"):
        names = getattr(row, kind)
        yield from (f"  + {kind}: {name}" for name in names.added)
        yield from (f"  − {kind}: {name}" for name in names.removed)


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _end(day: date | None) -> str:
    return str(day) if day else "not announced"
