"""Every error of Meta's that a reader can meet: what the user is told of it, and what goes on all the same.

The words a message must have are said here again, on purpose: nothing of the connector's own table is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_tests.connector import Output
from integration_tests.rereader import Rereader
from integration_tests.sandbox.error_table import GraphError, graph_errors
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.told import CURSOR, LIMIT, OF_REPORTS, PASSING, SHARED_LIMITS, TOLD, USER
from integration_tests.truth import EDGES, REPORTS, Truth, differences

# The connector's minutes take hundredths of a second: only a fault that ends is waited for here.
HASTE = 2000
START = "2026-11-20"
WORLD: dict[str, Any] = {
    "seed": 11,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},  # so that the truth is the same before and after
    "jobs": {"seconds": [0.0, 0.01]},
    "tokens": [{"token": "tok-all", "scopes": ["ads_read"]}],
    "accounts": [
        {"id": each, "campaigns": 3, "adsets_per_campaign": 1, "ads_per_adset": 1}
        for each in ("1001", "1002")
    ],
}  # fmt: skip

READABLE = [row for row in graph_errors() if not row.only_writes]
WAITED_FOR = [row for row in READABLE if row.name in TOLD and TOLD[row.name].kind != USER]
GIVEN_UP = [row for row in READABLE if row.name in TOLD and TOLD[row.name].kind not in (LIMIT, CURSOR)]


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Truth, Rereader]]:
    """One sandbox for all, and a connector that knows its catalog."""
    handle = serve_in_thread(WORLD)
    credentials = {"auth_type": "Service", "access_token": "tok-all"}
    config = {"credentials": credentials, "start_date": START, "num_workers": 4}
    connector = Rereader(handle.url, config, HASTE)
    connector.streams()
    yield Truth(handle.url), connector
    handle.stop()


def names(row: GraphError) -> tuple[str, str]:
    """The stream that meets an error, and one that does not."""
    return ("ads_insights", "campaigns") if row.name in OF_REPORTS else ("campaigns", "ad_sets")


def rule(row: GraphError, **when: Any) -> dict[str, Any]:
    """The fault that provokes an error on one account's calls."""
    edge = "report run" if row.where == "report run" else "insights" if row.name in OF_REPORTS else "campaigns"
    account = {} if edge == "report run" else {"account": "1001"}
    return {"kind": "error", "error": row.name, "edge": edge, **account, **when}


def edge_of(row: GraphError) -> str:
    return "(GET|POST) (insights|report run)" if row.name in OF_REPORTS else "GET campaigns"


def complete(truth: Truth, output: Output, stream: str, *accounts: str) -> None:
    """The records of a stream in the accounts are the truth."""
    held = [record for record in output.records(stream) if record["account_id"] in accounts]
    if stream in EDGES:
        true, key = truth.objects(EDGES[stream], accounts), ["id"]
        columns = ["name", "status"]
    else:
        columns = ["impressions", "clicks"]
        true = truth.report(REPORTS[stream], accounts, START, "2026-12-31", ["ad_id", "account_id", *columns])
        key = ["date_start", "ad_id"]
    assert true
    assert differences(held, true, key, columns) == []
    assert len(held) == len(true)


def check_told(message: str, row: GraphError, account: str = "1001") -> None:
    """Account, method and edge, code, meaning, what to do and, where there was one, the trace id."""
    told = TOLD[row.name]
    number = f"{row.code}" if row.subcode is None else f"{row.code}/{row.subcode}"
    assert f"act_{account}" in message
    assert re.search(edge_of(row), message), message
    assert f"(#{number})" in message
    assert told.means.lower() in message.lower()
    assert told.todo in message
    # The end of a report run carries no trace id, and neither do failures from in front of Graph.
    has_trace = not row.bare and row.where == "answer"
    assert bool(re.search(r"fbtrace_id A[\w-]{5,}", message)) == has_trace, message


def failure_types(output: Output) -> set[str]:
    """The CDK types of all failures, the closing one included: a platform may go by any of them."""
    return {each["error"]["failure_type"] for each in output.of("trace") if each.get("error")}


def test_every_error_that_a_reader_can_meet_is_among_those_tried() -> None:
    assert {row.name for row in READABLE} == set(TOLD)


@pytest.mark.parametrize("row", WAITED_FOR, ids=lambda row: row.name)
def test_an_error_that_passes_once_costs_nothing_and_is_logged(world: tuple[Truth, Rereader], row: GraphError) -> None:
    truth, connector = world
    truth.set_faults(rule(row, times=1))
    bad, other = names(row)
    output = connector.read([bad, other])
    assert truth.fault_hits() == 1
    assert (output.exit_code, output.errors) == (0, [])
    for stream in (bad, other):
        complete(truth, output, stream, "1001", "1002")
        assert output.statuses(stream)[-1] == "COMPLETE"
    if TOLD[row.name].kind in (LIMIT, PASSING):
        number = f"(#{row.code}" + ("" if row.subcode is None else f"/{row.subcode}") + ")"
        said = [log["message"] for log in output.of("log") if number in log["message"]]
        assert said, "the wait is not in the log"
        assert any(TOLD[row.name].means.lower() in each.lower() for each in said)


@pytest.mark.parametrize("row", GIVEN_UP, ids=lambda row: row.name)
def test_an_error_that_stays_fails_its_account_and_stream_alone(world: tuple[Truth, Rereader], row: GraphError) -> None:
    truth, connector = world
    truth.set_faults(rule(row))
    bad, other = names(row)
    output = connector.read([bad, other])
    assert truth.fault_hits() > 0
    assert output.exit_code == 1
    assert output.statuses(bad)[-1] == "INCOMPLETE"
    assert output.statuses(other)[-1] == "COMPLETE"
    complete(truth, output, other, "1001", "1002")
    if row.where == "answer":
        complete(truth, output, bad, "1002")
        assert not [record for record in output.records(bad) if record["account_id"] == "1001"]
    failures = [each["error"] for each in output.of("trace") if each.get("error")]
    (told,) = [each for each in failures if f"act_{1001}" in each["message"] and "(#" in each["message"]][:1]
    check_told(told["message"], row)
    assert failure_types(output) == {"transient_error" if TOLD[row.name].kind == PASSING else "config_error"}
    assert (told.get("stream_descriptor") or {}).get("name") == bad
    # The end names the stream that failed, and not the one that did not.
    assert bad in output.errors[-1]
    assert f"'{other}'" not in output.errors[-1]
    assert "Traceback" not in output.text


@pytest.mark.parametrize("failures", [1, 3])
def test_a_cursor_that_expires_starts_the_edge_again_and_loses_nothing(
    world: tuple[Truth, Rereader], failures: int
) -> None:
    truth, connector = world
    short = {"kind": "short_page", "limit": 1, "edge": "campaigns"}
    truth.set_faults(short, {"kind": "cursor_expired", "edge": "campaigns", "account": "1001", "times": failures})
    output = connector.read(["campaigns"])
    assert truth.fault_hits() > failures  # the short pages are counted too
    assert (output.exit_code, output.errors) == (0, [])
    assert {each["id"] for each in output.records("campaigns")} == {
        each["id"] for each in truth.objects("campaigns", ("1001", "1002"))
    }


def test_a_cursor_that_always_expires_fails_its_account_alone(world: tuple[Truth, Rereader]) -> None:
    truth, connector = world
    short = {"kind": "short_page", "limit": 1, "edge": "campaigns"}
    truth.set_faults(short, {"kind": "cursor_expired", "edge": "campaigns", "account": "1001"})
    output = connector.read(["campaigns", "ad_sets"])
    assert output.exit_code == 1
    complete(truth, output, "campaigns", "1002")
    complete(truth, output, "ad_sets", "1001", "1002")
    (told,) = [each for each in output.errors if "(#2642)" in each and "act_1001" in each][:1]
    assert "cursor" in told
    assert failure_types(output) == {"transient_error"}


ANSWERED_AT_ONCE = [
    row for row in READABLE if row.name in TOLD and TOLD[row.name].kind in (LIMIT, USER) and row.name not in OF_REPORTS
]


@pytest.mark.parametrize("row", ANSWERED_AT_ONCE, ids=lambda row: row.name)
def test_check_waits_for_nothing_and_says_what_is_wrong(world: tuple[Truth, Rereader], row: GraphError) -> None:
    truth, connector = world
    truth.set_faults(rule(row))
    output = connector.check()
    (status,) = output.of("connectionStatus")
    assert status["status"] == "FAILED"
    assert output.exit_code == 0
    check_told(status["message"], row)
    assert truth.fault_hits() == 1
    # A limit that all accounts share is told of each; anything else is about one.
    assert ("act_1002" in status["message"]) == (row.name in SHARED_LIMITS)


BODIES: dict[str, dict[str, Any]] = {
    "HTML": {"kind": "http", "content": "html"},
    "empty": {"kind": "http", "content": "empty"},
    "JSON that is not Graph's": {"kind": "http", "content": "json"},
}
# Where the body says nothing, the status decides: true for what passes.
STATUSES = {400: False, 403: False, 404: False, 429: True, 500: True, 502: True, 503: True}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_says_nothing_is_judged_by_its_status(
    world: tuple[Truth, Rereader], status: int, body: str
) -> None:
    truth, connector = world
    truth.set_faults({**BODIES[body], "status": status, "edge": "campaigns", "account": "1001", "times": 1})
    output = connector.read(["campaigns", "ad_sets"])
    complete(truth, output, "ad_sets", "1001", "1002")
    complete(truth, output, "campaigns", "1002")
    if STATUSES[status]:
        assert (output.exit_code, output.errors) == (0, [])
        complete(truth, output, "campaigns", "1001")
    else:
        assert output.exit_code == 1
        (told,) = [each for each in output.errors if "act_1001" in each and str(status) in each][:1]
        assert "GET campaigns" in told
    assert "Traceback" not in output.text


GARBAGE = st.one_of(
    st.text(max_size=30),
    st.none() | st.booleans() | st.integers(-(2**53), 2**53),
    st.recursive(
        st.none() | st.booleans() | st.integers(-999, 99999) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "code", "error_subcode", "message", "data", "paging", "is_transient", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(status=st.sampled_from([200, 302, 400, 401, 403, 404, 429, 500, 503]), body=GARBAGE, wrap=st.booleans())
def test_no_garbage_crashes_a_read_or_passes_for_data(
    world: tuple[Truth, Rereader], status: int, body: Any, wrap: bool
) -> None:
    truth, connector = world
    content = {"error": body} if wrap else {"body": body}
    truth.set_faults(
        {"kind": "error", "body": content, "status": status, "edge": "campaigns", "account": "1001", "times": 1}
    )
    output = connector.read(["campaigns"])
    complete(truth, output, "campaigns", "1002")
    assert "Traceback" not in output.text
    assert "internal" not in "".join(output.errors).lower()
    if output.exit_code == 0:
        complete(truth, output, "campaigns", "1001")
    else:
        assert any("act_1001" in each for each in output.errors)
