"""What a run tells of itself: log lines that name run, account and query, a summary, metrics, a recording."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from integration_tests.collector import Collector, collector
from integration_tests.connector import Output
from integration_tests.rereader import Rereader
from integration_tests.truth import Truth

HASTE = 200
WORLD: dict[str, Any] = {
    "seed": 4,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": HASTE},
    "jobs": {"seconds": [0.0, 0.1]},
    "tokens": [{"token": "tok", "scopes": ["ads_read"]}],
    "limits": {},
    "accounts": [
        {"id": "1001", "currency": "USD", "campaigns": 3, "adsets_per_campaign": 3, "ads_per_adset": 4},
        {"id": "1002", "currency": "JPY", "campaigns": 2, "adsets_per_campaign": 1, "ads_per_adset": 2},
    ],
}
CONFIG = {
    "credentials": {"auth_type": "Service", "access_token": "tok"},
    "start_date": "2026-11-05",
    "account_ids": ["1001", "1002"],
}
STREAMS = ("campaigns", "ads", "ads_insights")
SUFFIX = re.compile(r" \[run=(\S+)( account=act_(\d+))?( query=([0-9a-f]{12}))?\]$")


@pytest.fixture(scope="module")
def known() -> Rereader:
    """The connector with its catalog, which takes no sandbox to discover."""
    connector = Rereader("http://127.0.0.1:9", CONFIG, HASTE)
    connector.streams()
    return connector


@pytest.fixture
def reader(truth: Truth, known: Rereader) -> Rereader:
    return known.elsewhere(truth.url)


def lines(output: Output, words: str) -> list[str]:
    return [log["message"] for log in output.of("log") if words in log["message"]]


def summary(output: Output) -> dict[str, Any]:
    (line,) = lines(output, "run summary: ")
    found: dict[str, Any] = json.loads(line.removeprefix("run summary: "))
    return found


def test_lines_about_a_call_name_run_account_and_query(truth: Truth, reader: Rereader) -> None:
    truth.set_faults(
        {"kind": "error", "code": 2, "edge": "campaigns", "account": "1001", "times": 2},
        {"kind": "error", "code": 17, "subcode": 2446079, "edge": "ads", "account": "1002", "times": 1},
    )
    output = reader.read(STREAMS)
    assert output.exit_code == 0
    run = summary(output)["run_id"]
    retried = [SUFFIX.search(line) for line in lines(output, "retrying in ")]
    assert [found and found.group(1, 3) for found in retried] == [(run, "1001"), (run, "1001")]
    # Two tries of one question are one query.
    assert len({found.group(5) for found in retried if found}) == 1
    (blocked,) = (SUFFIX.search(line) for line in lines(output, "no such calls for "))
    assert blocked
    assert blocked.group(1, 3) == (run, "1002")
    assert blocked.group(5) is not None


def test_a_question_is_the_same_query_in_every_run(truth: Truth, reader: Rereader) -> None:
    queries, runs = set(), set()
    for _ in range(2):
        truth.set_faults({"kind": "error", "code": 2, "edge": "campaigns", "account": "1001", "times": 1})
        output = reader.read(["campaigns"])
        (line,) = lines(output, "retrying in ")
        found = SUFFIX.search(line)
        assert found
        queries.add(found.group(5))
        runs.add(found.group(1))
    assert (len(queries), len(runs)) == (1, 2)


def test_the_run_is_called_as_its_runner_calls_it(reader: Rereader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ADS_RUN_ID", "nightly-7")
    assert summary(reader.read(["campaigns"]))["run_id"] == "nightly-7"


def test_the_summary_counts_what_was_done(truth: Truth, reader: Rereader) -> None:
    before = len(truth.journal())
    output = reader.read(STREAMS)
    told = summary(output)
    # The catalog is discovered without a call; each item of a batch is a call of its own beside the batch.
    calls = truth.journal()[before:]
    assert told["calls"] == len(calls)
    assert told["status"] == "succeeded"
    assert told["rows_by_stream"] == {stream: len(output.records(stream)) for stream in STREAMS}
    spend = {"1001": 0.0, "1002": 0.0}
    for row in output.records("ads_insights"):
        spend[row["account_id"]] += row.get("spend") or 0
    assert told["spend_by_account"] == {
        "ads_insights act_1001 USD": pytest.approx(spend["1001"], abs=0.01),
        "ads_insights act_1002 JPY": pytest.approx(spend["1002"], abs=0.01),
    }
    assert sum(told["jobs_by_stream"].values()) == sum(call["method"] == "POST" and call["edge"] == "insights"
                                                       for call in calls)  # fmt: skip
    assert told["job_seconds_by_stream"]["ads_insights"] > 0
    assert told["bytes_by_edge"]["insights"] > 10_000


def test_a_failed_run_says_so_in_its_summary_and_recording(
    truth: Truth, reader: Rereader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ADS_RECORD", str(tmp_path / "deep" / "run.json"))
    truth.set_faults({"kind": "error", "code": 200, "edge": "ads"})
    output = reader.read(STREAMS)
    told = summary(output)
    assert (output.exit_code, told["status"], list(told["errors_by_class"])) == (1, "failed", ["PermissionDenied"])
    recording = json.loads((tmp_path / "deep" / "run.json").read_text(encoding="utf-8"))
    assert recording["status"] == "failed"
    assert "ads did not finish" in recording["message"]
    assert recording["run_id"] == told["run_id"]
    assert {(error["class"], error["code"], error["edge"], error["account_id"]) for error in recording["errors"]} == {
        ("PermissionDenied", 200, "ads", "1001"), ("PermissionDenied", 200, "ads", "1002"),
    }  # fmt: skip
    assert sum(error["count"] for error in recording["errors"]) == told["errors_by_class"]["PermissionDenied"]


def test_a_recording_that_can_not_be_written_fails_no_run(reader: Rereader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ADS_RECORD", "/proc/nowhere/run.json")
    output = reader.read(["campaigns"])
    assert output.exit_code == 0
    (line,) = lines(output, "the run was not recorded in /proc/nowhere/run.json")
    assert "name another place in META_ADS_RECORD" in line


def sent_to(server: Collector, reader: Rereader, monkeypatch: pytest.MonkeyPatch, **more: str) -> Output:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    return reader.read(STREAMS)


def test_a_collector_gets_the_figures_of_the_summary(reader: Rereader, monkeypatch: pytest.MonkeyPatch) -> None:
    with collector() as server:
        output = sent_to(server, reader, monkeypatch, OTEL_EXPORTER_OTLP_HEADERS="x-key=canary-of-collector")
        told = summary(output)
        ((path, headers, _),) = server.got
        assert (path, headers["x-key"]) == ("/v1/metrics", "canary-of-collector")
        found = server.metrics()
    assert "canary-of-collector" not in output.text
    assert lines(output, "metrics were not sent") == []
    assert {each[0]["stream"]: each[1] for each in found["meta_ads.rows"]} == told["rows_by_stream"]
    assert sum(value for _, value in found["meta_ads.calls"]) == told["calls"]
    assert {labels["currency"] for labels, _ in found["meta_ads.spend"]} == {"USD", "JPY"}
    assert all("account" not in labels for points in found.values() for labels, _ in points)
    assert found["meta_ads.quota_used"]


def test_accounts_are_told_apart_on_request(reader: Rereader, monkeypatch: pytest.MonkeyPatch) -> None:
    with collector() as server:
        sent_to(server, reader, monkeypatch, META_ADS_METRICS_BY_ACCOUNT="true")
        spent = server.metrics()["meta_ads.spend"]
    assert {labels["account"] for labels, _ in spent} == {"act_1001", "act_1002"}


def test_a_collector_that_never_answers_is_left_behind(reader: Rereader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hung answer is held back for a minute: the run is over long before, and says why nothing was sent."""
    with collector("hung") as server:
        began = time.monotonic()
        output = sent_to(server, reader, monkeypatch)
        assert time.monotonic() - began < 50
        assert not server.released.is_set()
        assert len(server.got) >= 1
    assert output.exit_code == 0
    (line,) = lines(output, "metrics were not sent")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in line


@pytest.mark.parametrize("where", ["refusing", "nowhere"])
def test_a_collector_that_takes_nothing_fails_no_run(
    reader: Rereader, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with collector("refusing") as server:
        endpoint = server.url if where == "refusing" else "http://127.0.0.1:9"
        output = sent_to(server, reader, monkeypatch, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    assert output.exit_code == 0
    assert len(lines(output, "metrics were not sent")) == 1


def test_without_opentelemetry_the_extra_is_named(reader: Rereader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.metric_exporter", None)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    output = reader.read(["campaigns"])
    assert output.exit_code == 0
    (line,) = lines(output, "metrics were not sent")
    assert "pip install 'source-meta-ads[otel]'" in line
