"""What is exported of a run: which series, how many, in which form."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from source_meta_ads.telemetry.exporters import Point, emf_lines, is_otlp_wanted, otlp_secrets, points
from source_meta_ads.telemetry.meter import Meter

LIMITS = {"app": (10.0, 0.1), "account act_1": (20.0, 0.1), "account act_2": (50.0, 0.2)}


def busy() -> Meter:
    meter = Meter()
    for account in ("1", "2"):
        meter.call("insights", 200, "ads_insights", account, 1000)
        meter.spend("ads_insights", account, "USD", 2.5)
    meter.retry("TransientError")
    meter.job("ads_insights", "done", 3.0)
    return meter


def values(found: list[Point]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {(point.name, point.labels): point.value for point in found}


def test_accounts_are_added_up_and_the_fullest_limit_of_a_kind_is_told() -> None:
    assert values(points(busy().counts(), LIMITS)) == {
        ("meta_ads.calls", (("edge", "insights"), ("status", "200"))): 2,
        ("meta_ads.bytes", (("edge", "insights"),)): 2000,
        ("meta_ads.spend", (("stream", "ads_insights"), ("currency", "USD"))): 5.0,
        ("meta_ads.jobs", (("stream", "ads_insights"), ("outcome", "done"))): 1,
        ("meta_ads.job_seconds", (("stream", "ads_insights"),)): 3.0,
        ("meta_ads.retries", (("class", "TransientError"),)): 1,
        ("meta_ads.quota_used", (("limit", "app"),)): 10.0,
        ("meta_ads.quota_used", (("limit", "account"),)): 50.0,
    }


def test_accounts_are_told_apart_where_that_is_asked_for() -> None:
    found = values(points(busy().counts(), LIMITS, by_account=True))
    spent = (("stream", "ads_insights"), ("account", "act_2"), ("currency", "USD"))
    assert found["meta_ads.spend", spent] == 2.5
    assert found["meta_ads.calls_by_account", (("account", "1"),)] == 1
    assert found["meta_ads.quota_used", (("limit", "account"), ("account", "act_1"))] == 20.0


def test_a_thousand_accounts_make_no_more_series_than_one() -> None:
    meter = Meter()
    for number in range(3000):
        meter.call("insights", 200, "ads_insights", str(number))
        meter.spend("ads_insights", str(number), "USD", 1.0)
    limits = {f"account act_{number}": (1.0, 0.1) for number in range(3000)}
    found = points(meter.counts(), limits)
    assert len(found) == 3
    assert values(found)["meta_ads.spend", (("stream", "ads_insights"), ("currency", "USD"))] == 3000.0


def test_embedded_metrics_are_one_line_for_each_set_of_labels() -> None:
    at = datetime(2026, 11, 24, 15, 1, tzinfo=UTC)
    lines = emf_lines(points(busy().counts(), LIMITS), at, namespace="Ads", run_id="run-1", connection="acme")
    found = [json.loads(line) for line in lines]
    assert all("\n" not in line for line in lines)
    (of_stream,) = [each for each in found if each["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stream"]]]
    assert of_stream == {
        "_aws": {
            "Timestamp": 1795532460000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Ads",
                    "Dimensions": [["stream"]],
                    "Metrics": [{"Name": "meta_ads.job_seconds", "Unit": "Seconds"}],
                }
            ],
        },
        "run_id": "run-1",
        "connection": "acme",
        "stream": "ads_insights",
        "meta_ads.job_seconds": 3.0,
    }
    # A run's id as a dimension would be a new series a run, for ever.
    assert not [each for each in found if "run_id" in each["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]]


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, True),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://x"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "True"}, False),
    ],
)
def test_metrics_are_sent_only_where_a_collector_is_named(environ: dict[str, str], wanted: bool) -> None:
    assert is_otlp_wanted(environ) == wanted


def test_what_proves_us_to_a_collector_is_secret() -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20c2VjcmV0LWtleQ%3D%3D,x-team=ads",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://user:pass-word-1@collector:4318",
    }
    found = otlp_secrets(environ)
    assert {"c2VjcmV0LWtleQ==", "pass-word-1"} <= set(found)
    assert "ads" not in found
