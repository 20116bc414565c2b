"""What becomes of objects after they were made: archived, deleted, restored, gone for good, edited unseen or midway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from integration_tests.conftest import WORLD
from integration_tests.graph_client import Client
from integration_tests.sandbox.delivery import Delivery, Moment
from integration_tests.sandbox.filtering import STATUSES
from integration_tests.sandbox.kinds import Node
from integration_tests.sandbox.objects import Objects
from integration_tests.sandbox.scenario import load
from integration_tests.sandbox.server import Handle, serve_in_thread
from integration_tests.sandbox.world import World

Served = Callable[..., Client]
DAY = 86_400


def scenario(changes: dict[str, float] | None = None, **sections: Any) -> dict[str, Any]:
    account = {"id": "1001", "campaigns": 6, "adsets_per_campaign": 2, "ads_per_adset": 3, "creatives": 4,
               "audiences": 30, "timezone": "Asia/Tokyo", "changes": changes or {}}  # fmt: skip
    clock = {"now": "2026-11-24T15:01:00Z", "speed": 0}
    return {"seed": 5, "clock": clock, "tokens": WORLD["tokens"], "accounts": [account], **sections}


@pytest.fixture
def served() -> Iterator[Served]:
    handles: list[Handle] = []

    def serve(changes: dict[str, float] | None = None, **sections: Any) -> Client:
        handles.append(serve_in_thread(scenario(changes, **sections)))
        return Client(handles[-1].url)

    yield serve
    for handle in handles:
        handle.stop()


def listed(client: Client, edge: str, **params: Any) -> set[str]:
    return {row["id"] for row in client.every(f"v26.0/act_1001/{edge}", limit=100, **params)}


def test_what_was_archived_or_deleted_can_come_back_with_a_new_updated_time(served: Served) -> None:
    client = served({"archive_rate": 0.03, "delete_rate": 0.03, "restore_rate": 0.1, "new_campaign_days": 1000})
    fields = "effective_status,status,updated_time"
    every = {"effective_status": STATUSES["ad"].split(), "fields": fields}
    seen: list[dict[str, dict[str, str]]] = []
    for _ in range(8):
        rows = client.every("v26.0/act_1001/ads", **every)
        seen.append({row["id"]: row for row in rows})
        visible = listed(client, "ads")
        assert visible == {row["id"] for row in rows if row["effective_status"] not in {"ARCHIVED", "DELETED"}}
        assert visible == {row["id"] for row in client.control("truth/ads?account_id=1001")["data"]}
        client.control("clock", advance_days=7)
    gone = {"ARCHIVED", "DELETED"}
    moves = [(before[ad], after[ad]) for before, after in pairwise(seen) for ad in before]
    returned = [(one, two) for one, two in moves
                if one["effective_status"] in gone and two["effective_status"] not in gone]  # fmt: skip
    assert {one["effective_status"] for one, _ in returned} == gone
    assert all(one["updated_time"] < two["updated_time"] for one, two in returned)
    assert seen[0].keys() == seen[-1].keys()


def test_days_in_which_an_ad_was_away_have_no_delivery_and_stay_so_when_it_comes_back() -> None:
    world = World(load(scenario({"archive_rate": 0.05, "restore_rate": 0.1, "edit_days": 1000})))
    delivery = Delivery(world)
    account = world.accounts()[0]

    def days(ad: Any) -> list[int]:
        moment = Moment.of(world.clock.now(), account)
        profile = delivery.profile(ad)
        return delivery.days(profile, account.created.date(), moment.today, moment)

    ads = list(world.ads("1001"))
    histories: dict[str, list[int]] = {ad.id: days(ad) for ad in ads}
    absences: dict[str, list[tuple[float, float]]] = {}
    for _ in range(60):
        world.clock.advance(timedelta(days=1))
        for ad in ads:
            now = days(ad)
            before = histories[ad.id]
            assert now[: len(before)] == before, "a day that is over changed"
            histories[ad.id] = now
            absences[ad.id] = world.absences(ad)
    returns = [
        (ad, (gone + 5 * DAY <= back) and datetime.fromtimestamp(back, UTC).toordinal())
        for ad, spans in absences.items() for gone, back in spans if back < world.now_seconds()
    ]  # fmt: skip
    assert any(back and any(day > back for day in histories[ad]) for ad, back in returns)


def test_what_vanishes_is_in_no_list_of_any_status_nor_found_by_its_id(served: Served) -> None:
    client = served({"vanish_rate": 0.05, "new_campaign_days": 1000})
    everything = {level: STATUSES[level].split() for level in ("campaign", "adset", "ad")}
    asked = (("campaigns", "campaign"), ("adsets", "adset"), ("ads", "ad"))
    before = {edge: listed(client, edge, effective_status=everything[level]) for edge, level in asked}
    before["customaudiences"] = listed(client, "customaudiences")
    client.control("clock", advance_days=20)
    for edge, earlier in before.items():
        params = {"effective_status": everything[dict(asked)[edge]]} if edge in dict(asked) else {}
        after = listed(client, edge, **params)
        query = f"&statuses={','.join(params['effective_status'])}" if params else ""
        assert after == {row["id"] for row in client.control(f"truth/{edge}?account_id=1001{query}")["data"]}
        vanished = earlier - after
        assert vanished
        assert client.error(f"v26.0/{vanished.pop()}")["error_subcode"] == 33
    # A parent takes along what is below it.
    parents = {row["id"]: row["campaign_id"] for row in client.every("v26.0/act_1001/ads", fields="campaign_id")}
    assert set(parents.values()) <= listed(client, "campaigns", effective_status=everything["campaign"])


@pytest.mark.parametrize("changes", [{"archive_rate": 0.05}, {"archive_rate": 0.05, "restore_rate": 0.2}])
def test_ends_and_returns_can_be_as_silent_as_edits(changes: dict[str, float]) -> None:
    world = World(load(scenario({**changes, "silent_rate": 1, "edit_days": 5})))
    objects = Objects(world)
    nodes: list[Node] = [*world.campaigns("1001"), *world.adsets("1001"), *world.ads("1001")]
    before = {node.id: objects.whole(node) for node in nodes}
    seen: set[tuple[str, str]] = set()
    for _ in range(10):
        world.clock.advance(timedelta(days=3))
        for node in nodes:
            row = objects.whole(node)
            assert row["updated_time"] == before[node.id]["updated_time"]
            seen.add((before[node.id]["effective_status"], row["effective_status"]))
            seen |= {(name, "changed") for name in row if row[name] != before[node.id].get(name)}
            before[node.id] = row
    assert ("ACTIVE", "ARCHIVED") in seen
    assert (("ARCHIVED", "ACTIVE") in seen) == ("restore_rate" in changes)
    assert ("daily_budget", "changed") in seen


# While an edge is paged


def pages(client: Client, edge: str, **params: Any) -> list[list[str]]:
    found = []
    while True:
        body = client.get(f"v26.0/act_1001/{edge}", **params)
        found.append([row["id"] for row in body["data"]])
        if "next" not in body.get("paging", {}):
            return found
        params["after"] = body["paging"]["cursors"]["after"]


def test_the_clock_moves_at_the_call_that_a_rule_names(served: Served) -> None:
    client = served()
    client.control("faults", add=[{"kind": "advance_clock", "edge": "ads", "nth": 3, "seconds": 86_400}])
    before = client.control("clock")["now"]
    pages(client, "campaigns", limit=1)
    for _ in range(2):
        client.get("v26.0/act_1001/ads")
    assert client.control("clock")["now"] == before
    client.get("v26.0/act_1001/ads")
    assert client.control("clock")["now"][:10] == "2026-11-25"
    assert client.control("faults")["data"][0]["hits"] == 1


@pytest.mark.parametrize("cursors", ["objects", "positions"])
def test_with_cursors_that_count_rows_new_objects_shift_the_pages_behind_them(served: Served, cursors: str) -> None:
    client = served(
        {"new_campaign_days": 1, "edit_days": 1000}, paging={"cursors": cursors},
        faults=[{"kind": "advance_clock", "edge": "ads", "nth": 3, "seconds": 86_400}],
    )  # fmt: skip
    there = listed(client, "ads")
    client.control("faults", add=[{"kind": "advance_clock", "edge": "ads", "nth": 2, "seconds": 86_400}])
    found = [row for page in pages(client, "ads", limit=5) for row in page]
    assert there <= set(found)
    assert (len(found) > len(set(found))) == (cursors == "positions")


@pytest.mark.parametrize("cursors", ["objects", "positions"])
def test_with_cursors_that_count_rows_an_object_archived_meanwhile_hides_another(served: Served, cursors: str) -> None:
    client = served({"archive_rate": 0.3, "new_campaign_days": 1000}, paging={"cursors": cursors})
    client.control("faults", add=[{"kind": "advance_clock", "edge": "ads", "nth": 4, "seconds": 3 * 86_400}])
    found = {row for page in pages(client, "ads", limit=5) for row in page}
    still_there = listed(client, "ads")
    assert (still_there <= found) == (cursors == "objects")
