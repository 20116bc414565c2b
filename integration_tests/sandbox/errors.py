"""Graph's refusals, in Meta's exact shape."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A Graph error: raised anywhere below the server, answered as `{"error": {...}}`.

    Only `message`, `type`, `code` and `fbtrace_id` are always in the body; the rest is left out when not given.
    Meta: docs/graph-api/guides/error-handling (v26.0, read 2026-11)
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        status: int = 400,
        kind: str = "OAuthException",
        user_title: str | None = None,
        user_msg: str | None = None,
        is_transient: bool | None = None,
        error_data: Any = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.subcode, self.status, self.kind = code, message, subcode, status, kind
        self.user_title, self.user_msg, self.is_transient = user_title, user_msg, is_transient
        self.error_data = error_data
        self.headers = headers or {}

    def body(self, fbtrace_id: str) -> dict[str, Any]:
        """The JSON body of the answer."""
        optional = {
            "error_subcode": self.subcode,
            "error_user_title": self.user_title,
            "error_user_msg": self.user_msg,
            "is_transient": self.is_transient,
            "error_data": self.error_data,
        }
        error = {"message": self.message, "type": self.kind, "code": self.code}
        error |= {name: value for name, value in optional.items() if value is not None}
        return {"error": {**error, "fbtrace_id": fbtrace_id}}
