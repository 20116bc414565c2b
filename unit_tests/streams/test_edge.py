"""A whole edge: rows that shift while it is paged, and big accounts in parallel parts that neither overlap nor miss."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_meta_ads.graph.errors import AuthError
from unit_tests.streams.simulated_edge import (
    ADS,
    Call,
    SimulatedEdge,
    ad,
    read,
    reader_of,
    refusing,
)

# A moment after the reading began.
NOW = "2026-11-24T15:02:00+0000"
SERIAL = replace(ADS, partition=None)
NO_FILTER = replace(SERIAL, filter_prefix=None)


def ads(count: int, campaigns: int = 1) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in (ad(number, number % campaigns) for number in range(count))}


class Changing:
    """Ads that are archived, made and restored just before certain calls; what is owed is what was there throughout."""

    def __init__(self, edge: SimulatedEdge, changes: dict[int, list[tuple[str, int]]]) -> None:
        self.edge, self.changes = edge, changes
        self.owed = {key for key, each in edge.ads.items() if each["effective_status"] == "ACTIVE"}
        self.known = set(edge.ads)
        edge.before_call = self

    def __call__(self, call: Call) -> None:
        for kind, number in self.changes.pop(len(self.edge.calls), []):
            self.change(kind, number)

    def change(self, kind: str, number: int) -> None:
        ads = self.edge.ads
        if kind == "create":
            made = ad(len(ads) + 1, number % 7, updated_time=NOW)
            ads[made["id"]] = made
            self.known.add(made["id"])
            return
        key = sorted(ads)[number % len(ads)]
        status = "ARCHIVED" if kind == "archive" else "ACTIVE"
        ads[key] = {**ads[key], "effective_status": status, "updated_time": NOW}
        if kind == "archive":
            self.owed.discard(key)


def changes(most_calls: int) -> Any:
    some = st.lists(st.tuples(st.sampled_from(["archive", "create", "restore"]), st.integers(0, 10_000)), max_size=3)
    return st.dictionaries(st.integers(2, most_calls), some, max_size=6)


def test_a_row_that_slips_to_a_page_already_read_is_found_and_read() -> None:
    edge = SimulatedEdge(ads(45), is_positional=True)
    changing = Changing(edge, {3: [("archive", 44)]})
    found = Counter(row["id"] for row in read(reader_of(edge, SERIAL)))
    assert changing.owed <= set(found)
    assert max(found.values()) == 1


@pytest.mark.parametrize("entity", [SERIAL, NO_FILTER])
def test_what_slipped_comes_with_all_its_fields_however_it_is_asked_for(entity: Any) -> None:
    edge = SimulatedEdge(ads(45), is_positional=True)
    world = dict(edge.ads)
    Changing(edge, {3: [("archive", 44), ("archive", 43)]})
    found = {row["id"]: row for row in read(reader_of(edge, entity))}
    assert found["1034"] == {name: world["1034"][name] for name in found["1044"]}


def test_a_row_that_slips_is_found_though_another_that_comes_back_hides_it_from_the_count() -> None:
    edge = SimulatedEdge(ads(45), is_positional=True)
    edge.ads["1003"] = {**edge.ads["1003"], "effective_status": "ARCHIVED"}
    changing = Changing(edge, {3: [("archive", 44), ("restore", 3)]})
    found = {row["id"] for row in read(reader_of(edge, SERIAL))}
    assert changing.owed | {"1003", "1044"} == found


@settings(deadline=None, max_examples=25)
@given(changes(7), st.booleans())
def test_whatever_comes_and_goes_nothing_that_stayed_is_lost(
    plan: dict[int, list[tuple[str, int]]], is_positional: bool
) -> None:
    edge = SimulatedEdge(ads(45), is_positional=is_positional)
    changing = Changing(edge, plan)
    found = {row["id"] for row in read(reader_of(edge, SERIAL))}
    assert changing.owed <= found <= changing.known


def test_an_account_that_stands_still_costs_no_call_beyond_its_pages() -> None:
    edge = SimulatedEdge(ads(45))
    assert len(read(reader_of(edge))) == 45
    assert len(edge.calls) == 5


def test_a_count_that_is_wrong_costs_three_looks_a_run() -> None:
    edge = SimulatedEdge(ads(25))
    answer = edge._page

    def counting_one_more(call: Call, rows: Any) -> Any:
        status, body = answer(call, rows)
        if "summary" in body:
            body["summary"]["total_count"] += 1
        return status, body

    edge._page = counting_one_more  # type: ignore[method-assign]
    reader = reader_of(edge)
    assert len(read(reader)) == len(read(reader)) == 25
    assert [call.limit for call in edge.calls] == [10, 10, 10, 500, 500, 500, 10, 10, 10]


def parts_of(edge: SimulatedEdge) -> list[Call]:
    return [call for call in edge.calls if "campaign.id" in call.params.get("filtering", "")]


def test_a_big_account_is_read_in_parts_and_each_object_once() -> None:
    edge = SimulatedEdge(ads(400, campaigns=23))
    found = Counter(row["id"] for row in read(reader_of(edge)))
    assert set(found) == set(edge.ads)
    assert max(found.values()) == 1
    parts = {call.params["filtering"] for call in parts_of(edge)}
    assert len(parts) > 3
    assert len(edge.calls) <= 40 + len(parts) + 2, "half-empty last pages, the first page and the campaigns"


def test_parts_of_a_big_account_are_asked_for_at_the_same_time() -> None:
    """Were they not, the barrier would break: nobody's first page comes before all four have asked."""
    barrier = threading.Barrier(4, timeout=20)
    edge = SimulatedEdge(ads(400, campaigns=23))
    sending = edge.send

    def send(request: Any, **how: Any) -> Any:
        if "campaign.id" in (request.url or "") and "after" not in request.url and len(started) < 4:
            started.append(request)
            barrier.wait()
        return sending(request, **how)

    started: list[Any] = []
    edge.send = send  # type: ignore[method-assign]
    assert len(read(reader_of(edge))) == 400


@pytest.mark.parametrize("count", [25, 190])
def test_a_small_account_is_not_cut(count: int) -> None:
    edge = SimulatedEdge(ads(count, campaigns=23))
    assert len(read(reader_of(edge))) == count
    assert {call.path for call in edge.calls} == {"act_1/ads"}
    assert parts_of(edge) == []


@settings(deadline=None, max_examples=15)
@given(changes(45), st.booleans())
def test_parts_miss_nothing_while_objects_come_and_go(
    plan: dict[int, list[tuple[str, int]]], is_positional: bool
) -> None:
    edge = SimulatedEdge(ads(400, campaigns=7), is_positional=is_positional)
    changing = Changing(edge, plan)
    found = Counter(row["id"] for row in read(reader_of(edge)))
    assert changing.owed <= found.keys() <= changing.known


def test_campaigns_that_are_not_listed_are_noticed_and_their_objects_read(caplog: pytest.LogCaptureFixture) -> None:
    edge = SimulatedEdge(ads(400, campaigns=23), hidden_campaigns=frozenset({"5", "7"}))
    found = Counter(row["id"] for row in read(reader_of(edge)))
    assert set(found) == set(edge.ads)
    assert max(found.values()) == 1, "what the parts had does not come again"
    assert "don't add up" in caplog.text


def test_a_filter_that_meta_does_not_take_leaves_an_account_to_be_read_page_by_page(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    edge = SimulatedEdge(ads(400, campaigns=23))
    answer = edge._answer

    def unsupporting(call: Call) -> Any:
        if "campaign.id" in call.params.get("filtering", ""):
            edge.calls.append(call)
            return 400, {"error": {"code": 100, "message": "(#100) Filtering field 'campaign.id' is not supported"}}
        return answer(call)

    edge._answer = unsupporting  # type: ignore[method-assign]
    found = Counter(row["id"] for row in read(reader_of(edge)))
    assert set(found) == set(edge.ads)
    assert max(found.values()) == 1
    assert "is read page by page" in caplog.text


def test_campaigns_that_may_not_be_listed_leave_an_account_uncut() -> None:
    edge = SimulatedEdge(ads(400, campaigns=23))
    answer = edge._answer

    def refusing_campaigns(call: Call) -> Any:
        if call.path.endswith("/campaigns"):
            return 403, {"error": {"code": 200, "message": "(#200) no"}}
        return answer(call)

    edge._answer = refusing_campaigns  # type: ignore[method-assign]
    assert len(read(reader_of(edge))) == 400
    assert parts_of(edge) == []


def test_a_field_that_is_refused_in_a_part_is_left_out_of_all(caplog: pytest.LogCaptureFixture) -> None:
    edge = SimulatedEdge(ads(400, campaigns=23), rules=[refusing(["targeting"])])
    found = {row["id"]: row for row in read(reader_of(edge))}
    assert len(found) == 400
    assert not any("targeting" in row for row in found.values())
    assert caplog.text.count("Meta refuses targeting") == 1


def test_a_failure_of_one_part_fails_the_account() -> None:
    edge = SimulatedEdge(ads(400, campaigns=23))
    answer = edge._answer

    def expiring(call: Call) -> Any:
        if "after" in call.params:
            return 401, {"error": {"code": 190, "message": "expired"}}
        return answer(call)

    edge._answer = expiring  # type: ignore[method-assign]
    with pytest.raises(AuthError):
        read(reader_of(edge))
