"""Rows and spend by day, as the recording gets them."""

from __future__ import annotations

from datetime import date

from source_meta_ads.accounts import Account
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.windows import Window
from source_meta_ads.streams.day_totals import DayTotals
from source_meta_ads.telemetry.meter import Meter

ACCOUNT = Account(id="1", name="A", timezone="UTC", currency="USD", status=1)


class Days:
    """Keeps what a meter hands on."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int, float | None]] = []

    def day_read(self, day: tuple[str, str, str, str], rows: int, spend: float | None) -> None:
        self.read.append((day[3], rows, spend))

    def called(self, *_: object) -> None: ...
    def retried(self, *_: object) -> None: ...
    def failed(self, *_: object) -> None: ...
    def waited(self, *_: object) -> None: ...


def told(fields: tuple[str, ...], *rows: tuple[str, object], **report: object) -> list[tuple[str, int, float | None]]:
    days = Days()
    settings = Report.model_validate({"name": "x", **report})
    totals = DayTotals(Job(ACCOUNT, settings, Window(date(2026, 11, 1), date(2026, 11, 3)), fields))
    for day, spend in rows:
        totals.add(day, spend)
    totals.tell(Meter(days), "x", "USD")
    return days.read


def test_a_day_without_rows_was_read_too() -> None:
    rows = [("2026-11-01", 1.5), ("2026-11-01", 2.0), ("2026-11-03", None)]
    assert told(("spend",), *rows) == [("2026-11-01", 2, 3.5), ("2026-11-02", 0, 0.0), ("2026-11-03", 1, 0.0)]


def test_spend_that_was_not_asked_for_is_none() -> None:
    assert told(("clicks",), ("2026-11-02", None))[1] == ("2026-11-02", 1, None)


def test_a_row_of_several_days_is_told_by_its_first_alone() -> None:
    assert told(("spend",), ("2026-11-01", 4.0), time_increment=3) == [("2026-11-01", 1, 4.0)]
