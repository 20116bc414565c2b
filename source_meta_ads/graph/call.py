"""One request to Meta as messages, counts and logs speak of it, and its parameters as Meta reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import requests

from source_meta_ads.telemetry.context import query_hash

_VERSION = re.compile(r"^v\d+\.\d+$")


@dataclass
class Call:
    """What an error message and a meter say of a request: method, edge, the account and the stream it is for."""

    method: str
    edge: str
    account_id: str | None
    stream: str | None = None
    tries: int = 0
    is_page: bool = False
    most_tries: int | None = None
    parse: Callable[[bytes], Any] = orjson.loads
    is_renewed: bool = False
    request: requests.PreparedRequest | None = None

    def log_fields(self) -> dict[str, str | None]:
        """What a log line about the call ends with: its account, and a hash of what it asks."""
        return {"account": self.account_id, "query": _hash_of(self.request, self) if self.request else None}


def describe(
    request: requests.PreparedRequest,
    account_id: str | None = None,
    stream: str | None = None,
    edge: str | None = None,
) -> Call:
    """Method, edge and account of a request, from its path: `/v26.0/act_1/campaigns` → campaigns, 1."""
    parts = [part for part in urlsplit(request.url or "").path.split("/") if part]
    parts = parts[1:] if parts and _VERSION.match(parts[0]) else parts
    node = parts[0] if parts else ""
    if node.startswith("act_"):
        account_id = account_id or node.removeprefix("act_")
    is_id = node.removeprefix("act_").isdigit()
    kind = ("ad account" if node.startswith("act_") else "object") if is_id else node
    edge = edge or (parts[-1] if len(parts) > 1 else kind)
    return Call(method=request.method or "GET", edge=edge, account_id=account_id, stream=stream, request=request)


def encode_params(params: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as Graph reads them: lists of plain names comma-joined, anything nested as JSON."""
    encoded = {}
    for name, value in params.items():
        if value is None:
            continue
        if name == "fields" and not isinstance(value, str):
            encoded[name] = ",".join(value)
        elif isinstance(value, bool):
            encoded[name] = "true" if value else "false"
        elif isinstance(value, (str, int, float)):
            encoded[name] = str(value)
        else:
            encoded[name] = orjson.dumps(value).decode()
    return encoded


def _hash_of(request: requests.PreparedRequest, call: Call) -> str:
    """The hash of what a request asks, whichever page of it and with whatever token."""
    url = urlsplit(request.url or "")
    parts = url.path.strip("/").split("/")
    version = next((part for part in parts if _VERSION.match(part)), "")
    body = request.body if isinstance(request.body, str) else ""
    asked = {**dict(parse_qsl(body)), **dict(parse_qsl(url.query)), "path": "/".join(parts)}
    return query_hash(call.account_id, call.edge, version, asked)
