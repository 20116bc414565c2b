"""The control API under /_sandbox/: look inside, move the clock, start over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integration_tests.sandbox import insights
from integration_tests.sandbox.graph import Graph
from integration_tests.sandbox.page import page
from integration_tests.sandbox.scenario import Scenario, load
from integration_tests.sandbox.stats import overview
from integration_tests.sandbox.true_objects import Truth


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the control API."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    base_url: str = ""


class Control:
    """Answers what a test or a person asks of the sandbox itself; holds the graph, since a reset replaces it."""

    def __init__(self, scenario: Scenario) -> None:
        self.graph = Graph(scenario)

    @property
    def _truth(self) -> Truth:
        return Truth(self.graph)

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
                return 200, {"data": self._truth.objects(asked.path[6:], asked.query, asked.base_url)}
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


def _mapping(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise ValueError("the body is not a JSON object")
    return body


def decoded(body: bytes) -> Any:
    """A JSON body; None for an empty one."""
    return json.loads(body) if body.strip() else None
