"""Many reads in one request: order, errors an item, limits told by each."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests_mock

from source_meta_ads.graph.batch import Get, get_many
from source_meta_ads.graph.errors import GraphError, NotFound, TransientError
from source_meta_ads.graph.limits import limits_of
from unit_tests.graph.test_client import Door

URL = "https://graph.facebook.com/v26.0/"


def item(code: int, body: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    listed = [{"name": name, "value": value} for name, value in (headers or {}).items()]
    return {"code": code, "headers": listed, "body": body if isinstance(body, str) else json.dumps(body)}


def gets(n: int) -> list[Get]:
    return [Get(str(each), {"fields": ["id", "async_status"]}, "report run", "1") for each in range(n)]


@pytest.fixture
def meta() -> Any:
    with requests_mock.Mocker() as mocker:
        yield mocker


def test_answers_come_in_the_order_asked_for_each_with_its_own_error(meta: Any) -> None:
    gone = {"error": {"message": "Unsupported get request", "code": 100, "error_subcode": 33}}
    meta.post(URL, json=[item(200, {"id": "0"}), item(400, gone), None, item(200, "not json"), item(200, [1])])
    answers = get_many(Door().session, gets(5))
    assert answers[0] == {"id": "0"}
    assert [type(each) for each in answers[1:]] == [NotFound, TransientError, TransientError, TransientError]
    assert "act_1 · GET report run" in str(answers[1])


def test_each_item_is_asked_with_version_and_fields_and_the_token_is_in_none(meta: Any) -> None:
    meta.post(URL, json=[item(200, {"id": "0"})])
    get_many(Door(app_secret="s").session, gets(1))
    asked = json.loads(parse_qs(meta.last_request.text)["batch"][0])
    assert asked == [{"method": "GET", "relative_url": "v26.0/0?fields=id%2Casync_status"}]
    assert "tok-1" not in meta.last_request.text + meta.last_request.url


def test_more_than_fifty_are_asked_in_several_requests(meta: Any) -> None:
    def answer(request: Any, context: Any) -> Any:
        asked = json.loads(parse_qs(request.text)["batch"][0])
        return [item(200, {"id": each["relative_url"].split("/")[1].split("?")[0]}) for each in asked]

    meta.post(URL, json=answer)
    answers = get_many(Door().session, gets(120))
    assert [each["id"] for each in answers if not isinstance(each, GraphError)] == [str(n) for n in range(120)]
    assert meta.call_count == 3


def test_an_answer_that_is_too_short_loses_no_item(meta: Any) -> None:
    meta.post(URL, json=[item(200, {"id": "0"})])
    answers = get_many(Door().session, gets(3))
    assert [isinstance(each, TransientError) for each in answers] == [False, True, True]


def test_usage_that_an_item_tells_of_counts(meta: Any) -> None:
    usage = '{"1": [{"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 2}]}'
    meta.post(URL, json=[item(200, {"id": "0"}, {"X-Business-Use-Case-Usage": usage})])
    door = Door()
    get_many(door.session, gets(1), stream="ads_insights")
    assert door.session.blocked_seconds("insights", "1") >= 120
    assert door.session.blocked_seconds("campaigns", "1") == door.session.blocked_seconds("insights", "2") == 0
    assert door.meter.summary()["calls_by_edge_and_status"]["report run 200"] == 1


def of_six(used: int) -> dict[str, str]:
    entry = {"type": "ads_insights", "call_count": used, "estimated_time_to_regain_access": 0}
    return {"X-Business-Use-Case-Usage": json.dumps({"1": [entry]})}


def test_a_call_that_is_under_way_while_a_batch_is_answered_is_still_reckoned_with(meta: Any) -> None:
    door, limits = Door(), limits_of("insights", "1")
    for used in (16, 33, 50):
        meta.get(f"{URL}act_1/insights", json={"data": []}, headers=of_six(used))
        door.session.get_json("act_1/insights")
    begun = door.clock.elapsed

    def answer(_: Any, __: Any) -> Any:
        # Meta answers for the fourth of six calls while the fifth is on its way.
        door.throttle.admit(limits)
        return [item(200, {"id": "0"}, of_six(66))]

    meta.post(URL, json=answer)
    get_many(door.session, gets(1))
    assert door.clock.elapsed == begun
    used_pct, pct_a_call = door.throttle.used()["buc:ads_insights", "1"]
    assert used_pct == 66
    assert 16 <= pct_a_call <= 17
    door.throttle.done(limits)
    # That makes five, and the sixth only has to wait for its turn in the pace; the seventh has no room.
    assert door.session.blocked_seconds("insights", "1") < 600
    door.throttle.admit(limits)
    assert door.session.blocked_seconds("insights", "1") > 3000


def test_items_are_under_way_until_their_answer_is_read_and_no_longer(meta: Any) -> None:
    door = Door()
    meta.post(URL, json=[item(200, {"id": "0"}, of_six(16)), item(200, {"id": "1"}, of_six(33)), None])
    get_many(door.session, gets(3))
    meta.post(URL, json={"data": []})
    with pytest.raises(TransientError):
        get_many(door.session, gets(3))
    assert {book.in_flight for book in door.throttle._books.values()} == {0}


@pytest.mark.parametrize("headers", [None, "x", [None], [{"name": "x"}], [7]])
def test_headers_of_any_form_are_survived(meta: Any, headers: Any) -> None:
    meta.post(URL, json=[{"code": 200, "headers": headers, "body": '{"id": "0"}'}])
    assert get_many(Door().session, gets(1)) == [{"id": "0"}]


def test_a_batch_that_is_no_list_is_a_passing_failure(meta: Any) -> None:
    meta.post(URL, json={"data": []})
    with pytest.raises(TransientError):
        get_many(Door().session, gets(1))
