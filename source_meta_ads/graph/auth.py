"""How a call proves who it is: a bearer token, a proof signed with the app's secret, and another token in its place."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import requests
from requests.auth import AuthBase

_PROOF = re.compile(r"appsecret_proof=[0-9a-f]*")


def appsecret_proof(access_token: str, app_secret: str) -> str:
    """Lowercase hex HMAC-SHA256 of the token under the app secret.

    Meta: docs/graph-api/guides/secure-requests (v26.0, read 2026-11)
    """
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Key:
    """A token, and the app secret that signs its calls where they are signed."""

    access_token: str
    app_secret: str | None = None

    @cached_property
    def proof(self) -> str | None:
        """What proves that the caller knows the app's secret; None where calls are not signed."""
        return appsecret_proof(self.access_token, self.app_secret) if self.app_secret else None


class BearerAuth(AuthBase):
    """Puts the token in the Authorization header and, where an app secret is given, the proof in the query.

    The token itself is never in a URL or body, so no access log or `paging.next` can carry it. `renewal` gives the key
    as its store has it now, None where that can't be told; it is asked once for each token that Meta refuses, whichever
    thread meets the refusal. Thread-safe.
    """

    def __init__(
        self, access_token: str, app_secret: str | None = None, renewal: Callable[[], Key | None] | None = None
    ) -> None:
        self._key = Key(access_token, app_secret)
        self._renewal = renewal
        self._lock = threading.Lock()
        self._refused: set[str] = set()

    @property
    def access_token(self) -> str:
        """The token that calls are made with now."""
        return self._key.access_token

    @property
    def proof(self) -> str | None:
        """The proof that goes with it, None where calls are not signed."""
        return self._key.proof

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The same request, authenticated; safe to apply twice, and with another key than before."""
        key = self._key
        request.headers["Authorization"] = f"Bearer {key.access_token}"
        if key.proof:
            url = request.url or ""
            if "appsecret_proof=" in url:
                request.url = _PROOF.sub(f"appsecret_proof={key.proof}", url)
            else:
                request.prepare_url(url, {"appsecret_proof": key.proof})
        return request

    def replace(self, access_token: str) -> None:
        """Make calls with another token of the same app from now on."""
        with self._lock:
            self._key = Key(access_token, self._key.app_secret)

    def renew(self, request: requests.PreparedRequest) -> bool:
        """Whether there is another token than the one a refused request carried; then it carries that one now."""
        if not self.has_other_than(str(request.headers.get("Authorization", "")).removeprefix("Bearer ")):
            return False
        self(request)
        return True

    def has_other_than(self, used: str) -> bool:
        """Whether there is another token than one that was refused; its store is asked where it is the one in use."""
        with self._lock:
            if used == self._key.access_token:
                # Another thread may have been here first: then the key is another one already.
                if self._renewal is None or used in self._refused:
                    return False
                self._refused.add(used)
                key = self._renewal()
                if key is None or key == self._key:
                    return False
                self._key = key
        return True
