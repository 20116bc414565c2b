"""Meta's own Python SDK, unmodified, pointed at a sandbox."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession


@contextlib.contextmanager
def sdk_of(url: str, token: str = "tok-all") -> Iterator[FacebookAdsApi]:
    """The SDK as its users hold it; its address is a class attribute, which is put back."""
    with patch.object(FacebookSession, "GRAPH", url):
        session = FacebookSession(access_token=token)
        yield FacebookAdsApi(session, api_version="v26.0", enable_debug_logger=False)
