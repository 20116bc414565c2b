"""Reference pages made from the code: `python tools/docs.py` writes them, `--check` says which are out of date."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from source_meta_ads.manifest import VersionRow, manifest
from source_meta_ads.spec import connector_specification
from tools import streams_page
from tools.streams_page import table

ROOT = Path(__file__).resolve().parent.parent
_MADE = "<!-- Made by tools/docs.py: change the code, then run `make docs`. -->\n"


def configuration() -> str:
    """Every setting with its type, default and description."""
    schema: Mapping[str, Any] = connector_specification().connectionSpecification
    rows = list(_settings(schema["properties"]))
    report = schema["properties"]["custom_insights"]["items"]["properties"]
    return "\n".join(
        [
            "# Configuration",
            _MADE,
            "A configuration of source-facebook-marketing can be pasted as it is. Unknown keys are reported, not",
            "fatal. The API's address is never part of the configuration: `META_GRAPH_URL` in the environment names",
            "another one, for a proxy or the sandbox.",
            "",
            *table(("key", "type", "default", "what it does"), rows),
            "",
            "## A report of your own: an entry of `custom_insights`",
            "",
            *table(("key", "type", "default", "what it does"), _settings(report)),
            "",
        ]
    )


def _settings(properties: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    for name, node in properties.items():
        variants = node.get("oneOf")
        if variants:
            yield f"`{name}`", "one of", "", node["description"]
            for variant in variants:
                kind = variant["properties"]["auth_type"]["const"]
                for inner, each in variant["properties"].items():
                    if "const" not in each:
                        yield f"`{name}.{inner}` ({kind})", each["type"], _default(each), each["description"]
            continue
        yield f"`{name}`", node.get("type", ""), _default(node), node.get("description", "")


def _default(node: Mapping[str, Any]) -> str:
    default = node.get("default")
    return "" if default in (None, "", []) else f"`{default}`".replace("True", "true").replace("False", "false")


def streams() -> str:
    """Every stream with its columns."""
    return streams_page.page(_MADE)


def errors() -> str:
    """Every Graph error a reader can meet, what class it is and what to do."""
    data = tomllib.loads((ROOT / "source_meta_ads" / "graph" / "errors.toml").read_text("utf-8"))
    rows = [
        (_code(row), row["class"] + (f" ({row['scope']})" if row.get("scope") else ""), row["meaning"], row["fix"])
        for row in data["error"]
    ]
    policies = [
        (
            f"`{name}`",
            "yes" if row["retry"] else "no",
            f"{row['base_seconds']:g} s",
            f"{row['max_seconds']:g} s",
            str(row["max_attempts"]),
        )
        for name, row in data["policy"].items()
    ]
    return "\n".join(
        [
            "# Errors",
            _MADE,
            "What Meta answers, the class it becomes, and what to do. The class alone decides what the connector does.",
            "",
            *table(("class", "tried again", "first wait at most", "longest wait", "tries"), policies),
            "",
            *table(("code", "class", "what it means", "what to do"), rows),
            "",
        ]
    )


def _code(row: Mapping[str, Any]) -> str:
    code = str(row.get("code", "any"))
    code += f"–{row['last_code']}" if "last_code" in row else ""
    code += f"/{row['subcode']}" if "subcode" in row else ""
    return f"`{code}`" + (f" “{row['pattern']}”".replace("|", " or ") if "pattern" in row else "")


def versions_page() -> str:
    """Which API versions there are, until when Meta serves them, and what each changed."""
    newest_first = list(reversed(manifest().compatibility))
    rows = [
        (
            f"[`{each.version}`](#{each.version.replace('.', '')})",
            str(each.released),
            str(each.graph_expiry or "–"),
            str(each.marketing_expiry or "–"),
            each.status,
        )
        for each in newest_first
    ]
    return "\n".join(
        [
            "# API versions",
            _MADE,
            "Two clocks: the Marketing API's expiry binds ads calls. `–`: not announced. The standing is that of",
            f"{manifest().as_of}: `source-meta-ads versions` tells today's, and `source-meta-ads drift` what an",
            "upgrade changes for a configuration: see [drift](drift.md).",
            "",
            *table(("version", "released", "Graph API expiry", "Marketing API expiry", "standing"), rows),
            "",
            "What Meta's SDK and changelog say that each version changed in the objects that are read here:",
            "",
            *(line for each in newest_first for line in _version_changes(each)),
            "## Every version at once",
            "",
            *table(("day", "change"), ((str(each.date), each.change) for each in manifest().out_of_cycle)),
            "",
        ]
    )


def _version_changes(row: VersionRow) -> list[str]:
    lines = []
    for sign, nodes in (("+", row.fields.added), ("−", row.fields.removed)):
        lines += [f"- {sign} {node}: {_code_list(names)}" for node, names in nodes.items()]
    for node, types in row.fields.retyped.items():
        lines += [f"- ~ {node}: `{name}` was `{before}`, is `{after}`" for name, (before, after) in types.items()]
    for kind in ("breakdowns", "action_breakdowns", "attribution_windows"):
        for sign, names in (("+", getattr(row, kind).added), ("−", getattr(row, kind).removed)):
            lines += [f"- {sign} {kind.replace('_', ' ')}: {_code_list(names)}"] if names else []
    told = ["<details><summary>fields and breakdowns</summary>", "", *lines, "", "</details>"]
    return [f"## {row.version}", "", *(told if lines else ["No change that is known of."]), ""]


def _code_list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


PAGES = {"configuration.md": configuration, "streams.md": streams, "errors.md": errors, "versions.md": versions_page}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with --check name those that differ from what the code says."""
    stale = []
    for name, make in PAGES.items():
        page, text = ROOT / "docs" / name, make()
        if page.is_file() and page.read_text("utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            page.write_text(text, "utf-8")
    if stale and "--check" in arguments:
        print(f"out of date: {', '.join(stale)}: run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
