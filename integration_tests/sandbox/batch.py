"""Batches: up to fifty calls in one, each of which counts, is limited and can fail on its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from integration_tests.sandbox.call import Answer, Call
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.faults import WIRE
from integration_tests.sandbox.graph import Graph, written
from integration_tests.sandbox.versions import FORM

MOST = 50


def answer_batch(graph: Graph, outer: Call) -> Answer:
    """Answer every item, in order; the answer around them is 200 unless the batch itself makes no sense."""
    outer.edge = "batch"
    try:
        if outer.token:
            graph.tokens.check(outer)
        items = _items(outer.params.get("batch", ""))
    except Refusal as refusal:
        answer = graph.refused(outer, refusal)
        graph.finish(outer, answer.status)
        return answer
    with_headers = outer.params.get("include_headers", "true").lower() not in {"false", "0"}
    found = [_answered(graph, outer, item, with_headers=with_headers) for item in items]
    outer.rows = len(found)
    graph.finish(outer, 200)
    return Answer(found, headers={"facebook-api-version": outer.version or graph.versions.newest()})


def _answered(graph: Graph, outer: Call, item: Mapping[str, Any], *, with_headers: bool) -> dict[str, Any] | None:
    answer = graph.answer(_call(outer, item))
    # A connection that breaks is, inside a batch, an item that timed out.
    if answer.headers.pop(WIRE, None) is not None:
        return None
    written_body = written(answer.body).decode(errors="replace")
    row: dict[str, Any] = {"code": answer.status}
    if with_headers:
        headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
        row["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    return {**row, "body": written_body}


def _items(text: str) -> list[Mapping[str, Any]]:
    try:
        items = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refusal(100, "(#100) Param batch must be an array.") from error
    if not isinstance(items, list):
        raise Refusal(100, "(#100) Param batch must be an array.")
    if len(items) > MOST:
        raise Refusal(100, f"(#100) Too many requests in batch message. Maximum batch size is {MOST}")
    for number, item in enumerate(items):
        if not isinstance(item, dict) or not isinstance(item.get("relative_url"), str):
            raise Refusal(100, f"(#100) The parameter batch[{number}][relative_url] is required.")
        if str(item.get("method", "")).upper() not in {"GET", "POST", "DELETE", "PUT"}:
            raise Refusal(100, f"(#100) The parameter batch[{number}][method] is required.")
    return items


def _call(outer: Call, item: Mapping[str, Any]) -> Call:
    """One item as a call of its own; what it does not say, the batch says."""
    address = urlsplit(str(item["relative_url"]))
    params = dict(parse_qsl(address.query, keep_blank_values=True))
    if item.get("body"):
        params |= dict(parse_qsl(str(item["body"]), keep_blank_values=True))
    token, token_in = outer.token, outer.token_in
    proof = params.pop("appsecret_proof", None) or item.get("appsecret_proof")
    if own := params.pop("access_token", None) or item.get("access_token"):
        token, token_in = str(own), "body"
    elif proof is None:
        proof = outer.proof
    parts = [part for part in address.path.split("/") if part]
    version = parts.pop(0) if parts and FORM.match(parts[0]) else outer.version
    return Call(
        str(item["method"]).upper(), version, tuple(parts), params, token, token_in, proof, base_url=outer.base_url
    )
