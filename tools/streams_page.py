"""docs/streams.md from the code: every stream with where it is read from, its key, cursor and columns; a diagram."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from source_meta_ads.catalog import Chosen, build_streams, reports_of
from source_meta_ads.config import Config
from source_meta_ads.graph.versions import DEFAULT_VERSION
from source_meta_ads.insights.reports import Report
from source_meta_ads.schemas.drift import type_text
from source_meta_ads.streams.base import MetaStream
from source_meta_ads.streams.declaration import Entity
from source_meta_ads.streams.entities import ENTITIES

# Columns that hold the key of another stream's record.
_REFERENCES = {
    "account_id": "ad_account", "campaign_id": "campaigns", "adset_id": "ad_sets", "ad_id": "ads",
    "creative": "ad_creatives", "video_id": "videos", "image_hash": "images", "pixel_id": "pixels",
    "source_ad_id": "ads", "source_campaign_id": "campaigns",
}  # fmt: skip
_REPORT_HEAD = ("stream", "level", "a row for each", "breakdowns", "action breakdowns", "key")
# Columns within an object that are named.
_MOST_NAMED = 12
_LISTED_UNDER = {
    "account": "act_…/{edge}",
    "token": "me/{edge}",
    "business": "act_…/{edge}, of the account's business",
    "ad": "{{ad}}/{edge}, of each lead ad",
}


def page(made: str) -> str:
    """The page; `made` is the line that says what made it."""
    config = Config.model_validate({"credentials": {"auth_type": "Service", "access_token": "none"}})
    streams = {each.stream.name: each.stream for each in build_streams(config, None, lambda name: Chosen())}
    reports = reports_of(config)
    common = _common(streams[report.stream_name] for report in reports)
    return "\n".join([
        "# Streams",
        made,
        f"As of API {DEFAULT_VERSION}. Names, keys and cursors are those of source-facebook-marketing where it has the",
        "stream. Every record has `account_id`, digits only, but those of `businesses`. Streams with a * need a",
        "permission of their own and are not suggested: see [accounts.md](accounts.md) and [objects.md](objects.md).",
        "",
        "## How they belong together",
        "",
        *_diagram(streams, reports),
        "",
        "## Ad objects",
        "",
        *table(("stream", "read from", "key", "cursor", "modes", "columns"), map(_object_row(streams), ENTITIES)),
        "",
        *(line for entity in ENTITIES for line in _details(streams[entity.name], _about(entity))),
        "## Insights reports",
        "",
        "Read from `act_…/insights`, again for the lookback window at every sync. Cursor `date_start`, a day in the",
        "account's timezone; modes full refresh and incremental. Weeks begin on Monday, months on the 1st, all days at",
        "the start date.",
        "",
        *table(_REPORT_HEAD, map(_report_row, reports)),
        "",
        "### Columns of every report",
        "",
        *_columns(common),
        "",
        "### Columns of each report",
        "",
        "Besides those of every report.",
        "",
        *(line for report in reports for line in _report_details(streams[report.stream_name], report, common)),
    ]).rstrip() + "\n"  # fmt: skip


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("\n", " ").replace("|", "\\|") for cell in line) + " |" for line in lines]


def _object_row(streams: Mapping[str, MetaStream]) -> Any:
    def row(entity: Entity) -> tuple[str, ...]:
        count = len(streams[entity.name].get_json_schema()["properties"])
        modes = "full refresh, incremental" if entity.cursor_field else "full refresh"
        name = f"[`{entity.name}`](#{entity.name})" + ("" if entity.default_on else " *")
        return name, _source(entity), _code(entity.key), _cursor(entity), modes, str(count)

    return row


def _source(entity: Entity) -> str:
    place = "act_…" if entity.read == "node" else _LISTED_UNDER[entity.parent].format(edge=entity.edge)
    path, _, rest = place.partition(", ")
    return f"`{path}`" + (f", {rest}" if rest else "")


def _cursor(entity: Entity) -> str:
    return f"`{entity.cursor_field}`" if entity.cursor_field else "none"


def _about(entity: Entity) -> str:
    doc = f"https://developers.facebook.com/docs/{entity.doc}"
    chosen = "" if entity.default_on else " Not read unless it is chosen."
    return f"Meta's `{entity.node}`, read from {_source(entity)}: [reference]({doc}).{chosen}"


def _details(stream: MetaStream, about: str) -> list[str]:
    properties = stream.get_json_schema()["properties"]
    return [
        f"### {stream.name}",
        "",
        about,
        "",
        f"<details><summary>{len(properties)} columns</summary>",
        "",
        *_columns(properties),
        "",
        "</details>",
        "",
    ]


def _report_row(report: Report) -> tuple[str, ...]:
    return (
        f"[`{report.stream_name}`](#{report.stream_name})",
        report.level,
        rows_of(report.increment),
        _code(report.breakdowns),
        _code(report.action_breakdowns or ()),
        _code(report.primary_key),
    )


def _report_details(stream: MetaStream, report: Report, common: Mapping[str, Any]) -> list[str]:
    properties = stream.get_json_schema()["properties"]
    own = {name: each for name, each in properties.items() if name not in common}
    return [
        f"#### {report.stream_name}",
        "",
        f"<details><summary>{len(own)} columns of its own, {len(properties)} in all</summary>",
        "",
        *_columns(own),
        "",
        "</details>",
        "",
    ]


def _common(streams: Iterable[MetaStream]) -> dict[str, Any]:
    """The columns that all the streams have, the same."""
    schemas = [stream.get_json_schema()["properties"] for stream in streams]
    return {name: each for name, each in schemas[0].items() if all(other.get(name) == each for other in schemas[1:])}


def _columns(properties: Mapping[str, Any]) -> list[str]:
    rows = ((f"`{name}`", _type(each), each["description"]) for name, each in sorted(properties.items()))
    return table(("column", "type", "what it is"), rows)


def _type(schema: Mapping[str, Any]) -> str:
    """The type, and of an object the names of what is in it."""
    element = schema
    while "items" in element:
        element = element["items"]
    names = sorted(element.get("properties") or ())
    if not names:
        return type_text(schema)
    more = len(names) - _MOST_NAMED
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{type_text(schema)}: {shown}"


def _diagram(streams: Mapping[str, MetaStream], reports: Iterable[Report]) -> list[str]:
    """A Mermaid entity-relationship diagram: the columns of one stream that hold the key of another's record."""
    lines = ["```mermaid", "erDiagram"]
    for entity in ENTITIES:
        lines += _relations(entity.name, streams[entity.name].get_json_schema()["properties"])
    levels = {report.level: streams[report.stream_name] for report in reports}
    for level, stream in levels.items():
        lines += _relations(f"{level}_reports", stream.get_json_schema()["properties"])
    for entity in ENTITIES:
        columns = streams[entity.name].get_json_schema()["properties"]
        keys = [f"        {type_text(columns[name])} {name} PK" for name in entity.key]
        lines += [f"    {entity.name} {{", *keys, "    }"] if keys else []
    return [*lines, "```"]


def _relations(name: str, columns: Mapping[str, Any]) -> list[str]:
    found = ((column, target) for column, target in _REFERENCES.items() if column in columns and target != name)
    return [f"    {target} ||--o{{ {name} : {column}" for column, target in found]


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def rows_of(increment: int | str) -> str:
    """What a report's row covers, in words."""
    return {1: "day", 7: "week", "monthly": "month", "all_days": "whole period"}.get(increment, f"{increment} days")
