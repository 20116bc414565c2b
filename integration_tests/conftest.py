"""A sandbox for every test that asks for one, and the installed connector to point at it."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from integration_tests.connector import Connector
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import Truth

# Small enough to read in seconds, rich enough to have every kind of row.
WORLD = {
    "seed": 7,
    "clock": {"now": "2026-11-24T15:01:00Z"},
    "jobs": {"seconds": [0.0, 0.2]},
    "tokens": [
        {"token": "tok-all", "accounts": ["1001", "1002"], "scopes": ["ads_read"]},
        {
            "token": "tok-every", "accounts": ["1001", "1002"],
            "scopes": ["ads_read", "ads_management", "business_management", "leads_retrieval"],
        },
        {
            "token": "tok-signed", "app_id": "77", "app_secret": "app-secret-77", "require_proof": True,
            "accounts": ["1001"], "scopes": ["ads_read"],
        },
        {"token": "tok-old", "accounts": ["1001"], "scopes": ["ads_read"], "expires_at": "2026-11-01T00:00:00Z"},
    ],
    "businesses": [{"id": "900", "name": "Agency", "client": ["1001", "1002"]}],
    "accounts": [
        {
            "id": "1001", "name": "West", "timezone": "America/Los_Angeles", "currency": "USD",
            "campaigns": 3, "adsets_per_campaign": 2, "ads_per_adset": 3, "creatives": 8, "audiences": 3,
            "features": ["impression_device"],
        },
        {
            "id": "1002", "name": "Ost", "timezone": "Asia/Tokyo", "currency": "JPY",
            "campaigns": 2, "adsets_per_campaign": 2, "ads_per_adset": 2, "creatives": 4, "audiences": 2,
            "features": ["impression_device"],
        },
    ],
}  # fmt: skip


@pytest.fixture
def truth(request: pytest.FixtureRequest) -> Iterator[Truth]:
    """A fresh sandbox with the test module's own WORLD, or the small one above."""
    handle = serve_in_thread(getattr(request.module, "WORLD", WORLD))
    try:
        yield Truth(handle.url)
    finally:
        handle.stop()


@pytest.fixture
def sandboxes(request: pytest.FixtureRequest) -> Iterator[Callable[..., Truth]]:
    """Makes sandboxes of the test module's WORLD with other sections, and stops them."""
    handles = []

    def made(**sections: Any) -> Truth:
        world = copy.deepcopy(request.module.WORLD)
        for name, section in sections.items():
            world[name] = {**world.get(name, {}), **section} if isinstance(section, Mapping) else section
        handles.append(serve_in_thread(world))
        return Truth(handles[-1].url)

    yield made
    for handle in handles:
        handle.stop()


@pytest.fixture
def connector(truth: Truth) -> Connector:
    """The connector with a token for both accounts and two weeks of history."""
    return Connector(truth.url, {"credentials": {"auth_type": "Service", "access_token": "tok-all"},
                                 "start_date": "2026-11-10"})  # fmt: skip


@pytest.fixture
def graph(truth: Truth, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment leads to the sandbox; the log of the tests stays as it was."""
    monkeypatch.setenv("META_GRAPH_URL", truth.url)
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    root.handlers[:] = before
