"""Who may call when: one throttle a run, fed by what Meta says of usage and by its refusals."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

from source_meta_ads.graph.usage import Usage

# At this share of a limit calls are spread out, so that the limit is approached slowly instead of hit.
_SOFT_PCT = 80.0
# A refusal without a regain time: Meta's longest documented account block is 300 s, decay included.
_UNSTATED_BLOCK_SECONDS = 60.0
# Meta gives no regain time before the limit; spread the calls by at most this much each.
_LONGEST_PACE_SECONDS = 20.0

# Scopes whose limit is the app's or the token's, so that every account has to wait.
_SHARED_SCOPES = frozenset({"app", "app_insights", "insights_app", "user", "page"})


class _Time(Protocol):
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    def jitter(self, seconds: float) -> float: ...


@dataclass(frozen=True)
class _Key:
    """What a limit belongs to: everything (account_id None) or one ad account."""

    account_id: str | None


class Throttle:
    """Holds a call back while Meta would refuse it; thread-safe.

    A block on one account leaves the others free. `waited_seconds` adds up what all threads waited.
    Meta: docs/marketing-api/overview/rate-limiting (v26.0, read 2026-11)
    """

    def __init__(self, clock: _Time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at: dict[_Key, float] = {}
        self._pace: dict[_Key, float] = {}
        self.waited_seconds = 0.0

    def admit(self, account_id: str | None) -> None:
        """Return when a call for this account may go; sleeps outside the lock."""
        while (wait := self._seconds_to_wait(account_id)) > 0:
            with self._lock:
                self.waited_seconds += wait
            self._clock.sleep(wait)

    def blocked_seconds(self, account_id: str | None) -> float:
        """How long a call for this account would have to wait now; 0 when it may go."""
        now = self._clock.monotonic()
        with self._lock:
            return max(0.0, max(self._free_at.get(key, now) for key in self._keys(account_id)) - now)

    def observe(self, usage: Usage, account_id: str | None) -> None:
        """Learn from one response's usage headers: pace near a limit, block at it."""
        for entry in usage.entries:
            # BUC entries are keyed by account or business id; only an account we call for can be told apart.
            owner = None if entry.scope in _SHARED_SCOPES or entry.scope == "app" else (entry.id or account_id)
            if entry.pct >= 100:
                self.block(owner, entry.regain_seconds or _UNSTATED_BLOCK_SECONDS)
            self._set_pace(_Key(owner), entry.pct)

    def block(self, account_id: str | None, seconds: float) -> None:
        """Let no call of this account (None: no call at all) go for `seconds`, plus a little jitter."""
        until = self._clock.monotonic() + seconds + self._clock.jitter(min(seconds * 0.1, 10.0))
        with self._lock:
            key = _Key(account_id)
            self._free_at[key] = max(self._free_at.get(key, 0.0), until)

    def _set_pace(self, key: _Key, pct: float) -> None:
        share = min(1.0, max(0.0, (pct - _SOFT_PCT) / (100.0 - _SOFT_PCT)))
        with self._lock:
            self._pace[key] = share * share * _LONGEST_PACE_SECONDS

    def _seconds_to_wait(self, account_id: str | None) -> float:
        """The wait due now; when none is due, the call's own turn is booked in the same breath."""
        now = self._clock.monotonic()
        keys = self._keys(account_id)
        with self._lock:
            wait = max(self._free_at.get(key, now) for key in keys) - now
            if wait <= 0:
                for key in keys:
                    if pace := self._pace.get(key, 0.0):
                        self._free_at[key] = now + pace
            return wait

    @staticmethod
    def _keys(account_id: str | None) -> tuple[_Key, ...]:
        shared = _Key(None)
        return (shared,) if account_id is None else (shared, _Key(account_id))
