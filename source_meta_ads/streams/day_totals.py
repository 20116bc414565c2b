"""Rows and spend of each day in one answered question, told once all of it is read."""

from __future__ import annotations

from datetime import date

from source_meta_ads.insights.job import Job
from source_meta_ads.telemetry.meter import Meter


class DayTotals:
    """Sums by the first day that a row covers."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._has_spend = "spend" in job.fields
        self._rows: dict[str, int] = {}
        self._spend: dict[str, float] = {}
        if job.report.increment_days == 1 and not job.report.time_increment_period:
            # A day without a row was read too: what it had before is gone.
            first, last = job.window.since.toordinal(), job.window.until.toordinal()
            self._rows = {date.fromordinal(day).isoformat(): 0 for day in range(first, last + 1)}

    def add(self, day: object, spend: object) -> None:
        """Add one row by its `date_start`."""
        key = str(day)
        self._rows[key] = self._rows.get(key, 0) + 1
        if isinstance(spend, (int, float)):
            self._spend[key] = self._spend.get(key, 0.0) + spend

    @property
    def spend(self) -> float:
        """Of all days."""
        return sum(self._spend.values())

    def tell(self, meter: Meter, stream: str, currency: str) -> None:
        """Give each day to the meter, as one that was read whole; without spend where that column was not read."""
        for key, rows in self._rows.items():
            spend = self._spend.get(key, 0.0) if self._has_spend else None
            meter.day(stream, self._job.account.id, currency, key, rows=rows, spend=spend)
