"""Which streams a configuration has: every entity, every built-in report, every report of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from source_meta_ads.config import Config, ConfigError
from source_meta_ads.insights.breakdown_table import nearest
from source_meta_ads.insights.reports import Report, built_in_reports
from source_meta_ads.streams.base import MetaStream, Runtime
from source_meta_ads.streams.changes import Following
from source_meta_ads.streams.declaration import Entity
from source_meta_ads.streams.entities import ENTITIES
from source_meta_ads.streams.entity import EntityStream
from source_meta_ads.streams.insights import InsightsStream
from source_meta_ads.streams.override import StreamOverride
from source_meta_ads.streams.progress import DaysDone, LatestMoment, StateProgress


@dataclass(frozen=True)
class Chosen:
    """What a configured catalog and a state say of one stream. `columns` None: all default ones."""

    columns: Collection[str] | None = None
    state: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Built:
    """A stream, how it keeps its place (None for one without a cursor), and the state that it goes on from."""

    stream: MetaStream
    progress: StateProgress | None
    state: Mapping[str, Any]


def build_streams(config: Config, runtime: Runtime | None, chosen: Callable[[str], Chosen]) -> Iterator[Built]:
    """Every stream, in the order of the catalog; cheap, and without a call to Meta.

    Raises: ConfigError when two reports would have one name, or an override doesn't fit.
    """
    overrides = {override.name: override for override in config.stream_overrides}
    for entity in ENTITIES:
        yield _entity(entity, config, runtime, chosen(entity.name), overrides.pop(entity.name, None))
    seen: set[str] = {entity.name for entity in ENTITIES}
    for report in reports_of(config):
        if report.stream_name in seen:
            raise ConfigError(
                f"custom_insights: two streams would be called {report.stream_name!r}: give each report its own name"
            )
        seen.add(report.stream_name)
        name = report.stream_name
        yield _report(report, config, runtime, chosen(name), overrides.pop(name, None))
    if overrides:
        name = next(iter(overrides))
        raise ConfigError(f"stream_overrides: no stream is called {name!r}: {nearest(name, sorted(seen))}")


def reports_of(config: Config) -> list[Report]:
    """The built-in and the user's reports, completed with what the configuration says of all reports."""
    return [_completed(report, config) for report in [*built_in_reports(config.api_version), *config.custom_insights]]


def report_named(config: Config, stream: str) -> Report | None:
    """The report that a stream is of; None for another stream."""
    return next((report for report in reports_of(config) if report.stream_name == stream), None)


def declared_key(config: Config, name: str) -> tuple[str, ...]:
    """The key that a stream has by its declaration or report, whatever the user says of it."""
    keys = {entity.name: entity.key for entity in ENTITIES}
    report = report_named(config, name)
    return keys.get(name) or (report.primary_key if report else ())


def _entity(
    declared: Entity, config: Config, runtime: Runtime | None, chosen: Chosen, override: StreamOverride | None
) -> Built:
    entity = declared
    if override:
        entity = replace(
            declared,
            key=override.key_of(declared.key),
            cursor_field=override.cursor_field or declared.cursor_field,
        )
    statuses = getattr(config, entity.statuses) if entity.statuses else ()
    progress = LatestMoment(entity.cursor_field, statuses) if entity.cursor_field else None
    state = _usable(entity.name, chosen.state, progress, runtime)
    following = None
    if progress and runtime and chosen.state is not None:
        following = Following(entity.name, config.entity_changes, progress, runtime.clock, runtime.logger)
    stream = EntityStream(
        entity,
        config.api_version,
        chosen.columns,
        runtime,
        statuses=statuses,
        page_size=config.page_size,
        state=state,
        following=following,
        switched_off=[column.name for column in entity.added if column.switch and not getattr(config, column.switch)],
        start=config.start_date,
    )
    _require_fit(override, stream, declared)
    return Built(stream, progress, state)


def _report(
    report: Report, config: Config, runtime: Runtime | None, chosen: Chosen, override: StreamOverride | None
) -> Built:
    progress = DaysDone(report.increment)
    state = _usable(report.stream_name, chosen.state, progress, runtime)
    stream = InsightsStream(
        report,
        config.api_version,
        _with_key(chosen.columns, override),
        runtime,
        state=state,
        progress=progress,
        reconcile=config.reconcile,
        key=override.primary_key if override else (),
    )
    _require_fit(override, stream, None)
    return Built(stream, progress, state)


def _with_key(columns: Collection[str] | None, override: StreamOverride | None) -> Collection[str] | None:
    """The selected columns and those of a key of the user's own; None: all."""
    return columns if columns is None or override is None else [*columns, *override.primary_key]


def _require_fit(override: StreamOverride | None, stream: MetaStream, entity: Entity | None) -> None:
    """Raise ConfigError naming the column of an override that is none, or why the stream can't have it."""
    if override and (problem := override.problem(stream.schema, entity)):
        raise ConfigError(f"stream_overrides: {override.name}: {problem}")


def _usable(
    name: str, state: Mapping[str, Any] | None, progress: StateProgress | None, runtime: Runtime | None
) -> Mapping[str, Any]:
    """The saved state, or an empty one, said aloud, where the stream can't go on from it.

    Settled once a stream: a state half old and half new would, after a crash, pass for all new.
    """
    if not state or progress is None or runtime is None:
        return state or {}
    reason = progress.misfit(state)
    if reason is None:
        return state
    runtime.logger.warning(f"{name}: starting over from the start date: {reason}")
    return {}


def _completed(report: Report, config: Config) -> Report:
    """The report with the configuration's settings where it has none of its own."""
    own = {
        "start_date": report.start_date or config.start_date,
        "end_date": report.end_date or config.end_date,
        "insights_lookback_window": report.insights_lookback_window or config.insights_lookback_window,
        "insights_job_timeout": report.insights_job_timeout or config.insights_job_timeout,
        "include_incrementality": report.include_incrementality or config.include_incrementality,
        "action_breakdowns": report.settled_action_breakdowns(
            config.default_ads_insights_action_breakdowns, allow_empty=config.action_breakdowns_allow_empty
        ),
        "include_engaged_view": report.include_engaged_view or config.include_engaged_view,
    }
    return report.model_copy(update=own)
