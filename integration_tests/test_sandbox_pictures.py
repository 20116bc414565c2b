"""The pictures of creatives: PNGs that the sandbox serves itself, and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from integration_tests.graph_client import Client
from integration_tests.sandbox.server import serve_in_thread

SCENARIO: dict[str, Any] = {
    "seed": 3,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "tokens": [{"token": "tok-all"}],
    "accounts": [{"id": "1001"}],
}


@pytest.fixture
def client() -> Iterator[Client]:
    handle = serve_in_thread(SCENARIO)
    yield Client(handle.url)
    handle.stop()


def test_thumbnails_are_pngs_of_the_size_asked_for(client: Client) -> None:
    for params, size in (({}, (64, 64)), ({"thumbnail_width": "300", "thumbnail_height": "150"}, (300, 150))):
        row = client.get("v26.0/act_1001/adcreatives", fields="thumbnail_url", limit=1, **params)["data"][0]
        assert client.get(f"v26.0/{row['id']}", fields="thumbnail_url", **params) == row
        answer = requests.get(row["thumbnail_url"], timeout=10)
        assert answer.headers["content-type"] == "image/png"
        assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
        assert tuple(int.from_bytes(answer.content[at : at + 4], "big") for at in (16, 20)) == size
    true = client.control("truth/adcreatives?account_id=1001&thumbnail_width=300&thumbnail_height=150")["data"]
    assert row["thumbnail_url"] in {each["thumbnail_url"] for each in true}
    fields = "creative.thumbnail_width(99).thumbnail_height(98){thumbnail_url}"
    ad = client.get("v26.0/act_1001/ads", fields=fields, limit=1)["data"][0]
    assert ad["creative"]["thumbnail_url"].endswith("p99x98")
    assert client.error("v26.0/act_1001/adcreatives", fields="thumbnail_url", thumbnail_width="big")
    assert requests.get(f"{client.url}/_cdn/emg1/v/t13/1.png", timeout=10).status_code == 403
    calls = [call for call in client.control("journal")["data"] if call["edge"] == "thumbnail"]
    assert [(call["account_id"], call["status"], call["token_in"]) for call in calls] == [
        ("1001", 200, "none"), ("1001", 200, "none"), (None, 403, "none"),
    ]  # fmt: skip


def test_pictures_can_lead_elsewhere_be_no_picture_or_be_too_large(client: Client) -> None:
    row = client.get("v26.0/act_1001/adcreatives", fields="thumbnail_url", limit=1)["data"][0]

    def fetched(**rule: Any) -> requests.Response:
        answer = requests.post(f"{client.url}/_sandbox/faults", json=[{"edge": "thumbnail", **rule}], timeout=10)
        answer.raise_for_status()
        return requests.get(row["thumbnail_url"], timeout=10, allow_redirects=False)

    away = fetched(kind="redirect", to="http://elsewhere.example/x.png")
    assert (away.status_code, away.headers["location"]) == (302, "http://elsewhere.example/x.png")
    page = fetched(kind="not_json", content="html")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert fetched(kind="http", status=404).status_code == 404
    large = fetched(kind="oversize", bytes=3_000_000)
    assert (len(large.content), large.headers["content-length"]) == (3_000_000, "3000000")
    large = fetched(kind="oversize", bytes=3_000_000, chunked=True)
    assert len(large.content) == 3_000_000
    assert "content-length" not in large.headers
    slow = fetched(kind="stall", seconds=0.2)
    assert slow.elapsed >= timedelta(seconds=0.2)
    with pytest.raises(requests.ConnectionError):
        fetched(kind="reset")
