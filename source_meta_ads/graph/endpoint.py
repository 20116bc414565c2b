"""Where the Graph API is: Meta's own address, or the one the environment names for tests and proxies."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

META_URL = "https://graph.facebook.com"
VARIABLE = "META_GRAPH_URL"


def graph_url(environ: Mapping[str, str]) -> str:
    """The base URL, without a version or a trailing slash.

    Never taken from the configuration: who may edit a connection must not be able to send its token elsewhere.
    Raises: ValueError for anything but https, unless the host is this machine.
    """
    url = environ.get(VARIABLE, "").strip() or META_URL
    parts = urlsplit(url)
    host = parts.hostname or ""
    if (parts.scheme == "https" and host) or (parts.scheme == "http" and is_loopback(host)):
        return url.rstrip("/")
    raise ValueError(f"{VARIABLE}={url!r}: use an https:// URL (http:// only for this machine, as in 127.0.0.1)")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
