"""What an access token may do and until when, and a longer-lived one in exchange for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from source_meta_ads.graph.errors import TransientError

# Any of these lets a token read ads.
READING = ("ads_read", "ads_management")
_MOST_ACCOUNTS_NAMED = 10


class _Reader(Protocol):
    def get_json(self, path: str, params: Mapping[str, Any] | None = None, **how: Any) -> dict[str, Any]: ...


@dataclass(frozen=True)
class TokenInfo:
    """What /debug_token says of a token; None where Meta did not say.

    `expires_at` and `data_access_expires_at` are aware UTC datetimes, None for "never". `granted` has the accounts
    (digits) that a permission is limited to, by permission; one that is not among its keys is not limited.
    """

    is_valid: bool
    kind: str | None
    app_id: str | None
    scopes: frozenset[str]
    expires_at: datetime | None
    data_access_expires_at: datetime | None
    error_message: str | None
    granted: Mapping[str, frozenset[str]]

    def lasts(self, now: datetime) -> timedelta | None:
        """How long the token is still good for; None: no end is known."""
        return self.expires_at - now if self.expires_at else None

    def warnings(
        self, now: datetime, account_ids: Iterable[str] = (), app_id: str | None = None, within_days: int = 7
    ) -> list[str]:
        """Sentences about what will soon stop working, or is missing already.

        `account_ids` are the accounts to be read, `app_id` the app that the configuration says the token belongs to.
        """
        found = []
        if self.expires_at and self.expires_at - now < timedelta(days=within_days):
            found.append(
                f"the access token expires on {self.expires_at:%Y-%m-%d} (in {_spoken(self.expires_at - now)}): "
                "generate a new one, or use a system-user token that does not expire"
            )
        if self.data_access_expires_at and self.data_access_expires_at - now < timedelta(days=within_days):
            found.append(
                f"the token's data access ends on {self.data_access_expires_at:%Y-%m-%d} "
                f"(in {_spoken(self.data_access_expires_at - now)}): have the user log in to the app again"
            )
        if self.scopes and not self.scopes & set(READING):
            found.append(
                f"the token has none of the permissions {', '.join(READING)} (it has "
                f"{', '.join(sorted(self.scopes))}): grant ads_read and generate a new token"
            )
        if missing := self._not_granted(account_ids):
            named = ", ".join(f"act_{each}" for each in missing[:_MOST_ACCOUNTS_NAMED])
            more = f" and {len(missing) - _MOST_ACCOUNTS_NAMED} more" if len(missing) > _MOST_ACCOUNTS_NAMED else ""
            found.append(
                f"the token's ads_read is limited to other ad accounts than {named}{more}: generate a new token and "
                "choose these accounts too"
            )
        if app_id and self.app_id and app_id != self.app_id:
            found.append(
                f"the token belongs to app {self.app_id}, not to the configured app {app_id}: calls signed with that "
                "app's secret are refused; give the id and secret of the token's own app, or none"
            )
        return found

    def health(self, now: datetime) -> str:
        """One sentence: what kind of token it is, how long it lasts, what it may do."""
        ends = f"expires in {_spoken(self.expires_at - now)}" if self.expires_at else "does not expire"
        if self.data_access_expires_at:
            ends += f", its data access ends in {_spoken(self.data_access_expires_at - now)}"
        kind = f" ({self.kind.lower().replace('_', ' ')})" if self.kind else ""
        return f"the access token{kind} {ends}; permissions: {', '.join(sorted(self.scopes)) or 'not told'}"

    def _not_granted(self, account_ids: Iterable[str]) -> list[str]:
        """The accounts that no reading permission covers."""
        held = [scope for scope in READING if scope in self.scopes]
        if not held or any(scope not in self.granted for scope in held):
            return []
        reached = frozenset().union(*(self.granted[scope] for scope in held))
        return [each for each in dict.fromkeys(account_ids) if each not in reached]


def inspect_token(session: _Reader, access_token: str, **how: Any) -> TokenInfo:
    """What the token may do and until when, as the token itself may ask.

    The token to inspect has to be a parameter of this one call; it is masked wherever a URL is shown. `how` is passed
    on to `get_json`. Raises: GraphError, where Meta does not let a token inspect itself.
    Meta: docs/graph-api/reference/debug_token (v26.0, read 2026-11)
    """
    answer = session.get_json("debug_token", {"input_token": access_token}, **how)
    data = answer.get("data")
    data = data if isinstance(data, dict) else {}
    error = data.get("error")
    return TokenInfo(
        is_valid=data.get("is_valid") is not False,
        kind=_text(data.get("type")),
        app_id=_text(data.get("app_id")),
        scopes=frozenset(_texts(data.get("scopes"))),
        expires_at=_moment(data.get("expires_at")),
        data_access_expires_at=_moment(data.get("data_access_expires_at")),
        error_message=_text(error.get("message")) if isinstance(error, dict) else None,
        granted=_granted(data.get("granular_scopes")),
    )


@dataclass(frozen=True)
class Exchanged:
    """A token got for another one; `expires_at` None where Meta does not say, or never."""

    access_token: str
    expires_at: datetime | None


def exchange_token(session: _Reader, access_token: str, app_id: str, app_secret: str, now: datetime) -> Exchanged:
    """A token of about sixty days for a user token of the app.

    Token and secret are parameters of this one call, as Meta documents it; both are masked wherever a URL is shown.
    Raises: GraphError: the token or the secret is refused.
    Meta: docs/facebook-login/guides/access-tokens/get-long-lived (v26.0, read 2026-11)
    """
    asked = {
        "grant_type": "fb_exchange_token",
        "client_id": app_id,
        "client_secret": app_secret,
        "fb_exchange_token": access_token,
    }
    answer = session.get_json("oauth/access_token", asked, is_patient=False, most_tries=2)
    found, seconds = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(found, str) or not found:
        raise TransientError(message="Meta exchanged the token but sent none").at("GET", "access_token", None)
    lasts = timedelta(seconds=seconds) if isinstance(seconds, int) and 0 < seconds < 1 << 31 else None
    return Exchanged(found, now + lasts if lasts else None)


def _spoken(span: timedelta) -> str:
    """A span as a person says it: days, or hours below two days; never negative."""
    hours = max(0.0, span.total_seconds() / 3600)
    number, unit = (round(hours / 24), "day") if hours >= 48 else (int(hours), "hour")
    if number < 1:
        return "less than an hour"
    return f"{number} {unit}{'s' if number != 1 else ''}"


def _moment(unix: object) -> datetime | None:
    """A Unix time as an aware datetime; 0 means "never" in Meta's answer."""
    if isinstance(unix, int) and 0 < unix < 1 << 33:
        return datetime.fromtimestamp(unix, UTC)
    return None


def _text(value: object) -> str | None:
    """A text, numbers included: ids come as either."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value) or None


def _texts(values: object) -> list[str]:
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []


def _granted(listed: object) -> dict[str, frozenset[str]]:
    """The accounts that permissions are limited to; one without `target_ids` holds for all that the user sees."""
    found: dict[str, frozenset[str]] = {}
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, Mapping):
            continue
        scope, targets = each.get("scope"), each.get("target_ids")
        if isinstance(scope, str) and isinstance(targets, list) and targets:
            found[scope] = frozenset(str(target).removeprefix("act_") for target in targets)
    return found
