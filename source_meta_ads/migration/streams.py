"""A configured catalog of source-facebook-marketing as one of ours: the same streams and columns, by our schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airbyte_cdk.models import AirbyteStream

from source_meta_ads.catalog import Chosen, build_streams
from source_meta_ads.config import Config
from source_meta_ads.migration.note import Note
from source_meta_ads.schemas.official import load_differences

# Meta has returned no data for them since this day, whatever asks for them.
_SILENT_WINDOWS = ("7d_view", "28d_view")
_SILENT_SINCE = "2026-01-12"
_UNKNOWN = "Meta has no field by that name in this version"
_SUCCESSORS = {
    "ads_insights_dma": "Meta has not answered dma since 2026-06-22: choose ads_insights_comscore_market",
}


def convert_catalog(raw: Mapping[str, Any], config: Config) -> tuple[dict[str, Any], list[Note]]:
    """The configured catalog with our definitions of its streams and columns, and what differs.

    Raises: ValueError where it is no configured catalog.
    """
    chosen = {_name_of(each): _columns_of(each) for each in _entries(raw)}
    ours = {
        built.stream.name: _described(built.stream.as_airbyte_stream())
        for built in build_streams(config, None, lambda name: Chosen(columns=chosen.get(name)))
    }
    streams, notes = [], []
    for entry in _entries(raw):
        name = _name_of(entry)
        if name not in ours:
            notes.append(Note("lost", name, _why_absent(name)))
            continue
        streams.append(_converted(entry, ours[name]))
        notes += _differences(entry, ours[name])
    return {"streams": streams}, notes


def _described(stream: AirbyteStream) -> dict[str, Any]:
    """A stream as it stands in a catalog."""
    return {
        "name": stream.name,
        "json_schema": stream.json_schema,
        "supported_sync_modes": [mode.value for mode in stream.supported_sync_modes],
        "source_defined_cursor": stream.source_defined_cursor,
        "default_cursor_field": stream.default_cursor_field,
        "source_defined_primary_key": stream.source_defined_primary_key,
    }


def _entries(raw: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    entries = raw.get("streams")
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        raise ValueError('not a configured catalog: it has no list "streams"')
    return entries


def _name_of(entry: Mapping[str, Any]) -> str:
    stream = entry.get("stream")
    name = stream.get("name") if isinstance(stream, Mapping) else None
    if not isinstance(name, str):
        raise ValueError(
            'not a configured catalog: a stream has no "stream" with a "name" '
            "(what discover prints is not configured yet: each stream needs its sync_mode)"
        )
    return name


def _columns_of(entry: Mapping[str, Any]) -> tuple[str, ...] | None:
    columns = (entry["stream"].get("json_schema") or {}).get("properties")
    return tuple(columns) if columns else None


def _converted(entry: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Their choice of mode and columns over our definition; columns that a key or cursor needs are added."""
    needed = {part for path in ours.get("source_defined_primary_key") or [] for part in path}
    needed |= set(ours.get("default_cursor_field") or [])
    wanted = set(_columns_of(entry) or ours["json_schema"]["properties"]) | needed
    properties = {name: each for name, each in ours["json_schema"]["properties"].items() if name in wanted}
    mode = entry.get("sync_mode") if entry.get("sync_mode") in ours["supported_sync_modes"] else "full_refresh"
    return {
        **entry,
        "stream": {**ours, "json_schema": {**ours["json_schema"], "properties": properties}},
        "sync_mode": mode,
        "cursor_field": ours.get("default_cursor_field") if mode == "incremental" else entry.get("cursor_field"),
        "primary_key": ours.get("source_defined_primary_key") or entry.get("primary_key"),
    }


def _differences(entry: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[Note]:
    name, theirs = str(ours["name"]), entry["stream"]
    for what, key in (("key", "source_defined_primary_key"), ("cursor", "default_cursor_field")):
        if theirs.get(key) and theirs[key] != ours.get(key):
            yield Note("changed", name, f"{what} {_listed(theirs[key])} → {_listed(ours.get(key))}")
    if (mode := entry.get("sync_mode")) and mode not in ours["supported_sync_modes"]:
        yield Note("changed", name, f"{mode} → full_refresh, the one way it can be read here")
    properties = ours["json_schema"]["properties"]
    differences = load_differences()
    for column, schema in ((theirs.get("json_schema") or {}).get("properties") or {}).items():
        subject = f"{name}.{column}"
        if column not in properties:
            reason = differences.absent_columns.get(name, {}).get(
                column, "no field of Meta's by that name in this version"
            )
            yield Note("lost", subject, reason)
        elif (before := _kind(schema)) and before != (after := _kind(properties[column])):
            reason = differences.retyped_columns.get(name, {}).get(column, "as Meta documents it")
            yield Note("changed", subject, f"{before} → {after}: {reason}")
        else:
            for window in _SILENT_WINDOWS:
                if window in ((schema.get("items") or {}).get("properties") or {}):
                    yield Note(
                        "told", f"{subject}[].{window}", f"Meta has returned no data for it since {_SILENT_SINCE}"
                    )


def _kind(schema: object) -> str:
    """The type of a column, null left out; empty where the schema doesn't say one."""
    types = schema.get("type") if isinstance(schema, Mapping) else None
    kinds = [types] if isinstance(types, str) else [each for each in types or [] if each != "null"]
    return kinds[0] if len(kinds) == 1 else ""


def _why_absent(name: str) -> str:
    if reason := load_differences().absent_streams.get(name) or _SUCCESSORS.get(name):
        return reason
    return "no such stream: is the custom report that it came from in custom_insights?"


def _listed(path: Any) -> str:
    parts = [".".join(each) if isinstance(each, list) else str(each) for each in path or []]
    return ", ".join(parts) or "none"
