"""Limits: none is called into while it is known, none holds up what it is not about, and nothing is lost to one.

Time runs many times as fast, for the connector and for the sandbox alike; seconds below are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from integration_tests.connector import Output
from integration_tests.rereader import Rereader
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import EDGES, REPORTS, Truth, differences

# A call takes some milliseconds: at this pace about a second, well below any wait that is measured here.
HASTE = 100
# For waits beside which the calls of a whole read have to be short.
SLOW_HASTE = 25
# For quotas of an hour, where nothing shorter than minutes is measured.
HOURLY_HASTE = 1500
START, END = "2026-11-18", "2026-11-20"  # days that no hour of the tests changes
ACCOUNTS = tuple(str(1001 + number) for number in range(6))
STILL = {"edit_days": 1_000_000, "new_campaign_days": 1_000_000}
WORLD: dict[str, Any] = {
    "seed": 21,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": HASTE},
    "jobs": {"seconds": [0.0, 0.01]},
    "tokens": [{"token": "tok-all", "scopes": ["ads_read"]}],
    "accounts": [
        {"id": each, "campaigns": 4, "adsets_per_campaign": 1, "ads_per_adset": 1, "changes": STILL}
        for each in ACCOUNTS
    ],
}
COLUMNS = ["id", "name", "status", "account_id", "impressions", "clicks", "ad_id", "date_start", "date_stop"]
RATE_CODES = (4, 17, 613, 80000, 80003, 80004)

World = Callable[..., tuple[Truth, Rereader]]


@pytest.fixture
def world() -> Iterator[World]:
    """Makes a sandbox with limits, and a connector that has asked for its catalog before they hold."""
    handles = []

    def made(limits: Mapping[str, Any] | None = None, *, haste: float = HASTE, **config: Any) -> tuple[Truth, Rereader]:
        handles.append(serve_in_thread({**WORLD, "clock": {**WORLD["clock"], "speed": haste}}))
        truth = Truth(handles[-1].url)
        credentials = {"auth_type": "Service", "access_token": "tok-all"}
        connector = Rereader(
            truth.url, {"credentials": credentials, "start_date": START, "end_date": END, **config}, haste
        )
        connector.streams()
        truth.set_limits(limits)
        return truth, connector

    yield made
    for handle in handles:
        handle.stop()


def complete(truth: Truth, output: Output, stream: str, accounts: Sequence[str] = ACCOUNTS) -> None:
    """The records of a stream in the accounts are the truth, each once."""
    held = [record for record in output.records(stream) if record["account_id"] in accounts]
    if stream in EDGES:
        true, key, columns = truth.objects(EDGES[stream], accounts), ["id"], ["name", "status"]
    else:
        key, columns = ["date_start", "ad_id"], ["impressions", "clicks"]
        true = truth.report(REPORTS[stream], accounts, START, END, ["ad_id", "account_id", *columns])
    assert true
    assert differences(held, true, key, columns) == []
    assert len(held) == len(true)


def well(truth: Truth, output: Output, *streams: str) -> None:
    """The command did all that it was asked to."""
    assert (output.exit_code, output.errors) == (0, [])
    for stream in streams:
        complete(truth, output, stream)


def rejected(truth: Truth) -> list[dict[str, Any]]:
    return [call for call in truth.journal() if call["code"] in RATE_CODES]


def into_blocks(truth: Truth) -> list[dict[str, Any]]:
    return [call for call in truth.journal() if call["blocked"]]


def seconds(call: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(call["at"]).timestamp()


SMALL_QUOTAS: dict[str, dict[str, Any]] = {
    "account score": {"score": {"limit": 8, "block_seconds": 60, "decay_seconds": 60}},
    "account score, 613": {"score": {"limit": 8, "block_seconds": 60, "decay_seconds": 60, "code": 613}},
    "development access": {"tier": "development_access", "score": {"limit": 6}},
    "business use case": {"buc": {"ads_management": 9}},
    "app": {"app": 50},
    "user": {"user": 50},
}


def haste_of(kind: str) -> float:
    return {
        "development access": 300,
        "business use case": HOURLY_HASTE,
        "app": HOURLY_HASTE,
        "user": HOURLY_HASTE,
    }.get(kind, HASTE)


@pytest.mark.parametrize("kind", [kind for kind in SMALL_QUOTAS if kind != "user"])
def test_a_quota_that_headers_forewarn_of_is_never_hit(world: World, kind: str) -> None:
    truth, connector = world(SMALL_QUOTAS[kind], haste=haste_of(kind), page_size=1)
    well(truth, connector.read(["campaigns", "ads", "ad_sets"], columns=COLUMNS), "campaigns", "ads", "ad_sets")
    assert rejected(truth) == []
    assert into_blocks(truth) == []


@pytest.mark.parametrize("kind", SMALL_QUOTAS)
def test_without_headers_one_call_a_block_is_refused_at_most(world: World, kind: str) -> None:
    truth, connector = world({**SMALL_QUOTAS[kind], "headers": False}, haste=haste_of(kind), page_size=1)
    well(truth, connector.read(["campaigns", "ads", "ad_sets"], columns=COLUMNS), "campaigns", "ads", "ad_sets")
    assert rejected(truth), "the quota was not small enough to be hit"
    # The calls of each scope in order: between two refusals some call got through, which only a new block ends.
    shared = kind in ("app", "user")
    scopes = ["all"] if shared else ACCOUNTS
    for scope in scopes:
        codes = [call["code"] for call in truth.journal() if shared or call["account_id"] == scope]
        assert not [pair for pair in pairwise(codes) if pair[0] in RATE_CODES and pair[1] in RATE_CODES], scope


def test_insights_quotas_that_headers_forewarn_of_are_never_hit(world: World) -> None:
    truth, connector = world(
        {"buc": {"ads_insights": 6}}, haste=HOURLY_HASTE, start_date="2026-09-20", rate_limit_timeout=1440
    )
    output = connector.read(["ads_insights", "ads_insights_country"], columns=COLUMNS)
    assert (output.exit_code, output.errors) == (0, [])
    assert rejected(truth) == []
    assert into_blocks(truth) == []


@pytest.mark.parametrize("blocked", [1, 4])
def test_blocked_accounts_hold_up_no_other(world: World, blocked: int) -> None:
    """With two workers only: a worker that sleeps for one account is none for the others."""
    truth, connector = world(haste=2 * SLOW_HASTE, num_workers=2)
    truth.set_faults(*(
        {"kind": "error", "code": 17, "subcode": 2446079, "account": account, "times": 2, "edge": "campaigns"}
        for account in ACCOUNTS[:blocked]
    ))  # fmt: skip
    output = connector.read(["campaigns"], columns=COLUMNS)
    well(truth, output, "campaigns")
    order = list(dict.fromkeys(record["account_id"] for record in output.records("campaigns")))
    assert set(order[: len(ACCOUNTS) - blocked]) == set(ACCOUNTS[blocked:])
    calls = [call for call in truth.journal() if call["edge"] == "campaigns"]
    free = [call for call in calls if call["account_id"] in ACCOUNTS[blocked:]]
    # No wait stands between the first call and the last of those that were free to go.
    assert seconds(free[-1]) - seconds(calls[0]) < 50


def test_an_account_that_stays_blocked_is_left_for_the_next_run_and_named(world: World) -> None:
    truth, connector = world()
    hasty = Rereader(connector.url, connector.config, 5_000)
    truth.set_faults({"kind": "error", "code": 80004, "subcode": 2446079, "account": "1001", "edge": "campaigns"})
    output = hasty.read(["campaigns", "ad_sets"], columns=COLUMNS)
    assert output.exit_code == 1
    complete(truth, output, "campaigns", ACCOUNTS[1:])
    complete(truth, output, "ad_sets")
    assert output.statuses("campaigns")[-1] == "INCOMPLETE"
    assert output.statuses("ad_sets")[-1] == "COMPLETE"
    failures = [each["error"] for each in output.of("trace") if each.get("error")]
    assert failures
    assert all("act_1001" in each["message"] and "80004" in each["message"] for each in failures)
    assert {each["failure_type"] for each in failures} == {"transient_error"}
    # What was read is kept; the next run reads what was left, and nothing is lost.
    (state,) = [each for each in output.state if each["stream"]["stream_descriptor"]["name"] == "campaigns"]
    assert "1001" not in state["stream"]["stream_state"]
    truth.set_faults()
    again = connector.read(["campaigns"], [state], columns=COLUMNS)
    assert again.exit_code == 0
    complete(truth, again, "campaigns", ("1001",))


APP_WIDE = {"app 4": (4, None), "user 17": (17, None), "too fast 613": (613, None), "blocked 368": (368, None)}


@pytest.mark.parametrize("kind", APP_WIDE)
def test_a_code_that_is_about_all_stops_all_once(world: World, kind: str) -> None:
    truth, connector = world()
    code, subcode = APP_WIDE[kind]
    truth.set_faults({"kind": "error", "code": code, "subcode": subcode, "account": "1003", "edge": "ads", "times": 1})
    well(truth, connector.read(["campaigns", "ads"], columns=COLUMNS), "campaigns", "ads")
    calls = [call for call in truth.journal() if call["account_id"]]
    (refused,) = [call for call in calls if call["code"] == code]
    # Calls that were on their way (a second or few of ours) excepted, nothing is sent until the block is over.
    after = sorted(seconds(call) - seconds(refused) for call in calls if call["n"] > refused["n"])
    quiet = [each for each in after if each > 15]
    assert not [each for each in after if 15 < each < 29]
    assert quiet, "the refused call was never made again"
    # Once: after it they go on, with no second stop.
    assert all(later - earlier < 25 for earlier, later in pairwise(quiet))


INSIGHTS_ONLY = {"app 4/1504022": (4, 1504022), "app 4/1504039": (4, 1504039), "account 80000": (80000, 2446079)}


@pytest.mark.parametrize("kind", INSIGHTS_ONLY)
def test_blocked_insights_hold_up_no_objects(world: World, kind: str) -> None:
    truth, connector = world(haste=SLOW_HASTE, num_workers=4)
    code, subcode = INSIGHTS_ONLY[kind]
    # Every account's insights are refused once: whichever kind it is, none has a free call.
    truth.set_faults(*(
        {"kind": "error", "code": code, "subcode": subcode, "edge": "insights", "account": account, "times": 1}
        for account in (ACCOUNTS if code == 80000 else ACCOUNTS[:1])
    ))  # fmt: skip
    output = connector.read(["ads_insights", "campaigns", "ads", "ad_sets"], columns=COLUMNS)
    well(truth, output, "ads_insights", "campaigns", "ads", "ad_sets")
    calls = truth.journal()
    (first, *_) = [call for call in calls if call["code"] == code]
    objects = [seconds(call) for call in calls if call["edge"] in ("campaigns", "ads", "adsets")]
    assert max(objects) - seconds(first) < 25
    assert max(objects) > seconds(first), "no objects were left to read when insights were blocked"


def test_blocked_objects_hold_up_no_insights_of_the_account(world: World) -> None:
    truth, connector = world(haste=SLOW_HASTE, num_workers=4)
    truth.set_faults(*(
        {"kind": "error", "code": 80004, "subcode": 2446079, "edge": "campaigns", "account": account, "times": 1}
        for account in ACCOUNTS
    ))  # fmt: skip
    output = connector.read(["campaigns", "ads_insights"], columns=COLUMNS)
    well(truth, output, "campaigns", "ads_insights")
    calls = truth.journal()
    (first, *_) = [call for call in calls if call["code"] == 80004]
    insights = [seconds(call) for call in calls if "insights" in call["edge"] or call["edge"] == "report run"]
    again = [seconds(call) for call in calls if call["edge"] == "campaigns" and call["status"] == 200]
    assert max(insights) - seconds(first) < 25
    assert min(again) - seconds(first) > 25


def test_check_reports_a_block_and_waits_for_none(world: World) -> None:
    truth, connector = world({"score": {"limit": 1, "block_seconds": 600}}, account_ids=["1001"])
    begun = truth.clock()
    # The first is told by a header, the second by a refusal.
    for words in ("act_1001", "17/2446079"):
        (status,) = connector.check().of("connectionStatus")
        assert status["status"] == "FAILED"
        assert "act_1001" in status["message"]
        assert words in status["message"]
    assert (truth.clock() - begun).total_seconds() < 120


@pytest.mark.parametrize("edge", ["adaccounts", "debug_token"])
def test_check_reports_a_block_of_the_app_at_whatever_call_meets_it(world: World, edge: str) -> None:
    truth, connector = world()
    truth.set_faults({"kind": "error", "code": 4, "edge": edge}, {"kind": "error", "code": 4, "edge": "campaigns"})
    output = connector.check()
    (status,) = output.of("connectionStatus")
    assert status["status"] == "FAILED"
    assert "(#4)" in status["message"]
    assert output.exit_code == 0
    assert len([call for call in truth.journal() if call["code"] == 4]) <= 1 + len(ACCOUNTS)


def test_the_end_says_what_was_waited_for(world: World) -> None:
    truth, connector = world()
    truth.set_faults({"kind": "error", "code": 80004, "subcode": 2446079, "account": "1002", "times": 1})
    output = connector.read(["campaigns"], columns=COLUMNS)
    well(truth, output, "campaigns")
    said = " ".join(log["message"] for log in output.of("log"))
    assert "act_1002" in said
    assert "80004" in said
