"""How a report that is too large for one job is cut smaller. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from source_meta_ads.insights.report_run import Job
from source_meta_ads.insights.windows import Window


def split(job: Job) -> list[Job]:
    """The job's days in two halves, older first; empty when the job can't be cut.

    A cut keeps to the report's increment: halving a report over `all_days`, a week, a month or n days would
    change its rows, so only whole increments of days are moved apart.
    """
    step = job.report.increment_days
    if step is None:
        return []
    days = (job.window.until - job.window.since).days + 1
    increments = -(-days // step)
    if increments < 2:
        return []
    middle = job.window.since + timedelta(days=increments // 2 * step)
    halves = (
        Window(job.window.since, middle - timedelta(days=1)),
        Window(middle, job.window.until),
    )
    return [replace(job, window=half) for half in halves]
