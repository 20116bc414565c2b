"""How a question that is too large is cut smaller: by days, then by objects, then by fields. Pure.

Nothing can fall between the parts: days are cut into two windows that meet, objects into those of a list and all that
are not in it, fields into two groups that both have the key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.insights.job import Condition, Job
from source_meta_ads.insights.windows import Window

_LEVELS = ("campaign", "adset", "ad")


def split_days(job: Job) -> list[Job]:
    """The job's days in two halves, older first; empty when they can't be cut.

    A cut keeps to the report's increment: halving a report over `all_days`, a week, a month or n days would
    change its rows, so only whole increments of days are moved apart.
    """
    step = job.report.increment_days
    if step is None:
        return []
    increments = -(-len(job.window) // step)
    if increments < 2:
        return []
    middle = job.window.since + timedelta(days=increments // 2 * step)
    halves = (
        Window(job.window.since, middle - timedelta(days=1)),
        Window(middle, job.window.until),
    )
    return [replace(job, window=half, known_run=None) for half in halves]


def object_levels(job: Job) -> tuple[str, ...]:
    """The levels, coarsest first, whose objects' rows can be asked for apart: the report's own and those above it.

    Rows of a coarser level than that would be torn: a campaign's row is no sum that we may make of its ads'.
    """
    level = job.report.level
    return _LEVELS[: _LEVELS.index(level) + 1] if level in _LEVELS else ()


def split_objects(job: Job, level: str, ids: Sequence[str]) -> list[Job]:
    """The job for half of the objects, and for all others, also those that nobody knows of yet.

    Empty for fewer than two objects.
    """
    if len(ids) < 2:
        return []
    half = tuple(ids[: len(ids) // 2])
    return [
        replace(job, conditions=(*job.conditions, Condition(f"{level}.id", operator, half)), known_run=None)
        for operator in ("IN", "NOT_IN")
    ]


def split_fields(job: Job) -> list[Job]:
    """The job with each half of its fields, both with the key columns; empty when there is one field beside them."""
    keys = ("account_id", *table().levels[job.report.level].key)
    kept = tuple(name for name in job.fields if name in keys)
    others = [name for name in job.fields if name not in keys]
    if len(others) < 2:
        return []
    middle = len(others) // 2
    return [
        replace(job, fields=(*kept, *some), known_run=None) for some in (tuple(others[:middle]), tuple(others[middle:]))
    ]
