"""Rows found in the text of a page are those that the careful way finds, and what watches them sees the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any, cast

import orjson
import pytest

from source_meta_ads.accounts import Account
from source_meta_ads.graph.page import parse_page
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.pieces import Read
from source_meta_ads.insights.quick_finder import QuickFinder, is_plain
from source_meta_ads.insights.reader import Found, Reader
from source_meta_ads.insights.report_run import ReportRuns
from source_meta_ads.insights.reports import Report, built_in_reports
from source_meta_ads.insights.windows import Window
from source_meta_ads.schemas.coerce import compile_coercer
from source_meta_ads.schemas.drift import Change
from source_meta_ads.schemas.quick_row import QuickRows
from source_meta_ads.schemas.watch import Watch

REPORT = Report(name="r", breakdowns=["age"])
SCHEMA = REPORT.json_schema("v26.0")
DAY = date(2026, 11, 1)


class Pages:
    """A report run whose rows come as the text of one page; counts those that are read the careful way."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._body = orjson.dumps({"data": rows, "paging": {}})
        self.careful = 0

    def rows(self, _: Job, __: str | None, row_of: Any, ___: object, quick: Any) -> Iterator[Found]:
        def counted(row: dict[str, Any]) -> Any:
            self.careful += 1
            return row_of(row)

        yield from parse_page(self._body, counted, quick)["data"]


class Reading:
    """The rows of a page, as a reader finds them, and what a watch sees of them."""

    def __init__(self, rows: list[dict[str, Any]], *, is_quick: bool, usual: frozenset[str] = frozenset()) -> None:
        self.changes: list[Change] = []
        self._pages, self._coerce = Pages(rows), compile_coercer(SCHEMA)
        watch = Watch(SCHEMA, usual, self.changes.append)
        look = watch.look()
        quick = QuickFinder(REPORT, "7", QuickRows(SCHEMA), look) if is_quick else None
        job = Job(Account("7", "Seven", "UTC", "USD", 1), REPORT, Window(DAY, DAY), ("spend",))
        runs = cast(ReportRuns, self._pages)
        reader = Reader(runs, REPORT, "7", look.seeing(self._coerce), quick)
        self.found = [(each.key, dict(each.figures), dict(each.row)) for each in reader.rows(Read(job, "1"))]
        look.close()
        watch.end()
        self.usual, self.rows, self.careful = watch.usual(), watch.rows, self._pages.careful


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    """Rows as Meta writes them."""
    chance = random.Random(1)
    return [
        {
            "date_start": "2026-11-01", "ad_id": str(number), "age": "18-24", "account_id": "9",
            "impressions": str(chance.randrange(5000)), "spend": f"{chance.random() * 100:.2f}",
            "actions": [{"action_type": "purchase", "value": str(chance.randrange(9)), "1d_click": "1"}],
            **({"clicks": "3"} if chance.random() < 0.7 else {}), **more,
        }
        for number in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 60, 1000])
def test_the_rows_are_those_of_the_careful_way(count: int) -> None:
    quick, careful = Reading(rows(count), is_quick=True), Reading(rows(count), is_quick=False)
    assert quick.found == careful.found
    assert quick.rows == careful.rows == count
    assert quick.usual == careful.usual
    assert quick.changes == careful.changes == []
    assert [figures["spend"] for _, figures, _ in quick.found] == [float(row["spend"]) for row in rows(count)]


def test_few_rows_of_many_need_a_closer_look() -> None:
    assert Reading(rows(2000), is_quick=True).careful < 100


def test_the_account_of_a_row_is_the_one_that_was_asked() -> None:
    assert {row["account_id"] for _, _, row in Reading(rows(100), is_quick=True).found} == {"7"}


@pytest.mark.parametrize(
    "special",
    [
        {"new_field": "1"},
        {"actions": [{"action_type": "x", "90d_click": "1"}]},
        {"age": None},
        {"spend": None},
        {"spend": 12},
        {"spend": "0.12345678901234567"},
        {"ad_id": 9_000_001},
        {"clicks": "many"},
        {"cpp": "1.5"},
        {"age": "25-34"},
    ],
    ids=str,
)
def test_a_row_out_of_the_ordinary_is_read_as_well_wherever_it_comes(special: dict[str, Any]) -> None:
    for place in (0, 99, 255, 400):
        sent = rows(500)
        sent[place] |= {"ad_id": "special", **special}
        quick, careful = Reading(sent, is_quick=True), Reading(sent, is_quick=False)
        assert quick.found == careful.found
        # A row that goes by unseen has nothing to tell, but which rows are looked at in full may differ.
        assert quick.rows == careful.rows
        assert {change for change in quick.changes if change.kind == "unknown"} == {
            change for change in careful.changes if change.kind == "unknown"
        }


def test_a_row_without_its_breakdown_has_a_key_all_the_same() -> None:
    sent = rows(200)
    del sent[150]["age"]
    (key,) = (key for key, _, row in Reading(sent, is_quick=True).found if row["ad_id"] == "150")
    assert "(not set)" in key


def test_a_column_that_comes_once_is_not_told_to_be_gone() -> None:
    sent = rows(500)
    sent[301]["cpp"] = "1.5"
    assert Reading(sent, is_quick=True, usual=frozenset({"cpp"})).changes == []
    (gone,) = Reading(rows(500), is_quick=True, usual=frozenset({"cpp"})).changes
    assert (gone.field, gone.kind) == ("cpp", "absent")


@pytest.mark.parametrize("report", built_in_reports("v26.0"), ids=lambda report: report.stream_name)
def test_the_rows_of_every_built_in_report_may_be_found_so(report: Report) -> None:
    assert is_plain(report)
    assert QuickRows(report.json_schema("v26.0"))


@pytest.mark.parametrize(
    "report", [Report(name="r", breakdowns=["image_asset"]), Report(name="r", fields=["objective_results"])], ids=repr
)
def test_reports_whose_rows_take_another_shape_are_not_read_so(report: Report) -> None:
    assert not is_plain(report)
