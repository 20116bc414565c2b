"""Every Graph error a reader can meet, as data: `data/errors.json`, one row an error.

A row has a `name` of ours to pick it by, and the body as Meta sends it: `code`, `subcode`, `message`, `type`, and only
where they belong `user_title`, `user_msg`, `is_transient`. `status` is the HTTP status; `statuses` lists all that are
documented or were seen, `status_seen` says whether one of them was. `bare` errors come as `{code, message}` alone,
without type and trace id. `where: report run` errors are not answers but the end of a report run. `only_writes`
errors do not happen to a reader. `last_code` makes a row stand for a range of codes.
Meta: docs/marketing-api/error-reference, docs/marketing-api/insights/error-codes,
docs/graph-api/guides/error-handling (read 2026-09)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from integration_tests.sandbox.errors import Refusal

_FILE = Path(__file__).parent / "data" / "errors.json"


@dataclass(frozen=True, slots=True)
class GraphError:
    """One row of the table."""

    name: str
    code: int
    subcode: int | None
    status: int
    message: str
    type: str = "OAuthException"
    user_title: str | None = None
    user_msg: str | None = None
    is_transient: bool | None = None
    statuses: tuple[int, ...] = ()
    status_seen: bool = False
    bare: bool = False
    where: str = "answer"
    only_writes: bool = False
    last_code: int | None = None

    def refusal(self, words: Mapping[str, str] | None = None) -> Refusal:
        """The error as an answer; `words` fill the places in braces of its message."""
        message = self.message
        for name, value in (words or {}).items():
            message = message.replace(f"{{{name}}}", value)
        kind = BareRefusal if self.bare else Refusal
        return kind(
            self.code,
            message,
            subcode=self.subcode,
            status=self.status,
            kind=self.type,
            user_title=self.user_title,
            user_msg=self.user_msg,
            is_transient=self.is_transient,
        )


class BareRefusal(Refusal):
    """A failure from in front of Graph's own error handling: neither type nor trace id."""

    def body(self, fbtrace_id: str) -> dict[str, Any]:
        """The JSON body of the answer."""
        error = super().body(fbtrace_id)["error"]
        return {"error": {key: error[key] for key in ("code", "message", "error_subcode") if key in error}}


@cache
def graph_errors() -> tuple[GraphError, ...]:
    """The whole table."""
    rows = json.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(GraphError(**{**row, "statuses": tuple(row.get("statuses", (row["status"],)))}) for row in rows)


@cache
def _by_key() -> Mapping[tuple[int, int | None], GraphError]:
    return {(row.code, row.subcode): row for row in reversed(graph_errors())}


@cache
def _by_name() -> Mapping[str, GraphError]:
    return {row.name: row for row in graph_errors()}


def named(name: str) -> GraphError:
    """The error of a name.

    Raises:
        ValueError: when there is none.
    """
    if name not in _by_name():
        raise ValueError(f"error {name!r} is not one of {', '.join(_by_name())}")
    return _by_name()[name]


def coded(code: int, subcode: int | None = None) -> GraphError:
    """The first error of a code and subcode.

    Raises:
        ValueError: when there is none.
    """
    if (found := _by_key().get((code, subcode))) is not None:
        return found
    for row in graph_errors():
        if row.last_code is not None and subcode is None and row.code <= code <= row.last_code:
            return replace(row, code=code, message=row.message.replace(f"#{row.code}", f"#{code}"))
    raise ValueError(f"there is no error {code}/{subcode} in {_FILE.name}")


def refusal(code: int, subcode: int | None = None, words: Mapping[str, str] | None = None) -> Refusal:
    """An error of the table, ready to raise."""
    return coded(code, subcode).refusal(words)
