"""What has to hold of alarms; each function names what doesn't."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args

from source_meta_ads.runners.cloudwatch import emf
from source_meta_ads.runners.console import STOPPED_CODE
from source_meta_ads.runners.outcome import Outcome, Status
from source_meta_ads.telemetry.meter import METRICS, Count
from unit_tests.deploy.templates import Stack, Templates

# AWS's own: namespace, metric, dimensions.
_OF_AWS = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", ("QueueName",)),
    ("AWS/Lambda", "Errors", ("FunctionName",)),
}
_QUERY = re.compile(r'SELECT (?:MAX|SUM)\("([\w.]+)"\) FROM SCHEMA\("(\w+)"((?:, "\w+")*)\)')


def alarms(templates: Templates) -> Stack:
    """The alarms where both runners run."""
    return Stack(templates["alarms"], Cluster="Cluster", Function="Function", DeadLetters="DeadLetters", Email="a@b.c")


@cache
def told() -> frozenset[tuple[str, str, tuple[str, ...]]]:
    """Namespace, metric and dimensions of every metric that a runner writes: what it writes of one of each."""
    out = io.StringIO()
    now = datetime(2026, 11, 1, tzinfo=UTC)
    counts = [Count(metric, tuple(f"a {label}" for label in metric.labels), 1.0) for metric in METRICS]
    emf(out)(Outcome("run", "connection", now, now), counts, {"ads_insights act_1": (75.0, 1.0)})
    return frozenset(
        (directive["Namespace"], metric["Name"], tuple(sorted(dimensions)))
        for line in out.getvalue().splitlines()
        for directive in json.loads(line)["_aws"]["CloudWatchMetrics"]
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
    )


def unknown_metrics(templates: Templates) -> Iterator[str]:
    """An alarm looks at a metric that there is, under the very dimensions that it is told with."""
    for name, alarm in alarms(templates).of("AWS::CloudWatch::Alarm"):
        dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
        if "Metrics" in alarm:
            (query,) = alarm["Metrics"]
            match = _QUERY.fullmatch(query["Expression"])
            if not match:
                yield f"{name} asks {query['Expression']}"
                continue
            watched = (match[2], match[1], tuple(sorted(re.findall(r'"(\w+)"', match[3]))))
        else:
            watched = (alarm["Namespace"], alarm["MetricName"], tuple(sorted(dimensions)))
        if watched not in told() | _OF_AWS:
            yield f"{name} looks at {watched}, which nobody tells"
        if "status" in dimensions and dimensions["status"] not in get_args(Status):
            yield f"{name} waits for {dimensions['status']}"


def missing_alarms(templates: Templates) -> Iterator[str]:
    """There is one for each way in which a deployment goes wrong, and it tells somebody."""
    stack = alarms(templates)
    found = dict(stack.of("AWS::CloudWatch::Alarm"))
    expected = {"RunFailed", "NoSuccess", "QuotaNearlyUsed", "Drift", "EventLost", "FunctionFailed"}
    if set(found) != expected:
        yield f"the alarms are {sorted(found)}"
    for name, alarm in found.items():
        if alarm.get("AlarmActions") != ["Topic"]:
            yield f"{name} tells nobody"
        silent = "breaching" if name == "NoSuccess" else "notBreaching"
        if alarm.get("TreatMissingData") != silent:
            yield f"{name} takes silence for {alarm.get('TreatMissingData')}"
        rises = alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        if rises == (name == "NoSuccess") or float(alarm["Threshold"]) < 1:
            yield f"{name} is an alarm at {alarm['ComparisonOperator']} {alarm['Threshold']}"
        periods = [alarm.get("Period"), *(each["Period"] for each in alarm.get("Metrics", []))]
        seconds = max(int(each) for each in periods if each) * int(alarm["EvaluationPeriods"])
        # AWS: an alarm looks back seven days at most, with periods of an hour (read 2026-11).
        if seconds > 7 * 86400 or (seconds > 86400 and 3600 not in periods):
            yield f"{name} looks back {seconds} s"
    if "KmsMasterKeyId" in stack.properties("Topic"):
        yield "alarms may not use the topic's key"
    publish = stack.properties("TopicPolicy")["PolicyDocument"]["Statement"]
    services = {service for each in publish for service in each["Principal"].get("Service", [])}
    if services != {"cloudwatch.amazonaws.com", "events.amazonaws.com"}:
        yield f"{sorted(services)} may tell"


def silent_deaths(templates: Templates) -> Iterator[str]:
    """A task that never came to tell of itself is told of by its cluster; one that was stopped is not."""
    stack = alarms(templates)
    rules: list[dict[str, Any]] = [rule for _, rule in stack.of("AWS::Events::Rule")]
    patterns = [rule["EventPattern"] for rule in rules if [each["Arn"] for each in rule["Targets"]] == ["Topic"]]
    if len(patterns) != 1:
        yield "nobody is told of tasks that die"
        return
    detail = patterns[0]["detail"]
    if (detail.get("clusterArn"), detail.get("lastStatus")) != (["Cluster"], ["STOPPED"]):
        yield f"the rule is about {detail}"
    ways = detail.get("$or", [])
    if {"stopCode": ["TaskFailedToStart"]} not in ways:
        yield "a task that did not start is not told of"
    if {"containers": {"exitCode": [{"anything-but": [0, STOPPED_CODE]}]}} not in ways:
        yield f"exit codes: {ways}"
