"""Which accounts a run reads."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, cast

import pytest

from source_meta_ads.accounts import Account, parse_account, reachable
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import AuthError, GraphError, NotFound, PermissionDenied, RateLimited, TransientError

LOGGER = logging.getLogger("test")


def node(account_id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"act_{account_id}", "account_id": account_id, "name": f"Account {account_id}", "account_status": 1,
        "currency": "USD", "timezone_name": "America/New_York", **more,
    }  # fmt: skip


class FakeMeta:
    """Accounts by id, or the error that reading one ends with; listed in pages of two."""

    def __init__(self, accounts: Mapping[str, dict[str, Any] | GraphError]) -> None:
        self.accounts = accounts
        self.calls: list[str] = []

    def get_json(self, path: str, params: Mapping[str, Any] | None = None, **_: Any) -> dict[str, Any]:
        self.calls.append(path)
        if path == "me/adaccounts":
            start = int((params or {}).get("after", 0))
            nodes = [each for each in self.accounts.values() if isinstance(each, dict)]
            paging: dict[str, Any] = {"cursors": {"after": str(start + 2)}}
            if start + 2 < len(nodes):
                paging["next"] = "https://x/"
            return {"data": nodes[start : start + 2], "paging": paging}
        answer = self.accounts[path.removeprefix("act_")]
        if isinstance(answer, GraphError):
            raise answer
        return answer


def reach(meta: FakeMeta, *ids: str) -> Any:
    return reachable(cast(GraphSession, meta), ids, LOGGER)


def test_without_ids_every_account_of_the_token_is_read_over_all_pages() -> None:
    meta = FakeMeta({str(n): node(str(n)) for n in range(5)})
    assert [account.id for account in reach(meta).accounts] == ["0", "1", "2", "3", "4"]
    assert meta.calls == ["me/adaccounts"] * 3


def test_configured_accounts_are_read_once_each_in_their_order() -> None:
    meta = FakeMeta({"1": node("1"), "2": node("2", currency="EUR", timezone_name="Europe/Berlin")})
    found = reach(meta, "2", "1", "2")
    assert found.accounts == (
        Account("2", "Account 2", "Europe/Berlin", "EUR", 1),
        Account("1", "Account 1", "America/New_York", "USD", 1),
    )
    assert meta.calls == ["act_2", "act_1"]


@pytest.mark.parametrize("error", [PermissionDenied(code=200), NotFound(code=100), RateLimited(code=17),
                                   TransientError(status=500)])  # fmt: skip
def test_a_refused_account_is_named_and_stops_no_other(error: GraphError) -> None:
    found = reach(FakeMeta({"1": error, "2": node("2")}), "1", "2")
    assert [account.id for account in found.accounts] == ["2"]
    assert [(refused.account_id, refused.error) for refused in found.refused] == [("1", error)]


@pytest.mark.parametrize("error", [AuthError(code=190), TransientError(status=0)])
def test_what_concerns_every_account_ends_the_run(error: GraphError) -> None:
    with pytest.raises(type(error)):
        reach(FakeMeta({"1": error, "2": node("2")}), "1", "2")


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
