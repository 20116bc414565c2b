"""The page a person opens in a browser: GET /_sandbox/."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def page() -> bytes:
    """The page, complete: no asset of another host, all its data from the control API."""
    return Path(__file__).with_name("page.html").read_bytes()
