"""Take a new API version on board, or bring up to date what is written about versions.

    python tools/api_version.py add v27.0 --released 2027-01-20    after facebook-business 27 is installed
    python tools/api_version.py refresh [--check]                  after field definitions or streams changed

`add` keeps the fields of the version that was the newest as differences from the new one (field_corrections.toml), adds
the new one to versions.toml and metadata.yaml, writes its field definitions, then refreshes. `refresh` writes the end
of manifest.yaml: the names of all streams and the compatibility matrix.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from source_meta_ads.graph.versions import DEFAULT_VERSION
from source_meta_ads.insights.reports import built_in_reports
from source_meta_ads.streams.entities import ENTITIES
from tools.field_definitions import Definitions

ROOT = Path(__file__).parents[1]
_MARK = "# Below: written by tools/api_version.py.\n"

Types = Mapping[str, Mapping[str, str]]


class Files:
    """The files that name API versions, below one root."""

    def __init__(self, root: Path) -> None:
        self.manifest = root / "source_meta_ads" / "manifest.yaml"
        self.versions = root / "source_meta_ads" / "graph" / "versions.toml"
        self.fields = root / "source_meta_ads" / "schemas" / "fields"
        self.corrections = root / "tools" / "field_corrections.toml"
        self.metadata = root / "metadata.yaml"

    def types(self, version: str) -> Types | None:
        """Every object's fields and types in a version, None where there are no definitions of it."""
        found: dict[str, Mapping[str, str]] = {}
        for path in sorted((self.fields / version).glob("*.json")):
            content = json.loads(path.read_text("utf-8"))
            found |= content if path.stem == "nested" else {path.stem: content}
        return found or None

    def dates(self) -> list[dict[str, Any]]:
        """The rows of versions.toml, oldest first."""
        rows: list[dict[str, Any]] = tomllib.loads(self.versions.read_text("utf-8"))["version"]
        return rows


def changes(before: Types, after: Types) -> dict[str, dict[str, Any]]:
    """What came, went and changed its type between two versions, by object; objects of one of them alone left out."""
    found: dict[str, dict[str, Any]] = {"added": {}, "removed": {}, "retyped": {}}
    for node in sorted(before.keys() & after.keys()):
        old, new = before[node], after[node]
        found["added"][node] = sorted(new.keys() - old.keys())
        found["removed"][node] = sorted(old.keys() - new.keys())
        common = sorted(old.keys() & new.keys())
        found["retyped"][node] = {name: [old[name], new[name]] for name in common if old[name] != new[name]}
    filled = {kind: {node: each for node, each in nodes.items() if each} for kind, nodes in found.items()}
    return {kind: nodes for kind, nodes in filled.items() if nodes}


def refreshed(files: Files, streams: Mapping[str, Sequence[str]]) -> str:
    """The manifest with its end written anew; what it says of versions without definitions is kept."""
    text = files.manifest.read_text("utf-8")
    head, _, tail = text.partition(_MARK)
    kept = {row["version"]: row for row in (yaml.safe_load(tail) or {}).get("compatibility", ())}
    metadata = yaml.safe_load(files.metadata.read_text("utf-8"))["data"]
    as_of = date.fromisoformat(str(metadata["releaseDate"]))
    rows, before = [], None
    names = [row["name"] for row in files.dates()]
    for dates in files.dates():
        row = {**kept.get(dates["name"], {})}
        fields = files.types(dates["name"])
        if before and fields:
            row["fields"] = changes(before, fields)
        before = fields
        rows.append(_row(dates, row, as_of, is_newest=dates["name"] == names[-1]))
    end = {"as_of": as_of, "catalog": dict(streams), "compatibility": rows}
    return head + _MARK + yaml.dump(end, Dumper=_Dumper, sort_keys=False, width=118, allow_unicode=True)


def _row(dates: Mapping[str, Any], kept: Mapping[str, Any], as_of: date, *, is_newest: bool) -> dict[str, Any]:
    expiry = dates.get("marketing_expiry")
    status = "current" if is_newest else "supported"
    if expiry:
        status = "expired" if expiry <= as_of else "deprecated"
    row = {
        "version": dates["name"],
        "released": dates["released"],
        "graph_expiry": dates.get("graph_expiry"),
        "marketing_expiry": expiry,
        "status": status,
        **{name: kept.get(name) for name in ("fields", "breakdowns", "action_breakdowns", "attribution_windows")},
    }
    return {name: value for name, value in row.items() if value}


class _Dumper(yaml.SafeDumper):
    """Lists of names on one line, lists of objects one below the other, indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _list(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=all(isinstance(x, str) for x in data))


_Dumper.add_representer(list, _list)


def add(files: Files, version: str, released: date) -> None:
    """Write a new newest version into every file that names versions. Raises: SystemExit saying what is wrong."""
    text = files.corrections.read_text("utf-8")
    newest = tomllib.loads(text)["newest"]
    if not re.fullmatch(r"v\d+\.0", version) or int(version[1:-2]) <= int(newest[1:-2]):
        raise SystemExit(f"{version} is not a version after {newest}: write it like v{int(newest[1:-2]) + 1}.0")
    older = {path.name: files.types(path.name) or {} for path in sorted(files.fields.iterdir())}
    text = re.split(r"^(?:# v[^\n]*\n)?\[versions\.", text, maxsplit=1, flags=re.MULTILINE)[0].rstrip() + "\n"
    text = text.replace(f'newest = "{newest}"', f'newest = "{version}"')
    after = _written(files, text, version)
    text += "".join(_difference(name, types, after) for name, types in older.items())
    files.corrections.write_text(text, "utf-8")
    for name, types in older.items():
        now = _written(files, text, name)
        if now != types:
            what = changes(types, now) or sorted(types.keys() ^ now.keys())
            raise SystemExit(f"{name} is no longer what it was, correct it in {files.corrections.name}: {what}")
    dates = files.versions.read_text("utf-8").replace(f'default = "{newest}"', f'default = "{version}"')
    files.versions.write_text(f'{dates}\n[[version]]\nname = "{version}"\nreleased = {released}\n', "utf-8")
    metadata, tag = files.metadata.read_text("utf-8"), f"    - graph-api:{newest}\n"
    files.metadata.write_text(metadata.replace(tag, f"{tag}    - graph-api:{version}\n"), "utf-8")


def _written(files: Files, corrections: str, version: str) -> Types:
    """Write a version's field definitions and return them."""
    for path, text in Definitions({"versions": {}, **tomllib.loads(corrections)}, version).files():
        (files.fields / path).parent.mkdir(parents=True, exist_ok=True)
        (files.fields / path).write_text(text, "utf-8")
    return files.types(version) or {}


def _difference(version: str, types: Types, newest: Types) -> str:
    """A version as field_corrections.toml has it: what it lacks of the newest one, and what it has instead."""
    common = sorted(types.keys() & newest.keys())
    lacks = {node: sorted(newest[node].keys() - types[node].keys()) for node in common}
    has = {
        node: {name: each for name, each in sorted(types[node].items()) if newest[node].get(name) != each}
        for node in common
    }
    lines = [f'\n# {version} against the newest: fields that came later.\n[versions."{version}".without]']
    lines += [f"{node} = {json.dumps(names)}" for node, names in lacks.items() if names]
    for node, fields in has.items():
        if fields:
            lines.append(f'\n[versions."{version}".with.{node}]')
            lines += [f"{json.dumps(name)} = {json.dumps(each)}" for name, each in fields.items()]
    return "\n".join(lines) + "\n"


def streams_of() -> dict[str, list[str]]:
    """The names of all streams of the newest version, as the code has them."""
    reports = [report.stream_name for report in built_in_reports(DEFAULT_VERSION)]
    return {"entities": [entity.name for entity in ENTITIES], "reports": reports}


def main(arguments: Sequence[str]) -> int:
    """Add a version, or refresh what is written about them; with `--check` only say whether anything would change."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    adding = commands.add_parser("add", help="take a new version on board")
    adding.add_argument("version", help="such as v27.0")
    adding.add_argument("--released", required=True, type=date.fromisoformat, help="the day Meta released it")
    refreshing = commands.add_parser("refresh", help="bring the manifest up to date")
    refreshing.add_argument("--check", action="store_true", help="change nothing, exit 1 if something would")
    asked = parser.parse_args(arguments)
    files = Files(ROOT)
    if asked.command == "add":
        add(files, asked.version, asked.released)
        print(
            f"{asked.version} is on board. Now `python tools/api_version.py refresh` and `make docs`; then by hand "
            "what no SDK tells: announced ends in versions.toml, breakdowns in breakdowns.json and manifest.yaml"
        )
        return 0
    text = refreshed(files, streams_of())
    if text == files.manifest.read_text("utf-8"):
        return 0
    if asked.check:
        print("manifest.yaml is out of date: run `python tools/api_version.py refresh`", file=sys.stderr)
        return 1
    files.manifest.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
