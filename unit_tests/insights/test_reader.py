"""Rows of an answer: each key once, parts put together, repeated pages passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, cast

import pytest

from source_meta_ads.accounts import Account
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.pieces import Read, Rows, Together
from source_meta_ads.insights.reader import KeyTwice, Reader
from source_meta_ads.insights.report_run import ReportRuns
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.windows import Window
from source_meta_ads.schemas.coerce import compile_coercer

REPORT = Report(name="r", breakdowns=["age"])
JOB = Job(Account("7", "Seven", "UTC", "USD", 1), REPORT, Window(date(2026, 11, 1), date(2026, 11, 2)), ("spend",))


def row(ad: str, age: str = "18-24", **metrics: Any) -> dict[str, Any]:
    return {"date_start": "2026-11-01", "ad_id": ad, "age": age, **metrics}


class FakeRuns:
    """Report runs with the rows given; `None` among them is where a cursor expires and the run starts over."""

    def __init__(self, **runs: list[dict[str, Any] | None]) -> None:
        self.runs = runs

    def rows(
        self,
        job: Job,
        run_id: str | None,
        row_of: Callable[[dict[str, Any]], Any],
        on_restart: Callable[[], None],
        quick: object,
    ) -> Iterator[Any]:
        assert quick is None
        for each in self.runs[str(run_id)]:
            if each is None:
                on_restart()
            else:
                yield row_of(dict(each))


def reader_of(**runs: list[dict[str, Any] | None]) -> Reader:
    coerce = compile_coercer(REPORT.json_schema("v26.0"))
    return Reader(cast(ReportRuns, FakeRuns(**runs)), REPORT, "7", coerce)


def read(rows: Rows, **runs: list[dict[str, Any] | None]) -> list[dict[str, Any]]:
    return [dict(found.row) for found in reader_of(**runs).rows(rows)]


def test_rows_are_shaped_and_typed_and_have_their_account() -> None:
    assert read(Read(JOB, "a"), a=[row("1", spend="2")]) == [{**row("1", spend=2), "account_id": "7"}]


def test_the_figures_that_are_looked_at_on_the_way_are_those_of_the_row() -> None:
    (found,) = reader_of(a=[row("1", spend="2.5", clicks="3")]).rows(Read(JOB, "a"))
    assert found.key == tuple(found.row.get(name) for name in REPORT.primary_key)
    assert dict(found.figures) == {"date_start": "2026-11-01", "spend": 2.5, "clicks": 3, "impressions": None}


def test_a_key_that_comes_twice_is_an_error_and_no_collapse() -> None:
    with pytest.raises(KeyTwice, match=r"account act_7 .*customr.* ad_id 1, age 18-24"):
        read(Read(JOB, "a"), a=[row("1", spend="2"), row("1", spend="3")])


def test_a_key_that_comes_twice_in_two_parts_is_an_error_too() -> None:
    with pytest.raises(KeyTwice):
        read(Together((Read(JOB, "a"), Read(JOB, "b"))), a=[row("1")], b=[row("2"), row("1")])


def test_rows_that_come_again_after_a_restart_are_passed_over_and_none_is_missed() -> None:
    rows = read(Read(JOB, "a"), a=[row("1"), row("2"), None, row("1"), row("2"), row("3")])
    assert [each["ad_id"] for each in rows] == ["1", "2", "3"]


def test_rows_of_a_reader_that_was_told_they_come_again_are_passed_over() -> None:
    reader = reader_of(a=[row("1")], b=[row("1"), row("2")])
    first = list(reader.rows(Read(JOB, "a")))
    reader.again()
    assert [found.row["ad_id"] for found in [*first, *reader.rows(Read(JOB, "b"))]] == ["1", "2"]


def test_fields_asked_for_in_groups_are_put_together_on_the_full_key() -> None:
    spend, clicks = replace(JOB, fields=("spend",)), replace(JOB, fields=("clicks",))
    rows = read(
        Together((Read(spend, "a"), Read(clicks, "b")), is_join=True),
        a=[row("1", spend="1"), row("1", "25-34", spend="2")],
        b=[row("1", "25-34", clicks="5"), row("1", clicks="4"), row("2", clicks="6")],
    )
    assert [(each["ad_id"], each["age"], each.get("spend"), each.get("clicks")) for each in rows] == [
        ("1", "18-24", 1, 4), ("1", "25-34", 2, 5), ("2", "18-24", None, 6),
    ]  # fmt: skip


def test_a_row_that_only_repeats_the_one_before_it_is_passed_over() -> None:
    again = dict(reversed(row("1", spend="2").items()))
    rows = read(Read(JOB, "a"), a=[row("1", spend="2"), row("1", spend="2"), again, row("2")])
    assert [each["ad_id"] for each in rows] == ["1", "2"]
