"""Access tokens: who a call comes from, and what it may see."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.census import Row
from integration_tests.sandbox.error_table import coded, named
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.kinds import Account
from integration_tests.sandbox.scenario import TokenSpec
from integration_tests.sandbox.world import World

READING = frozenset({"ads_read", "ads_management"})
MISSING_PROOF = "API calls from the server require an appsecret_proof argument"
WRONG_PROOF = "Invalid appsecret_proof provided in the API argument"
NOT_GRANTED = "(#200) Ad account owner has NOT grant ads_management or ads_read permission"
LIFETIME = timedelta(seconds=5_183_944)


class Tokens:
    """The tokens of a scenario, and those exchanged for them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known = dict(world.scenario.tokens)
        self._reached: dict[str, Sequence[Account]] = {}

    def check(self, call: Call) -> TokenSpec:
        """Who a call comes from.

        Raises:
            Refusal: 104 without a token, 190 for one that does not hold, 100 where the proof is missing or wrong.
        """
        if not call.token:
            raise Refusal(104, "An access token is required to request this resource.")
        spec = self._known.get(call.token)
        if spec is None:
            raise named("token_invalid").refusal()
        if spec.revoked:
            raise named("session_invalidated").refusal()
        now = self._world.clock.now()
        if spec.expires_at is not None and spec.expires_at <= now:
            raise coded(190, 463).refusal({"expired": _spoken(spec.expires_at), "now": _spoken(now)})
        self._check_proof(call, spec)
        return spec

    def _check_proof(self, call: Call, spec: TokenSpec) -> None:
        if call.proof is None:
            if spec.require_proof:
                raise Refusal(100, MISSING_PROOF, kind="GraphMethodException")
        elif spec.app_secret is not None:
            right = hmac.new(spec.app_secret.encode(), spec.token.encode(), hashlib.sha256).hexdigest()
            if not hmac.compare_digest(right.encode(), call.proof.encode()):
                raise Refusal(100, WRONG_PROOF, kind="GraphMethodException")

    def of(self, call: Call) -> TokenSpec | None:
        """What holds for the token of a call, checked or not."""
        return self._known.get(call.token or "")

    def user(self, call: Call) -> str:
        """Whose token a call carries; `me` for nobody's."""
        spec = self._known.get(call.token or "")
        return "me" if spec is None else spec.user_id

    def check_account(self, spec: TokenSpec, account_id: str) -> None:
        """Refuse an account that a token may not read."""
        if not READING & set(spec.scopes) or not self.reaches(spec, account_id):
            raise Refusal(200, NOT_GRANTED, status=403)

    @staticmethod
    def check_business(spec: TokenSpec) -> None:
        """Refuse a token that may not see businesses."""
        if "business_management" not in spec.scopes:
            raise named("permission").refusal()

    @staticmethod
    def reaches(spec: TokenSpec, account_id: str) -> bool:
        """Whether a token was given an account."""
        return spec.accounts is None or account_id in spec.accounts

    def accounts(self, spec: TokenSpec) -> Sequence[Account]:
        """Every account that a token reaches."""
        if spec.accounts is None:
            return self._world.accounts()
        if spec.token not in self._reached:
            ordinal = self._world.scenario.accounts.ordinal
            there = sorted(each for each in map(ordinal, spec.accounts) if each is not None)
            every = self._world.accounts()
            self._reached[spec.token] = Row(lambda index: every[there[index]], len(there))
        return self._reached[spec.token]

    def debug(self, call: Call) -> dict[str, Any]:
        """The answer of `/debug_token`: asked by the app of the token, or by the token itself."""
        about = self._known.get(call.params.get("input_token", ""))
        asked_by_app = about is not None and call.token == f"{about.app_id}|{about.app_secret}"
        if not asked_by_app:
            app_tokens = {f"{each.app_id}|{each.app_secret}" for each in self._known.values() if each.app_secret}
            if call.token not in app_tokens:
                self.check(call)
        if about is None:
            error = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
            return {"data": {"error": error, "is_valid": False, "scopes": []}}
        over = about.expires_at is not None and about.expires_at <= self._world.clock.now()
        account_ids = sorted(about.accounts) if about.accounts is not None else []
        data: dict[str, Any] = {
            "app_id": about.app_id,
            "type": about.kind,
            "application": f"App {about.app_id}",
            "data_access_expires_at": 0,
            "expires_at": int(about.expires_at.timestamp()) if about.expires_at else 0,
            "is_valid": not over and not about.revoked,
            "issued_at": int(self._world.start) - 30 * 86_400,
            "scopes": list(about.scopes),
            "granular_scopes": [
                {"scope": scope} | ({"target_ids": account_ids} if account_ids and scope in READING else {})
                for scope in about.scopes
            ],
            "user_id": about.user_id,
        }
        if over:
            data["error"] = {
                "code": 190,
                "subcode": 463,
                "message": "Error validating access token: Session has expired",
            }
        return {"data": data}

    def exchange(self, call: Call) -> dict[str, Any]:
        """The answer of `/oauth/access_token`: a token of sixty days for one that still holds."""
        if call.params.get("grant_type") != "fb_exchange_token":
            raise Refusal(100, "Missing or invalid grant_type parameter")
        old = self._known.get(call.params.get("fb_exchange_token", ""))
        if old is None:
            raise named("token_invalid").refusal()
        if call.params.get("client_id") != old.app_id or call.params.get("client_secret") != old.app_secret:
            raise Refusal(1, "Error validating client secret.", status=400)
        now = self._world.clock.now()
        if old.expires_at is not None and old.expires_at <= now:
            raise coded(190, 463).refusal({"expired": _spoken(old.expires_at), "now": _spoken(now)})
        text = f"{old.token}-{self._world.hash('exchange', old.token, int(now.timestamp())):016x}"
        self._known[text] = replace(old, token=text, expires_at=now + LIFETIME)
        return {"access_token": text, "token_type": "bearer", "expires_in": int(LIFETIME.total_seconds())}


def _spoken(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo("America/Los_Angeles")).strftime("%A, %d-%b-%y %H:%M:%S %Z")
