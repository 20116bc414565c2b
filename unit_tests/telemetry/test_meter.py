"""Counts of one run."""

from __future__ import annotations

import json
import threading

from source_meta_ads.telemetry.meter import Meter


def test_the_summary_is_json_with_every_count() -> None:
    meter = Meter()
    meter.call("campaigns", 200, "campaigns", "1", 120)
    meter.call("campaigns", 0, "campaigns")
    meter.call("debug_token", 200)
    meter.rows("campaigns", 3)
    meter.retry("TransientError")
    meter.error("AuthError")
    meter.spend("ads_insights", "1", "USD", 1.255)
    meter.difference("ads_insights", "spend", -0.5)
    meter.drift("ads", "added")
    meter.job("ads_insights", "done", 1.24)
    meter.wait(2.5)
    assert json.loads(json.dumps(meter.summary())) == {
        "calls": 3,
        "calls_by_edge_and_status": {"campaigns 0": 1, "campaigns 200": 1, "debug_token 200": 1},
        "calls_by_stream": {"campaigns": 2},
        "calls_by_account": {"1": 1},
        "bytes_by_edge": {"campaigns": 120},
        "rows_by_stream": {"campaigns": 3},
        "spend_by_account": {"ads_insights act_1 USD": 1.25},
        "differences_by_metric": {"ads_insights spend": -0.5},
        "drifts_by_kind": {"ads added": 1},
        "jobs_by_stream": {"ads_insights done": 1},
        "job_seconds_by_stream": {"ads_insights": 1.2},
        "retries_by_class": {"TransientError": 1},
        "errors_by_class": {"AuthError": 1},
        "waited_seconds": 2.5,
    }


def test_spend_of_very_many_accounts_stays_small_and_loses_nothing() -> None:
    meter = Meter()
    for account in range(1500):
        meter.spend("ads_insights", str(account), "USD", 1.0)
    spend = meter.summary()["spend_by_account"]
    assert len(spend) == 1001
    assert sum(spend.values()) == 1500


def test_threads_lose_no_count() -> None:
    meter = Meter()

    def count() -> None:
        for _ in range(2000):
            meter.rows("ads", 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.summary()["rows_by_stream"] == {"ads": 8000}


def test_counts_without_accounts_are_bounded_too() -> None:
    meter = Meter()
    for number in range(1500):
        meter.error(f"Class{number}")
    errors = meter.summary()["errors_by_class"]
    assert len(errors) == 1001
    assert errors["other"] == 500


def test_currencies_of_other_accounts_are_not_added_up() -> None:
    meter = Meter()
    for account in range(1002):
        meter.spend("ads_insights", str(account), "USD" if account % 2 else "JPY", 1.0)
    spend = meter.summary()["spend_by_account"]
    assert (spend["ads_insights other accounts USD"], spend["ads_insights other accounts JPY"]) == (1.0, 1.0)


def test_counts_are_told_with_their_labels() -> None:
    meter = Meter()
    meter.call("ads", 200, "ads", "1")
    assert [(count.metric.name, count.labels, count.value) for count in meter.counts()] == [
        ("calls", ("ads", "200"), 1), ("calls_by_stream", ("ads",), 1), ("calls_by_account", ("1",), 1),
    ]  # fmt: skip
