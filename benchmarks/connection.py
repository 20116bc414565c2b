"""A client of the sandbox that costs next to nothing, so that what is measured is the server."""

from __future__ import annotations

import json
import socket
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

VERSION, TOKEN = "v26.0", "bench"


class Connection:
    """A keep-alive connection that costs its client next to nothing."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port or 80))
        self._host = parts.netloc

    def call(self, method: str, path: str, body: str = "") -> bytes:
        """The body of an answer."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        if body:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        self._socket.sendall(f"{head}\r\n{body}".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._socket.recv(65_536)
        answered, _, rest = received.partition(b"\r\n\r\n")
        left = int(answered.lower().partition(b"content-length:")[2].split()[0]) - len(rest)
        chunks = [rest]
        while left > 0:
            chunk = self._socket.recv(min(left, 1 << 20))
            left -= len(chunk)
            chunks.append(chunk)
        if b" 200 " not in answered[:16]:
            raise RuntimeError(f"{path}: {answered!r} {b''.join(chunks)[:500]!r}")
        return b"".join(chunks)

    def json(self, method: str, path: str, **params: str) -> Any:
        """A decoded answer of the newest version."""
        query = urlencode(params)
        address = f"/{VERSION}/{path}"
        return json.loads(
            self.call(method, address, query) if method == "POST" else self.call(method, f"{address}?{query}")
        )

    def waits(self, path: str, count: int) -> list[float]:
        """How long calls take one after the other, in milliseconds, the shortest first."""
        found = []
        for _ in range(count):
            begin = time.perf_counter()
            self.call("GET", path)
            found.append(1000 * (time.perf_counter() - begin))
        return sorted(found)
