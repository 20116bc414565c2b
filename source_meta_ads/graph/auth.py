"""How a call proves who it is, and what the token behind it may do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import requests
from requests.auth import AuthBase


class _Reader(Protocol):
    def get_json(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]: ...


def appsecret_proof(access_token: str, app_secret: str) -> str:
    """Lowercase hex HMAC-SHA256 of the token under the app secret.

    Meta: docs/graph-api/guides/secure-requests (v26.0, read 2026-11)
    """
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


class BearerAuth(AuthBase):
    """Puts the token in the Authorization header and, where an app secret is given, the proof in the query.

    The token itself is never in a URL or body, so no access log or `paging.next` can carry it.
    """

    def __init__(self, access_token: str, app_secret: str | None = None) -> None:
        self._access_token = access_token
        self.proof = appsecret_proof(access_token, app_secret) if app_secret else None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The same request, authenticated; safe to apply twice."""
        request.headers["Authorization"] = f"Bearer {self._access_token}"
        if self.proof and "appsecret_proof=" not in (request.url or ""):
            request.prepare_url(request.url, {"appsecret_proof": self.proof})
        return request


@dataclass(frozen=True)
class TokenInfo:
    """What /debug_token says of a token; None where Meta did not say.

    `expires_at` and `data_access_expires_at` are aware UTC datetimes, None for "never".
    """

    is_valid: bool
    kind: str | None
    app_id: str | None
    scopes: frozenset[str]
    expires_at: datetime | None
    data_access_expires_at: datetime | None
    error_message: str | None

    def warnings(self, now: datetime, within_days: int = 7) -> list[str]:
        """Sentences about what will soon stop working, or is missing already."""
        found = []
        if self.expires_at and (self.expires_at - now).days < within_days:
            found.append(
                f"the access token expires on {self.expires_at:%Y-%m-%d}: generate a new one, or use a system-user "
                "token that does not expire"
            )
        if self.data_access_expires_at and (self.data_access_expires_at - now).days < within_days:
            found.append(
                f"the token's data access ends on {self.data_access_expires_at:%Y-%m-%d}: have the user "
                "log in to the app again"
            )
        if self.scopes and not self.scopes & {"ads_read", "ads_management"}:
            found.append(
                f"the token has none of the permissions ads_read, ads_management (it has "
                f"{', '.join(sorted(self.scopes))}): grant ads_read and generate a new token"
            )
        return found


def inspect_token(session: _Reader, access_token: str) -> TokenInfo:
    """What the token may do and until when, as the token itself may ask.

    The token to inspect has to be a parameter of this one call; it is masked wherever a URL is shown.
    Raises: GraphError, where Meta does not let a token inspect itself.
    Meta: docs/graph-api/reference/debug_token (v26.0, read 2026-11)
    """
    answer = session.get_json("debug_token", {"input_token": access_token})
    data = answer.get("data")
    data = data if isinstance(data, dict) else {}
    error = data.get("error")
    scopes = data.get("scopes")
    return TokenInfo(
        is_valid=data.get("is_valid") is not False,
        kind=data.get("type"),
        app_id=data.get("app_id"),
        scopes=frozenset(scope for scope in scopes if isinstance(scope, str))
        if isinstance(scopes, list)
        else frozenset(),
        expires_at=_moment(data.get("expires_at")),
        data_access_expires_at=_moment(data.get("data_access_expires_at")),
        error_message=error.get("message") if isinstance(error, dict) else None,
    )


def _moment(unix: object) -> datetime | None:
    """A Unix time as an aware datetime; 0 means "never" in Meta's answer."""
    if isinstance(unix, int) and 0 < unix < 1 << 33:
        return datetime.fromtimestamp(unix, UTC)
    return None
