"""A long read shows life: lines while it waits, and how many rows a report is likely to have."""

from __future__ import annotations

import itertools
import re

from integration_tests.connector import Connector, Output
from integration_tests.truth import Truth

HASTE = 120
WORLD = {
    "seed": 3,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": HASTE},
    "jobs": {"seconds": [0.0, 0.05]},
    "tokens": [{"token": "token-of-progress", "scopes": ["ads_read"]}],
    "accounts": [{"id": "1001", "timezone": "Europe/Berlin", "currency": "EUR", "campaigns": 3}],
}
CONFIG = {"credentials": {"access_token": "token-of-progress"}, "account_ids": ["1001"], "start_date": "2026-11-20"}


def lines(output: Output) -> list[str]:
    """The progress lines of a read, in order."""
    return [log["message"] for log in output.of("log") if log["message"].startswith("progress: ")]


def test_a_read_that_waits_says_so_every_half_minute_with_how_long_and_why(truth: Truth) -> None:
    connector = Connector(truth.url, {**CONFIG, "page_size": 1}, HASTE)
    truth.set_limits({"buc": {"ads_management": 12}})
    output = connector.read(["campaigns", "ad_sets", "ads"])
    assert (output.exit_code, output.errors) == (0, [])
    waiting = [line for line in lines(output) if "has no room" in line]
    assert len(waiting) > 10
    told = [
        re.search(r"no calls for ([\d,]+) s: the limit buc:ads_management of act_1001 has no room", each)
        for each in waiting
    ]
    left = [int(each.group(1).replace(",", "")) for each in told if each]
    assert len(left) == len(waiting)
    steps = [before - after for before, after in itertools.pairwise(left) if before > after]
    # Half a minute, give or take what this machine is busy with.
    assert all(20 <= step <= 120 for step in steps)
    assert re.match(r"progress: [\d,]+ rows, [\d,]+ a second; ", waiting[0])


def test_a_report_that_was_read_before_comes_with_an_estimate(truth: Truth) -> None:
    connector = Connector(truth.url, CONFIG, HASTE)
    first = connector.read(["ads_insights"])
    assert [trace for trace in first.of("trace") if trace.get("estimate")] == []
    again = connector.read(["ads_insights"], first.state)
    (told,) = [trace["estimate"] for trace in again.of("trace") if trace.get("estimate")]
    assert (told["name"], told["type"]) == ("ads_insights", "STREAM")
    assert told["row_estimate"] > 0


def test_a_short_read_needs_no_progress_line(truth: Truth) -> None:
    assert lines(Connector(truth.url, CONFIG).read(["campaigns"])) == []
