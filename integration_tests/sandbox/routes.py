"""From a path to what answers it: objects by id, their edges, the few endpoints of Graph itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.error_table import named
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.kinds import Account, Ad, AdSet, Business, Campaign, Lead, Node, User, kind_of
from integration_tests.sandbox.listings import Listings, fields_of, not_found, unknown_path
from integration_tests.sandbox.objects import Objects
from integration_tests.sandbox.report_runs import ReportRuns
from integration_tests.sandbox.rights import Rights
from integration_tests.sandbox.scenario import TokenSpec
from integration_tests.sandbox.tokens import Tokens
from integration_tests.sandbox.world import World

# How an object is called in the journal when it is read by its id.
WORDS = {
    "account": "ad account", "adset": "ad set", "audience": "custom audience", "custom_conversion": "custom conversion",
    "saved_audience": "saved audience",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: an object and perhaps an edge of it, a report run, or an endpoint by name."""

    node: Node | None = None
    edge: str = ""
    run_id: str = ""
    endpoint: str = ""


class Routes:
    """Answers calls that were let through."""

    def __init__(self, world: World, tokens: Tokens, objects: Objects, runs: ReportRuns) -> None:
        self._world, self._tokens, self._objects, self._runs = world, tokens, objects, runs
        self._users = {spec.user_id for spec in world.scenario.tokens.values()}
        self.listings = Listings(world, tokens, objects, runs)

    def locate(self, call: Call) -> Place:
        """Where a call goes; sets its account and edge, and refuses nothing yet."""
        first, edge = (*call.parts, "", "")[:2]
        if first in {"debug_token", "oauth"}:
            call.edge = "/".join(call.parts)
            return Place(endpoint=call.edge)
        node: Node | None = None
        if first == "me" or first in self._users:
            node = User(self._tokens.user(call) if first == "me" else first, "System user")
        elif first:
            node = self._world.find(first) or self.listings.leads.find(first)
        if node is None:
            account = self._runs.account_of(first) if first.isdecimal() else None
            call.account_id, call.edge = account, edge or ("report run" if account else "unknown")
            return Place(run_id=first if account else "", edge=edge)
        kind = kind_of(node)
        if isinstance(node, Account):
            call.account_id = node.id
        elif not isinstance(node, User | Business):
            call.account_id = node.account_id
        call.edge = edge or WORDS.get(kind, kind)
        return Place(node=node, edge=edge)

    def serve(self, call: Call, place: Place, spec: TokenSpec) -> Any:
        """The body of the answer.

        Raises:
            Refusal: for anything that the path, the token or the parameters do not allow.
        """
        if "ids" in call.params:
            raise named("ids_gone").refusal()
        if "date_format" in call.params:
            raise Refusal(100, "(#100) The date_format parameter is not supported")
        if len(call.parts) > 2:
            raise unknown_path(call.parts[2:])
        if call.account_id is not None:
            self._tokens.check_account(spec, call.account_id)
        return self._run(call, place) if place.run_id else self._object(call, place, spec)

    def _object(self, call: Call, place: Place, spec: TokenSpec) -> Any:
        node = place.node
        if node is None:
            raise not_found(call)
        if place.edge == "insights" and isinstance(node, Account | Campaign | AdSet | Ad):
            if call.method == "POST":
                return self._runs.submit(call, node)
            return self._runs.answer(call, node)
        if call.method != "GET":
            raise _unsupported(call)
        if place.edge:
            return self.listings.page(call, node, place.edge, spec)
        if isinstance(node, Business):
            self._tokens.check_business(spec)
        if isinstance(node, Lead):
            Rights.check_leads(spec)
        call.rows = 1
        return self._objects.part(node, fields_of(call), call)

    def free(self, call: Call, place: Place) -> Any:
        """The body of an endpoint that checks the token in its own way; None for every other."""
        match place.endpoint:
            case "debug_token":
                return self._tokens.debug(call)
            case "oauth/access_token":
                return self._tokens.exchange(call)
            case "":
                return None
        raise unknown_path(call.parts)

    def _run(self, call: Call, place: Place) -> dict[str, Any]:
        if call.method != "GET":
            raise _unsupported(call)
        if place.edge == "insights":
            return self._runs.page(place.run_id, call)
        if place.edge:
            raise unknown_path((place.edge,))
        return self._runs.describe(place.run_id, call)


def _unsupported(call: Call) -> Refusal:
    return Refusal(100, f"Unsupported {call.method.lower()} request.", subcode=33, kind="GraphMethodException")
