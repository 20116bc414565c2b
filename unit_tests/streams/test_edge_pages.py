"""Pages of an edge: what is too large comes in smaller pages and then in groups of fields; what is learnt holds."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from source_meta_ads.graph.errors import TooMuchData
from source_meta_ads.streams.edge_pages import Query
from unit_tests.streams.simulated_edge import (
    ADS,
    FIELDS,
    TOO_MUCH,
    Outcome,
    SimulatedEdge,
    ad,
    read,
    reader_of,
)

SIZE = {"targeting": 60, "creative": 50}


def ads(count: int) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in (ad(number) for number in range(count))}


def at_most(cells: int, monster: str = "") -> Any:
    """A rule: so many cells an answer; the fields of one object are as large as SIZE says."""

    def rule(asked: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Outcome | None:
        weights = [SIZE.get(name, 1) if row["id"] == monster else 1 for row in rows for name in asked]
        return TOO_MUCH if sum(weights) > cells else None

    return rule


def test_a_page_size_that_was_too_much_is_remembered_for_the_next_account() -> None:
    edge = SimulatedEdge(ads(40), rules=[at_most(60)])
    reader = reader_of(edge)
    assert len(read(reader, 40)) == 40
    first = [call.limit for call in edge.calls]
    assert first[:4] == [40, 20, 10, 10]
    assert len([row for page in reader.pages(Query("2", FIELDS, 40)) for row in page]) == 40
    assert [call.limit for call in edge.calls][len(first)] == 10


def test_other_fields_have_a_page_size_of_their_own() -> None:
    edge = SimulatedEdge(ads(40), rules=[at_most(60)])
    reader = reader_of(edge)
    read(reader, 40)
    before = len(edge.calls)
    read(reader, 40, ["id"])
    assert [call.limit for call in edge.calls[before:]] == [40]


def test_one_object_that_is_too_much_comes_in_groups_of_fields_and_nothing_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    world = ads(30)
    edge = SimulatedEdge(world, rules=[at_most(100, monster="1012")])
    rows = read(reader_of(edge))
    assert [row["id"] for row in rows] == sorted(world, reverse=True)
    assert all(set(row) == set(FIELDS) for row in rows)
    assert next(row for row in rows if row["id"] == "1012") == {name: world["1012"][name] for name in FIELDS}
    told = [record.getMessage() for record in caplog.records if "1012" in record.getMessage()]
    assert len(told) == 1
    # The heavy fields are asked for apart at first.
    assert [sorted(call.fields) for call in edge.calls if call.path == "1012"] == [
        sorted({*FIELDS} - {"targeting"}), ["id", "targeting"],
    ]  # fmt: skip


def test_a_field_too_large_alone_is_left_empty_with_a_notice(caplog: pytest.LogCaptureFixture) -> None:
    edge = SimulatedEdge(ads(30), rules=[at_most(55, monster="1012")])
    found = {row["id"]: row for row in read(reader_of(edge), 5)}
    assert len(found) == 30
    assert [each for each in found if "targeting" not in found[each]] == ["1012"]
    assert "creative" in found["1012"]
    (notice,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "targeting of 1012 can't be had" in notice


def test_an_event_without_an_id_that_is_too_much_is_an_error() -> None:
    edge = SimulatedEdge(ads(3), rules=[at_most(0)])
    reader = reader_of(edge, replace(ADS, key=()))
    with pytest.raises(TooMuchData, match="single row"):
        read(reader, fields=["name", "updated_time"])


def test_an_edge_that_counts_nothing_is_read_without_counts() -> None:
    edge = SimulatedEdge(ads(25), is_counted=False)
    reader = reader_of(edge)
    assert len(read(reader)) == len(read(reader)) == 25
    assert ["summary" in call.params for call in edge.calls] == [True] + [False] * 6


def test_a_count_is_asked_for_with_the_first_page_alone() -> None:
    edge = SimulatedEdge(ads(35))
    read(reader_of(edge))
    assert ["summary" in call.params for call in edge.calls] == [True, False, False, False]


def test_edges_that_end_early_are_not_counted() -> None:
    edge = SimulatedEdge(ads(25))
    read(reader_of(edge, replace(ADS, order="newest_first")))
    assert not any("summary" in call.params for call in edge.calls)
