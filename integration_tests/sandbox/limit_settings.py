"""The `limits` section of a scenario: which quotas there are, how large, and whether anything is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from integration_tests.sandbox.quota import Allowance

STANDARD, DEVELOPMENT = "standard_access", "development_access"
BUC_TYPES = ("ads_insights", "ads_management", "custom_audience")

# Calls an hour: a base by tier, and so many more for each active ad (audience), up to a cap.
# Meta: docs/marketing-api/overview/rate-limiting, docs/graph-api/overview/rate-limiting (read 2026-09)
_BUC_BASE = {
    "ads_insights": {STANDARD: 190_000, DEVELOPMENT: 600},
    "ads_management": {STANDARD: 100_000, DEVELOPMENT: 300},
    "custom_audience": {STANDARD: 190_000, DEVELOPMENT: 5_000},
}
_BUC_EACH = {"ads_insights": 400, "ads_management": 40, "custom_audience": 40}
_BUC_CAP = {"custom_audience": 700_000}
_SCORE = {STANDARD: (9000.0, 60.0), DEVELOPMENT: (60.0, 300.0)}

# Meta publishes no figures for CPU and wall time: an hour's calls may each take this long on average.
_CPU_SECONDS_A_CALL = 0.05
_WALL_SECONDS_A_CALL = 0.1
_CALLS_A_USER = 200


@dataclass(frozen=True, slots=True)
class ScoreSettings:
    """The ad account's score; None is what the account's tier has."""

    limit: float | None = None
    block_seconds: float | None = None
    decay_seconds: float = 300.0
    read: float = 1.0
    write: float = 3.0
    code: int = 17

    def limit_of(self, tier: str) -> float:
        return self.limit or _SCORE[tier][0]

    def block_of(self, tier: str) -> float:
        return self.block_seconds or _SCORE[tier][1]


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """All that a scenario can say about limits.

    `app`, `user`, `insights_app` are calls an hour; `insights_app_pct` is the share of the app's insights quota that
    others are using; `block_minutes` is how much a call made while blocked adds to a block.
    """

    enforce: bool = False
    headers: bool = True
    tier: str | None = None
    score: ScoreSettings = field(default_factory=ScoreSettings)
    buc: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    app: float | None = None
    app_users: int = 1000
    user: float = math.inf
    insights_app: float = 1_000_000.0
    insights_app_pct: float = 0.0
    insights_app_subcode: int = 1504022
    block_minutes: float = 1.0

    @property
    def app_allowance(self) -> Allowance:
        """What one app may use in an hour; time counts by the app's users, whatever `app` says."""
        documented = float(_CALLS_A_USER * self.app_users)
        calls = documented if self.app is None else self.app
        return Allowance(calls, documented * _CPU_SECONDS_A_CALL, documented * _WALL_SECONDS_A_CALL)

    def allowance(self, kind: str, tier: str, active: int, errors: int) -> Allowance:
        """What one account may use of one business use case in an hour, with so many active ads (or audiences)."""
        documented = float(_BUC_BASE[kind][tier] + _BUC_EACH[kind] * active)
        documented = min(documented, _BUC_CAP.get(kind, math.inf))
        if kind == "ads_insights":
            documented -= 0.001 * errors
        own = self.buc.get(kind, {})
        return Allowance(
            own.get("calls", documented),
            own.get("cpu_seconds", documented * _CPU_SECONDS_A_CALL),
            own.get("total_seconds", documented * _WALL_SECONDS_A_CALL),
        )


def limit_settings(raw: Mapping[str, Any] | None) -> LimitSettings:
    """Settings from the scenario's section; without one everything is counted and nothing refused.

    Raises:
        ValueError: naming the key that is unknown or has a value of the wrong kind.
    """
    if raw is None:
        return LimitSettings()
    _known(raw, LimitSettings.__slots__, "limits")
    values: dict[str, Any] = {"enforce": True, **raw}
    for name in ("enforce", "headers"):
        if not isinstance(values.get(name, True), bool):
            raise ValueError(f"limits.{name}: {values[name]!r} is neither true nor false")
    if values.get("tier") not in (None, STANDARD, DEVELOPMENT):
        raise ValueError(f"limits.tier: {values['tier']!r} is neither {STANDARD} nor {DEVELOPMENT}")
    for name in ("app", "user", "insights_app", "insights_app_pct", "block_minutes", "app_users"):
        if values.get(name) is not None:
            _positive(values[name], f"limits.{name}")
    values["score"] = _score(values.get("score") or {})
    buc = values.get("buc") or {}
    _known(buc, BUC_TYPES, "limits.buc")
    values["buc"] = {kind: _hour(each, f"limits.buc.{kind}") for kind, each in buc.items()}
    return LimitSettings(**values)


def _score(raw: Mapping[str, Any]) -> ScoreSettings:
    _known(raw, ScoreSettings.__slots__, "limits.score")
    for name, value in raw.items():
        _positive(value, f"limits.score.{name}")
    if raw.get("code", 17) not in (17, 613):
        raise ValueError(f"limits.score.code: {raw['code']!r} is neither 17 nor 613")
    return replace(ScoreSettings(), **raw)


def _hour(raw: Any, where: str) -> dict[str, float]:
    if not isinstance(raw, Mapping):
        raw = {"calls": raw}
    _known(raw, ("calls", "cpu_seconds", "total_seconds"), where)
    return {name: _positive(value, f"{where}.{name}") for name, value in raw.items()}


def _known(raw: Any, keys: tuple[str, ...], where: str) -> None:
    if not isinstance(raw, Mapping):
        raise ValueError(f"{where}: not a mapping")
    for key in raw:
        if key not in keys:
            raise ValueError(f"{where}.{key}: unknown; known are {', '.join(keys)}")


def _positive(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{where}: {value!r} is not a number of 0 or more")
    return float(value)
