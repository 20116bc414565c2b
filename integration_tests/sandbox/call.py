"""One request as the sandbox sees it, and one answer as it goes out. Everything else is a function between the two."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl


@dataclass(slots=True)
class Call:
    """A Graph call, decoded: no HTTP left in it.

    `parts` is the path below the version, as in `("act_1", "campaigns")`; `params` holds query and form body, the
    credentials (`access_token`, `appsecret_proof`) taken out. `token_in` is header, query, body or none.
    `account_id` (digits) and `edge` are filled in by routing; `edge` of a plain object is its kind in words
    (`ad account`, `ad`, `report run`). `rows` is how many rows the answer carries.

    What the limits and faults leave on it for the journal: `points` is the call's score, `blocked` that it came while a
    block was on, `code` and `subcode` the error it ended in, `faults` the rules that hit it. `reach_pct` is how much of
    the reach quota is used, set by whoever counts that quota. `base_url` is the scheme and host the call came to.
    """

    method: str
    version: str
    parts: tuple[str, ...]
    params: dict[str, str]
    token: str | None = None
    token_in: str = "none"
    proof: str | None = None
    account_id: str | None = None
    edge: str = ""
    rows: int = 0
    points: float = 0.0
    blocked: bool = False
    code: int | None = None
    subcode: int | None = None
    faults: tuple[Any, ...] = ()
    reach_pct: float | None = None
    base_url: str = ""


@dataclass(slots=True)
class Answer:
    """What goes out: a JSON value, or ready bytes where the body is cut, empty or not JSON."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def parameters(query: str) -> dict[str, str]:
    """The parameters in a query string."""
    return dict(_pair(part) for part in query.split("&") if part)


@lru_cache(2_000)
def _pair(part: str) -> tuple[str, str]:
    """A name and its value: the same come page after page, and a list of fields is long."""
    return parse_qsl(part, keep_blank_values=True)[0]
