"""Rows held against the account's own figures."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

import pytest
import requests_mock

from source_meta_ads.accounts import Account
from source_meta_ads.graph.errors import TransientError
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.reconcile import Reconciler
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.windows import Window
from unit_tests.graph.test_client import Door

URL = "https://graph.facebook.com/v26.0/act_7/insights"


def compare(meta: Any, rows: list[dict[str, Any]], policy: str = "warn", **report: Any) -> Door:
    door = Door()
    days = Window(date(2026, 11, 1), date(2026, 11, 2))
    asked = Report.model_validate({"name": "r", **report})
    job = Job(Account("7", "Seven", "UTC", "USD", 1), asked, days, ("ad_id", "spend", "impressions"))
    reconciler = Reconciler(door.session, job, policy, door.meter, logging.getLogger("test"))
    for row in rows:
        reconciler.add(row)
    reconciler.compare()
    return door


@pytest.fixture
def meta() -> Any:
    with requests_mock.Mocker() as mocker:
        mocker.get(URL, json={"data": [{"date_start": "2026-11-01", "spend": "10.5", "impressions": "1000"}]})
        yield mocker


def test_rows_that_add_up_are_not_remarked_on(meta: Any, caplog: pytest.LogCaptureFixture) -> None:
    half = {"date_start": "2026-11-01", "spend": 5.25, "impressions": 500}
    compare(meta, [half, half])
    assert "add up" not in caplog.text
    assert meta.last_request.qs["level"] == ["account"]


def test_a_missing_row_is_said_and_counted(meta: Any, caplog: pytest.LogCaptureFixture) -> None:
    door = compare(meta, [{"date_start": "2026-11-01", "spend": 5.25, "impressions": 500}])
    assert "2026-11-01 impressions: rows 500.00, account 1000.00" in caplog.text
    assert door.meter.summary()["differences_by_metric"] == {"customr impressions": -500.0, "customr spend": -5.25}


def test_a_day_that_the_account_has_and_the_rows_lack_is_a_difference(
    meta: Any, caplog: pytest.LogCaptureFixture
) -> None:
    compare(meta, [])
    assert "rows 0.00, account 10.50" in caplog.text


def test_a_difference_can_fail_the_answer(meta: Any) -> None:
    with pytest.raises(TransientError, match="do not add up"):
        compare(meta, [], policy="fail")


@pytest.mark.parametrize(
    "report",
    [
        {"level": "account"},
        {"breakdowns": ["product_id"]},
        {"breakdowns": ["body_asset"]},
        {"filtering": [{"field": "campaign.name", "operator": "CONTAIN", "value": "x"}]},
    ],
)
def test_what_has_no_account_figure_of_its_own_is_not_compared(meta: Any, report: dict[str, Any]) -> None:
    compare(meta, [], policy="fail", **report)
    assert meta.call_count == 0


def test_off_asks_nothing(meta: Any) -> None:
    compare(meta, [], policy="off")
    assert meta.call_count == 0


def test_figures_that_can_not_be_had_fail_only_where_asked_to(meta: Any, caplog: pytest.LogCaptureFixture) -> None:
    meta.get(URL, json={"error": {"code": 100, "message": "no"}}, status_code=400)
    compare(meta, [{"date_start": "2026-11-01", "spend": 5.0}])
    assert "not compared" in caplog.text
