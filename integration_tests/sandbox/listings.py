"""The edges: which objects each lists, for whom, and in what pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from integration_tests.sandbox import objects_other, people, selection
from integration_tests.sandbox.call import Call
from integration_tests.sandbox.error_table import named
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.fields import DEFAULTS, NODE_OF_KIND
from integration_tests.sandbox.filtering import Filters, unsupported
from integration_tests.sandbox.kinds import Account, Ad, AdSet, Business, Campaign, Lead, Node, User, kind_of
from integration_tests.sandbox.leads import Leads
from integration_tests.sandbox.moments import epoch
from integration_tests.sandbox.objects import Objects
from integration_tests.sandbox.paging import newest_first, paginate, positioned
from integration_tests.sandbox.report_runs import ReportRuns
from integration_tests.sandbox.rights import Rights
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
    "account": {**ACCOUNT_EDGES, "assigned_users": "assigned_user"},
    "campaign": {"adsets": "adset", "ads": "ad"},
    "adset": {"ads": "ad"},
    "ad": {"adcreatives": "creative", "leads": "lead"},
    "business": {"owned_ad_accounts": "account", "client_ad_accounts": "account"},
    "user": {
        "adaccounts": "account", "businesses": "business", "assigned_ad_accounts": "account",
        "permissions": "permission",
    },
}  # fmt: skip
WITH_INSIGHTS = frozenset({"account", "campaign", "adset", "ad"})
FILTERED = frozenset({"campaign", "adset", "ad", "creative", "audience", "saved_audience", "lead"})
WEEK = 7 * 86_400


class Listings:
    """Lists the edges of a world's objects."""

    def __init__(self, world: World, tokens: Tokens, objects: Objects, runs: ReportRuns) -> None:
        self._world, self._tokens, self._objects, self._runs = world, tokens, objects, runs
        self._filters = Filters(world, objects.whole)
        self.leads = Leads(world)
        self._by_position = world.scenario.cursors == "positions"
        objects.edges = self

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
        spec = self._tokens.of(outer)
        if spec is None:
            raise named("token_invalid").refusal()
        return self.page(call, node, field.name, spec)

    # one edge

    def page(self, call: Call, node: Node, edge: str, spec: TokenSpec) -> dict[str, Any]:
        """A page of an edge.

        Raises:
            Refusal: 2500 for an edge that the object does not have; for whatever the token or the parameters forbid.
        """
        kind = EDGES.get(kind_of(node), {}).get(edge)
        if kind is None:
            raise unknown_path((edge,))
        if isinstance(node, User) and node.id != spec.user_id:
            raise not_found(call)
        if isinstance(node, Business) or kind in {"business", "assigned_user"}:
            self._tokens.check_business(spec)
        match kind:
            case "account":
                return self._fixed(call, self._accounts(node, edge, spec), kind)
            case "business":
                every = self._world.scenario.businesses.values()
                return self._fixed(call, [Business(each.id, each.name) for each in every], kind)
            case "activity" if isinstance(node, Account):
                return self._plain(call, self._activities(call, node), kind)
            case "assigned_user" if isinstance(node, Account):
                if not call.params.get("business"):
                    raise Refusal(100, "(#100) The parameter business is required")
                return self._plain(call, people.assigned_users(self._world, node, call.params["business"]), kind)
            case "permission":
                return self._plain(call, people.permissions(spec, call), kind)
            case "lead":
                Rights.check_leads(spec)
        return self._growing(call, node, kind)

    def _growing(self, call: Call, node: Node, kind: str) -> dict[str, Any]:
        fields, objects = fields_of(call), self._objects
        objects.check(kind, fields or (), call.version)
        if kind not in FILTERED and call.params.get("filtering"):
            raise unsupported("filtering", "any")
        keep = self.there(node, kind, self._filters.keep(call, kind))
        # Damage works on rows that can be taken apart, so those are not written beforehand.
        render = partial(objects.parts, fields, call) if call.faults else objects.writer(kind, fields, call)
        page = positioned if self._by_position else newest_first
        return page(self._row(node, kind), call, call.base_url, "/".join(call.parts), render, keep)

    def there(
        self, node: Node, kind: str, keep: Callable[[Any], bool] | None
    ) -> Callable[[Any], bool] | None:  # fmt: skip
        """The same condition, for what is not there any more too."""
        world = self._world
        if kind == "lead":
            is_there: Callable[[Any], bool] = self.leads.is_kept
        elif not isinstance(node, Business | User | Lead) and world.vanishes(_account_of(node)):

            def is_there(each: Any) -> bool:
                return not world.vanished(each)
        else:
            return keep
        return is_there if keep is None else lambda each: is_there(each) and keep(each)

    def _row(self, node: Node, kind: str) -> Sequence[Any]:
        world = self._world
        if isinstance(node, Account):
            return world.of_kind(node.id, kind)
        if isinstance(node, Campaign):
            return world.adsets_of(node) if kind == "adset" else world.ads_of(node)
        if isinstance(node, AdSet):
            return world.ads_of(node)
        if isinstance(node, Ad) and kind == "lead":
            return self.leads.of(node)
        creative = world.find(node.creative_id) if isinstance(node, Ad) else None
        return [creative] if creative is not None else []

    def _accounts(self, node: Node, edge: str, spec: TokenSpec) -> Sequence[Account]:
        reached = self._tokens.accounts(spec)
        if not isinstance(node, Business):
            return reached
        entry = self._world.scenario.businesses[node.id]
        if edge == "client_ad_accounts":
            wanted = frozenset(entry.client)
            return [each for each in reached if each.id in wanted]
        return [
            each for each in reached
            if each.business_id == node.id or (entry.owned is not None and each.id in entry.owned)
        ]  # fmt: skip

    def _fixed(self, call: Call, found: Sequence[Any], kind: str) -> dict[str, Any]:
        fields = fields_of(call)
        self._objects.check(kind, fields or (), call.version)
        render = partial(self._objects.part, fields=fields, call=call)
        return paginate(found, call, call.base_url, "/".join(call.parts), render)

    def _plain(self, call: Call, rows: Sequence[dict[str, Any]], kind: str) -> dict[str, Any]:
        """A page of rows that are no objects with a life of their own."""
        fields = fields_of(call)
        self._objects.check(kind, fields or (), call.version)
        names = [field.name for field in fields] if fields else DEFAULTS[kind]
        if call.version in self._world.scenario.futures:
            change = self._world.scenario.futures[call.version].node(NODE_OF_KIND[kind])
            rows = [change.shown(row) for row in rows]
        return paginate(
            rows, call, call.base_url, "/".join(call.parts),
            lambda row: {name: row[name] for name in names if name in row},
        )  # fmt: skip

    def _activities(self, call: Call, account: Account) -> list[dict[str, Any]]:
        now = self._world.now_seconds()
        until = epoch(call.params["until"], "until") if "until" in call.params else now
        since = epoch(call.params["since"], "since") if "since" in call.params else min(until, now) - WEEK
        return list(objects_other.activities(self._world, account.id, since, until))


def _account_of(node: Node) -> str:
    return node.id if isinstance(node, Account) else str(getattr(node, "account_id", ""))


def fields_of(call: Call) -> tuple[selection.Field, ...] | None:
    """The fields that a call asks for; None when it names none."""
    text = call.params.get("fields", "")
    return selection.parse(text) if text else None


def unknown_path(parts: Sequence[str]) -> Refusal:
    """The refusal of a path that leads nowhere."""
    return Refusal(2500, f"Unknown path components: /{'/'.join(parts)}")


def not_found(call: Call) -> Refusal:
    """The refusal of an object that does not exist, or not for this token."""
    return named("not_found").refusal({"id": call.parts[0] if call.parts else ""})
