"""Drift is told once a field, counted, recorded, and fails a stream only where it may not be."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from source_meta_ads.schemas.drift import Change, SchemaEntry
from source_meta_ads.schemas.notices import Notices, Policy
from source_meta_ads.telemetry.meter import Meter

NOW = datetime(2026, 11, 24, 15, 1, tzinfo=UTC)
GONE, NEW = Change("budget", "removed", "string"), Change("mood", "added", None, "string")


class Log(logging.Handler):
    """A logger's lines, and a schema log's records."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[int, str]] = []
        self.notes: list[tuple[str, Mapping[str, Any]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelno, record.getMessage()))

    def latest(self, stream: str) -> SchemaEntry | None:
        return None

    def append(self, stream: str, entry: SchemaEntry) -> bool:
        return True

    def note(self, stream: str, drift: Mapping[str, Any]) -> None:
        self.notes.append((stream, drift))


def made(policy: Policy = "warn") -> tuple[Notices, Log, Meter]:
    log, meter, logger = Log(), Meter(), logging.Logger("test")
    logger.addHandler(log)
    return Notices(policy, "v26.0", lambda: NOW, meter=meter, logger=logger, log=log), log, meter


def test_a_field_is_told_once_as_a_line_a_count_and_a_record() -> None:
    notices, log, meter = made()
    for _ in range(3):
        notices.tell("ads", GONE, since="v25.0")
    record = {
        "stream": "ads", "field": "budget", "kind": "removed", "before": "string", "api_version": "v26.0",
        "since": "v25.0", "at": "2026-11-24T15:01:00+00:00",
    }  # fmt: skip
    assert log.lines == [
        (logging.WARNING, "drift: ads, API v25.0 → v26.0: budget removed (was string)"),
        (logging.INFO, f"drift record: {json.dumps(record)}"),
    ]
    assert log.notes == [("ads", record)]
    assert meter.summary()["drifts_by_kind"] == {"ads removed": 1}


def test_the_same_field_of_another_stream_or_kind_is_told_too() -> None:
    notices, log, _ = made()
    notices.tell("ads", GONE)
    notices.tell("campaigns", GONE)
    notices.tell("ads", Change("budget", "absent", "string", "in none"))
    assert len(log.notes) == 3


def test_what_comes_besides_is_no_warning_and_fails_nothing() -> None:
    notices, log, _ = made("fail")
    notices.tell("ads", NEW)
    assert log.lines[0] == (logging.INFO, "drift: ads, API v26.0: mood added (string)")
    assert notices.failure_of("ads") is None


def test_nothing_is_told_where_drift_is_to_be_ignored() -> None:
    notices, log, meter = made("ignore")
    notices.tell("ads", GONE)
    assert not notices.are_wanted
    assert (log.lines, log.notes, meter.summary()["drifts_by_kind"]) == ([], [], {})


@pytest.mark.parametrize(("policy", "fails"), [("ignore", False), ("warn", False), ("fail", True)])
def test_only_the_policy_fail_fails_and_only_the_stream_that_drifted(policy: Policy, fails: bool) -> None:
    notices, _, _ = made(policy)
    notices.tell("ads", GONE)
    notices.tell("ads", Change("mood", "unknown", None, "string"))
    assert notices.failure_of("campaigns") is None
    failure = notices.failure_of("ads")
    assert bool(failure) is fails
    if failure:
        assert all(word in failure for word in ("2 fields", "budget removed", "mood unknown", "`warn`"))


def test_a_map_taken_for_an_object_does_not_fill_the_log() -> None:
    notices, log, _ = made()
    for place in range(1_000):
        notices.tell("ads", Change(f"map.{place}", "unknown", None, "string"))
    assert len(log.notes) == 100
