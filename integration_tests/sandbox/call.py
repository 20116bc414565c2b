"""One request as the sandbox sees it, and one answer as it goes out. Everything else is a function between the two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Call:
    """A Graph call, decoded: no HTTP left in it.

    `parts` is the path below the version, as in `("act_1", "campaigns")`; `params` holds query and form body, the
    credentials (`access_token`, `appsecret_proof`) taken out. `token_in` is header, query, body or none.
    `account_id` (digits) and `edge` are filled in by routing; `edge` of a plain object is its kind in words
    (`ad account`, `ad`, `report run`). `rows` is how many rows the answer carries.
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


@dataclass(slots=True)
class Answer:
    """What goes out: a JSON value, or ready bytes where the body is cut, empty or not JSON."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
