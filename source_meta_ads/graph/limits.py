"""Which of Meta's limits a call draws on, and which of them a header or a refusal speaks of. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from source_meta_ads.graph.usage import Usage, UsageEntry

Limit = tuple[str, str | None]

APP: Limit = ("app", None)
APP_INSIGHTS: Limit = ("app_insights", None)

# Business use cases by edge; everything else of an ad account is ads management.
_USE_CASES = {
    "insights": "ads_insights",
    "report run": "ads_insights",
    "customaudiences": "custom_audience",
    "saved_audiences": "custom_audience",
    "leads": "leadgen",
}
# Refusals and headers that speak of everything this token or app does.
_SHARED = {"app": APP, "user": APP, "page": APP, "app_insights": APP_INSIGHTS, "insights_app": APP_INSIGHTS}


def limits_of(edge: str, account_id: str | None) -> tuple[Limit, ...]:
    """The limits that a call of an edge counts against.

    Meta: docs/marketing-api/overview/rate-limiting (v26.0, read 2026-11)
    """
    use_case = _USE_CASES.get(edge, "ads_management")
    shared = (APP, APP_INSIGHTS) if use_case == "ads_insights" else (APP,)
    if account_id is None:
        return shared
    own: tuple[Limit, ...] = (("account", account_id), (f"buc:{use_case}", account_id))
    return (*shared, *own, ("insights_account", account_id)) if use_case == "ads_insights" else (*shared, *own)


def limit_refused(scope: str, account_id: str | None) -> Limit:
    """The limit that a refusal is about; where nobody can say whose it is, everything waits."""
    if scope in _SHARED or account_id is None:
        return _SHARED.get(scope, APP)
    return scope or "account", account_id


def told(usage: Usage, account_id: str | None) -> Iterator[tuple[Limit, UsageEntry]]:
    """What one response says of each limit; of the reach limit nothing, for which no call is refused."""
    for entry in usage.entries:
        if entry.scope == "reach":
            continue
        if entry.scope in _SHARED:
            yield _SHARED[entry.scope], entry
        elif owner := entry.id or account_id:
            yield (f"buc:{entry.type}" if entry.scope == "buc" else entry.scope, owner), entry
