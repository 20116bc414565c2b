"""Meta's own Python SDK, unmodified, pointed at a sandbox."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from facebook_business.api import Cursor, FacebookAdsApi
from facebook_business.session import FacebookSession


@contextlib.contextmanager
def sdk_of(url: str, token: str = "tok-all") -> Iterator[FacebookAdsApi]:
    """The SDK as its users hold it; its address is a class attribute, which is put back."""
    with patch.object(FacebookSession, "GRAPH", url):
        session = FacebookSession(access_token=token)
        yield FacebookAdsApi(session, api_version="v26.0", enable_debug_logger=False)


def plain(rows: Cursor) -> list[dict[str, Any]]:
    """Every row that a cursor leads to, as the JSON that it was."""
    found: list[dict[str, Any]] = [row.export_all_data() for row in rows]
    return found
