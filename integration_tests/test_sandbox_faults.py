"""Faults by rule: which calls they hit, how often, and what they do to an answer. Without a server."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from integration_tests.sandbox.call import Answer, Call
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.faults import Faults
from integration_tests.sandbox.scenario import load
from integration_tests.sandbox.world import World

ROWS = [
    {"id": str(120_000_000_000_000_000 + n), "account_id": "1001", "name": f"Ad {n}", "status": "ACTIVE",
     "impressions": "12", "actions": [{"action_type": "link_click", "value": "3"}]}
    for n in range(4)
]  # fmt: skip


def faults_of(*rules: dict[str, Any], seed: int = 1) -> Faults:
    raw = {
        "seed": seed,
        "clock": {"now": "2026-11-24T15:00:00Z", "speed": 0},
        "tokens": [{"token": "tok-a", "app_id": "77"}],
        "accounts": [{"id": "1001", "name": "One"}],
    }
    return Faults(World(load({**raw, "faults": list(rules)})))


def call(edge: str = "ads", account: str | None = "1001", method: str = "GET", **params: str) -> Call:
    made = Call(method, "v26.0", (f"act_{account}", edge), params, token="tok-a", account_id=account, edge=edge)
    made.base_url = "http://sandbox.test"
    return made


def outcome(faults: Faults, asked: Call, rows: Any = ROWS) -> Answer | Refusal:
    """What comes of a call whose right answer is one page of rows."""
    try:
        instead = faults.before(asked)
    except Refusal as refusal:
        return refusal
    return instead or faults.after(asked, Answer({"data": rows, "paging": {"cursors": {"after": "x"}}}))


def answered(faults: Faults, asked: Call, rows: Any = ROWS) -> Answer:
    """The answer to a call that is not refused."""
    answer = outcome(faults, asked, rows)
    assert isinstance(answer, Answer)
    return answer


def refused(faults: Faults, asked: Call) -> Refusal:
    """The refusal of a call."""
    refusal = outcome(faults, asked)
    assert isinstance(refusal, Refusal)
    return refusal


def hits(faults: Faults, calls: int, **asked: Any) -> list[int]:
    """Which of so many calls were refused, counted from 1."""
    return [n + 1 for n in range(calls) if isinstance(outcome(faults, call(**asked)), Refusal)]


def test_a_rule_hits_only_the_calls_it_names() -> None:
    rule = {"kind": "error", "code": 2, "edge": ["ads", "adsets"], "account": "act_1001", "method": "GET"}
    faults = faults_of(rule)
    assert isinstance(outcome(faults, call("adsets")), Refusal)
    assert isinstance(outcome(faults, call("campaigns")), Answer)
    assert isinstance(outcome(faults, call(account="1002")), Answer)
    assert isinstance(outcome(faults, call(method="POST")), Answer)
    assert [(each["matched"], each["hits"]) for each in faults.listing()] == [(1, 1)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]), ({"nth": 2}, [2]), ({"nth": [1, 4]}, [1, 4]), ({"every": 3}, [3, 6]),
        ({"times": 2}, [1, 2]), ({"every": 2, "times": 2}, [2, 4]), ({"probability": 0}, []),
        ({"probability": 1}, [1, 2, 3, 4, 5, 6]), ({"params": {"level": "ad"}}, []), ({"page": "later"}, []),
        ({"token": "tok-b"}, []),
    ],
)  # fmt: skip
def test_a_rule_says_which_of_the_calls_it_fits_go_wrong(when: dict[str, Any], expected: list[int]) -> None:
    assert hits(faults_of({"kind": "error", "code": 2, **when}), 6) == expected


def test_chance_depends_on_the_seed_alone() -> None:
    rule = {"kind": "error", "code": 2, "probability": 0.3}
    first, second, other = (hits(faults_of(rule, seed=seed), 200) for seed in (1, 1, 2))
    assert first == second != other
    assert 30 < len(first) < 90


def test_a_rule_can_begin_later_on_the_sandboxes_clock() -> None:
    faults = faults_of({"kind": "error", "code": 2, "after_seconds": 60})
    assert hits(faults, 2) == []
    faults._world.clock.advance(timedelta(seconds=60))
    assert hits(faults, 2) == [1, 2]


@pytest.mark.parametrize(
    ("rule", "key"),
    [({"kind": "token_expires", "nth": 3}, (190, 463)),
     ({"kind": "token_expires", "nth": 3, "subcode": 460}, (190, 460)),
     ({"kind": "permission_lost", "nth": 3, "account": "1001"}, (200, None))],
)  # fmt: skip
def test_what_is_lost_stays_lost(rule: dict[str, Any], key: tuple[int, int | None]) -> None:
    faults = faults_of(rule)
    assert hits(faults, 5) == [3, 4, 5]
    refusal = refused(faults, call())
    assert (refusal.code, refusal.subcode) == key
    assert refusal.status == (403 if key[0] == 200 else 400)


def test_rules_can_be_replaced_and_added_while_running() -> None:
    faults = faults_of({"kind": "error", "code": 2, "nth": 1})
    assert hits(faults, 2) == [1]
    faults.add([{"kind": "error", "code": 1}])
    assert hits(faults, 2) == [1, 2]
    with pytest.raises(ValueError, match="kind"):
        faults.replace([{"kind": "explode"}])
    assert len(faults.listing()) == 2
    faults.replace([])
    assert hits(faults, 2) == []


@pytest.mark.parametrize(
    ("rule", "named_key"),
    [
        ({"kind": "explode"}, r"faults\[0\].kind"), ({"kind": "empty", "seconds": 1}, r"faults\[0\].seconds"),
        ({"kind": "error", "code": 987654}, "987654"), ({"kind": "error", "error": "nope"}, "nope"),
        ({"kind": "error", "nth": 0}, "nth"), ({"kind": "error", "probability": "x"}, "probability"),
        ({"kind": "error", "every": 0}, "every"), ({"kind": "http", "content": "xml"}, "content"),
        ({"kind": "too_much_rows"}, "limit or cells"), ({"kind": "error", "params": "x"}, "params"),
    ],
)  # fmt: skip
def test_a_bad_rule_is_refused_by_the_name_of_its_key(rule: dict[str, Any], named_key: str) -> None:
    with pytest.raises(ValueError, match=named_key):
        faults_of(rule)


def test_an_answer_can_be_one_of_a_proxy() -> None:
    for content, body in (("json", b'{"title":"Service error","status":502}'), ("empty", b"")):
        answer = answered(faults_of({"kind": "http", "status": 502, "content": content}), call())
        assert answer.status == 502
        assert (answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)) == body
    answer = answered(faults_of({"kind": "not_json"}), call())
    assert (answer.status, answer.body[:15]) == (200, b"<!DOCTYPE html>")


def test_an_error_can_come_with_status_200() -> None:
    answer = answered(faults_of({"kind": "ok_with_error", "code": 2}), call())
    assert (answer.status, answer.body["error"]["code"]) == (200, 2)


def test_a_rule_may_change_an_error_or_bring_its_own_body() -> None:
    refusal = refused(
        faults_of({"kind": "error", "code": 4, "status": 429, "message": "No", "is_transient": False}), call()
    )
    assert (refusal.status, refusal.message, refusal.is_transient) == (429, "No", False)
    answer = answered(faults_of({"kind": "error", "body": {"error": "text"}, "status": 500}), call())
    assert (answer.status, answer.body) == (500, {"error": "text"})


def test_half_of_the_json_comes_with_status_200() -> None:
    answer = answered(faults_of({"kind": "truncate"}), call())
    assert answer.status == 200
    assert 0 < len(answer.body) < len(orjson.dumps({"data": ROWS}))
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answer.body)


@pytest.mark.parametrize(
    ("rule", "wire"),
    [({"kind": "reset"}, "reset"), ({"kind": "reset", "done": True}, "reset"), ({"kind": "cut"}, "cut"),
     ({"kind": "stall", "seconds": 2}, "stall:2.0")],
)  # fmt: skip
def test_faults_of_the_connection_are_left_to_the_server(rule: dict[str, Any], wire: str) -> None:
    faults = faults_of(rule)
    asked = call()
    instead = faults.before(asked)
    # Only a reset before the answer keeps the call from being carried out.
    assert (instead is not None) == (rule == {"kind": "reset"})
    answer = instead or faults.after(asked, Answer({"data": ROWS}))
    assert answer.headers["x-sandbox-wire"] == wire
    assert wire == "reset" or answer.body == {"data": ROWS}


@pytest.mark.parametrize(("form", "key", "status"), [(1, (1, None), 500), (100, (100, 1487534), 400)])
def test_too_many_rows_are_refused_in_either_of_metas_forms(
    form: int, key: tuple[int, int | None], status: int
) -> None:
    faults = faults_of({"kind": "too_much_rows", "limit": 100, "form": form})
    assert isinstance(outcome(faults, call(limit="100")), Answer)
    refusal = refused(faults, call(limit="101"))
    assert ((refusal.code, refusal.subcode), refusal.status) == (key, status)
    faults = faults_of({"kind": "too_much_rows", "cells": 8, "form": form})
    assert outcome(faults, call(fields="id,name")).status == 200
    answer = answered(faults, call(fields="id,name,status"))
    assert (answer.status, answer.body["error"]["code"]) == (status, key[0])


def test_a_cursor_expires_only_where_there_is_one() -> None:
    faults = faults_of({"kind": "cursor_expired", "nth": 1})
    assert isinstance(outcome(faults, call()), Answer)
    refusal = refused(faults, call(after="abc"))
    assert refusal.code == 2642


@pytest.mark.parametrize("kind", ["extra_fields", "unknown_enum", "nulls", "ints_for_strings", "wide_characters"])
def test_rows_come_damaged_and_the_rows_of_the_world_stay_whole(kind: str) -> None:
    before = json.dumps(ROWS)
    rows = answered(faults_of({"kind": kind}), call()).body["data"]
    assert len(rows) == len(ROWS)
    assert rows != ROWS
    assert json.dumps(ROWS) == before


def test_a_share_of_the_cells_is_the_same_in_every_run() -> None:
    rule = {"kind": "nulls", "share": 0.5}
    some, same = (answered(faults_of(rule), call()).body["data"] for _ in range(2))
    assert some == same
    assert 0 < sum(value is None for row in some for value in row.values()) < 16


def test_the_last_row_of_a_page_comes_again_on_the_next() -> None:
    faults = faults_of({"kind": "duplicate_rows"})
    first = answered(faults, call(), ROWS[:2])
    second = answered(faults, call(after="x"), ROWS[2:])
    elsewhere = answered(faults, call("adsets", after="x"), ROWS[2:])
    assert first.body["data"] == ROWS[:2]
    assert second.body["data"] == ROWS[1:]
    assert answered(faults, call(), ROWS[:2]).body["data"] == ROWS[:2]
    assert elsewhere.body["data"] == ROWS[2:]
    assert faults.listing()[0]["hits"] == 1


@pytest.mark.parametrize("after", [None, "QVFI"])
def test_an_empty_page_leads_to_the_page_that_was_asked_for(after: str | None) -> None:
    faults = faults_of({"kind": "empty_page"})
    asked = call(limit="2", **({} if after is None else {"after": after}))
    empty = answered(faults, asked)
    assert empty.body["data"] == []
    address = urlsplit(empty.body["paging"]["next"])
    assert (address.netloc, address.path) == ("sandbox.test", "/v26.0/act_1001/ads")
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert query.pop("access_token") == "tok-a"
    assert query["after"] == empty.body["paging"]["cursors"]["after"]
    following = call(**query)
    full = answered(faults, following)
    assert full.body["data"] == ROWS
    assert following.params == asked.params


def test_a_page_can_be_shorter_than_asked_for() -> None:
    asked = call(limit="100")
    assert faults_of({"kind": "short_page", "limit": 3}).before(asked) is None
    assert asked.params["limit"] == "3"


def test_a_report_run_fails_with_the_error_of_a_rule() -> None:
    faults = faults_of({"kind": "error", "code": -3, "subcode": 1504045})
    run = call("report run")
    assert faults.before(run) is None
    answer = faults.after(run, Answer({"id": "5", "async_status": "Job Running", "async_percent_completion": 42}))
    assert answer.body["async_status"] == "Job Failed"
    assert (answer.body["error_code"], answer.body["error_subcode"]) == (-3, 1504045)
    assert isinstance(outcome(faults, call("ads")), Answer)


def test_messages_name_the_object_and_the_moment() -> None:
    gone = refused(faults_of({"kind": "error", "code": 100, "subcode": 33}), call())
    assert "'act_1001'" in gone.message
    assert gone.kind == "GraphMethodException"
    expired = refused(faults_of({"kind": "token_expires"}), call())
    assert "expired on Tuesday, 24-Nov-26 06:00:00 PST" in expired.message
