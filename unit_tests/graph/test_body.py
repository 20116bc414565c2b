"""Bodies as they come over a real wire: whole, packed, or cut off."""

from __future__ import annotations

import contextlib
import gzip

import orjson
import pytest

from source_meta_ads.graph.errors import TransientError
from unit_tests.graph.test_client import Door
from unit_tests.wire import Answer, Wire

PAGE = {"data": [{"id": str(n), "name": "é" * 50} for n in range(500)], "paging": {"cursors": {"after": "c"}}}
BODY = orjson.dumps(PAGE)
PACKED = gzip.compress(BODY)
IN_GZIP = {"Content-Encoding": "gzip"}


class Line:
    """A door to a server that gives some answers in order, the last for ever."""

    def __init__(self, *answers: Answer) -> None:
        waiting = list(answers)
        self.wire = Wire(lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0])
        self.door = Door(base_url=self.wire.url)

    def close(self) -> None:
        self.wire.close()


def test_a_body_is_whole_and_its_connection_is_used_again() -> None:
    with contextlib.closing(Line((200, {}, BODY))) as line:
        assert [line.door.get() for _ in range(3)] == [PAGE] * 3
        assert len(line.wire.connections) == 1


def test_a_packed_body_is_unpacked() -> None:
    with contextlib.closing(Line((200, IN_GZIP, PACKED))) as line:
        assert line.door.get() == PAGE


def test_a_body_that_is_cut_off_is_asked_for_again() -> None:
    half = (200, {"Content-Length": str(len(BODY))}, BODY[: len(BODY) // 2])
    with contextlib.closing(Line(half, (200, {}, BODY))) as line:
        assert line.door.get() == PAGE
        assert line.door.meter.summary()["retries_by_class"] == {"TransientError": 1}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Length": str(len(BODY))}, BODY[:-10]),
        (IN_GZIP, PACKED[:-40]),
        (IN_GZIP, b"no gzip"),
    ],
)
def test_a_body_that_never_is_whole_is_a_passing_failure(headers: dict[str, str], body: bytes) -> None:
    with contextlib.closing(Line((200, headers, body))) as line, pytest.raises(TransientError):
        line.door.get()
