"""Counts of one run."""

from __future__ import annotations

import json
import threading

from source_meta_ads.telemetry.meter import Meter


def test_the_summary_is_json_with_every_count() -> None:
    meter = Meter()
    meter.call("campaigns", 200, "campaigns", "1")
    meter.call("campaigns", 0, "campaigns")
    meter.call("debug_token", 200)
    meter.rows("campaigns", 3)
    meter.retry("TransientError")
    meter.error("AuthError")
    meter.spend("ads_insights", "1", "USD", 1.255)
    meter.difference("ads_insights", "spend", -0.5)
    meter.wait(2.5)
    assert json.loads(json.dumps(meter.summary())) == {
        "calls": 3,
        "calls_by_edge_and_status": {"campaigns 0": 1, "campaigns 200": 1, "debug_token 200": 1},
        "calls_by_stream": {"campaigns": 2},
        "calls_by_account": {"1": 1},
        "rows_by_stream": {"campaigns": 3},
        "spend_by_account": {"ads_insights act_1 USD": 1.25},
        "differences_by_metric": {"ads_insights spend": -0.5},
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
