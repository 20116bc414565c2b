"""Pictures of creatives: from whom they are fetched, how much, and what becomes of those that can't be had."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from source_meta_ads.clock import Clock
from source_meta_ads.streams import thumbnails
from source_meta_ads.streams.thumbnails import MOST_BYTES, Thumbnails
from unit_tests.simulated import SimulatedClock

PNG = b"\x89PNG\r\n\x1a\n picture"
DATA = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


class Cdn(ThreadingHTTPServer):
    """Pictures by path as (status, headers, body); a list of them is dealt out call by call."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Any] = {"/good.png": (200, {"content-type": "image/png"}, PNG)}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Cdn

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.seen.append((self.path, dict(self.headers.items())))
            answer = self.server.answers.get(self.path, (404, {"content-type": "text/plain"}, b"gone"))
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
        status, headers, body = answer
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            # The other side has had enough of it.
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def cdn() -> Iterator[Cdn]:
    server = Cdn()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def fetched(*urls: Any, is_local: bool = True, clock: Clock | None = None) -> list[str | None]:
    pictures = Thumbnails(clock or Clock(), logging.getLogger("test"), is_local=is_local)
    records = [{"id": str(place), "thumbnail_url": url} for place, url in enumerate(urls)]
    found = list(pictures.filled(records, "ad_creatives: account act_1"))
    assert [each["id"] for each in found] == [str(place) for place in range(len(urls))]
    return [each["thumbnail_data_url"] for each in found]


def test_a_picture_becomes_a_data_url(cdn: Cdn) -> None:
    cdn.answers["/with.png"] = (200, {"content-type": "Image/PNG; charset=binary"}, PNG)
    assert fetched(f"{cdn.url}/good.png", f"{cdn.url}/with.png") == [DATA, DATA]


def test_many_pictures_come_in_the_order_of_their_records_each_its_own(cdn: Cdn) -> None:
    for n in range(60):
        cdn.answers[f"/{n}.png"] = (200, {"content-type": "image/png"}, str(n).encode())
    found = fetched(*(f"{cdn.url}/{n}.png" for n in range(60)))
    assert found == [f"data:image/png;base64,{base64.b64encode(str(n).encode()).decode()}" for n in range(60)]


@pytest.mark.parametrize("url", [None, "", 7])
def test_a_creative_without_a_thumbnail_has_no_picture_and_nothing_is_said(
    url: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert fetched(url) == [None]
    assert caplog.text == ""


def test_nothing_of_ours_goes_to_the_cdn(cdn: Cdn, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret-of-netrc\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    cdn.answers["/cookie.png"] = (200, {"content-type": "image/png", "set-cookie": "a=b"}, PNG)
    fetched(f"{cdn.url}/cookie.png", f"{cdn.url}/good.png")
    fetched(f"{cdn.url}/good.png")
    for _, headers in cdn.seen:
        assert not {"authorization", "cookie"} & {name.lower() for name in headers}


@pytest.mark.parametrize(
    "url",
    [
        "http://scontent.xx.fbcdn.net/a.png", "https://evil.example/a.png", "https://fbcdn.net.evil.example/a.png",
        "https://notfbcdn.net/a.png", "https://user@scontent.xx.fbcdn.net/a.png", "ftp://scontent.xx.fbcdn.net/a.png",
        "https://scontent.xx.fbcdn.net:8443/a.png", "https://169.254.169.254/latest", "file:///etc/passwd", "//x",
        "https://[::1", "https://scontent.xx.fbcdn.net:x/a", "http://127.0.0.1:1/a.png", "https://localhost/a.png",
    ],
)  # fmt: skip
def test_what_is_not_at_an_address_of_metas_is_not_fetched(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert fetched(url, is_local=False) == [None]
    assert "not at an address of Meta's" in caplog.text


@pytest.mark.parametrize(
    "url",
    ["https://scontent.xx.fbcdn.net/a.png", "https://external.fsin1-1.fna.fbcdn.net:443/a", "https://www.facebook.com/a",
     "https://SCONTENT.cdninstagram.com/a"],
)  # fmt: skip
def test_metas_own_addresses_pass(url: str) -> None:
    Thumbnails(Clock(), logging.getLogger("test"))._check_address(url)


def test_a_redirect_is_followed_to_metas_alone(cdn: Cdn, caplog: pytest.LogCaptureFixture) -> None:
    cdn.answers |= {
        "/near.png": (302, {"location": "/good.png"}, b""),
        "/far.png": (302, {"location": "https://evil.example/good.png"}, b""),
        "/round.png": (302, {"location": "/round.png"}, b""),
    }
    assert fetched(f"{cdn.url}/near.png", f"{cdn.url}/far.png", f"{cdn.url}/round.png") == [DATA, None, None]
    assert "1 not at an address of Meta's, 1 redirected too often" in caplog.text
    assert len([path for path, _ in cdn.seen if path == "/round.png"]) == 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, {"content-type": "text/html"}, b"<html>"), "no image"),
        ((200, {}, PNG), "no image"),
        ((200, {"content-type": "image/png"}, b""), "empty"),
        ((200, {"content-type": "image/png"}, b"x" * (MOST_BYTES + 1)), "over 1,000,000 bytes"),
        ((200, {"content-type": "image/png", "content-length": ""}, b"x" * (MOST_BYTES + 1)), "over 1,000,000 bytes"),
        ((403, {"content-type": "image/png"}, PNG), "with HTTP status 403"),
        ((200, {"content-type": "image/png", "content-length": "99"}, PNG), "without an answer"),
    ],
)
def test_what_is_no_small_picture_is_null_and_counted_once(
    cdn: Cdn, answer: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    cdn.answers["/bad"] = answer
    assert fetched(f"{cdn.url}/bad", f"{cdn.url}/good.png", f"{cdn.url}/bad") == [None, DATA, None]
    (record,) = caplog.records
    assert f"ad_creatives: account act_1: 2 of 3 thumbnails could not be fetched (2 {reason})" in record.message


def test_a_picture_of_just_the_most_bytes_is_taken(cdn: Cdn) -> None:
    cdn.answers["/big"] = (200, {"content-type": "image/png"}, b"x" * MOST_BYTES)
    (found,) = fetched(f"{cdn.url}/big")
    assert found is not None
    assert len(base64.b64decode(found.partition(",")[2])) == MOST_BYTES


def test_a_passing_failure_is_tried_again(cdn: Cdn) -> None:
    failure = (503, {"content-type": "text/plain"}, b"busy")
    cdn.answers |= {"/soon": [failure, cdn.answers["/good.png"]], "/never": failure}
    assert fetched(f"{cdn.url}/soon", f"{cdn.url}/never") == [DATA, None]
    assert len(cdn.seen) == 4


def test_nobody_there_is_null(caplog: pytest.LogCaptureFixture) -> None:
    server = Cdn()
    url = server.url
    server.server_close()
    assert fetched(f"{url}/a.png") == [None]
    assert "1 without an answer" in caplog.text


def test_a_picture_that_drips_is_given_up(
    cdn: Cdn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Running(SimulatedClock):
        """Fifteen seconds go by between any two looks at it."""

        def monotonic(self) -> float:
            self.elapsed += 15.0
            return self.elapsed

    cdn.answers["/long"] = (200, {"content-type": "image/png"}, b"x" * 300_000)
    monkeypatch.setattr(thumbnails, "_CHUNK", 1000)
    assert fetched(f"{cdn.url}/long", clock=Running()) == [None]
    assert "1 too slow" in caplog.text


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch, cdn: Cdn) -> None:
    cdn.answers["/stalls"] = (200, {"content-type": "image/png", "content-length": "99"}, PNG)
    monkeypatch.setattr(thumbnails, "_TIMEOUT", (1, 0.05))
    # A connection that is kept open: the rest of the picture never comes.
    monkeypatch.setattr(_Handler, "protocol_version", "HTTP/1.1")
    assert fetched(f"{cdn.url}/stalls") == [None]
