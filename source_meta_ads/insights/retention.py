"""What Meta no longer gives of a report by age: metrics that are left out, rows that are gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from source_meta_ads.insights.breakdown_table import listed, table
from source_meta_ads.insights.breakdowns import Problem
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.windows import default_start, kept_since


@dataclass(frozen=True)
class AgeLimit:
    """Metrics that a report has from `first_day` on only."""

    fields: tuple[str, ...]
    first_day: date


def age_limits(report: Report, fields: Iterable[str], today: date) -> list[AgeLimit]:
    """Metrics among `fields` with a shorter life than the report's rows, by the day they begin on, oldest first.

    Meta: out-of-cycle changes of 2025-06-10 and 2026-01-12 (read 2026-11)
    """
    if not report.breakdowns:
        return []
    rows_since = kept_since(today, report.retention_months)
    by_day: dict[date, list[str]] = {}
    for field in fields:
        months = [rule.months for rule in table().fields.kept_with_breakdowns if rule.has(field)]
        first_day = kept_since(today, min(months)) if months else rows_since
        if first_day > rows_since:
            by_day.setdefault(first_day, []).append(field)
    return [AgeLimit(tuple(names), day) for day, names in sorted(by_day.items())]


def fields_at(report: Report, fields: Sequence[str], since: date, today: date) -> tuple[str, ...]:
    """The fields to ask for when the oldest day asked for is `since`: without those that Meta no longer has.

    Asked for all the same, reach is rationed to ten jobs a day and account, the eleventh being refused.
    """
    gone = {name for limit in age_limits(report, fields, today) if since < limit.first_day for name in limit.fields}
    return tuple(name for name in fields if name not in gone)


def cuts(report: Report, fields: Iterable[str], today: date) -> tuple[date, ...]:
    """Days on which metrics begin: a window across one would lose them for its younger days too."""
    return tuple(limit.first_day for limit in age_limits(report, fields, today))


def age_problems(report: Report, start: date | None, today: date, fields: Iterable[str] | None = None) -> list[Problem]:
    """What a report whose first day is `start` (None: the default) can't have for its age, at most one finding.

    `today` is the account's; `fields` those asked for (None: all of the report). An error where no day is left.
    """
    rows_since = kept_since(today, report.retention_months)
    first = start or default_start(today, report.retention_months)
    if report.end_date and report.end_date < rows_since:
        return [
            Problem(
                f"end_date {report.end_date} is before {rows_since}, where the {report.retention_months} months begin "
                f"that Meta keeps{_by(report)}; nearest valid report: end_date {rows_since} or later, or none",
                "error",
            )
        ]
    parts = []
    if first < rows_since:
        parts.append(f"Meta keeps no rows{_by(report)} before {rows_since}, the report begins there")
    asked = report.request_fields(None) if fields is None else fields
    parts += [
        f"{', '.join(limit.fields)}: Meta leaves them out before {limit.first_day} with breakdowns, the columns are "
        "empty there"
        for limit in age_limits(report, asked, today)
        if first < limit.first_day
    ]
    return [Problem("; ".join(parts), "warning")] if parts else []


def _by(report: Report) -> str:
    """The breakdowns whose rows are kept for less long than others', in words."""
    short = [name for name in report.breakdowns if table().breakdowns[name].retention_months]
    return f" by {listed(short)}" if short else ""
