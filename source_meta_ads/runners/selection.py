"""What a plan's streams are: the configured catalog to read, and each stream's table."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from airbyte_cdk.models import (
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
)

from source_meta_ads.catalog import Chosen, build_streams, report_named
from source_meta_ads.config import Config
from source_meta_ads.runners.plan import PlanError, StreamPlan
from source_meta_ads.streams.base import MetaStream
from source_meta_ads.streams.insights import InsightsStream

# What of a report's settings says which rows come, and what is in them.
_ASKED = ("level", "fields", "breakdowns", "action_breakdowns", "attribution_windows", "filtering", "increment")


@dataclass(frozen=True)
class Table:
    """How a stream's rows are kept: by day, as files of changes, or as a snapshot.

    `schema` is the JSON Schema of the rows that come, `key` what tells them apart, `query` a hash of what is asked.
    """

    stream: str
    kind: Literal["days", "changes", "snapshot"]
    is_incremental: bool
    schema: Mapping[str, Any]
    key: tuple[str, ...]
    query: str


@dataclass(frozen=True)
class Selection:
    """The catalog to read, and the table of each of its streams."""

    catalog: ConfiguredAirbyteCatalog
    tables: dict[str, Table]


def select(config: Config, streams: Sequence[StreamPlan]) -> Selection:
    """The streams of a plan. Raises: PlanError for a stream or a column that there is not."""
    wanted = {each.name: each for each in streams}
    chosen = {name: Chosen(columns=each.columns) for name, each in wanted.items()}
    known = {
        built.stream.name: built.stream
        for built in build_streams(config, None, lambda name: chosen.get(name, Chosen()))
    }
    configured, tables = [], {}
    for name, plan in wanted.items():
        if name not in known:
            raise PlanError(f"streams: there is no stream {name!r}{_meant(name, known)}")
        each = _configured(known[name], plan)
        configured.append(each)
        tables[name] = _table(known[name], each, config)
    return Selection(ConfiguredAirbyteCatalog(streams=configured), tables)


def _configured(stream: MetaStream, plan: StreamPlan) -> ConfiguredAirbyteStream:
    described = stream.as_airbyte_stream()
    modes = described.supported_sync_modes or [SyncMode.full_refresh]
    is_incremental = SyncMode.incremental in modes and not plan.full_refresh
    if plan.columns is not None:
        if unknown := stream.unfilled:
            offered = ", ".join(repr(name) for name in unknown)
            raise PlanError(f"streams: {stream.name} has no columns {offered}{_meant(unknown[0], _columns(stream))}")
        kept = {*plan.columns, "account_id", *_key(described.source_defined_primary_key)}
        kept |= set(described.default_cursor_field or ())
        properties = {name: each for name, each in _columns(stream).items() if name in kept}
        described.json_schema = {**stream.get_json_schema(), "properties": properties}
    return ConfiguredAirbyteStream(
        stream=described,
        sync_mode=SyncMode.incremental if is_incremental else SyncMode.full_refresh,
        destination_sync_mode=DestinationSyncMode.append_dedup if is_incremental else DestinationSyncMode.overwrite,
        cursor_field=described.default_cursor_field,
        primary_key=described.source_defined_primary_key,
    )


def _table(stream: MetaStream, configured: ConfiguredAirbyteStream, config: Config) -> Table:
    schema = configured.stream.json_schema
    is_incremental = configured.sync_mode == SyncMode.incremental
    kind: Literal["days", "changes", "snapshot"] = "changes" if is_incremental else "snapshot"
    report = report_named(config, stream.name)
    return Table(
        stream=stream.name,
        kind="days" if isinstance(stream, InsightsStream) else kind,
        is_incremental=is_incremental,
        schema=schema,
        key=tuple(_key(configured.stream.source_defined_primary_key)),
        query=_query({name: getattr(report, name) for name in _ASKED} if report else {}, stream.name, schema),
    )


def _query(asked: Mapping[str, Any], stream: str, schema: Mapping[str, Any]) -> str:
    """Twelve hex digits of what is asked for, whatever the account and the day."""
    text = json.dumps({"stream": stream, "columns": sorted(schema["properties"]), **asked}, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _columns(stream: MetaStream) -> Mapping[str, Any]:
    columns: Mapping[str, Any] = stream.get_json_schema()["properties"]
    return columns


def _key(paths: Sequence[Sequence[str]] | None) -> list[str]:
    return [path[0] for path in paths or ()]


def _meant(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f": did you mean {near[0]!r}?" if near else f": there are {', '.join(sorted(known)[:40])}"
