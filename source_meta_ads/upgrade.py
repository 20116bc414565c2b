"""What another API version changes: for every field there is, or for those that a configuration and catalog use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from source_meta_ads.catalog import Chosen, build_streams, reports_of
from source_meta_ads.config import Config
from source_meta_ads.graph.versions import number_of
from source_meta_ads.insights.reports import Report
from source_meta_ads.manifest import VersionRow, manifest
from source_meta_ads.schemas.drift import Change, diff
from source_meta_ads.schemas.fields import defined_objects, defined_versions
from source_meta_ads.schemas.json_schema import record_schema
from source_meta_ads.streams.entities import ENTITIES

_REPORTS = "AdsInsights"


@dataclass(frozen=True)
class Effect:
    """One change of an upgrade; `where` is a stream, or an object of Meta's where all fields are compared."""

    where: str
    change: Change


@dataclass(frozen=True)
class Upgrade:
    """The step from one API version to a later one.

    With field definitions of both the differences are exact, in nested fields too; else they are those of the
    manifest's compatibility matrix, which has top-level fields only.

    Raises: ValueError where neither knows both versions, or the second isn't the later one.
    """

    before: str
    after: str

    def __post_init__(self) -> None:
        if number_of(self.before) >= number_of(self.after):
            raise ValueError(f"{self.after} does not come after {self.before}: exchange them, or name a later version")
        if unknown := [name for name in (self.before, self.after) if name not in known_versions()]:
            raise ValueError(
                f"nothing is known of {unknown[0]}: this release has {', '.join(known_versions())}; with --live and "
                "--config Meta itself is asked"
            )

    @property
    def is_exact(self) -> bool:
        """Whether there are field definitions of both versions."""
        return {self.before, self.after} <= set(defined_versions())

    @property
    def rows(self) -> list[VersionRow]:
        """What the matrix says of the versions after the first, up to the second."""
        first, last = number_of(self.before), number_of(self.after)
        return [row for row in manifest().compatibility if first < number_of(row.version) <= last]

    def of_everything(self) -> list[Effect]:
        """Every field of every object, and breakdowns and the like under the object of reports."""
        effects = [Effect(node, change) for node, changes in self._by_node().items() for change in changes]
        for kind in ("breakdowns", "action_breakdowns", "attribution_windows"):
            added, removed = self._names(kind)
            effects += [Effect(kind, Change(name, "added")) for name in sorted(added)]
            effects += [Effect(kind, Change(name, "removed")) for name in sorted(removed)]
        return effects

    def of_streams(self, config: Config, columns: Mapping[str, Collection[str] | None]) -> list[Effect]:
        """What changes for the streams named, of their columns (None: the default ones).

        Raises: ValueError for a stream that the configuration hasn't.
        """
        old, new = (self._schemas(config, version, columns) for version in (self.before, self.after))
        if unknown := sorted(columns.keys() - old.keys() - new.keys()):
            raise ValueError(
                f"the configuration has no stream {unknown[0]!r}: give its --config, or correct the catalog"
            )
        return list(self._of_reports(config, columns)) + [
            Effect(name, change) for name in columns for change in self._of_stream(name, old, new, columns[name])
        ]

    def _of_stream(
        self,
        name: str,
        old: Mapping[str, Mapping[str, object]],
        new: Mapping[str, Mapping[str, object]],
        columns: Collection[str] | None,
    ) -> Iterable[Change]:
        if name not in new or name not in old:
            return [Change("the stream", "removed" if name in old else "added")]
        if self.is_exact:
            return diff(old[name], new[name])
        node = next((entity.node for entity in ENTITIES if entity.name == name), _REPORTS)
        used = set(record_columns(old[name])) | set(columns or ())
        return [change for change in self._by_node().get(node, ()) if change.field in used]

    def _of_reports(self, config: Config, columns: Collection[str]) -> Iterator[Effect]:
        """Breakdowns and windows that reports ask for and that are gone."""
        reports: list[Report] = [each for each in reports_of(config) if each.stream_name in columns]
        for report in reports:
            asked = {
                "breakdowns": report.breakdowns,
                "action_breakdowns": report.action_breakdowns or [],
                "attribution_windows": report.attribution_windows,
            }
            for kind, names in asked.items():
                gone = self._names(kind)[1] & set(names)
                yield from (Effect(report.stream_name, Change(f"{kind}: {name}", "removed")) for name in sorted(gone))

    def _schemas(
        self, config: Config, version: str, columns: Mapping[str, Collection[str] | None]
    ) -> dict[str, Mapping[str, object]]:
        """The JSON schemas of the streams named, with their columns only, in a version."""
        found: dict[str, Mapping[str, object]] = {}
        chosen = {name: Chosen(columns=each) for name, each in columns.items()}
        at_version = config.model_copy(update={"api_version": version})
        for built in build_streams(at_version, None, lambda name: chosen.get(name, Chosen())):
            name = built.stream.name
            if name in columns:
                kept = columns[name]
                properties = built.stream.schema["properties"]
                found[name] = record_schema(
                    {key: each for key, each in properties.items() if kept is None or key in kept}
                )
        return found

    def _by_node(self) -> dict[str, list[Change]]:
        return dict(self._by_definitions()) if self.is_exact else changes_by_object(self.rows)

    def _by_definitions(self) -> Iterator[tuple[str, list[Change]]]:
        old, new = defined_objects(self.before), defined_objects(self.after)
        for node in sorted(old.keys() & new.keys()):
            names = sorted(old[node].keys() | new[node].keys())
            types = [(name, old[node].get(name), new[node].get(name)) for name in names]
            yield node, [_change(name, before, after) for name, before, after in types if before != after]

    def _names(self, kind: str) -> tuple[set[str], set[str]]:
        """Names of breakdowns and the like that came, and that went, on the whole way."""
        added: set[str] = set()
        removed: set[str] = set()
        for row in self.rows:
            names = getattr(row, kind)
            added, removed = (added - set(names.removed)) | set(names.added), (removed - set(names.added))
            removed |= set(names.removed)
        return added, removed


def known_versions() -> list[str]:
    """The API versions that there are definitions of, or a row in the matrix, oldest first."""
    return sorted({*defined_versions(), *(row.version for row in manifest().compatibility)}, key=number_of)


def record_columns(schema: Mapping[str, object]) -> list[str]:
    """The columns of a record's schema."""
    properties = schema["properties"]
    return list(properties) if isinstance(properties, Mapping) else []


def _change(name: str, before: str | None, after: str | None) -> Change:
    if before is None:
        return Change(name, "added", None, after)
    return Change(name, "removed", before) if after is None else Change(name, "retyped", before, after)


def changes_by_object(rows: Iterable[VersionRow]) -> dict[str, list[Change]]:
    """What the versions' changes come to, by object: what came and went again, or the reverse, is none."""
    found: dict[tuple[str, str], Change] = {}
    for row in rows:
        steps = [(node, Change(name, "added")) for node, names in row.fields.added.items() for name in names]
        steps += [(node, Change(name, "removed")) for node, names in row.fields.removed.items() for name in names]
        steps += [
            (node, Change(name, "retyped", before, after))
            for node, types in row.fields.retyped.items()
            for name, (before, after) in types.items()
        ]
        for node, change in steps:
            earlier = found.pop((node, change.field), None)
            if earlier is None or {earlier.kind, change.kind} != {"added", "removed"}:
                found[node, change.field] = earlier if earlier and change.kind == "retyped" else change
    by_node: dict[str, list[Change]] = {}
    for (node, _), change in sorted(found.items()):
        by_node.setdefault(node, []).append(change)
    return by_node
