"""What Meta's usage headers say is left of each limit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True)
class UsageEntry:
    """How much of one limit is used.

    `scope` is app, account, buc, insights_app, insights_account or reach; `id` the ad account or business it is
    for, None where the header doesn't say; `pct` 0–100 and beyond; `regain_seconds` until calls are let through.
    """

    scope: str
    id: str | None
    type: str | None
    pct: float
    regain_seconds: float = 0.0
    tier: str | None = None


@dataclass(frozen=True)
class Usage:
    """All that one response said; `unreadable` counts headers that were not what Meta documents."""

    entries: tuple[UsageEntry, ...] = ()
    unreadable: int = 0


def read_usage(headers: Mapping[str, str]) -> Usage:
    """Usage that Meta reports on one response.

    Units: pct in percent of the limit; `regain_seconds` from Meta's minutes (business use case) or seconds (ad
    account). Raises nothing: a bad header must not fail a good response.
    Meta: docs/graph-api/overview/rate-limiting (v26.0, read 2026-11)
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    entries: list[UsageEntry] = []
    unreadable = 0
    for header, read in _READERS.items():
        if header not in lowered:
            continue
        try:
            parsed = orjson.loads(lowered[header])
            if not isinstance(parsed, dict):
                raise ValueError(header)
            entries += read(parsed)
        except (ValueError, TypeError, AttributeError):
            unreadable += 1
    return Usage(tuple(entries), unreadable)


def _app(parsed: Mapping[str, Any]) -> Iterator[UsageEntry]:
    yield UsageEntry("app", None, None, _highest(parsed))


def _account(parsed: Mapping[str, Any]) -> Iterator[UsageEntry]:
    pct = _number(parsed.get("acc_id_util_pct"))
    # The reset time is how long the score takes to decay, not a block: it only counts at the limit.
    regain = _number(parsed.get("reset_time_duration")) if pct >= 100 else 0.0
    yield UsageEntry("account", None, None, pct, regain, parsed.get("ads_api_access_tier"))


def _business(parsed: Mapping[str, Any]) -> Iterator[UsageEntry]:
    for owner, uses in parsed.items():
        for use in uses if isinstance(uses, list) else []:
            minutes = _number(use.get("estimated_time_to_regain_access"))
            yield UsageEntry(
                "buc", str(owner), use.get("type"), _highest(use), minutes * 60, use.get("ads_api_access_tier")
            )


def _insights(parsed: Mapping[str, Any]) -> Iterator[UsageEntry]:
    tier = parsed.get("ads_api_access_tier")
    yield UsageEntry("insights_app", None, None, _number(parsed.get("app_id_util_pct")), tier=tier)
    yield UsageEntry("insights_account", None, None, _number(parsed.get("acc_id_util_pct")), tier=tier)


def _reach(parsed: Mapping[str, Any]) -> Iterator[UsageEntry]:
    """The one header whose shape sources disagree on: any percentage in it is taken as reach's."""
    percentages = [_number(value) for name, value in parsed.items() if name.endswith("pct")]
    if percentages:
        yield UsageEntry("reach", None, None, max(percentages))


_READERS = {
    "x-app-usage": _app,
    "x-ad-account-usage": _account,
    "x-business-use-case-usage": _business,
    "x-fb-ads-insights-throttle": _insights,
    "x-fb-ads-insights-reach-throttle": _reach,
}


def _highest(use: Mapping[str, Any]) -> float:
    """The limit that is closest: calls, CPU time or total time."""
    return max(_number(use.get(name)) for name in ("call_count", "total_cputime", "total_time"))


def _number(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return 0.0
