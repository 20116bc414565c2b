"""The one writer of stdout: whole lines, in order, as bytes."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import TextIO

# Rows wait until writing them costs little beside making them, but not for long.
_MOST_WAITING_BYTES = 1024 * 1024
_LONGEST_WAIT_SECONDS = 0.1


class Stdout(io.TextIOBase):
    """Takes rows as bytes and everything else as text, and writes them in their order. Thread-safe.

    A text stream holds up to four bytes a character and translates all of it to write it: for wide rows that took as
    long as to parse and type them. Rows wait for company; text (a state, a status, a log) is written at once, and the
    rows before it with it.
    """

    def __init__(self, stream: TextIO, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._stream, self._monotonic = stream, monotonic
        self._lock = threading.RLock()
        self._waiting: list[bytes] = []
        self._size = 0
        self._written_at = monotonic()

    def write(self, text: str) -> int:
        """Write text that ends its line, and what waits before it."""
        with self._lock:
            self._waiting.append(text.encode("utf-8", "backslashreplace"))
            self.flush()
        return len(text)

    def write_row(self, line: bytes) -> None:
        """Write a line of UTF-8, its end included; soon."""
        with self._lock:
            self._waiting.append(line)
            self._size += len(line)
            if self._size >= _MOST_WAITING_BYTES or self._monotonic() - self._written_at >= _LONGEST_WAIT_SECONDS:
                self.flush()

    def flush(self) -> None:
        """Write out what waits."""
        with self._lock:
            lines, self._waiting, self._size = b"".join(self._waiting), [], 0
            self._written_at = self._monotonic()
            bytes_stream = getattr(self._stream, "buffer", None)
            if bytes_stream is not None:
                bytes_stream.write(lines)
            else:
                # A test's own stdout, say, which takes text alone.
                self._stream.write(lines.decode())
            self._stream.flush()
