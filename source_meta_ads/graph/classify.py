"""From an answer of Meta's to the error it amounts to, and how that error is tried again. Pure.

The class is looked up in errors.toml by code and subcode, then by words of the message, then by HTTP status.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import orjson

from source_meta_ads.graph.errors import (
    AuthError,
    BadRequest,
    GraphError,
    NotFound,
    PermissionDenied,
    RateLimited,
    TransientError,
)


@dataclass(frozen=True)
class RetryPolicy:
    """How a class of errors is tried again: the n-th wait is at most base · 2^(n−1) and at most max seconds."""

    retry: bool
    base_seconds: float
    max_seconds: float
    max_attempts: int


@dataclass(frozen=True)
class _Row:
    """One row of the table; `code` None: known by its words alone, whatever the code."""

    code: int | None
    last_code: int | None
    subcode: int | None
    pattern: re.Pattern[str] | None
    kind: type[GraphError]
    scope: str
    meaning: str
    fix: str


@functools.cache
def _classes() -> dict[str, type[GraphError]]:
    return {each.__name__: each for each in GraphError.__subclasses__()}


@functools.cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("errors.toml").read_text("utf-8"))


@functools.cache
def _rows() -> tuple[_Row, ...]:
    """The table, most specific rows first."""
    rows = [
        _Row(
            code=row.get("code"),
            last_code=row.get("last_code", row.get("code")),
            subcode=row.get("subcode"),
            pattern=re.compile(row["pattern"], re.IGNORECASE) if "pattern" in row else None,
            kind=_classes()[row["class"]],
            scope=row.get("scope", ""),
            meaning=row["meaning"],
            fix=row["fix"],
        )
        for row in _data()["error"]
    ]
    return tuple(
        sorted(
            rows,
            key=lambda row: (row.code is None, row.subcode is None, row.pattern is None, row.last_code != row.code),
        )
    )


@functools.cache
def _policies() -> dict[str, RetryPolicy]:
    return {name: RetryPolicy(**row) for name, row in _data()["policy"].items()}


def unstated_block_seconds(scope: str) -> float:
    """How long calls into a limit are refused where no header tells of it."""
    seconds: dict[str, float] = _data()["unstated_block_seconds"]
    return seconds.get(scope, seconds["other"])


def policy_for(error: GraphError) -> RetryPolicy:
    """How this error's class is tried again."""
    policies = _policies()
    return policies.get(type(error).__name__, policies["default"])


def classify(status: int, body: bytes | str | None) -> GraphError | None:
    """The error a response amounts to, None for a success. Pure, and total: any bytes get a verdict.

    A 2xx whose body is no complete JSON object is a passing failure: Meta cuts bodies off now and then.
    """
    parsed = _parse(body)
    if isinstance(parsed, dict) and parsed.get("error") is not None:
        return classify_error(parsed["error"], status)
    if 200 <= status < 300:
        if isinstance(parsed, (dict, list)):
            return None
        return TransientError(message="the answer is not complete JSON", status=status)
    return _by_status(status)


def classify_error(error: object, status: int) -> GraphError:
    """The class of a Graph `error` object, as bodies and batch items carry it; anything else by status."""
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, Mapping):
        return _by_status(status)
    code, subcode = _int(error.get("code")), _int(error.get("error_subcode"))
    said = {
        "message": _text(error.get("message")),
        "user_title": _text(error.get("error_user_title")),
        "user_msg": _text(error.get("error_user_msg")),
        "fbtrace_id": _text(error.get("fbtrace_id")),
    }
    row = _find(code, subcode, " ".join(said.values()))
    kind = row.kind if row else _kind_of_unknown(status, error.get("is_transient") is True)
    return kind(
        code=code,
        subcode=subcode,
        status=status,
        is_transient=error.get("is_transient") is True,
        scope=row.scope if row else "",
        meaning=row.meaning if row else "",
        fix=row.fix if row else "",
        **said,
    )


def classify_report_run(run: Mapping[str, Any]) -> GraphError | None:
    """The error a report run ended with, None while it runs or when it is complete.

    From v25 a failed run says why; without that, and when it was skipped (expired), the same job may succeed.
    """
    status = run.get("async_status")
    if status not in ("Job Failed", "Job Skipped"):
        return None
    if status == "Job Failed" and _int(run.get("error_code")) is not None:
        return classify_error(
            {
                "code": run.get("error_code"),
                "error_subcode": run.get("error_subcode"),
                "message": run.get("error_message"),
                "error_user_title": run.get("error_user_title"),
                "error_user_msg": run.get("error_user_msg"),
            },
            200,
        )
    word = "failed" if status == "Job Failed" else "was skipped"
    return TransientError(message=f"the report job {word} without a reason", status=200)


def _find(code: int | None, subcode: int | None, words: str) -> _Row | None:
    for row in _rows():
        if row.code is not None and row.last_code is not None:
            if code is None or not row.code <= code <= row.last_code:
                continue
            if row.subcode is not None and row.subcode != subcode:
                continue
        if row.pattern is None or row.pattern.search(words):
            return row
    return None


def _kind_of_unknown(status: int, is_transient: bool) -> type[GraphError]:
    """The class of an error whose code no row has."""
    if status == 429:
        return RateLimited
    if is_transient or status >= 500 or status < 400:
        return TransientError
    return {401: AuthError, 403: PermissionDenied, 404: NotFound}.get(status, BadRequest)


def _by_status(status: int) -> GraphError:
    kind = _kind_of_unknown(status, is_transient=False)
    return kind(
        message=f"HTTP status {status} without a readable error", status=status, scope="app" if status == 429 else ""
    )


def _parse(body: bytes | str | None) -> Any:
    try:
        return orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return None


def _int(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value.strip()):
        return int(value)
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
