"""A run's counts for those who watch runs: OTLP to a collector, CloudWatch's embedded metric format on AWS.

What tells a series apart is bounded: edges, statuses, streams, classes, currencies; never a run or a query, and an ad
account only where that is asked for, since a thousand of them are a thousand series of everything.
"""

from __future__ import annotations

import importlib
import json
import logging
import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from source_meta_ads.telemetry.meter import CALLS_BY_ACCOUNT, CALLS_BY_STREAM, Count

ENDPOINTS = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
HEADERS = ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
BY_ACCOUNT = "META_ADS_METRICS_BY_ACCOUNT"
# A collector that doesn't answer holds the end of a run up for no longer.
_EXPORT_SECONDS = 2.0
_SERVICE = "source-meta-ads"
_UNITS = {"1": "Count", "By": "Bytes", "s": "Seconds", "%": "Percent"}


@dataclass(frozen=True)
class Point:
    """One number to export; `is_share`: how full something is, not how much there was; `is_signed`: it may go down."""

    name: str
    unit: str
    labels: tuple[tuple[str, str], ...]
    value: float
    is_share: bool = False
    is_signed: bool = False


def points(
    counts: Iterable[Count], limits: Mapping[str, tuple[float, float]], *, by_account: bool = False
) -> list[Point]:
    """The counts of a run and the percentage used of each kind of limit, of the account that used most of it."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], Point] = {}
    for count in counts:
        # Calls are exported by edge and status; the same by stream would look like more of them.
        if count.metric is CALLS_BY_STREAM or (count.metric is CALLS_BY_ACCOUNT and not by_account):
            continue
        labels = tuple(
            (name, value)
            for name, value in zip(count.metric.labels, count.labels, strict=True)
            if by_account or name != "account"
        )
        name = f"meta_ads.{count.metric.name}"
        before = found.get((name, labels))
        value = count.value + (before.value if before else 0)
        found[name, labels] = Point(name, count.metric.unit, labels, value, is_signed=count.metric.is_signed)
    for limit, (used, _) in limits.items():
        kind, _, owner = limit.partition(" ")
        labels = (("limit", kind), ("account", owner)) if by_account and owner else (("limit", kind),)
        before = found.get(("meta_ads.quota_used", labels))
        share = max(used, before.value) if before else used
        found["meta_ads.quota_used", labels] = Point("meta_ads.quota_used", "%", labels, share, is_share=True)
    return list(found.values())


def is_otlp_wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment names a collector."""
    return any(environ.get(name) for name in ENDPOINTS) and environ.get("OTEL_SDK_DISABLED", "").lower() != "true"


def otlp_secrets(environ: Mapping[str, str]) -> list[str]:
    """What the environment gives us to prove to a collector who we are: no log may show it."""
    found = [
        unquote(pair.partition("=")[2]).strip() for name in HEADERS for pair in environ.get(name, "").split(",") if pair
    ]
    found += [urlsplit(environ[name]).password or "" for name in ENDPOINTS if environ.get(name)]
    # "Api-Key" and "Bearer" say what follows, and a short value may stand in any text.
    return [word for each in found for word in (each, *each.split()) if len(word) >= 8]


def export_otlp(exported: Sequence[Point], version: str, logger: logging.Logger) -> None:
    """Send the points to the collector that the environment names; what goes wrong is a warning, and soon over.

    The SDK takes endpoint, headers, certificate and compression from its own variables.
    """
    try:
        _import_otel()
    except ImportError:
        logger.warning(
            "metrics were not sent: OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: "
            "pip install 'source-meta-ads[otel]', or remove the variable"
        )
        return
    sent: list[bool] = []
    # A thread that nobody waits for at exit: not even the SDK's own timeout is to be relied on.
    sender = threading.Thread(target=lambda: sent.append(_send(exported, version)), name="otlp", daemon=True)
    sender.start()
    sender.join(_EXPORT_SECONDS)
    if sent != [True]:
        why = "was refused or can't be reached" if sent else f"did not answer within {_EXPORT_SECONDS:.0f} seconds"
        logger.warning(f"metrics were not sent: the collector that OTEL_EXPORTER_OTLP_ENDPOINT names {why}")


def _import_otel() -> None:
    for module in ("opentelemetry.sdk.metrics.export", "opentelemetry.exporter.otlp.proto.http.metric_exporter"):
        importlib.import_module(module)


def _send(exported: Sequence[Point], version: str) -> bool:
    """Export once, with the SDK's own temporality; whether the collector took it."""
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData, PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource

    taken: list[MetricExportResult] = []

    class _Exporter(OTLPMetricExporter):
        def export(
            self, metrics_data: MetricsData, timeout_millis: float | None = None, **kwargs: Any
        ) -> MetricExportResult:
            taken.append(super().export(metrics_data, timeout_millis, **kwargs))
            return taken[-1]

    reader = PeriodicExportingMetricReader(_Exporter(timeout=_EXPORT_SECONDS), export_interval_millis=math.inf)
    resource = Resource.create({"service.name": _SERVICE, "service.version": version})
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter = provider.get_meter(_SERVICE, version)
    instruments: dict[str, Any] = {}
    for point in exported:
        if point.name not in instruments:
            sums = meter.create_up_down_counter if point.is_signed else meter.create_counter
            make = meter.create_gauge if point.is_share else sums
            instruments[point.name] = make(point.name, unit=point.unit)
        instrument = instruments[point.name]
        (instrument.set if point.is_share else instrument.add)(point.value, dict(point.labels))
    reader.collect(timeout_millis=_EXPORT_SECONDS * 1000)
    return taken == [MetricExportResult.SUCCESS]


def emf_lines(
    exported: Iterable[Point], at: datetime, *, namespace: str = "MetaAds", **about: str
) -> list[str]:  # fmt: skip
    """The points as lines of CloudWatch's embedded metric format, one for each set of labels.

    `about` are properties of each line, to find it by in the logs; they are no dimensions, and cost nothing. Print the
    lines where AWS takes logs from: never on the stdout of an Airbyte command.
    """
    by_labels: dict[tuple[tuple[str, str], ...], list[Point]] = {}
    for point in exported:
        by_labels.setdefault(point.labels, []).append(point)
    lines = []
    for labels, some in sorted(by_labels.items()):
        metrics = [{"Name": point.name, "Unit": _UNITS[point.unit]} for point in some]
        directive = {"Namespace": namespace, "Dimensions": [[name for name, _ in labels]], "Metrics": metrics}
        lines.append(
            json.dumps(
                {
                    "_aws": {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [directive]},
                    **about,
                    **dict(labels),
                    **{point.name: point.value for point in some},
                }
            )
        )
    return lines
