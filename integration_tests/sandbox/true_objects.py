"""What a perfect reader would hold of an account's objects now, for the control API's `truth/<edge>`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from integration_tests.sandbox import objects_other, people
from integration_tests.sandbox.call import Call
from integration_tests.sandbox.fields import NODE_OF_KIND
from integration_tests.sandbox.filtering import LEVELS
from integration_tests.sandbox.graph import Graph
from integration_tests.sandbox.kinds import Account, Business
from integration_tests.sandbox.listings import ACCOUNT_EDGES
from integration_tests.sandbox.moments import epoch
from integration_tests.sandbox.world import GONE

ACTIVITY_DAYS = 90
OTHERS = ("act", "leads", "assigned_users", "businesses")


class Truth:
    """Looks past tokens, limits and faults."""

    def __init__(self, graph: Graph) -> None:
        self._world, self._objects, self._listings = graph.world, graph.objects, graph.routes.listings

    def objects(self, edge: str, query: Mapping[str, str], base_url: str) -> list[dict[str, Any]]:
        """Complete objects of an edge; `query` as docs/sandbox.md has it.

        Raises:
            ValueError: for an edge or an account that there is not.
        """
        # Pictures are where the caller's are; a version to come may show other fields.
        sizes = {name: query[name] for name in ("thumbnail_width", "thumbnail_height") if name in query}
        call = Call("GET", query.get("version", ""), (), sizes, base_url=base_url)
        if edge == "businesses":
            entries = self._world.scenario.businesses.values()
            return [self._objects.whole(Business(each.id, each.name), call) for each in entries]
        account_id = query["account_id"].removeprefix("act_")
        account = self._world.account(account_id)
        if account is None:
            raise ValueError(f"account_id: there is no account {account_id}")
        rows = self._rows(account, edge, query, call)
        return [row if "account_id" in row else {**row, "account_id": account_id} for row in rows]

    def _rows(self, account: Account, edge: str, query: Mapping[str, str], call: Call) -> list[dict[str, Any]]:
        whole = self._objects.whole
        if edge == "act":
            return [whole(account, call)]
        if edge == "assigned_users":
            return self._people(account, call.version)
        if edge == "leads":
            leads = self._listings.leads
            ads = self._nodes(account, "ad", query)
            return [whole(lead, call) for ad in ads for lead in leads.of(ad) if leads.is_kept(lead)]
        kind = ACCOUNT_EDGES.get(edge)
        if kind is None:
            raise ValueError(f"truth/{edge}: known are {', '.join((*OTHERS, *ACCOUNT_EDGES))}")
        if kind == "activity":
            now = self._world.now_seconds()
            since = epoch(query["since"], "since") if "since" in query else now - ACTIVITY_DAYS * 86_400
            until = epoch(query["until"], "until") if "until" in query else now
            rows = list(objects_other.activities(self._world, account.id, since, until))
            return self._shown(rows, kind, call.version)
        return [whole(node, call) for node in self._nodes(account, kind, query)]

    def _nodes(self, account: Account, kind: str, query: Mapping[str, str]) -> list[Any]:
        is_there = self._listings.there(account, kind, None)
        nodes: Sequence[Any] = self._world.of_kind(account.id, kind)
        nodes = list(nodes if is_there is None else filter(is_there, nodes))
        if kind not in LEVELS:
            return list(nodes)
        asked = frozenset(filter(None, query.get("statuses", "").split(",")))
        status = self._world.effective_status
        return [each for each in nodes if (status(each) in asked if asked else status(each) not in GONE)]

    def _people(self, account: Account, version: str) -> list[dict[str, Any]]:
        """The people of the business that owns an account; of those it is shared with, where none owns it."""
        world = self._world
        shared = [each for each in world.scenario.businesses if people.is_shared(world, account, each)]
        business = account.business_id if account.business_id in shared else next(iter(shared), None)
        rows = people.assigned_users(world, account, business) if business else []
        return self._shown(rows, "assigned_user", version)

    def _shown(self, rows: list[dict[str, Any]], kind: str, version: str) -> list[dict[str, Any]]:
        future = self._world.scenario.futures.get(version)
        return rows if future is None else [future.node(NODE_OF_KIND[kind]).shown(row) for row in rows]
