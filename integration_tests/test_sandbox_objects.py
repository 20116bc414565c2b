"""How the sandbox makes objects and writes them: quickly, and yet always the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import orjson
import pytest

from integration_tests.conftest import WORLD
from integration_tests.sandbox import origins
from integration_tests.sandbox.call import Call, parameters
from integration_tests.sandbox.graph import Graph, written
from integration_tests.sandbox.kinds import BY_KIND, kind_of
from integration_tests.sandbox.layouts import Layout
from integration_tests.sandbox.lives import Lives
from integration_tests.sandbox.moments import instant
from integration_tests.sandbox.scenario import load
from integration_tests.sandbox.world import World

DAY = 86_400
FIELDS = "id,name,status,effective_status,updated_time,created_time"


def page(graph: Graph, edge: str, fields: str = FIELDS) -> list[dict[str, Any]]:
    call = Call(
        "GET", "v26.0", ("act_1001", edge), {"fields": fields, "limit": "500"}, "tok-all", base_url="http://here"
    )
    answer = graph.answer(call)
    assert answer.status == 200, answer.body
    rows: list[dict[str, Any]] = orjson.loads(written(answer.body))["data"]
    return rows


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"]
)
def test_a_moment_is_written_as_its_time_zone_has_it_in_every_hour_of_three_years(zone: str) -> None:
    for seconds in range(1_735_689_600, 1_735_689_600 + 3 * 365 * DAY, 3599):
        text = datetime.fromtimestamp(seconds, ZoneInfo(zone)).isoformat(timespec="seconds")
        assert instant(zone, seconds) == text[:-3] + text[-2:]


@pytest.mark.parametrize("edge", ["campaigns", "adsets", "ads", "adcreatives"])
def test_a_page_is_the_same_however_often_it_is_read_and_however_little_is_kept(
    edge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = "id,name" if edge == "adcreatives" else FIELDS
    graph = Graph(load(WORLD))
    pages = [page(graph, edge, fields) for _ in range(3)]
    assert pages[0] == pages[1] == pages[2]
    assert pages[0]
    monkeypatch.setattr(origins, "MOST_KEPT", 3)
    forgetful = Graph(load(WORLD))
    assert [page(forgetful, each, fields if each == edge else "id") for each in ("ads", edge)][1] == pages[0]


def test_a_row_that_is_kept_is_written_anew_when_its_object_changed() -> None:
    graph = Graph(load(WORLD))
    kept = [page(graph, "ads") for _ in range(3)][-1]
    graph.world.clock.set(datetime.fromisoformat("2027-03-01T12:00:00Z"))
    later = {row["id"]: row for row in page(graph, "ads")}
    assert any(row["id"] in later and later[row["id"]]["updated_time"] != row["updated_time"] for row in kept)
    fresh = Graph(load(WORLD))
    fresh.world.clock.set(datetime.fromisoformat("2027-03-01T12:00:00Z"))
    assert list(later.values()) == page(fresh, "ads")


@pytest.mark.parametrize("kind", sorted(BY_KIND))
def test_an_id_of_any_kind_is_that_of_an_object_or_of_none(kind: int) -> None:
    world = World(load(WORLD))
    assert world.find(f"12{kind:02}00000999999999") is None
    found = world.find(f"12{kind:02}00000000000000")
    has_none = BY_KIND[kind] in {"activity", "business_object"}
    assert found is None if has_none else found is not None and kind_of(found) == BY_KIND[kind]


def test_objects_beyond_the_bound_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "MOST_KEPT", 1000)
    world = World(load(WORLD))
    for kind in ("campaign", "ad", "campaign"):
        for index in range(2500):
            assert world.family("1001", kind)[index].index == index
            assert len(world.family("1001", kind)) <= 1001


def test_a_life_is_the_same_until_the_moment_it_names_and_another_then() -> None:
    world = World(load(WORLD))
    lives = Lives(world.spec("1001").changes, world.start)
    for ad in world.ads("1001"):
        revision, updated, ended, until = lives.at(ad.words, ad.born, world.start, ends=True)
        if ended:
            continue
        assert ad.born <= updated <= world.start < until
        assert lives.at(ad.words, ad.born, until - 1, ends=True) == (revision, updated, None, until)
        assert lives.at(ad.words, ad.born, until, ends=True)[:2] == (revision + 1, until)


def test_a_layout_writes_the_fields_asked_for_and_what_is_shared_is_in_it_already() -> None:
    layout = Layout('"id":"%(id)s"\n"place":"%(host)s/%(id)s"\n', "name", "id name")
    shared = (("host", "http://%(id)s"),)
    assert layout.writer(("id",))(("7", "")) == '{"id":"7"}'
    assert layout.writer(("name", "id"))(("7", ',"name":"A"')) == '{"id":"7","name":"A"}'
    assert layout.writer(("place", "id", "none"), shared)(("7", "")) == '{"place":"http://%(id)s/7","id":"7"}'


@pytest.mark.parametrize("query", ["", "a=1&b=2", "a=&b", "&&a=1&&", "a=1&a=2", "x=%2C+%C3%A9&y=a=b", "=1", "a%3D=%26"])
def test_parameters_are_those_of_the_query(query: str) -> None:
    assert parameters(query) == dict(parse_qsl(query, keep_blank_values=True))
