"""Registered schemas: added once, in order, whoever else adds some."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from source_meta_ads.registry.schemas import RegisteredSchemas
from source_meta_ads.registry.store import VersionLog, open_store
from source_meta_ads.schemas.drift import SchemaEntry, SchemaLog

ENTRY = SchemaEntry("abc", "v26.0", "71d2", "2026-11-24T15:01:00+00:00", {"properties": {"id": {"type": "string"}}})


@pytest.fixture
def log(tmp_path: Path) -> VersionLog:
    return open_store(f"file://{tmp_path}")


def test_a_schema_comes_back_as_it_was_added(log: VersionLog) -> None:
    schemas: SchemaLog = RegisteredSchemas(log, "shop")
    assert schemas.latest("ads") is None
    assert schemas.append("ads", ENTRY)
    assert RegisteredSchemas(log, "shop").latest("ads") == ENTRY
    assert RegisteredSchemas(log, "other").latest("ads") is None
    assert schemas.latest("campaigns") is None


def test_of_two_that_add_the_next_schema_one_is_told_that_it_came_second(log: VersionLog) -> None:
    mine, theirs = RegisteredSchemas(log, "shop"), RegisteredSchemas(log, "shop")
    mine.append("ads", ENTRY)
    for each in (mine, theirs):
        each.latest("ads")
    newer = replace(ENTRY, fingerprint="def")
    assert theirs.append("ads", newer)
    assert not mine.append("ads", replace(ENTRY, fingerprint="ghi"))
    assert mine.latest("ads") == newer
    assert mine.append("ads", ENTRY)
    assert len(list(log.history("schema/shop/ads"))) == 3


def test_a_schema_can_be_added_without_having_looked(log: VersionLog) -> None:
    RegisteredSchemas(log, "shop").append("ads", ENTRY)
    assert RegisteredSchemas(log, "shop").append("ads", replace(ENTRY, fingerprint="def"))


def test_drifts_of_all_runs_are_kept_in_order(log: VersionLog) -> None:
    for number in range(3):
        RegisteredSchemas(log, "shop").note("ads", {"n": number})
    assert [version.document for version in log.history("drift/shop/ads")] == [{"n": 2}, {"n": 1}, {"n": 0}]
