"""Every way the Graph API says no, and how to tell them apart.

    GraphError
    ├── RateLimited       wait; `scope` says for whom: app, app_insights, user, page, account, buc:<type>
    ├── TooMuchData       ask for less: smaller pages, fewer days, fewer fields
    ├── TransientError    the same call may succeed soon
    ├── AuthError         the token is refused, for every account
    ├── PermissionDenied  this object is refused, others may not be
    ├── BadRequest        the call is wrong and stays wrong
    ├── NotFound          no such object, or none that this token may see (100/33)
    ├── VersionExpired    this API version is no longer served
    └── CursorExpired     start the edge again

The class alone decides what happens next; graph/classify.py finds it.
"""

from __future__ import annotations

import functools
from typing import Any, Self

_WORDS_SHOWN = 300


class GraphError(Exception):
    """One refusal. `code`, `subcode` are Meta's (None where the body had none), `status` is HTTP's (0: no answer)."""

    def __init__(
        self,
        *,
        message: str = "",
        code: int | None = None,
        subcode: int | None = None,
        status: int = 0,
        scope: str = "",
        meaning: str = "",
        fix: str = "",
        user_title: str = "",
        user_msg: str = "",
        fbtrace_id: str = "",
        is_transient: bool = False,
        method: str = "",
        edge: str = "",
        account_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.subcode, self.status = message, code, subcode, status
        self.scope, self.meaning, self.fix = scope, meaning, fix
        self.user_title, self.user_msg = user_title, user_msg
        self.fbtrace_id, self.is_transient = fbtrace_id, is_transient
        self.method, self.edge, self.account_id = method, edge, account_id

    def at(self, method: str, edge: str, account_id: str | None) -> Self:
        """This error, knowing which call it answered; what it knows already stays."""
        self.method, self.edge = self.method or method, self.edge or edge
        self.account_id = self.account_id or account_id
        return self

    def told(self) -> dict[str, Any]:
        """What a record of the error keeps of it; texts as Meta sent them, so they are to be masked."""
        return {
            "code": self.code,
            "subcode": self.subcode,
            "edge": self.edge,
            "account_id": self.account_id,
            "meaning": self.meaning,
            "fix": self.fix,
            "message": self.user_msg or self.message,
        }

    def __str__(self) -> str:
        """One line: account, call, code, what happened, what to do, Meta's trace id."""
        where = [f"account act_{self.account_id}"] if self.account_id else []
        where += [f"{self.method} {self.edge}".strip()] if self.method or self.edge else []
        number = "/".join(str(part) for part in (self.code, self.subcode) if part is not None)
        said = self.user_msg or self.message
        what = self.meaning or said or f"HTTP status {self.status}"
        if said and said != what:
            what += f" (Meta says: {said[:_WORDS_SHOWN]})"
        text = " · ".join([*where, f"(#{number}) {what}" if number else what])
        text += f": {self.fix}" if self.fix else ""
        return text + (f" [fbtrace_id {self.fbtrace_id}]" if self.fbtrace_id else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(type(self), **self.__dict__), ()


class RateLimited(GraphError):
    """A limit is used up; `scope` says whose."""


class TooMuchData(GraphError):
    """The answer would be too large or take too long."""


class TransientError(GraphError):
    """A passing failure, of Meta or of the network."""


class AuthError(GraphError):
    """The token is refused."""


class PermissionDenied(GraphError):
    """The token may not read this object."""


class BadRequest(GraphError):
    """A parameter is wrong."""


class NotFound(GraphError):
    """No such object, or not for this token."""


class VersionExpired(GraphError):
    """The API version is no longer served."""


class CursorExpired(GraphError):
    """The page cursor is no longer valid."""


# What repeating a call doesn't change.
FINAL = (BadRequest, NotFound, PermissionDenied)
# What a refusal of a field can come as; anything else is about the call, the object or the token.
ABOUT_FIELDS = (BadRequest, PermissionDenied)
