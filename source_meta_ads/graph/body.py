"""The body of a response: taken at one go, parsed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from source_meta_ads.graph.errors import TransientError


def take_body(response: requests.Response) -> requests.Response:
    """The streamed response with its whole body.

    Left to itself, requests takes a body in pieces of 10 kB, and for a page of wide rows that costs a third of what
    parsing it does. Raises: urllib3's errors, where the body ends early or can't be unpacked.
    """
    if response.__dict__.get("_content", False) is not False:
        return response  # An adapter that has its body at hand, as in tests.
    try:
        response.__dict__["_content"] = response.raw.read(decode_content=True)
    except BaseException:
        response.close()
        raise
    response.__dict__["_content_consumed"] = True
    return response


def is_success(response: requests.Response, parse: Callable[[bytes], Any]) -> bool:
    """Whether a 200 is JSON without `error`; its parse is kept, so that no body is parsed twice."""
    try:
        parsed = parse(response.content)
    except ValueError:
        return False
    if not isinstance(parsed, (dict, list)) or (isinstance(parsed, dict) and parsed.get("error") is not None):
        return False
    response.__dict__["graph_body"] = parsed
    return True


def parsed_body(response: requests.Response) -> Any:
    """What `is_success` kept; None where there was nothing to keep."""
    return response.__dict__.get("graph_body")


def body_of(response: requests.Response) -> dict[str, Any]:
    """The parsed JSON object of a response that `GraphSession.send` returned. Raises: TransientError for a list."""
    body = parsed_body(response)
    if not isinstance(body, dict):
        raise TransientError(message="the answer is not a JSON object", status=response.status_code)
    return body
