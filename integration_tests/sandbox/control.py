"""The control API under /_sandbox/: look inside, move the clock, start over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integration_tests.sandbox import insights, objects_other
from integration_tests.sandbox.filtering import LEVELS
from integration_tests.sandbox.graph import Graph
from integration_tests.sandbox.moments import epoch
from integration_tests.sandbox.page import page
from integration_tests.sandbox.routes import ACCOUNT_EDGES
from integration_tests.sandbox.scenario import Scenario, load
from integration_tests.sandbox.stats import overview
from integration_tests.sandbox.world import GONE

ACTIVITY_DAYS = 90


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the control API."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any


class Control:
    """Answers what a test or a person asks of the sandbox itself; holds the graph, since a reset replaces it."""

    def __init__(self, scenario: Scenario) -> None:
        self.graph = Graph(scenario)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """An HTTP status and a body: JSON, or the bytes of the page."""
        known: dict[tuple[str, str], Callable[[Asked], Any]] = {
            ("GET", ""): lambda _: page(),
            ("GET", "scenario"): lambda _: self.graph.scenario.raw,
            ("POST", "reset"): self._reset,
            ("GET", "clock"): lambda _: self._clock(),
            ("POST", "clock"): self._move,
            ("GET", "journal"): self._journal,
            ("GET", "stats"): lambda _: self._stats(),
            ("POST", "truth/insights"): lambda asked: {"data": insights.truth(self.graph.world, asked.body)},
            ("GET", "limits"): lambda _: self.graph.limits.gauges(),
            ("POST", "limits"): self._limits,
            ("GET", "faults"): lambda _: {"data": self.graph.faults.listing()},
            ("POST", "faults"): self._faults,
        }
        answer = known.get((asked.method, asked.path))
        try:
            if answer is not None:
                return 200, answer(asked)
            if asked.method == "GET" and asked.path.startswith("truth/"):
                return 200, {"data": self._truth(asked.path.removeprefix("truth/"), asked.query)}
        except (ValueError, KeyError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}
        return 404, {
            "error": f"{asked.method} /_sandbox/{asked.path} is not known",
            "known": sorted(map(" ".join, known)),
        }

    def _reset(self, asked: Asked) -> dict[str, Any]:
        self.graph = Graph(load(asked.body) if asked.body else self.graph.scenario)
        return {"now": self.graph.world.clock.now().isoformat()}

    def _clock(self) -> dict[str, Any]:
        clock = self.graph.world.clock
        return {"now": clock.now().isoformat(), "speed": clock.speed}

    def _move(self, asked: Asked) -> dict[str, Any]:
        clock, body = self.graph.world.clock, _mapping(asked.body)
        if unknown := set(body) - {"advance_days", "advance_seconds", "set"}:
            raise ValueError(f"{', '.join(sorted(unknown))}: known are advance_days, advance_seconds and set")
        if "set" in body:
            moment = datetime.fromisoformat(str(body["set"]))
            if moment.tzinfo is None:
                raise ValueError("set: a moment needs its offset from UTC, or Z")
            clock.set(moment)
        clock.advance(timedelta(days=float(body.get("advance_days", 0)), seconds=float(body.get("advance_seconds", 0))))
        return self._clock()

    def _journal(self, asked: Asked) -> dict[str, Any]:
        return {"data": self.graph.journal.since(int(asked.query.get("since", 0)))}

    def _stats(self) -> dict[str, Any]:
        graph = self.graph
        return overview(graph.world, graph.limits, graph.faults, graph.stats)

    def _limits(self, asked: Asked) -> dict[str, Any]:
        self.graph.limits.change(asked.body)
        return self.graph.limits.gauges()

    def _faults(self, asked: Asked) -> dict[str, Any]:
        body = asked.body or {}
        if isinstance(body, list):
            self.graph.faults.replace(body)
        elif "add" in body:
            self.graph.faults.add(body["add"])
        else:
            self.graph.faults.replace(body.get("replace") or [])
        return {"data": self.graph.faults.listing()}

    def _truth(self, edge: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Complete objects of an account as a perfect reader would hold them now."""
        world, objects = self.graph.world, self.graph.objects
        account_id = query["account_id"].removeprefix("act_")
        account = world.account(account_id)
        if account is None:
            raise ValueError(f"account_id: there is no account {account_id}")
        if edge == "act":
            return [objects.whole(account)]
        kind = ACCOUNT_EDGES.get(edge)
        if kind is None:
            raise ValueError(f"truth/{edge}: known are act, {', '.join(ACCOUNT_EDGES)}")
        if kind == "activity":
            now = world.now_seconds()
            since = epoch(query["since"], "since") if "since" in query else now - ACTIVITY_DAYS * 86_400
            until = epoch(query["until"], "until") if "until" in query else now
            rows = list(objects_other.activities(world, account_id, since, until))
        else:
            nodes = list(world.of_kind(account_id, kind))
            if kind in LEVELS:
                asked = frozenset(filter(None, query.get("statuses", "").split(",")))
                status = world.effective_status
                nodes = [each for each in nodes if (status(each) in asked if asked else status(each) not in GONE)]
            rows = [objects.whole(node) for node in nodes]
        return [row if "account_id" in row else {**row, "account_id": account_id} for row in rows]


def _mapping(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise ValueError("the body is not a JSON object")
    return body


def decoded(body: bytes) -> Any:
    """A JSON body; None for an empty one."""
    return json.loads(body) if body.strip() else None
