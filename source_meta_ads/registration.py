"""Each stream's schema at the start of a read: compared with the one before, registered where it is another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from source_meta_ads.catalog import Built, Chosen, build_streams, declared_key, report_named
from source_meta_ads.config import Config
from source_meta_ads.graph.versions import find
from source_meta_ads.schemas.drift import SchemaEntry, SchemaLog, diff, fingerprint
from source_meta_ads.schemas.notices import Notices
from source_meta_ads.schemas.watch import Watch
from source_meta_ads.streams.base import MetaStream, Runtime
from source_meta_ads.streams.schema_memory import Memory, Remembering, mask_of

_SETTINGS = {"level", "fields", "breakdowns", "action_breakdowns", "attribution_windows", "increment"}


@dataclass(frozen=True)
class _Before:
    """What is known of a stream's schema of an earlier run; `schema` where it is known exactly."""

    api_version: str
    fingerprint: str
    query: str
    schema: Mapping[str, Any] | None = None


class Registrar:
    """Compares and registers the schemas of one read, and has the rows of its streams watched.

    Without a log, what a stream's state remembers stands for the registered schema: with the field definitions of both
    API versions on board the difference can be told exactly.
    """

    def __init__(
        self, config: Config, chosen: Callable[[str], Chosen], runtime: Runtime, log: SchemaLog | None = None
    ) -> None:
        self._config, self._chosen, self._runtime, self._log = config, chosen, runtime, log
        self._logger = runtime.logger
        self.notices = Notices(
            config.schema_drift,
            config.api_version,
            runtime.clock.now,
            meter=runtime.meter,
            logger=self._logger,
            log=log,
        )
        self._watches: dict[str, Watch] = {}

    def begin(self, built: Built) -> Built:
        """The stream with its rows watched and its schema remembered in its state; once for a selected stream."""
        stream = built.stream
        schema = self._emitted(stream)
        self._tell_unfilled(stream)
        self._tell_narrow_key(stream)
        memory = Memory.of(built.state)
        before = self._registered(stream.name) or _of(memory)
        now = SchemaEntry(
            fingerprint=fingerprint(schema),
            api_version=self._config.api_version,
            query_hash=self._query_hash(stream.name),
            registered_at=self._runtime.clock.now().isoformat(timespec="seconds"),
            json_schema=schema,
        )
        if before:
            self._compare(stream.name, before, now)
        self._register(stream.name, before, now)
        usual = self._usual(stream.name, memory, now)
        columns = schema["properties"].keys()
        watch: Watch | None = None
        if self.notices.are_wanted:
            watch = Watch(stream.schema, usual, lambda change: self.notices.tell(stream.name, change))
            self._watches[stream.name] = watch
            stream.watch(watch)

        def remembered() -> Memory:
            known = watch.usual() if watch else usual
            return Memory(now.api_version, now.fingerprint, now.query_hash, mask_of(known, columns))

        return replace(built, progress=Remembering(built.progress, remembered)) if built.progress else built

    def end(self, stream: str) -> str | None:
        """Why a stream whose rows are all out is to end as failed, None where it isn't; tells what never came."""
        if watch := self._watches.get(stream):
            watch.end()
        return self.notices.failure_of(stream)

    def _registered(self, stream: str) -> _Before | None:
        if self._log is None:
            return None
        try:
            entry = self._log.latest(stream)
        except OSError as error:
            self._logger.warning(f"{stream}: its schema was not compared, the registry can't be reached: {error}")
            return None
        return _Before(entry.api_version, entry.fingerprint, entry.query_hash, entry.json_schema) if entry else None

    def _register(self, stream: str, before: _Before | None, now: SchemaEntry) -> None:
        if self._log is None or _same(before, now):
            return
        try:
            if not self._log.append(stream, now):
                self._logger.info(f"{stream}: another run has registered its schema meanwhile")
        except OSError as error:
            self._logger.warning(f"{stream}: its schema was not registered, the registry can't be reached: {error}")

    def _compare(self, stream: str, before: _Before, now: SchemaEntry) -> None:
        """Tell what changed since the run before, the user's own changes apart."""
        if _same(before, now) or before.fingerprint == now.fingerprint:
            return
        since = before.api_version if before.api_version != now.api_version else None
        is_same_query = before.query == now.query_hash
        # With other columns or settings the schema before is no measure; what the API version alone changed is.
        schema = before.schema if is_same_query else None
        if schema is None and since:
            schema = self._schema_at(stream, since)
        changes = [] if schema is None else diff(schema, now.json_schema)
        for change in changes:
            self.notices.tell(stream, change, since)
        if not is_same_query:
            self._logger.info(f"{stream}: its columns or the report's settings are not those of the run before")
        elif not changes:
            self._logger.info(f"{stream}: its schema is not the one of the run before, by a release of this connector")

    def _usual(self, stream: str, memory: Memory | None, now: SchemaEntry) -> frozenset[str]:
        """The columns that usually came in the run before, as far as the state tells."""
        if memory is None:
            return frozenset()
        if memory.fingerprint == now.fingerprint:
            return memory.usual_of(now.json_schema["properties"].keys())
        schema = self._schema_at(stream, memory.api_version)
        if schema is None or fingerprint(schema) != memory.fingerprint:
            return frozenset()
        return memory.usual_of(schema["properties"].keys())

    def _schema_at(self, stream: str, api_version: str) -> Mapping[str, Any] | None:
        """The stream's schema as our definitions of another API version have it, with today's columns."""
        try:
            config = self._config.model_copy(update={"api_version": find(api_version).name})
        except ValueError:
            return None
        found = (each.stream for each in build_streams(config, None, self._chosen) if each.stream.name == stream)
        return next((self._emitted(each) for each in found), None)

    def _emitted(self, stream: MetaStream) -> dict[str, Any]:
        """The stream's schema with the selected columns only."""
        selected = self._chosen(stream.name).columns
        properties = stream.schema["properties"]
        kept = properties if selected is None else {name: properties[name] for name in properties if name in selected}
        return {**stream.schema, "properties": kept}

    def _query_hash(self, stream: str) -> str:
        """A hash of what is asked for, whatever the API version."""
        columns = self._chosen(stream).columns
        report = report_named(self._config, stream)
        settings = {name: getattr(report, name) for name in sorted(_SETTINGS)} if report else {}
        asked = {"stream": stream, "columns": None if columns is None else sorted(columns), **settings}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]

    def _tell_unfilled(self, stream: MetaStream) -> None:
        """Name the columns that the catalog or a report has and the API version hasn't."""
        if names := stream.unfilled:
            self._logger.warning(
                f"{stream.name}: {', '.join(names)} not in API {self._config.api_version}; these columns stay empty: "
                "refresh the schema of the connection to drop them"
            )

    def _tell_narrow_key(self, stream: MetaStream) -> None:
        """Say where a key of the user's own leaves out what Meta tells rows apart by."""
        override = next((each for each in self._config.stream_overrides if each.name == stream.name), None)
        declared = declared_key(self._config, stream.name)
        left_out = sorted(set(declared) - set(override.primary_key)) if override and override.primary_key else []
        if left_out:
            self._logger.warning(
                f"{stream.name}: the key of stream_overrides leaves out {', '.join(left_out)}: a destination that "
                "deduplicates keeps one of the rows that differ by it alone"
            )


def _of(memory: Memory | None) -> _Before | None:
    return _Before(memory.api_version, memory.fingerprint, memory.query) if memory else None


def _same(before: _Before | None, now: SchemaEntry) -> bool:
    return before is not None and (before.fingerprint, before.api_version, before.query) == (
        now.fingerprint, now.api_version, now.query_hash,
    )  # fmt: skip
