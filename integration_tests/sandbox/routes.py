"""From a path to what answers it: objects by id, their edges, the few endpoints of Graph itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from integration_tests.sandbox import objects_other, selection
from integration_tests.sandbox.call import Call
from integration_tests.sandbox.error_table import named
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.fields import check_field
from integration_tests.sandbox.filtering import Filters, unsupported
from integration_tests.sandbox.kinds import Account, Ad, AdSet, Business, Campaign, Node, User, kind_of
from integration_tests.sandbox.moments import epoch
from integration_tests.sandbox.objects import Objects
from integration_tests.sandbox.paging import newest_first, paginate
from integration_tests.sandbox.report_runs import ReportRuns
from integration_tests.sandbox.scenario import TokenSpec
from integration_tests.sandbox.tokens import Tokens
from integration_tests.sandbox.world import World

ACCOUNT_EDGES = {
    "campaigns": "campaign", "adsets": "adset", "ads": "ad", "adcreatives": "creative", "customaudiences": "audience",
    "saved_audiences": "saved_audience", "adimages": "image", "advideos": "video",
    "customconversions": "custom_conversion", "adspixels": "pixel", "adlabels": "label", "adrules_library": "rule",
    "ad_studies": "study", "activities": "activity",
}  # fmt: skip
EDGES: dict[str, dict[str, str]] = {
    "account": ACCOUNT_EDGES,
    "campaign": {"adsets": "adset", "ads": "ad"},
    "adset": {"ads": "ad"},
    "ad": {"adcreatives": "creative", "leads": "lead"},
    "business": {"owned_ad_accounts": "account", "client_ad_accounts": "account"},
    "user": {"adaccounts": "account", "businesses": "business", "assigned_ad_accounts": "account"},
}
WITH_INSIGHTS = frozenset({"account", "campaign", "adset", "ad"})
# How an object is called in the journal when it is read by its id.
WORDS = {
    "account": "ad account", "adset": "ad set", "audience": "custom audience", "custom_conversion": "custom conversion",
    "saved_audience": "saved audience",
}  # fmt: skip
FILTERED = frozenset({"campaign", "adset", "ad", "creative", "audience", "saved_audience"})
WEEK = 7 * 86_400


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
        self._filters = Filters(world, objects.whole)
        self._users = {spec.user_id for spec in world.scenario.tokens.values()}
        objects.edges = self

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
            node = self._world.find(first)
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
            raise _unknown_path(call.parts[2:])
        if call.account_id is not None:
            self._tokens.check_account(spec, call.account_id)
        if place.run_id:
            return self._run(call, place)
        node = place.node
        if node is None:
            raise _not_found(call)
        if place.edge == "insights" and isinstance(node, Account | Campaign | AdSet | Ad):
            if call.method == "POST":
                return self._runs.submit(call, node)
            return self._runs.answer(call, node)
        if call.method != "GET":
            raise _unsupported(call)
        if isinstance(node, Business):
            self._tokens.check_business(spec)
        if not place.edge:
            call.rows = 1
            return self._objects.part(node, _fields(call), call)
        return self._edge(call, node, place.edge, spec)

    def free(self, call: Call, place: Place) -> Any:
        """The body of an endpoint that checks the token in its own way; None for every other."""
        match place.endpoint:
            case "debug_token":
                return self._tokens.debug(call)
            case "oauth/access_token":
                return self._tokens.exchange(call)
            case "":
                return None
        raise _unknown_path(call.parts)

    # edges as fields

    def has(self, kind: str, edge: str) -> bool:
        """Whether a kind of object has an edge that can be asked for as a field."""
        return edge in EDGES.get(kind, {}) or (edge == "insights" and kind in WITH_INSIGHTS)

    def nested(self, node: Node, field: selection.Field, outer: Call) -> dict[str, Any]:
        """The first page of an edge asked for as a field, its modifiers being the parameters."""
        first = f"act_{node.id}" if isinstance(node, Account) else node.id
        params = dict(field.modifiers)
        if field.inner:
            params["fields"] = ",".join(map(str, field.inner))
        call = Call("GET", outer.version, (first, field.name), params, outer.token, base_url=outer.base_url)
        if field.name == "insights" and isinstance(node, Account | Campaign | AdSet | Ad):
            return dict(self._runs.answer(call, node))
        return self._listing(call, node, EDGES[kind_of(node)][field.name], field.inner)

    # one edge

    def _edge(self, call: Call, node: Node, edge: str, spec: TokenSpec) -> dict[str, Any]:
        kind = EDGES.get(kind_of(node), {}).get(edge)
        if kind is None:
            raise _unknown_path((edge,))
        if kind == "account":
            return self._accounts(call, node, edge, spec)
        if kind == "business":
            self._tokens.check_business(spec)
            found = [Business(each.id, each.name) for each in self._world.scenario.businesses.values()]
            return self._fixed(call, found, kind)
        return self._listing(call, node, kind, _fields(call))

    def _listing(self, call: Call, node: Node, kind: str, fields: tuple[selection.Field, ...] | None) -> dict[str, Any]:
        path = "/".join(call.parts)
        if kind == "activity" and isinstance(node, Account):
            return self._activities(call, node, fields)
        if kind == "lead":
            return {"data": []}
        self._objects.check(kind, fields or (), call.version)
        if kind not in FILTERED and call.params.get("filtering"):
            raise unsupported("filtering", "any")
        keep = self._filters.keep(call, kind)
        # Damage works on rows that can be taken apart, so those are not written beforehand.
        objects = self._objects
        render = partial(objects.part, fields=fields, call=call) if call.faults else objects.writer(kind, fields, call)
        return newest_first(self._row(node, kind), call, call.base_url, path, render, keep)

    def _row(self, node: Node, kind: str) -> Sequence[Any]:
        world = self._world
        if isinstance(node, Account):
            return world.of_kind(node.id, kind)
        if isinstance(node, Campaign):
            return world.adsets_of(node) if kind == "adset" else world.ads_of(node)
        if isinstance(node, AdSet):
            return world.ads_of(node)
        creative = world.find(node.creative_id) if isinstance(node, Ad) else None
        return [creative] if creative is not None else []

    def _accounts(self, call: Call, node: Node, edge: str, spec: TokenSpec) -> dict[str, Any]:
        reached = self._tokens.accounts(spec)
        if isinstance(node, Business):
            self._tokens.check_business(spec)
            entry = self._world.scenario.businesses[node.id]
            if edge == "client_ad_accounts":
                wanted = frozenset(entry.client)
                reached = [each for each in reached if each.id in wanted]
            else:
                reached = [
                    each for each in reached
                    if each.business_id == node.id or (entry.owned is not None and each.id in entry.owned)
                ]  # fmt: skip
        elif node.id != spec.user_id:
            raise _not_found(call)
        return self._fixed(call, reached, "account")

    def _fixed(self, call: Call, found: Sequence[Any], kind: str) -> dict[str, Any]:
        fields = _fields(call)
        self._objects.check(kind, fields or (), call.version)
        render = partial(self._objects.part, fields=fields, call=call)
        return paginate(found, call, call.base_url, "/".join(call.parts), render)

    def _activities(self, call: Call, account: Account, fields: tuple[selection.Field, ...] | None) -> dict[str, Any]:
        now = self._world.now_seconds()
        until = epoch(call.params["until"], "until") if "until" in call.params else now
        since = epoch(call.params["since"], "since") if "since" in call.params else min(until, now) - WEEK
        wanted = [field.name for field in fields or ()]
        for name in wanted:
            check_field("activity", name, call.version)
        rows = list(objects_other.activities(self._world, account.id, since, until))
        shown = wanted or [
            "actor_id",
            "actor_name",
            "event_time",
            "event_type",
            "extra_data",
            "object_id",
            "object_name",
        ]
        return paginate(
            rows, call, call.base_url, "/".join(call.parts),
            lambda row: {name: row[name] for name in shown if name in row},
        )  # fmt: skip

    def _run(self, call: Call, place: Place) -> dict[str, Any]:
        if call.method != "GET":
            raise _unsupported(call)
        if place.edge == "insights":
            return self._runs.page(place.run_id, call)
        if place.edge:
            raise _unknown_path((place.edge,))
        return self._runs.describe(place.run_id, call)


def _fields(call: Call) -> tuple[selection.Field, ...] | None:
    text = call.params.get("fields", "")
    return selection.parse(text) if text else None


def _unknown_path(parts: Sequence[str]) -> Refusal:
    return Refusal(2500, f"Unknown path components: /{'/'.join(parts)}")


def _not_found(call: Call) -> Refusal:
    return named("not_found").refusal({"id": call.parts[0] if call.parts else ""})


def _unsupported(call: Call) -> Refusal:
    return Refusal(100, f"Unsupported {call.method.lower()} request.", subcode=33, kind="GraphMethodException")
