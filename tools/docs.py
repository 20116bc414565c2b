"""Reference pages made from the code: `python tools/docs.py` writes them, `--check` says which are out of date."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from source_meta_ads.catalog import Chosen, build_streams, reports_of
from source_meta_ads.config import Config
from source_meta_ads.graph.versions import versions
from source_meta_ads.spec import connector_specification
from source_meta_ads.streams.entities import ENTITIES

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
            *_table(("key", "type", "default", "what it does"), rows),
            "",
            "## A report of your own: an entry of `custom_insights`",
            "",
            *_table(("key", "type", "default", "what it does"), _settings(report)),
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
    """Every stream with its key, cursor and where its rows come from."""
    config = Config.model_validate({"credentials": {"auth_type": "Service", "access_token": "none"}})
    built = {each.stream.name: each.stream for each in build_streams(config, None, lambda name: Chosen())}
    objects = [
        (
            f"`{entity.name}`",
            f"`act_…/{entity.edge}`" if entity.edge else "`act_…`",
            "`id`",
            f"`{entity.cursor_field}`" if entity.cursor_field else "full refresh",
            str(len(built[entity.name].get_json_schema()["properties"])),
        )
        for entity in ENTITIES
    ]
    reports = [
        (
            f"`{report.stream_name}`",
            report.level,
            _rows_of(report.increment),
            ", ".join(f"`{each}`" for each in report.breakdowns) or "none",
            ", ".join(f"`{each}`" for each in report.action_breakdowns or ()) or "none",
            ", ".join(f"`{each}`" for each in report.primary_key),
        )
        for report in reports_of(config)
    ]
    return "\n".join(
        [
            "# Streams",
            _MADE,
            "Names, keys and cursors are those of source-facebook-marketing. Every record has `account_id`, digits",
            "only.",
            "",
            "## Ad objects",
            "",
            *_table(("stream", "edge", "key", "cursor", "columns"), objects),
            "",
            "## Insights reports",
            "",
            "Read again for the lookback window at every sync. Cursor `date_start`, a day in the account's timezone.",
            "Weeks begin on Monday, months on the 1st, all days at the start date.",
            "",
            *_table(("stream", "level", "a row for each", "breakdowns", "action breakdowns", "key"), reports),
            "",
        ]
    )


def _rows_of(increment: int | str) -> str:
    return {1: "day", 7: "week", "monthly": "month", "all_days": "whole period"}.get(increment, f"{increment} days")


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
            *_table(("class", "tried again", "first wait at most", "longest wait", "tries"), policies),
            "",
            *_table(("code", "class", "what it means", "what to do"), rows),
            "",
        ]
    )


def _code(row: Mapping[str, Any]) -> str:
    code = str(row.get("code", "any"))
    code += f"–{row['last_code']}" if "last_code" in row else ""
    code += f"/{row['subcode']}" if "subcode" in row else ""
    return f"`{code}`" + (f" “{row['pattern']}”".replace("|", " or ") if "pattern" in row else "")


def versions_page() -> str:
    """Which API versions there are and until when Meta serves them."""
    rows = [
        (f"`{each.name}`", str(each.released), str(each.graph_expiry or "–"), str(each.marketing_expiry or "–"))
        for each in reversed(versions())
    ]
    return "\n".join(
        [
            "# API versions",
            _MADE,
            "Two clocks: the Marketing API's expiry binds ads calls. `–`: not announced.",
            "",
            *_table(("version", "released", "Graph API expiry", "Marketing API expiry"), rows),
            "",
        ]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("\n", " ").replace("|", "\\|") for cell in line) + " |" for line in lines]


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
