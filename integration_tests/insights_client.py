"""A bare client for insights of the sandbox: what it sends and gets is what goes over the wire."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

from integration_tests.conftest import WORLD
from integration_tests.sandbox.insights_query import tables
from integration_tests.sandbox.server import serve_in_thread

TOKEN = "tok-all"
DAYS = {"since": "2026-11-10", "until": "2026-11-20"}
ADDITIVE = ("impressions", "clicks", "inline_link_clicks")
ALL_STATUSES = [{"field": "ad.effective_status", "operator": "IN", "value": tables()["effective_statuses"]["ad"]}]


@dataclass
class Graph:
    """A sandbox by its URL."""

    url: str

    def get(self, path: str, **params: Any) -> Any:
        return self.call("GET", path, **params)

    def call(self, method: str, path: str, version: str = "v26.0", **params: Any) -> Any:
        sent = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
        address = f"{self.url}/{version}/{path}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        kind = "params" if method == "GET" else "data"
        return requests.request(method, address, headers=headers, timeout=60, **{kind: sent}).json()  # type: ignore[arg-type]

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every row, all pages."""
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            body = self.get(path, **{"limit": 500, **params, **after})
            assert "error" not in body, body
            found += body["data"]
            if "next" not in body.get("paging", {}):
                return found
            after = {"after": body["paging"]["cursors"]["after"]}

    def insights(self, node: str = "act_1001", **params: Any) -> list[dict[str, Any]]:
        return self.rows(f"{node}/insights", **{"time_range": DAYS, **params})

    def refusal(self, **params: Any) -> dict[str, Any]:
        body = self.get("act_1001/insights", **{"time_range": DAYS, **params})
        assert "error" in body, body
        return dict(body["error"])

    def submit(self, node: str = "act_1001", **params: Any) -> str:
        body = self.call("POST", f"{node}/insights", **{"time_range": DAYS, **params})
        return str(body["report_run_id"])

    def finished(self, run_id: str, version: str = "v26.0") -> dict[str, Any]:
        """A run once it has ended, one way or the other."""
        for _ in range(200):
            body = self.call("GET", run_id, version)
            if body.get("async_status") in ("Job Completed", "Job Failed", "Job Skipped"):
                return dict(body)
            time.sleep(0.02)
        raise AssertionError(body)

    def control(self, path: str, **body: Any) -> Any:
        return requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=60).json()


@contextlib.contextmanager
def sandboxes() -> Iterator[Callable[..., Graph]]:
    """Makes sandboxes of the small world with other sections, and stops them."""
    handles = []

    def made(**changes: Any) -> Graph:
        handles.append(serve_in_thread({**WORLD, **changes}))
        return Graph(handles[-1].url)

    yield made
    for handle in handles:
        handle.stop()


def with_features(*features: str, **account: Any) -> list[dict[str, Any]]:
    """The accounts of the small world, the first with other opt-in features and settings."""
    accounts: Any = WORLD["accounts"]
    return [{**accounts[0], "features": list(features), **account}, *accounts[1:]]


def totals(rows: list[dict[str, Any]]) -> tuple[float, ...]:
    spend = round(sum(float(row["spend"]) for row in rows), 2)
    return (*(sum(int(row.get(name, 0)) for row in rows) for name in ADDITIVE), spend)
