"""The one door: what is sent, how often, how long it waits, what comes out."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests
import requests_mock
from airbyte_cdk.sources.streams.http import HttpClient

from source_meta_ads.graph.auth import BearerAuth
from source_meta_ads.graph.body import body_of
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import AuthError, NotFound, RateLimited, TransientError
from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.telemetry.meter import Meter
from unit_tests.simulated import SimulatedClock

URL = "https://graph.facebook.com/v26.0/act_1/campaigns"
GOOD = {"data": [{"id": "1"}]}


class Door:
    """A session on simulated time with what watches over it."""

    def __init__(self, **options: Any) -> None:
        self.clock, self.meter = SimulatedClock(share=1.0), Meter()
        self.throttle = Throttle(self.clock)
        self.session = GraphSession(
            base_url=options.pop("base_url", "https://graph.facebook.com"),
            version="v26.0",
            auth=BearerAuth("tok-1", options.pop("app_secret", None)),
            clock=self.clock,
            throttle=self.throttle,
            meter=self.meter,
            logger=logging.getLogger("test"),
            **options,
        )

    def get(self) -> dict[str, Any]:
        return self.session.get_json("act_1/campaigns", {"fields": ["id"]}, stream="campaigns")


def refusal(code: int, subcode: int | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"message": "no", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return {"status_code": 400, "json": {"error": error | ({"error_subcode": subcode} if subcode else {})}}


@pytest.fixture
def meta() -> Any:
    with requests_mock.Mocker() as mocker:
        yield mocker


def test_every_call_has_a_timeout_and_the_token_in_its_header(meta: Any) -> None:
    meta.get(URL, json=GOOD)
    assert Door().get() == GOOD
    request = meta.last_request
    assert request.headers["Authorization"] == "Bearer tok-1"
    assert "tok-1" not in request.url
    assert request.timeout == (10, 300)


def test_no_redirect_is_followed_with_the_token(meta: Any) -> None:
    meta.get(URL, [{"status_code": 302, "headers": {"Location": "https://elsewhere.example/"}}, {"json": GOOD}])
    meta.get("https://elsewhere.example/", json={"data": []})
    assert Door().get() == GOOD
    assert {request.hostname for request in meta.request_history} == {"graph.facebook.com"}


def test_the_cdks_client_passes_the_same_door(meta: Any) -> None:
    meta.get(URL, [refusal(2), {"json": GOOD}])
    door = Door()
    client = HttpClient("campaigns", logging.getLogger("test"), session=door.session, disable_retries=True)
    _, response = client.send_request("GET", URL, request_kwargs={"account_id": "1", "stream_name": "campaigns"})
    assert body_of(response) == GOOD
    assert meta.last_request.headers["Authorization"] == "Bearer tok-1"
    assert meta.last_request.timeout == (10, 300)
    assert door.meter.summary()["calls_by_stream"] == {"campaigns": 2}


def test_passing_failures_are_tried_again_with_doubling_waits_and_then_given_up(meta: Any) -> None:
    meta.get(URL, [refusal(2)])
    door = Door()
    with pytest.raises(TransientError) as caught:
        door.get()
    assert door.clock.naps == [1, 2, 4, 8, 16]
    assert meta.call_count == 6
    assert str(caught.value).startswith("account act_1 · GET campaigns · (#2)")


def test_the_wait_is_fully_jittered(meta: Any) -> None:
    meta.get(URL, [refusal(2), {"json": GOOD}])
    door = Door()
    door.clock.share = 0.25
    door.get()
    assert door.clock.naps == [0.25]


@pytest.mark.parametrize(
    "failure",
    [
        {"exc": requests.exceptions.ConnectTimeout},
        {"exc": requests.exceptions.ReadTimeout},
        {"exc": requests.exceptions.ConnectionError},
        {"exc": requests.exceptions.ChunkedEncodingError},
        {"text": '{"data": [{"id": "1"', "status_code": 200},
        {"text": "", "status_code": 200},
        {"text": "<html>", "status_code": 502},
        {"json": {"error": {"code": 1, "message": "An unknown error occurred"}}, "status_code": 200},
    ],
)
def test_whatever_passes_is_survived(meta: Any, failure: dict[str, Any]) -> None:
    meta.get(URL, [failure, {"json": GOOD}])
    door = Door()
    assert door.get() == GOOD
    assert door.meter.summary()["retries_by_class"] == {"TransientError": 1}


@pytest.mark.parametrize(("code", "subcode", "kind"), [(190, 463, AuthError), (100, 33, NotFound)])
def test_what_waiting_can_not_mend_is_raised_at_once(meta: Any, code: int, subcode: int, kind: type[Exception]) -> None:
    meta.get(URL, [refusal(code, subcode)])
    door = Door()
    with pytest.raises(kind):
        door.get()
    assert (meta.call_count, door.clock.naps) == (1, [])


def test_a_blocked_account_waits_as_long_as_the_header_says_and_other_accounts_go_on(meta: Any) -> None:
    header = '{"1": [{"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 7}]}'
    limited = {**refusal(80004, 2446079), "headers": {"X-Business-Use-Case-Usage": header}}
    meta.get(URL, [limited, {"json": GOOD}])
    meta.get("https://graph.facebook.com/v26.0/act_2/campaigns", json=GOOD)
    door = Door()
    door.throttle.refuse(("account", "1"), 10)
    door.session.get_json("act_2/campaigns")
    assert door.clock.elapsed == 0
    door.get()
    assert door.clock.elapsed >= 7 * 60
    assert door.meter.summary()["waited_seconds"] == pytest.approx(door.clock.elapsed, abs=0.1)


def test_check_reports_a_limit_instead_of_waiting_it_out(meta: Any) -> None:
    meta.get(URL, [refusal(17, 2446079)])
    door = Door(waits_for_limits=False)
    with pytest.raises(RateLimited):
        door.get()
    assert (meta.call_count, door.clock.naps) == (1, [])


def test_an_auto_upgraded_version_is_said_once(meta: Any, caplog: pytest.LogCaptureFixture) -> None:
    warning = "The call has been auto-upgraded to v26.0 as v24.0 has been deprecated"
    meta.get(URL, json=GOOD, headers={"X-Ad-Api-Version-Warning": warning})
    door = Door()
    door.get()
    door.get()
    assert [record.message for record in caplog.records if warning in record.message] == [
        f"Meta answers v26.0 calls with another version: {warning}"
    ]


def test_a_post_sends_its_parameters_in_the_body(meta: Any) -> None:
    meta.post("https://graph.facebook.com/v26.0/act_1/insights", json={"report_run_id": "9"})
    Door(app_secret="s").session.post_json("act_1/insights", {"level": "ad", "breakdowns": ["age", "gender"]})
    request = meta.last_request
    assert request.text == "level=ad&breakdowns=%5B%22age%22%2C%22gender%22%5D"
    assert "appsecret_proof=" in request.url
    assert "tok-1" not in request.text + request.url
