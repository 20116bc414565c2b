"""Who may call when: one throttle a run, fed by what Meta says of usage and by its refusals."""

from __future__ import annotations

import threading
from typing import Protocol

from source_meta_ads.graph.usage import Usage, UsageEntry

# At this share of a limit calls are spread out, so that the limit is approached slowly instead of hit.
_SOFT_PCT = 80.0
# A full limit without a regain time: Meta's shortest documented account block.
_UNSTATED_BLOCK_SECONDS = 60.0
# Meta gives no regain time before the limit; spread the calls by at most this much each.
_LONGEST_PACE_SECONDS = 20.0

# Scopes whose limit is the app's or the token's, so that every account has to wait.
SHARED_SCOPES = frozenset({"app", "app_insights", "insights_app", "user", "page"})
# A used-up reach limit only leaves metrics out of reports; no call is refused for it.
_NEVER_REFUSED_SCOPES = frozenset({"reach"})


class _Time(Protocol):
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    def jitter(self, seconds: float) -> float: ...


class Throttle:
    """Holds a call back while Meta would refuse it; thread-safe.

    A limit belongs to an ad account (its digits) or to everything (None). A block on one account leaves the
    others free.
    Meta: docs/marketing-api/overview/rate-limiting (v26.0, read 2026-11)
    """

    def __init__(self, clock: _Time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at: dict[str | None, float] = {}
        # Seconds between calls by owner and limit: one limit that has room must not hide another that has none.
        self._pace: dict[str | None, dict[tuple[str, str | None], float]] = {}

    def admit(self, account_id: str | None) -> float:
        """Return when a call for this account may go, with the seconds waited; sleeps outside the lock."""
        waited = 0.0
        while (wait := self._seconds_to_wait(account_id)) > 0:
            self._clock.sleep(wait)
            waited += wait
        return waited

    def blocked_seconds(self, account_id: str | None) -> float:
        """How long a call for this account would have to wait now; 0 when it may go."""
        now = self._clock.monotonic()
        with self._lock:
            return max(0.0, max(self._free_at.get(owner, now) for owner in _owners(account_id)) - now)

    def observe(self, usage: Usage, account_id: str | None) -> None:
        """Learn from one response's usage headers: pace near a limit, block at it."""
        for entry in usage.entries:
            if entry.scope in _NEVER_REFUSED_SCOPES:
                continue
            # Business-use-case entries are keyed by account or business; the others mean the account called for.
            owner = None if entry.scope in SHARED_SCOPES else (entry.id or account_id)
            if owner is None and entry.scope not in SHARED_SCOPES:
                continue
            if entry.pct >= 100:
                self.block(owner, entry.regain_seconds or _UNSTATED_BLOCK_SECONDS)
            self._set_pace(owner, entry)

    def block(self, account_id: str | None, seconds: float) -> None:
        """Let no call of this account (None: no call at all) go for `seconds`, plus a little jitter."""
        until = self._clock.monotonic() + seconds + self._clock.jitter(min(seconds * 0.1, 10.0))
        with self._lock:
            self._free_at[account_id] = max(self._free_at.get(account_id, 0.0), until)

    def _set_pace(self, owner: str | None, entry: UsageEntry) -> None:
        share = min(1.0, max(0.0, (entry.pct - _SOFT_PCT) / (100.0 - _SOFT_PCT)))
        with self._lock:
            self._pace.setdefault(owner, {})[entry.scope, entry.type] = share * share * _LONGEST_PACE_SECONDS

    def _seconds_to_wait(self, account_id: str | None) -> float:
        """The wait due now; when none is due, the call's own turn is booked in the same breath."""
        now = self._clock.monotonic()
        owners = _owners(account_id)
        with self._lock:
            wait = max(self._free_at.get(owner, now) for owner in owners) - now
            if wait <= 0:
                for owner in owners:
                    if pace := max(self._pace.get(owner, {}).values(), default=0.0):
                        self._free_at[owner] = now + pace
            return wait


def _owners(account_id: str | None) -> tuple[str | None, ...]:
    return (None,) if account_id is None else (None, account_id)
