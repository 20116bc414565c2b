"""One small world that stands still, and what all streams of it came to in two full reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.connector import Connector, Output
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import Truth

WORLD = {
    "seed": 17,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "jobs": {"seconds": [0.0, 0.05]},
    "tokens": [
        {
            "token": "tok", "accounts": ["1001"],
            "scopes": ["ads_read", "ads_management", "business_management", "leads_retrieval"],
        },
    ],
    "businesses": [{"id": "900", "name": "Agency", "owned": ["1001"], "users": [{"id": "31", "name": "Ada"}]}],
    "accounts": [
        {
            "id": "1001", "timezone": "Europe/Berlin", "currency": "EUR", "campaigns": 2, "adsets_per_campaign": 2,
            "ads_per_adset": 2, "creatives": 4, "audiences": 2, "business": "900",
            "objectives": ["OUTCOME_LEADS", "OUTCOME_SALES"], "leads_per_day": 1,
            "features": ["impression_device", "comscore", "frequency_value", "time_of_day_viewer_tz"],
        },
    ],
}  # fmt: skip
START, TODAY, LOOKBACK_DAYS = "2026-11-20", "2026-11-24", 2
CONFIG = {
    "credentials": {"auth_type": "Service", "access_token": "tok"},
    "account_ids": ["1001"],
    "start_date": START,
    "insights_lookback_window": LOOKBACK_DAYS,
}


@pytest.fixture(scope="session")
def still() -> Iterator[Truth]:
    """A sandbox whose clock stands, so that two reads find the same."""
    handle = serve_in_thread(WORLD)
    yield Truth(handle.url)
    handle.stop()


@pytest.fixture(scope="session")
def airbyte(still: Truth) -> Connector:
    return Connector(still.url, CONFIG, haste=20)


@pytest.fixture(scope="session")
def catalog(airbyte: Connector) -> dict[str, dict[str, Any]]:
    """Every stream that discover lists, by name."""
    return airbyte.streams()


@pytest.fixture(scope="session")
def first(airbyte: Connector, catalog: dict[str, dict[str, Any]]) -> Output:
    return airbyte.read(sorted(catalog), full_refresh=True)


@pytest.fixture(scope="session")
def second(airbyte: Connector, catalog: dict[str, dict[str, Any]], first: Output) -> Output:
    return airbyte.read(sorted(catalog), full_refresh=True)


@pytest.fixture(scope="session")
def incremental(airbyte: Connector, catalog: dict[str, dict[str, Any]]) -> Output:
    """All streams that can, incrementally, from nothing."""
    return airbyte.read(cursored(catalog))


def cursored(catalog: dict[str, dict[str, Any]]) -> list[str]:
    """The streams that are read incrementally."""
    return sorted(name for name, stream in catalog.items() if "incremental" in stream["supported_sync_modes"])


def key_of(stream: dict[str, Any]) -> list[str]:
    """The names in a stream's primary key."""
    return [part[0] for part in stream.get("source_defined_primary_key") or []]
