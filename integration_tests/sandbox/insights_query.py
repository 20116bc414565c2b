"""What one insights request asks for: its parameters read, and refused where Meta refuses them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from integration_tests.sandbox import breakdown_rules
from integration_tests.sandbox.breakdown_rules import REACH_FIELDS
from integration_tests.sandbox.call import Call
from integration_tests.sandbox.delivery import Moment
from integration_tests.sandbox.dimensions import ORDER
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.futures import UNCHANGED, NodeChange
from integration_tests.sandbox.insights_filters import Filter, filters_of
from integration_tests.sandbox.kinds import Account, Ad, AdSet, Campaign
from integration_tests.sandbox.moments import zone
from integration_tests.sandbox.periods import Period, oldest_day, periods_of
from integration_tests.sandbox.world import World

# Read and ignored since 2025-06-10, but refused when it is none of these.
REPORT_TIMES = ("impression", "conversion", "mixed", "lifetime")
LEVELS = ("account", "campaign", "adset", "ad")
FIELDS_DOC = "https://developers.facebook.com/docs/marketing-api/reference/ads-insights/"
DEFAULT_FIELDS = {
    "account": ("account_id",),
    "campaign": ("account_id", "campaign_id"),
    "adset": ("account_id", "campaign_id", "adset_id"),
    "ad": ("account_id", "campaign_id", "adset_id", "ad_id"),
}
# What a row is about: no breakdown takes it away.
TEXTS = frozenset({
    "account_id", "account_name", "account_currency", "campaign_id", "campaign_name", "adset_id", "adset_name", "ad_id",
    "ad_name", "objective", "optimization_goal", "buying_type", "attribution_setting", "date_start", "date_stop",
    "created_time", "updated_time",
})  # fmt: skip
# The usual fields that are no arrays: when nothing else is asked for, no actions are counted.
SCALARS = TEXTS | {
    "impressions", "spend", "clicks", "reach", "frequency", "cpc", "cpm", "cpp", "ctr", "inline_link_clicks",
    "unique_clicks",
}  # fmt: skip
UNIQUE_FIELDS = ("unique_", "cost_per_unique_")

Node = Account | Campaign | AdSet | Ad


@dataclass(frozen=True, slots=True)
class Query:
    """An insights request that Meta would answer."""

    account: Account
    node: Node
    level: str
    fields: tuple[str, ...]
    hidden: frozenset[str]
    breakdowns: tuple[str, ...]
    action_dims: tuple[str, ...]
    by_action_type: bool
    windows: tuple[str, ...]
    periods: tuple[Period, ...]
    filters: tuple[Filter, ...]
    sort: tuple[str, bool] | None
    summary: tuple[str, ...]
    product_limit: int
    moment: Moment
    is_async: bool
    is_empty: bool
    all_statuses: bool = False
    change: NodeChange = UNCHANGED
    added: frozenset[str] = frozenset()

    @property
    def asks_old_reach(self) -> bool:
        """Whether reach is asked for with breakdowns, so far back that it is rationed."""
        return bool(self.breakdowns and REACH_FIELDS & set(self.fields)) and self.is_older_than(13)

    @property
    def asks_actions(self) -> bool:
        """Whether some field asked for may be an array of actions."""
        asked = {*self.fields, *self.summary, *([self.sort[0].partition(":")[0]] if self.sort else [])}
        return any(name not in SCALARS for name in asked)

    def is_older_than(self, months: int) -> bool:
        """Whether some day asked for is more than so many months ago."""
        return oldest_day(self.periods) < breakdown_rules.months_before(self.moment.today, months)


@lru_cache(1)
def tables() -> dict[str, Any]:
    """The fields and enums of `data/insights.json`."""
    text = (Path(__file__).parent / "data" / "insights.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def parse(world: World, call: Call, node: Node, *, is_async: bool) -> Query:
    """The query behind a call on `/{node}/insights`.

    Raises:
        Refusal: as Meta refuses it.
    """
    params = call.params
    account = node if isinstance(node, Account) else world.account(node.account_id)
    if account is None:
        raise Refusal(100, "(#100) Missing permissions")
    moment = Moment.of(world.clock.now(), account)
    level = _one_of(params, "level", LEVELS) or type(node).__name__.lower()
    breakdowns = listed(params, "breakdowns")
    actions = listed(params, "action_breakdowns", ["action_type"])
    future = world.scenario.futures.get(call.version)
    change = UNCHANGED if future is None else future.node("AdsInsights")
    there = breakdown_rules.known_breakdowns(moment.today)
    if future is not None:
        there = [name for name in there if name not in future.removed_breakdowns]
    breakdown_rules.check_names("breakdowns", breakdowns, there)
    known_actions = breakdown_rules.rules()["action_breakdowns"]
    breakdown_rules.check_names("action_breakdowns", actions, known_actions)
    breakdown_rules.check_names("summary_action_breakdowns", listed(params, "summary_action_breakdowns"), known_actions)
    breakdown_rules.check_combination(breakdowns, actions)
    if "mmm" in breakdowns and not is_async:
        raise Refusal(100, "(#100) The breakdown mmm is answered by asynchronous reports only")
    _one_of(params, "action_report_time", REPORT_TIMES)
    for name in ("use_unified_attribution_setting", "use_account_attribution_setting"):
        _flag(params, name)
    asked = listed(params, "fields")
    added = frozenset(asked) & change.added.keys()
    check_fields([name for name in asked if name in change.removed], "fields", frozenset())
    plain = [name for name in asked if name not in added]
    fields = fields_of(plain, level) if plain or not added else DEFAULT_FIELDS[level]
    periods = periods_of(params, moment.today, account.created.astimezone(zone(account.timezone)).date())
    summary = tuple(name for name in listed(params, "summary") if name not in ("true", "total_count"))
    check_fields(summary, "summary")
    if _flag(params, "default_summary"):
        summary = (*summary, *fields)
    return Query(
        account=account, node=node, level=level, fields=fields,
        hidden=_hidden(fields, breakdowns, periods, moment, is_async=is_async),
        breakdowns=tuple(sorted(dict.fromkeys(breakdowns), key=_rank)),
        action_dims=tuple(dict.fromkeys(name for name in actions if name != "action_type")),
        by_action_type="action_type" in actions,
        windows=_windows(listed(params, "action_attribution_windows")),
        periods=periods,
        filters=filters_of(params.get("filtering"), tables()),
        sort=_sort(listed(params, "sort")),
        summary=tuple(dict.fromkeys(summary)),
        product_limit=_number(params, "product_id_limit"),
        moment=moment, is_async=is_async, change=change, added=added,
        is_empty=not breakdown_rules.has_answer(
            breakdowns, level, account.features, oldest_day(periods), moment.today, is_async=is_async
        ),
    )  # fmt: skip


def fields_of(asked: Sequence[str], level: str) -> tuple[str, ...]:
    """The fields of each row; without any asked for, Meta's few."""
    if not asked:
        return (*DEFAULT_FIELDS[level], "impressions", "spend")
    check_fields(asked, "fields")
    renamed = ("results" if name == "objective_results" else name for name in asked)
    return tuple(dict.fromkeys(renamed))


def check_fields(names: Sequence[str], param: str, known: frozenset[str] | None = None) -> None:
    """Refuse a name that is no field of the version; a breakdown is none."""
    known = known_fields() if known is None else known
    for name in names:
        if name.partition(":")[0] not in known:
            raise Refusal(
                100, f"(#100) {name} is not valid for {param} param. please check {FIELDS_DOC} for all valid values"
            )


@lru_cache(1)
def known_fields() -> frozenset[str]:
    """Every field of AdsInsights; those dropped in v19 are not among them."""
    return frozenset(tables()["fields"])


def listed(params: Mapping[str, str], name: str, default: Sequence[str] = ()) -> list[str]:
    """A list parameter: JSON, or words with commas between them."""
    raw = params.get(name)
    if raw is None:
        return list(default)
    value = loaded(raw, name) if raw[:1] in ("[", '"') else raw.split(",")
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in values):
        raise Refusal(100, f"(#100) param {name} must be an array.")
    return [each.strip() for each in values if each.strip()]


def loaded(raw: str, name: str) -> Any:
    """A JSON parameter."""
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Refusal(100, f"(#100) param {name} must be valid JSON.") from error


def _hidden(
    fields: Sequence[str], breakdowns: Sequence[str], periods: Sequence[Period], moment: Moment, *, is_async: bool
) -> frozenset[str]:
    """The fields asked for that Meta leaves out of every row of this query."""
    if not breakdowns:
        return frozenset()
    is_old = oldest_day(periods) < breakdown_rules.months_before(moment.today, 13)
    rules: list[Callable[[str], bool]] = [
        lambda field: not breakdown_rules.answers_field(field, breakdowns),
        lambda field: is_old and field.startswith(UNIQUE_FIELDS),
        lambda field: is_old and not is_async and field in REACH_FIELDS,
    ]
    return frozenset(
        field for field in fields
        if field not in TEXTS and any(rule(field) for rule in rules)
    )  # fmt: skip


def _windows(asked: Sequence[str]) -> tuple[str, ...]:
    breakdown_rules.check_names("action_attribution_windows", asked, tables()["windows"])
    return tuple(name for name in dict.fromkeys(asked) if name in tables()["windows_of_values"])


def _sort(asked: Sequence[str]) -> tuple[str, bool] | None:
    if not asked:
        return None
    if len(asked) > 1:
        raise Refusal(100, "(#100) param sort must have at most 1 element.")
    field, _, direction = asked[0].rpartition("_")
    if direction not in ("ascending", "descending"):
        raise Refusal(100, "(#100) Sort must end with _ascending or _descending")
    if field.partition(":")[0] not in known_fields() and field not in ORDER:
        raise Refusal(
            100, f"(#100) {field} is not valid for sort param. please check {FIELDS_DOC} for all valid values"
        )
    return field, direction == "descending"


def _one_of(params: Mapping[str, str], name: str, known: Sequence[str]) -> str | None:
    value = params.get(name)
    if value is None:
        return None
    value = value.strip('"')
    if value not in known:
        raise Refusal(100, f"(#100) {name} must be one of the following values: {', '.join(known)}")
    return value


def _flag(params: Mapping[str, str], name: str) -> bool:
    value = params.get(name, "false").lower()
    if value not in ("true", "false", "1", "0"):
        raise Refusal(100, f"(#100) param {name} must be a boolean.")
    return value in ("true", "1")


def _number(params: Mapping[str, str], name: str) -> int:
    value = params.get(name, "0")
    if not value.isdecimal():
        raise Refusal(100, f"(#100) param {name} must be an integer.")
    return int(value)


def _rank(name: str) -> tuple[int, str]:
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def today_of(world: World, account: Account) -> date:
    """The account's present day."""
    return Moment.of(world.clock.now(), account).today
