"""Two API versions asked for the same few rows of a stream, and how the answers differ."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from source_meta_ads.accounts import Account
from source_meta_ads.catalog import report_named
from source_meta_ads.clock import Clock
from source_meta_ads.config import Config
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import ABOUT_FIELDS, BadRequest, GraphError
from source_meta_ads.insights.reports import Report
from source_meta_ads.schemas.drift import Change
from source_meta_ads.schemas.fields import defined_versions, load_node
from source_meta_ads.schemas.watch import json_type
from source_meta_ads.streams.declaration import Entity
from source_meta_ads.streams.entities import ENTITIES
from source_meta_ads.streams.sweep import DELETION_COLUMNS

# How Meta names a field that it hasn't: of an object, of a report.
_NO_FIELD = re.compile(r"nonexisting field \(([^)]+)\)|\(#100\) ([\w.:]+) is not valid for fields param")
# Whole days that are over: a figure doesn't move between two questions.
_DAYS = 7
# Rows that are looked at: a field may be empty in one of them.
_ROWS = 5
_WORDS = 160
# What tells whether two answers are about the same thing, as far as a row has it.
_KEYS = ("id", "date_start", "account_id", "campaign_id", "adset_id", "ad_id")


@dataclass(frozen=True)
class Answer:
    """What one version answered: its first rows, and the fields that it refused."""

    rows: Sequence[Mapping[str, Any]]
    refused: frozenset[str]


@dataclass(frozen=True)
class Comparison:
    """What two versions' answers differ in. `note` says what could not be compared, and why."""

    stream: str
    changes: Sequence[Change]
    note: str | None = None


class Probe:
    """Asks both versions, by sessions of each, about one account's streams: a few calls a stream."""

    def __init__(
        self, config: Config, before: GraphSession, after: GraphSession, account: Account, clock: Clock
    ) -> None:  # fmt: skip
        self._config, self._before, self._after = config, before, after
        self._account, self._clock = account, clock

    def compare(self, stream: str, columns: Collection[str] | None) -> Comparison:
        """Both versions' answers for a stream's columns (None: the default ones). Never raises for what Meta says."""
        question = self._question(stream, columns)
        if question is None:
            return Comparison(stream, (), "not asked: it isn't listed in an ad account")
        try:
            old = self._ask(self._before, *question)
        except GraphError as error:
            return Comparison(stream, (), f"not compared, {self._before.version} refuses it already: {error}")
        try:
            new = self._ask(self._after, *question)
        except BadRequest as error:
            return Comparison(stream, [Change("the stream", "refused", None, f"Meta says: {error.message[:_WORDS]}")])
        except GraphError as error:
            return Comparison(stream, (), f"not compared, {self._after.version} failed: {error}")
        note = None if old.rows and new.rows else "no row to compare, only which fields are known"
        return Comparison(stream, list(_differences(old, new)), note)

    def _question(self, stream: str, columns: Collection[str] | None) -> tuple[str, dict[str, Any], list[str]] | None:
        """Path, parameters and fields."""
        report = report_named(self._config, stream)
        if report:
            return self._report_question(report, columns)
        entity = next((each for each in ENTITIES if each.name == stream), None)
        return self._entity_question(entity, columns) if entity else None

    def _entity_question(
        self, entity: Entity, columns: Collection[str] | None
    ) -> tuple[str, dict[str, Any], list[str]] | None:
        if entity.parent != "account":
            return None
        nodes = [load_node(entity.node, version) for version in defined_versions()]
        if columns is None:
            fields = {name for node in nodes for name in node.default_names}
        else:
            # A column that no version here has may be new in the one asked; those that are ours are no field.
            ours = {"account_id", *DELETION_COLUMNS, *(column.name for column in entity.added)}
            fields = set(columns) - (ours - {name for node in nodes for name in node.fields})
        first = "id" if any("id" in node.fields for node in nodes) else min(fields)
        path, params = f"act_{self._account.id}", dict(entity.params)
        if entity.read == "edge":
            path, params = f"{path}/{entity.edge}", {**params, "limit": _ROWS}
        return path, params, [first, *sorted(fields - {first})]

    def _report_question(
        self, report: Report, columns: Collection[str] | None
    ) -> tuple[str, dict[str, Any], list[str]]:  # fmt: skip
        until = self._clock.today(self._account.timezone) - timedelta(days=1)
        fields = report.request_fields(columns, self._before.version)
        later = report.request_fields(columns, self._after.version)
        params = report.request_params(until - timedelta(days=_DAYS - 1), until, ())
        params = {name: value for name, value in params.items() if name != "fields"}
        return f"act_{self._account.id}/insights", {**params, "limit": _ROWS}, sorted({*fields, *later})

    def _ask(self, session: GraphSession, path: str, params: Mapping[str, Any], fields: Sequence[str]) -> Answer:
        """The first rows, asked for again without the fields that Meta refuses. Raises: GraphError."""
        wanted, refused = list(fields), set[str]()
        while True:
            try:
                return Answer(self._rows(session, path, params, wanted), frozenset(refused))
            except ABOUT_FIELDS as error:
                named = {name for match in _NO_FIELD.findall(error.message) for name in match if name} & set(wanted)
                if not named:
                    named = self._refused_among(session, path, params, wanted, error)
                refused |= named
                wanted = [name for name in wanted if name not in named]

    def _refused_among(
        self, session: GraphSession, path: str, params: Mapping[str, Any], fields: list[str], error: GraphError
    ) -> set[str]:  # fmt: skip
        """The fields that a refusal is about that names none, by halving. Raises: it, where it is about none."""
        first, suspects = fields[:1], fields[1:]
        self._rows(session, path, params, first)
        while len(suspects) > 1:
            half = suspects[: len(suspects) // 2]
            try:
                self._rows(session, path, params, [*first, *half])
                suspects = suspects[len(half) :]
            except ABOUT_FIELDS:
                suspects = half
        if not suspects:
            raise error
        return set(suspects)

    def _rows(
        self, session: GraphSession, path: str, params: Mapping[str, Any], fields: Sequence[str]
    ) -> list[Mapping[str, Any]]:  # fmt: skip
        body = session.get_json(path, {**params, "fields": tuple(fields)}, account_id=self._account.id)
        return list(body.get("data") or []) if "limit" in params else [body]


def _differences(old: Answer, new: Answer) -> Iterator[Change]:
    yield from (Change(name, "removed") for name in sorted(new.refused - old.refused))
    yield from (Change(name, "added") for name in sorted(old.refused - new.refused))
    pairs = list(zip(old.rows, new.rows, strict=False))
    are_same = all(row.get(name) == other.get(name) for row, other in pairs for name in _KEYS)
    before, after = (_all_types(rows[: len(pairs)]) for rows in (old.rows, new.rows))
    settled = new.refused | old.refused
    for path in sorted(before.keys() | after.keys()):
        had, has = before.get(path), after.get(path)
        if path.split(".")[0].removesuffix("[]") in settled or had == has:
            continue
        if had and has:
            yield Change(path, "retyped", had, has)
        elif are_same and had and not _is_within(path, after):
            yield Change(path, "absent", had, "not in what the other version answers")
        elif are_same and has and not _is_within(path, before):
            yield Change(path, "added", None, has)


def _all_types(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """JSON type by path of all that some rows hold."""
    found: dict[str, set[str]] = {}
    for row in rows:
        for path, kind in _types(row, ""):
            found.setdefault(path, set()).add(kind)
    return {path: " or ".join(sorted(kinds)) for path, kinds in found.items()}


def _is_within(path: str, types: Mapping[str, str]) -> bool:
    """Whether a field that is missing lies within one that is another type there, or missing too: told once."""
    parents = [path[: match.start()] for match in re.finditer(r"\.|\[\]", path)]
    return any(types.get(parent) not in ("object", "array") for parent in parents)


def _types(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """JSON type by path of all that a row holds; of a list the first element stands for all."""
    if path and value is not None:
        yield path, json_type(value)
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _types(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        yield from _types(value[0], f"{path}[]")
