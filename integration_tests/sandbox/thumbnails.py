"""The pictures of creatives: PNGs of the size asked for, served by the sandbox itself under `/_cdn/`."""

from __future__ import annotations

import re
import struct
import zlib
from functools import lru_cache

from integration_tests.sandbox.call import Answer, Call
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.layouts import Shared

CDN = "_cdn"
ELSEWHERE = "https://external.xx.fbcdn.net"
DEFAULT, MOST = 64, 1080
_SIZE = re.compile(r"p(\d{1,4})x(\d{1,4})")


def size_of(call: Call) -> tuple[int, int]:
    """The width and height that a call asks thumbnails in.

    Raises:
        Refusal: 100 for a size that is none.
    """
    sizes = []
    for name in ("thumbnail_width", "thumbnail_height"):
        text = call.params.get(name, str(DEFAULT))
        if not text.isdecimal() or not int(text):
            raise Refusal(100, f"(#100) Param {name} must be an integer greater than or equal to 1")
        sizes.append(min(int(text), MOST))
    return sizes[0], sizes[1]


def place(call: Call | None) -> Shared:
    """Where pictures are for a call, and in what size; for none, and in no server, where Meta has them."""
    if call is None or not call.base_url:
        return (("host", ELSEWHERE), ("size", f"{DEFAULT}x{DEFAULT}"))
    width, height = size_of(call)
    return (("host", f"{call.base_url}/{CDN}"), ("size", f"{width}x{height}"))


def picture(call: Call) -> Answer:
    """The answer to `GET /_cdn/…`."""
    creative_id = call.parts[-1].removesuffix(".png")
    asked = _SIZE.fullmatch(call.params.get("stp", ""))
    if not creative_id.isdecimal() or asked is None:
        return Answer(b"Bad URL", 403, {"content-type": "text/plain"})
    width, height = (min(max(int(each), 1), MOST) for each in asked.groups())
    return Answer(png(width, height, int(creative_id) * 2654435761 % (1 << 24)), 200, {"content-type": "image/png"})


@lru_cache(500)
def png(width: int, height: int, colour: int) -> bytes:
    """A PNG of one colour (24 bits)."""
    line = b"\0" + colour.to_bytes(3, "big") * width
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(line * height, 9)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
