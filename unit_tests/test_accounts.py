"""Which accounts a run reads: over requests that a small Meta answers, alone or in batches."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import requests_mock

from source_meta_ads.account_filter import AccountFilter
from source_meta_ads.accounts import Account, Reach, describe, parse_account, reachable
from source_meta_ads.graph.errors import AuthError, NotFound, PermissionDenied, RateLimited, TransientError
from unit_tests.graph.test_client import Door

LOGGER = logging.getLogger("test")
PAGE = 2

DENIED = (403, {"error": {"message": "(#200) Requires business_management permission", "code": 200}})
NOT_GRANTED = (403, {"error": {"message": "(#200) Ad account owner has NOT grant ads_read", "code": 200}})
MISSING = (400, {"error": {"message": "Unsupported get request", "code": 100, "error_subcode": 33}})
NO_EDGE = (400, {"error": {"message": "(#100) Tried accessing nonexisting field (businesses)", "code": 100}})
EXPIRED = (401, {"error": {"message": "Session has expired", "code": 190, "error_subcode": 463}})
BUSY = (500, {"error": {"message": "Service temporarily unavailable", "code": 2, "is_transient": True}})
FULL = (400, {"error": {"message": "too many calls", "code": 80004, "error_subcode": 2446079}})

Answer = tuple[int, dict[str, Any]]


def node(account_id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"act_{account_id}", "account_id": account_id, "name": f"Account {account_id}", "account_status": 1,
        "currency": "USD", "timezone_name": "America/New_York", **more,
    }  # fmt: skip


class SmallMeta:
    """Edges by path as lists of rows or as a refusal, paged by two; objects by id. Everything else is not there.

    `passing` names paths whose first so many answers are another one than later.
    """

    def __init__(self, **edges: Any) -> None:
        self.edges: dict[str, list[dict[str, Any]] | Answer] = {"me/adaccounts": []}
        self.edges |= {"me/assigned_ad_accounts": [], "me/businesses": []} | edges
        self.nodes: dict[str, dict[str, Any] | Answer] = {}
        self.passing: dict[str, list[Answer]] = {}
        self.asked: list[str] = []
        self.params: list[Mapping[str, str]] = []
        self.batches = 0

    def answer(self, path: str, params: Mapping[str, str]) -> Answer:
        self.asked.append(path)
        self.params.append(params)
        if self.passing.get(path):
            return self.passing[path].pop(0)
        found = self.edges.get(path, self.nodes.get(path, MISSING))
        if isinstance(found, tuple):
            return found
        if isinstance(found, dict):
            return 200, found
        start = int(params.get("after", 0))
        paging: dict[str, Any] = {"cursors": {"after": str(start + PAGE)}}
        if start + PAGE < len(found):
            paging["next"] = "https://graph.facebook.com/next"
        return 200, {"data": found[start : start + PAGE], "paging": paging}

    def get(self, request: Any, context: Any) -> Any:
        context.status_code, body = self.answer(request.path.removeprefix("/v26.0/"), flat(urlsplit(request.url).query))
        return body

    def post(self, request: Any, context: Any) -> Any:
        self.batches += 1
        items = []
        for each in json.loads(parse_qs(request.text)["batch"][0]):
            parts = urlsplit(each["relative_url"])
            code, body = self.answer(parts.path.removeprefix("v26.0/"), flat(parts.query))
            items.append({"code": code, "headers": [], "body": json.dumps(body)})
        return items


def flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


@pytest.fixture
def served() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


@pytest.fixture
def meta(served: requests_mock.Mocker) -> SmallMeta:
    small = SmallMeta()
    served.get(requests_mock.ANY, json=small.get)
    served.post("https://graph.facebook.com/v26.0/", json=small.post)
    return small


def reach(*ids: str, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> Reach:
    return reachable(Door().session, ids, LOGGER, AccountFilter(include, exclude))


def ids_of(found: Reach) -> list[str]:
    return [account.id for account in found.accounts]


def test_without_ids_every_account_of_the_token_is_read_over_all_pages(meta: SmallMeta) -> None:
    meta.edges["me/adaccounts"] = [node(str(n)) for n in range(5)]
    assert ids_of(reach()) == ["0", "1", "2", "3", "4"]
    assert meta.asked == ["me/adaccounts"] * 3 + ["me/assigned_ad_accounts", "me/businesses"]


def test_configured_accounts_are_read_once_each_in_their_order(meta: SmallMeta) -> None:
    meta.nodes = {"act_1": node("1"), "act_2": node("2", currency="EUR", timezone_name="Europe/Berlin")}
    found = reach("2", "1", "2")
    assert found.accounts == (
        Account("2", "Account 2", "Europe/Berlin", "EUR", 1),
        Account("1", "Account 1", "America/New_York", "USD", 1),
    )
    assert meta.asked == ["act_2", "act_1"]


def test_hundreds_of_configured_accounts_are_looked_up_by_fifty(meta: SmallMeta) -> None:
    meta.nodes = {f"act_{n}": node(str(n)) for n in range(120)}
    assert ids_of(reach(*(str(n) for n in range(120)))) == [str(n) for n in range(120)]
    assert meta.batches == 3


@pytest.mark.parametrize(
    ("answer", "error"), [(NOT_GRANTED, PermissionDenied), (MISSING, NotFound), (BUSY, TransientError)]
)
@pytest.mark.parametrize("others", [(), ("2",)])
def test_a_refused_account_is_named_and_stops_no_other(
    meta: SmallMeta, answer: Answer, error: type, others: tuple[str, ...]
) -> None:
    meta.nodes = {"act_1": answer, "act_2": node("2")}
    found = reach("1", *others)
    assert ids_of(found) == list(others)
    assert [(refused.account_id, type(refused.error)) for refused in found.refused] == [("1", error)]
    assert "act_1" in str(found.refused[0].error)


def test_an_account_behind_its_limit_is_refused_for_now(served: requests_mock.Mocker, meta: SmallMeta) -> None:
    meta.nodes = {"act_1": FULL, "act_2": node("2")}
    found = reachable(Door(waits_for_limits=False).session, ("1", "2"), LOGGER)
    assert ids_of(found) == ["2"]
    assert [type(refused.error) for refused in found.refused] == [RateLimited]


def test_what_fails_for_a_moment_within_a_batch_is_asked_again(meta: SmallMeta) -> None:
    meta.nodes = {"act_1": node("1"), "act_2": node("2")}
    meta.passing = {"act_2": [BUSY, BUSY]}
    assert ids_of(reach("1", "2")) == ["1", "2"]


def test_where_no_batch_is_answered_each_account_is_asked_for_alone(
    served: requests_mock.Mocker, meta: SmallMeta
) -> None:
    served.post("https://graph.facebook.com/v26.0/", status_code=NO_EDGE[0], json=NO_EDGE[1])
    meta.nodes = {"act_1": node("1"), "act_2": node("2")}
    assert ids_of(reach("1", "2")) == ["1", "2"]


@pytest.mark.parametrize("ids", [("1",), ("1", "2"), ()])
def test_a_refused_token_ends_the_run(meta: SmallMeta, ids: tuple[str, ...]) -> None:
    meta.nodes = {"act_1": EXPIRED, "act_2": node("2")}
    meta.edges["me/adaccounts"] = EXPIRED
    with pytest.raises(AuthError):
        reach(*ids)


def test_no_answer_at_all_ends_the_run(served: requests_mock.Mocker) -> None:
    served.get(requests_mock.ANY, exc=requests.exceptions.ConnectionError("nobody there"))
    with pytest.raises(TransientError):
        reach("1")


def test_accounts_come_from_every_place_each_once(meta: SmallMeta) -> None:
    meta.edges |= {
        "me/adaccounts": [node("1"), node("2")],
        "me/assigned_ad_accounts": [node("2"), node("3")],
        "me/businesses": [{"id": "77"}, {"id": "78"}, {"id": "79"}],
        "77/owned_ad_accounts": [node("1"), node("4"), node("5")],
        "77/client_ad_accounts": [node("6")],
        "78/owned_ad_accounts": [],
        "78/client_ad_accounts": [node("4")],
        "79/owned_ad_accounts": [],
        "79/client_ad_accounts": [],
    } | {f"act_{n}/campaigns": [] for n in (4, 5, 6)}
    assert ids_of(reach()) == ["1", "2", "3", "4", "5", "6"]
    tried = [path for path in meta.asked if path.endswith("/campaigns")]
    assert tried == ["act_4/campaigns", "act_5/campaigns", "act_6/campaigns"]


@pytest.mark.parametrize("refusal", [DENIED, NO_EDGE, MISSING])
@pytest.mark.parametrize("edge", ["me/assigned_ad_accounts", "me/businesses", "77/client_ad_accounts"])
def test_a_place_that_the_token_may_not_look_into_is_told_once_and_costs_no_account(
    meta: SmallMeta, edge: str, refusal: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    meta.edges |= {"me/adaccounts": [node("1")], "me/businesses": [{"id": "77"}], "77/owned_ad_accounts": []}
    meta.edges |= {"77/client_ad_accounts": [], edge: refusal}
    with caplog.at_level(logging.INFO):
        assert ids_of(reach()) == ["1"]
    assert len([record for record in caplog.records if "not every place" in record.message]) == 1


def test_a_place_that_fails_costs_the_run_rather_than_its_accounts(meta: SmallMeta) -> None:
    meta.edges |= {"me/businesses": [{"id": "77"}], "77/owned_ad_accounts": BUSY, "77/client_ad_accounts": []}
    with pytest.raises(TransientError):
        reach()


def test_an_account_that_cannot_be_read_after_all_is_skipped_by_name(
    meta: SmallMeta, caplog: pytest.LogCaptureFixture
) -> None:
    meta.edges |= {
        "me/adaccounts": [node("1"), node("2", account_status=101), node("3", account_status=2), node("4")],
        "act_2/campaigns": NOT_GRANTED,
        "act_3/campaigns": [],
        "act_4/campaigns": NOT_GRANTED,
    }
    found = reach()
    assert ids_of(found) == ["1", "3", "4"]
    assert [refused.account_id for refused in found.skipped] == ["2"]
    assert "ad account act_2 (Account 2, closed) is skipped" in caplog.text
    assert "(#200)" in caplog.text


@pytest.mark.parametrize("answer", [BUSY, FULL])
def test_a_passing_failure_skips_no_account(meta: SmallMeta, answer: Answer) -> None:
    meta.edges |= {"me/adaccounts": [node("1"), node("2", account_status=2)], "act_2/campaigns": answer}
    found = reachable(Door(waits_for_limits=False).session, (), LOGGER)
    assert ids_of(found) == ["1", "2"]


def test_many_skipped_accounts_are_not_all_named(meta: SmallMeta, caplog: pytest.LogCaptureFixture) -> None:
    meta.edges["me/adaccounts"] = [node(str(n), account_status=2) for n in range(30)]
    assert len(reach().skipped) == 30
    assert len([record for record in caplog.records if "is skipped, since" in record.message]) == 20
    assert "10 more ad accounts are skipped" in caplog.text


def test_patterns_narrow_what_is_found_and_nobody_asks_about_the_rest(meta: SmallMeta) -> None:
    meta.edges["me/adaccounts"] = [node("11"), node("12", account_status=2), node("21")]
    found = reach(include=("1*",), exclude=("account 12",))
    assert ids_of(found) == ["11"]
    assert [account.id for account in found.left_out] == ["12", "21"]
    assert not [path for path in meta.asked if path.endswith("/campaigns")]


def test_patterns_narrow_configured_accounts_too(meta: SmallMeta) -> None:
    meta.nodes = {"act_1": node("1"), "act_2": node("2", name="Test shop"), "act_4": NOT_GRANTED}
    found = reach("1", "2", "3", "4", include=("account*",), exclude=("3",))
    assert ids_of(found) == ["1"]
    assert sorted(account.id for account in found.left_out) == ["2", "3"]
    # What an account is called that can't be read is unknown: it stays an error.
    assert [refused.account_id for refused in found.refused] == ["4"]
    assert "act_3" not in meta.asked


def test_a_pattern_that_matches_nothing_is_named(meta: SmallMeta, caplog: pytest.LogCaptureFixture) -> None:
    meta.edges["me/adaccounts"] = [node("1")]
    assert ids_of(reach(include=("1", "Shopp *"))) == ["1"]
    assert "'Shopp *' matches none of 1 ad accounts" in caplog.text


@pytest.mark.parametrize(
    ("offset", "zone"),
    [(-8, "Etc/GMT+8"), (9, "Etc/GMT-9"), (0, "UTC"), (5.5, "Etc/GMT-6"), (None, "UTC"), (99, "Etc/GMT-14")],
)
def test_a_timezone_nobody_knows_is_replaced_by_its_offset_and_said(
    offset: float | None, zone: str, caplog: pytest.LogCaptureFixture
) -> None:
    account = parse_account(node("1", timezone_name="Mars/Olympus", timezone_offset_hours_utc=offset), "1", LOGGER)
    assert account.timezone == zone
    assert "Mars/Olympus" in caplog.text
    assert zone in caplog.text


def test_an_account_of_which_meta_says_little_can_still_be_read() -> None:
    account = parse_account({"id": "act_1", "timezone_name": "UTC"}, "1", LOGGER)
    assert account == Account("1", "act_1", "UTC", None, None)


@pytest.mark.parametrize(
    ("status", "words"), [(1, "(West)"), (2, "(West, disabled)"), (9, "(West)"), (555, "(West, status 555)")]
)
def test_an_account_that_does_not_run_is_described_as_such(status: int, words: str) -> None:
    assert describe(Account("1", "West", "UTC", None, status)) == f"ad account act_1 {words}"
