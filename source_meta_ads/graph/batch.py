"""Up to fifty reads in one request; each still counts as a call of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from source_meta_ads.graph.call import Call, encode_params
from source_meta_ads.graph.classify import classify
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import AuthError, GraphError, RateLimited, TransientError
from source_meta_ads.graph.limits import limits_of

MOST_ITEMS = 50


@dataclass(frozen=True)
class Get:
    """One read: a path below the version, its parameters, and how it is called in messages and counts."""

    path: str
    params: Mapping[str, Any]
    edge: str
    account_id: str | None = None


def get_many(
    session: GraphSession, gets: Sequence[Get], stream: str | None = None, *, is_patient: bool = True
) -> list[dict[str, Any] | GraphError]:
    """The body of each read, or the error it ended with, in the order asked for.

    An item that Meta did not get to in time is a TransientError. Raises: GraphError when a whole request fails; where
    `is_patient` is False, RateLimited as soon as any item's limit has no room.
    Meta: docs/graph-api/batch-requests (v26.0, read 2026-11)
    """
    found: list[dict[str, Any] | GraphError] = []
    for start in range(0, len(gets), MOST_ITEMS):
        some = gets[start : start + MOST_ITEMS]
        token = session.bearer.access_token
        outcomes = _outcomes(session, some, stream, is_patient=is_patient)
        if any(isinstance(each, AuthError) for each in outcomes) and session.bearer.has_other_than(token):
            outcomes = _outcomes(session, some, stream, is_patient=is_patient)
        found += outcomes
    return found


def _outcomes(
    session: GraphSession, some: Sequence[Get], stream: str | None, *, is_patient: bool
) -> list[dict[str, Any] | GraphError]:
    """The outcome of each read of one request."""
    items = [{"method": "GET", "relative_url": _relative_url(session, get)} for get in some]
    limits = [limit for get in some for limit in limits_of(get.edge, get.account_id)]
    answers, asked_at = session.post_batch(items, limits, stream=stream, is_patient=is_patient)
    answers += [None] * (len(some) - len(answers))
    return [_outcome(session, get, answer, stream, asked_at) for get, answer in zip(some, answers, strict=False)]


def _relative_url(session: GraphSession, get: Get) -> str:
    return f"{session.version}/{get.path}?{urlencode(encode_params(get.params))}"


def _outcome(
    session: GraphSession, get: Get, answer: object, stream: str | None, asked_at: float
) -> dict[str, Any] | GraphError:
    call = Call("GET", get.edge, get.account_id, stream, tries=1)
    if not isinstance(answer, Mapping):
        session.observe({}, 0, call, asked_at)
        return TransientError(message="Meta did not get to this item of the batch").at("GET", get.edge, get.account_id)
    code, body = answer.get("code"), answer.get("body")
    status = code if isinstance(code, int) else 0
    session.observe(_headers(answer.get("headers")), status, call, asked_at)
    error = classify(status, body if isinstance(body, str) else None)
    if isinstance(error, RateLimited):
        session.refuse(error, call)
    parsed = None if error else orjson.loads(str(body))
    if isinstance(parsed, dict):
        return parsed
    error = error or TransientError(message="the item of the batch is not a JSON object", status=status)
    return error.at("GET", get.edge, get.account_id)


def _headers(listed: object) -> dict[str, str]:
    """Headers as a batch item lists them; anything else is no header."""
    pairs = listed if isinstance(listed, list) else []
    return {
        str(pair["name"]): str(pair["value"])
        for pair in pairs
        if isinstance(pair, Mapping) and {"name", "value"} <= set(pair)
    }
