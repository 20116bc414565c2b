"""Whether a report's rows add up to what Meta says of the whole account, day by day."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import GraphError, TransientError
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.report_run import rows_at_once
from source_meta_ads.telemetry.meter import Meter

# What adds up over every split; reach and unique counts never do.
METRICS = ("impressions", "clicks", "spend")
# Breakdowns of which every impression has exactly one value. Products and assets are some ads' only.
_COMPLETE = frozenset({
    "age", "gender", "country", "region", "publisher_platform", "platform_position", "device_platform",
    "impression_device", "hourly_stats_aggregated_by_advertiser_time_zone",
})  # fmt: skip
# Figures move while both are read, and Meta rounds money a row: smaller differences say nothing.
_TOLERATED_SHARE = 0.005
_TOLERATED_UNITS = 1.0
_PAGE_SIZE = 500


class Reconciler:
    """Adds up one answer's rows and compares the sums with one account-level request.

    `policy`: off, warn, fail. Reports with filters of the user's own, about the account itself, or split by what only
    some ads have are not compared.
    """

    def __init__(self, session: GraphSession, job: Job, policy: str, meter: Meter, logger: logging.Logger) -> None:
        self._session, self._job, self._policy, self._meter, self._logger = session, job, policy, meter, logger
        report = job.report
        self._metrics = [name for name in METRICS if name in job.fields]
        is_comparable = not report.filtering and report.level != "account" and set(report.breakdowns) <= _COMPLETE
        self._is_on = policy != "off" and is_comparable and bool(self._metrics)
        self._sums: defaultdict[tuple[str, str], float] = defaultdict(float)

    def add(self, record: Mapping[str, Any]) -> None:
        """Count one record."""
        if not self._is_on:
            return
        for name in self._metrics:
            value = record.get(name)
            if isinstance(value, (int, float)):
                self._sums[str(record.get("date_start")), name] += value

    def compare(self) -> None:
        """Log and count each difference. Raises: TransientError where the policy is to fail on one."""
        if not self._is_on:
            return
        found = []
        theirs = self._account_sums()
        for day, name in sorted({*self._sums, *theirs}):
            ours, account = self._sums.get((day, name), 0.0), theirs.get((day, name), 0.0)
            if abs(ours - account) > max(_TOLERATED_UNITS, abs(account) * _TOLERATED_SHARE):
                found.append(f"{day} {name}: rows {ours:.2f}, account {account:.2f}")
                self._meter.difference(self._job.report.stream_name, name, ours - account)
        if not found:
            return
        text = f"{self._job}: rows do not add up to the account's own figures: {'; '.join(found[:10])}"
        if self._policy == "fail":
            raise TransientError(message=text, account_id=self._job.account.id)
        self._logger.warning(text)

    def _account_sums(self) -> dict[tuple[str, str], float]:
        job = self._job
        params = {
            "level": "account",
            "fields": self._metrics,
            "time_range": {"since": job.window.since.isoformat(), "until": job.window.until.isoformat()},
            "time_increment": job.report.increment,
        }
        try:
            found = list(rows_at_once(self._session, job, params, _PAGE_SIZE))
        except GraphError as error:
            if self._policy == "fail":
                raise
            self._logger.warning(f"{job}: not compared with the account's own figures: {error}")
            return dict(self._sums)
        return {
            (str(row.get("date_start")), name): number
            for row in found
            for name in self._metrics
            if (number := _number(row.get(name))) is not None
        }


def _number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, (int, float, str)) else None
    except ValueError:
        return None
