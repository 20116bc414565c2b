"""A schema is compared with the one before, by the log or by what the state remembers, and registered once a change."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from source_meta_ads.catalog import Built, Chosen, build_streams
from source_meta_ads.config import Config
from source_meta_ads.registration import Registrar
from source_meta_ads.schemas.drift import SchemaEntry
from source_meta_ads.streams.base import Runtime
from source_meta_ads.streams.schema_memory import STATE_KEY, Memory
from source_meta_ads.telemetry.meter import Meter
from unit_tests.simulated import SimulatedClock

Row = dict[str, Any]


class Log(logging.Handler):
    """A schema log in memory, and a logger's lines."""

    def __init__(self, others_first: bool = False) -> None:
        super().__init__()
        self.entries: dict[str, list[SchemaEntry]] = {}
        self.notes: list[Mapping[str, Any]] = []
        self.lines: list[str] = []
        self.others_first = others_first

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def latest(self, stream: str) -> SchemaEntry | None:
        return self.entries.get(stream, [None])[-1]

    def append(self, stream: str, entry: SchemaEntry) -> bool:
        if not self.others_first:
            self.entries.setdefault(stream, []).append(entry)
        return not self.others_first

    def note(self, stream: str, drift: Mapping[str, Any]) -> None:
        self.notes.append(drift)


class Run:
    """One read's registration of one stream."""

    def __init__(
        self, log: Log, version: str = "v26.0", columns: list[str] | None = None, state: Row | None = None,
        stream: str = "campaigns", is_registry: bool = True, **settings: Any,
    ) -> None:  # fmt: skip
        credentials = {"auth_type": "Service", "access_token": "none"}
        self.config = Config.model_validate({"credentials": credentials, "api_version": version, **settings})
        logger = logging.Logger("test")
        logger.addHandler(log)
        # Of a run, registration needs these three.
        runtime = cast(Runtime, SimpleNamespace(clock=SimulatedClock(), meter=Meter(), logger=logger))
        self.registrar = Registrar(self.config, lambda _: Chosen(columns), runtime, log if is_registry else None)
        (built,) = [
            each for each in build_streams(self.config, None, lambda _: Chosen(columns)) if each.stream.name == stream
        ]
        self.built: Built = self.registrar.begin(replace(built, state=state or {}))

    def read(self, *rows: Row) -> Row:
        """The state after a slice with some rows."""
        watch = self.built.stream._watch
        if watch:
            look = watch.look()
            for row in rows:
                look.see(row)
            look.close()
        state: Row = {}
        assert self.built.progress is not None
        self.built.progress.close(state, {"account_id": "1001"})
        return state


def told(log: Log) -> list[tuple[str, str]]:
    return [(str(each["field"]), str(each["kind"])) for each in log.notes]


def drift_lines(log: Log) -> list[str]:
    return [line for line in log.lines if line.startswith("drift: ")]


NEW_IN_V26 = [
    ("bid_constraints", "added"), ("frequency_control_specs", "added"), ("is_meta_moment_maker_enabled", "added"),
    ("is_pca_unified", "added"), ("is_reels_trending_ads_enabled", "added"),
]  # fmt: skip
COLUMNS = ["id", "name", *(name for name, _ in NEW_IN_V26)]


def test_an_upgrade_is_told_by_the_log_as_it_is_by_the_state_alone() -> None:
    by_log, by_state = Log(), Log()
    state = Run(by_log, "v25.0", COLUMNS).read()
    Run(by_log, "v26.0", COLUMNS)
    assert told(by_log) == NEW_IN_V26
    Run(by_state, "v26.0", COLUMNS, state, is_registry=False)
    assert drift_lines(by_state) == drift_lines(by_log)
    assert all("API v25.0 → v26.0" in line for line in drift_lines(by_log))


def test_the_way_back_tells_of_what_goes() -> None:
    log = Log()
    state = Run(log, "v26.0", COLUMNS).read()
    Run(log, "v25.0", COLUMNS, state)
    assert told(log) == [(name, "removed") for name, _ in NEW_IN_V26]


def test_the_same_schema_is_registered_and_told_of_once() -> None:
    log = Log()
    for _ in range(3):
        Run(log, "v26.0", COLUMNS)
    assert len(log.entries["campaigns"]) == 1
    assert log.notes == []


def test_a_reports_settings_are_the_users_choice_and_no_drift() -> None:
    log = Log()
    for breakdowns in ([], ["country"], ["age", "gender"]):
        report = {"name": "Sales", "breakdowns": breakdowns, "fields": ["impressions"]}
        Run(log, stream="custom_sales", custom_insights=[report])
    assert len(log.entries["custom_sales"]) == 3
    assert log.notes == []
    assert sum("not those of the run before" in line for line in log.lines) == 2


def test_an_upgrade_with_other_columns_tells_what_went_of_those_still_selected() -> None:
    log = Log()
    Run(log, "v26.0", [*COLUMNS, "objective"])
    Run(log, "v25.0", ["id", "status", "is_pca_unified"])
    assert told(log) == [("is_pca_unified", "removed")]


def test_a_change_of_our_own_definitions_is_told_from_the_log_exactly_and_from_the_state_as_such() -> None:
    log, alone = Log(), Log()
    state = Run(log, columns=["id", "name", "objective"]).read()
    (entry,) = log.entries["campaigns"]
    properties = {**entry.json_schema["properties"], "name": {"type": ["null", "integer"]}}
    older = replace(entry, fingerprint="0" * 32, json_schema={**entry.json_schema, "properties": properties})
    log.entries["campaigns"] = [older]
    Run(log, columns=["id", "name", "objective"])
    assert told(log) == [("name", "retyped")]
    state[STATE_KEY]["fingerprint"] = "0" * 32
    Run(alone, columns=["id", "name", "objective"], state=state, is_registry=False)
    assert drift_lines(alone) == []
    assert any("by a release of this connector" in line for line in alone.lines)


def test_another_run_that_registers_first_is_no_failure() -> None:
    log = Log(others_first=True)
    Run(log)
    assert any("another run has registered its schema" in line for line in log.lines)


def test_what_usually_came_is_remembered_over_an_upgrade() -> None:
    log = Log()
    columns = ["id", "name", "objective", "bid_constraints"]
    rows = [{"id": str(place), "name": "x", "objective": "SALES"} for place in range(40)]
    state = Run(log, "v25.0", columns, is_registry=False).read(*rows)
    assert Memory.of(state)
    run = Run(log, "v26.0", columns, state, is_registry=False)
    run.read(*[{"id": str(place), "name": "x"} for place in range(40)])
    run.registrar.end("campaigns")
    assert [line for line in drift_lines(log) if "absent" in line] == [
        "drift: campaigns, API v26.0: objective absent (came in most rows before, in none of 40 rows now)"
    ]


def test_what_usually_came_is_kept_through_runs_with_few_rows() -> None:
    log = Log()
    rows = [{"id": str(place), "objective": "SALES"} for place in range(40)]
    state = Run(log, columns=["id", "objective"], is_registry=False).read(*rows)
    later = Run(log, columns=["id", "objective"], state=state, is_registry=False).read({"id": "1"})
    assert Memory.of(later) == Memory.of(state)


def test_without_a_watch_the_memory_stays() -> None:
    log = Log()
    rows = [{"id": str(place)} for place in range(40)]
    state = Run(log, columns=["id", "objective"], is_registry=False).read(*rows)
    run = Run(log, columns=["id", "objective"], state=state, is_registry=False, schema_drift="ignore")
    assert run.built.stream._watch is None
    assert Memory.of(run.read({"new": 1})) == Memory.of(state)


@pytest.mark.parametrize("damaged", ["v26.0", {"api_version": "v9.0", "fingerprint": "x", "query": "y", "usual": "zz"}])
def test_a_damaged_memory_stops_nothing(damaged: Any) -> None:
    log = Log()
    Run(log, state={STATE_KEY: damaged}, is_registry=False).read({"id": "1"})
    assert drift_lines(log) == []
