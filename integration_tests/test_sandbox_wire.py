"""Limits, faults, numbers and the page of the sandbox over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integration_tests.sandbox.error_table import GraphError, graph_errors
from integration_tests.sandbox.server import serve_in_thread

TOKEN = {"Authorization": "Bearer tok-all"}
WORLD: dict[str, Any] = {
    "seed": 7,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "jobs": {"seconds": [0.0, 0.0]},
    "tokens": [{"token": "tok-all", "app_id": "77", "accounts": ["1001", "1002"], "scopes": ["ads_read"]}],
    "accounts": [
        {"id": "1001", "name": "West", "campaigns": 3, "adsets_per_campaign": 2, "ads_per_adset": 3},
        {"id": "1002", "name": "Ost", "campaigns": 2, "adsets_per_campaign": 1, "ads_per_adset": 1},
    ],
}


class Client:
    """A plain client of one sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **params: Any) -> requests.Response:
        return requests.get(f"{self.url}/v26.0/{path}", params=params, headers=TOKEN, timeout=20)

    def post(self, path: str, **form: Any) -> requests.Response:
        return requests.post(f"{self.url}/v26.0/{path}", data=form, headers=TOKEN, timeout=20)

    def ids(self, path: str, **params: Any) -> list[str]:
        """The ids of every page, read by `after`."""
        found: list[str] = []
        while True:
            page = self.get(path, **params).json()
            found += [row["id"] for row in page["data"]]
            if "next" not in page["paging"]:
                return found
            params["after"] = page["paging"]["cursors"]["after"]

    def control(self, path: str, body: Any = None) -> Any:
        url = f"{self.url}/_sandbox/{path}"
        answer = requests.get(url, timeout=20) if body is None else requests.post(url, json=body, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def order(self, *rules: dict[str, Any]) -> None:
        """Only these faults from now on."""
        self.control("faults", list(rules))

    def limit(self, section: dict[str, Any] | None) -> None:
        """These limits from now on; None for none."""
        text = json.dumps(section)
        requests.post(f"{self.url}/_sandbox/limits", data=text, timeout=20).raise_for_status()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    handle = serve_in_thread(WORLD)
    try:
        yield handle.url
    finally:
        handle.stop()


@pytest.fixture
def client(server: str) -> Iterator[Client]:
    """The shared sandbox with no rule and no limit left over."""
    made = Client(server)
    made.order()
    made.limit(None)
    yield made
    made.order()


def expected_body(error: GraphError) -> dict[str, Any]:
    """The error's body without trace id, spelled out here once more."""
    if error.bare:
        body: dict[str, Any] = {"code": error.code, "message": error.message}
    else:
        body = {"code": error.code, "message": error.message, "type": error.type}
    optional = {
        "error_subcode": error.subcode, "error_user_title": error.user_title, "error_user_msg": error.user_msg,
        "is_transient": error.is_transient,
    }  # fmt: skip
    return body | {key: value for key, value in optional.items() if value is not None}


ANSWERS = [error for error in graph_errors() if error.where == "answer"]


@pytest.mark.parametrize("error", ANSWERS, ids=[error.name for error in ANSWERS])
def test_every_error_can_be_had_with_its_status_and_exact_body(client: Client, error: GraphError) -> None:
    client.order({"kind": "error", "error": error.name, "edge": "ads"})
    answer = client.get("act_1001/ads", fields="id")
    body = answer.json()["error"]
    assert error.bare or body.pop("fbtrace_id")
    expected = expected_body(error)
    for place in ("{id}", "{app_id}", "{now}", "{expired}"):
        if place in error.message:
            assert place not in body["message"]
            expected["message"] = body["message"]
    assert (answer.status_code, body) == (error.status, expected)


@pytest.mark.parametrize(
    "error", [each for each in graph_errors() if each.where == "report run"], ids=lambda error: error.name
)
def test_a_report_run_can_end_in_either_of_its_errors(client: Client, error: GraphError) -> None:
    run = client.post("act_1001/insights", level="ad", fields="spend", date_preset="yesterday").json()["report_run_id"]
    client.order({"kind": "error", "error": error.name})
    told = client.get(run).json()
    assert told["async_status"] == "Job Failed"
    assert (told["error_code"], told["error_subcode"]) == (error.code, error.subcode)


@pytest.mark.parametrize("rule", [{"kind": "reset"}, {"kind": "reset", "done": True}, {"kind": "cut"}], ids=str)
def test_the_connection_breaks(client: Client, rule: dict[str, Any]) -> None:
    client.order({**rule, "edge": "ads", "nth": 1})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.get("act_1001/ads", fields="id")
    assert client.get("act_1001/ads", fields="id").json()["data"]


def test_an_answer_that_was_lost_was_carried_out(client: Client) -> None:
    before = client.control("stats")["by_edge"].get("campaigns", {"points": 0})["points"]
    client.order({"kind": "reset", "done": True, "edge": "campaigns"})
    with pytest.raises(requests.ConnectionError):
        client.get("act_1001/campaigns", fields="id")
    assert client.control("stats")["by_edge"]["campaigns"]["points"] == before + 1


def test_an_answer_comes_late(client: Client) -> None:
    client.order({"kind": "stall", "seconds": 0.4, "edge": "ads"})
    answer = client.get("act_1001/ads", fields="id")
    assert answer.elapsed.total_seconds() >= 0.4
    assert answer.json()["data"]


@pytest.mark.parametrize(
    ("rule", "status", "is_json"),
    [
        ({"kind": "empty"}, 200, False), ({"kind": "not_json"}, 200, False), ({"kind": "truncate"}, 200, False),
        ({"kind": "ok_with_error", "code": 2}, 200, True), ({"kind": "http", "status": 502}, 502, False),
        ({"kind": "http", "status": 429, "content": "json"}, 429, True),
        ({"kind": "http", "status": 504, "content": "empty"}, 504, False),
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_is_not_what_it_should_be(client: Client, rule: dict[str, Any], status: int, is_json: bool) -> None:
    client.order({**rule, "edge": "ads"})
    answer = client.get("act_1001/ads", fields="id")
    assert answer.status_code == status
    if is_json:
        assert "data" not in answer.json()
    else:
        with pytest.raises(requests.JSONDecodeError):
            answer.json()


@pytest.mark.parametrize("kind", ["empty_page", "short_page"])
def test_odd_pages_lose_no_row(client: Client, kind: str) -> None:
    whole = client.ids("act_1001/ads", fields="id", limit=5)
    client.order({"kind": kind, "edge": "ads", "every": 2})
    assert client.ids("act_1001/ads", fields="id", limit=5) == whole
    assert client.control("faults")["data"][0]["hits"] > 0


def test_duplicate_rows_are_in_the_pages_and_nothing_is_missing(client: Client) -> None:
    whole = client.ids("act_1001/ads", fields="id", limit=5)
    client.order({"kind": "duplicate_rows", "edge": "ads"})
    twice = client.ids("act_1001/ads", fields="id", limit=5)
    assert set(twice) == set(whole)
    assert len(twice) == len(whole) + client.control("faults")["data"][0]["hits"] > len(whole)


def test_faults_reach_the_items_of_a_batch(client: Client) -> None:
    client.order({"kind": "error", "code": 2, "edge": "ads", "nth": 2})
    items = [{"method": "GET", "relative_url": f"v26.0/act_1001/ads?fields=id&limit={n}"} for n in (1, 2, 3)]
    answer = requests.post(f"{client.url}/", data={"batch": json.dumps(items)}, headers=TOKEN, timeout=20)
    assert [item["code"] for item in answer.json()] == [200, 500, 200]


def test_a_bad_rule_is_answered_with_the_name_of_its_key(client: Client) -> None:
    answer = requests.post(f"{client.url}/_sandbox/faults", json=[{"kind": "nope"}], timeout=20)
    assert answer.status_code == 400
    assert "faults[0].kind" in answer.text


def test_limits_refuse_over_http_and_say_when_to_come_back(client: Client) -> None:
    client.limit({"buc": {"custom_audience": 2}})
    for _ in range(2):
        allowed = client.get("act_1002/customaudiences", fields="id")
        assert allowed.status_code == 200
    refused = client.get("act_1002/customaudiences", fields="id")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, 80003)
    (use,) = json.loads(refused.headers["x-business-use-case-usage"])["1002"]
    assert (use["call_count"], use["type"]) == (100, "custom_audience")
    assert 0 < use["estimated_time_to_regain_access"] <= 61
    assert client.control("journal")["data"][-1]["blocked"] is True
    assert client.get("act_1001/customaudiences", fields="id").status_code == 200
    client.control("clock", {"advance_days": 1.1 / 24})
    assert client.get("act_1002/customaudiences", fields="id").status_code == 200


def test_each_item_of_a_batch_counts(client: Client) -> None:
    before = client.control("stats")["by_account"].get("1002", {"calls": 0})["calls"]
    items = [{"method": "GET", "relative_url": "v26.0/act_1002/ads?fields=id"}] * 5
    requests.post(f"{client.url}/", data={"batch": json.dumps(items)}, headers=TOKEN, timeout=20).raise_for_status()
    assert client.control("stats")["by_account"]["1002"]["calls"] == before + 5


def test_stats_count_what_was_asked_and_answered(client: Client) -> None:
    before = client.control("stats")
    client.get("act_1001/campaigns", fields="id")
    client.order({"kind": "error", "code": 17})
    client.get("act_1001/campaigns", fields="id")
    after = client.control("stats")
    assert after["calls"] - before["calls"] == 2
    assert after["rows"] - before["rows"] == 3
    assert after["errors"] - before["errors"] == 1
    assert after["rejections"] - before["rejections"] == 1
    assert after["by_code"]["17/-"] >= 1


def test_the_page_is_complete_in_itself(client: Client) -> None:
    answer = requests.get(f"{client.url}/_sandbox/", timeout=20)
    assert answer.headers["content-type"].startswith("text/html")
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    told = client.control("stats")
    assert told.keys() >= {"by_edge", "by_status", "by_code", "limits", "faults", "clock", "world"}
