"""Metrics of runs where AWS takes them from: lines of embedded metric format on the runner's own stdout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from source_meta_ads.runners.outcome import Outcome
from source_meta_ads.telemetry.exporters import Point, emf_lines, points
from source_meta_ads.telemetry.meter import Count

RUNS = "meta_ads.runs"


def emf(out: TextIO) -> Callable[[Outcome, Sequence[Count], Mapping[str, tuple[float, float]]], None]:
    """What writes a run's metrics, its end by status among them, when it is told of the run."""

    def told(outcome: Outcome, counts: Sequence[Count], limits: Mapping[str, tuple[float, float]]) -> None:
        ended = Point(RUNS, "1", (("status", outcome.status),), 1.0)
        at = outcome.ended_at or outcome.started_at
        out.writelines(
            f"{line}\n"
            for line in emf_lines(
                [*points(counts, limits), ended], at, run_id=outcome.run_id, connection=outcome.connection
            )
        )
        out.flush()

    return told
