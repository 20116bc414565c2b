"""How a call proves who it is, and what happens when its token is refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from source_meta_ads.graph.auth import BearerAuth, Key, appsecret_proof


def prepared(auth: BearerAuth) -> requests.PreparedRequest:
    url = "https://graph.facebook.com/v26.0/act_1/ads"
    return requests.Request("GET", url, params={"fields": "id,name"}, auth=auth).prepare()


def test_the_proof_is_the_hmac_that_meta_documents() -> None:
    # Vector from RFC 4231 test case 2: key "Jefe", data "what do ya want for nothing?".
    assert appsecret_proof("what do ya want for nothing?", "Jefe") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_the_token_is_in_the_header_and_nowhere_else() -> None:
    request = prepared(BearerAuth("tok-1"))
    assert request.headers["Authorization"] == "Bearer tok-1"
    assert "tok-1" not in (request.url or "")


def test_a_signed_call_carries_the_proof_once_and_keeps_its_parameters() -> None:
    auth = BearerAuth("tok-1", "secret")
    request = auth(prepared(auth))
    url = request.url or ""
    assert url.count("appsecret_proof=" + appsecret_proof("tok-1", "secret")) == 1
    assert "fields=id%2Cname" in url
    assert "secret" not in url.replace("appsecret_proof", "")


class Store:
    """A store of keys that changes when told to, and counts how often it is asked."""

    def __init__(self, key: Key | None) -> None:
        self.key, self.asked = key, 0

    def __call__(self) -> Key | None:
        self.asked += 1
        return self.key


def test_a_refused_call_carries_the_token_that_the_store_has_now() -> None:
    auth = BearerAuth("old", "secret", Store(Key("new", "other secret")))
    request = prepared(auth)
    assert auth.renew(request)
    assert request.headers["Authorization"] == "Bearer new"
    url = request.url or ""
    assert url.count("appsecret_proof=") == 1
    assert f"appsecret_proof={appsecret_proof('new', 'other secret')}" in url
    assert "fields=id%2Cname" in url
    assert prepared(auth).headers["Authorization"] == "Bearer new"


def test_a_store_without_another_token_is_asked_once() -> None:
    for found in (None, Key("old")):
        store = Store(found)
        auth = BearerAuth("old", None, store)
        request = prepared(auth)
        assert [auth.renew(request) for _ in range(3)] == [False, False, False]
        assert store.asked == 1
        assert request.headers["Authorization"] == "Bearer old"


def test_a_second_rotation_is_followed_too() -> None:
    store = Store(Key("second"))
    auth = BearerAuth("first", None, store)
    request = prepared(auth)
    assert auth.renew(request)
    store.key = Key("third")
    assert auth.renew(request)
    assert request.headers["Authorization"] == "Bearer third"


def test_many_threads_refused_at_once_ask_the_store_once() -> None:
    store = Store(Key("new"))
    auth = BearerAuth("old", None, store)
    requests_ = [prepared(auth) for _ in range(16)]
    together = threading.Barrier(16)

    def refused(request: requests.PreparedRequest) -> bool:
        together.wait(timeout=10)
        return auth.renew(request)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(refused, requests_))
    assert store.asked == 1
    assert {request.headers["Authorization"] for request in requests_} == {"Bearer new"}


def test_a_replaced_token_is_signed_with_the_same_secret() -> None:
    auth = BearerAuth("short", "secret")
    auth.replace("long")
    assert auth.proof == appsecret_proof("long", "secret")
    assert prepared(auth).headers["Authorization"] == "Bearer long"
