"""Objects of an account over a session: lists with filters, counts, and reads by id that tell who is missing."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests_mock

from source_meta_ads.graph.auth import BearerAuth
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import AuthError, GraphError, NotFound, PermissionDenied
from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.graph.turns import Turns
from source_meta_ads.streams.declaration import Entity
from source_meta_ads.streams.edge import EdgeReader
from source_meta_ads.streams.objects import AccountObjects
from source_meta_ads.telemetry.meter import Meter
from unit_tests.simulated import SimulatedClock

GRAPH = "https://graph.facebook.com/v26.0"
GONE = {
    "error": {"code": 100, "error_subcode": 33, "message": "Unsupported get request. Object with ID '2' does not exist"}
}


@pytest.fixture
def meta() -> Any:
    with requests_mock.Mocker() as mocker:
        yield mocker


def ads() -> AccountObjects:
    clock = SimulatedClock()
    session = GraphSession(
        base_url="https://graph.facebook.com", version="v26.0", auth=BearerAuth("tok"), clock=clock,
        throttle=Throttle(clock), meter=Meter(), logger=logging.getLogger("test"),
    )  # fmt: skip
    entity = Entity("ads", "Ad", "x", edge="ads", filter_prefix="ad", params={"extra": "yes"})
    reader = EdgeReader(entity, session, Turns(clock), clock, logging.getLogger("test"))
    return AccountObjects(reader, "1", 200, lambda row: {**row, "typed": True})


def item(code: int, body: Any) -> dict[str, Any]:
    return {"code": code, "headers": [], "body": json.dumps(body)}


def test_a_list_asks_for_fields_and_conditions_and_types_each_row(meta: Any) -> None:
    meta.get(f"{GRAPH}/act_1/ads", json={"data": [{"id": "7"}]})
    condition = {"field": "ad.id", "operator": "IN", "value": ["7"]}
    assert list(ads().rows(["id", "name"], [condition], 100)) == [{"id": "7", "typed": True}]
    asked = parse_qs(meta.last_request.query, keep_blank_values=True)
    assert (asked["fields"], asked["limit"], asked["extra"]) == (["id,name"], ["100"], ["yes"])
    assert json.loads(asked["filtering"][0])[0]["value"] == ["7"]


def test_a_list_without_conditions_sends_no_filter(meta: Any) -> None:
    meta.get(f"{GRAPH}/act_1/ads", json={"data": []})
    assert list(ads().rows(["id"], [], 100)) == []
    assert "filtering" not in meta.last_request.qs


def test_a_count_is_one_call_and_one_row(meta: Any) -> None:
    meta.get(f"{GRAPH}/act_1/ads", json={"data": [{"id": "7"}], "summary": {"total_count": 12_345}})
    assert ads().count([]) == 12_345
    assert (meta.call_count, meta.last_request.qs["summary"], meta.last_request.qs["limit"]) == (
        1,
        ["total_count"],
        ["1"],
    )


def test_where_meta_tells_no_count_the_objects_are_counted(meta: Any) -> None:
    meta.get(f"{GRAPH}/act_1/ads", json={"data": [{"id": "7"}, {"id": "8"}]})
    assert ads().count([]) == 2


def test_each_object_asked_for_by_id_comes_back_as_itself_or_with_its_own_error(meta: Any) -> None:
    refusal = {"error": {"code": 200, "message": "(#200) no"}}
    meta.post(f"{GRAPH}/", json=[item(200, {"id": "1"}), item(400, GONE), item(403, refusal)])
    found = list(ads().objects([1, 2, 3], ["id"]))
    assert found[0] == (1, {"id": "1", "typed": True})
    assert [(key, type(error)) for key, error in found[1:]] == [(2, NotFound), (3, PermissionDenied)]


def test_an_object_that_a_batch_did_not_get_to_is_asked_for_alone(meta: Any) -> None:
    meta.post(f"{GRAPH}/", json=[None, item(500, {"error": {"code": 2, "message": "later"}})])
    meta.get(f"{GRAPH}/1", json={"id": "1"})
    meta.get(f"{GRAPH}/2", json=GONE, status_code=400)
    found = dict(ads().objects([1, 2], ["id"]))
    assert found[1] == {"id": "1", "typed": True}
    assert isinstance(found[2], NotFound)


def test_an_error_that_is_not_about_one_object_is_raised(meta: Any) -> None:
    expired = {"error": {"code": 190, "message": "expired"}}
    meta.post(f"{GRAPH}/", json=[item(400, expired)])
    meta.get(f"{GRAPH}/1", json=expired, status_code=400)
    with pytest.raises(AuthError):
        list(ads().objects([1], ["id"]))


def test_objects_are_asked_for_fifty_at_a_time_and_none_twice(meta: Any) -> None:
    def answer(request: Any, _: Any) -> list[dict[str, Any]]:
        batch = json.loads(parse_qs(request.text)["batch"][0])
        return [item(200, {"id": each["relative_url"].split("/")[1].split("?")[0]}) for each in batch]

    meta.post(f"{GRAPH}/", json=answer)
    found = list(ads().objects(list(range(1, 121)), ["id"]))
    assert [key for key, _ in found] == list(range(1, 121))
    assert all(not isinstance(each, GraphError) and each["id"] == str(key) for key, each in found)
    assert meta.call_count == 3
