"""Custom reports made up by a seed, and what Meta's documents say that each of them holds.

Nothing of the connector is used: which columns go together is asked of the sandbox's rules, and which days a report
covers, how its rows are keyed and which of them a second sync brings up to date is said again, on purpose.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from integration_tests.sandbox import breakdown_rules
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.insights_query import known_fields
from integration_tests.truth import Asked, Truth, keyed

LEVEL_KEYS = {
    "account": (),
    "campaign": ("campaign_id",),
    "adset": ("adset_id",),
    "ad": ("ad_id",),
}
ASSETS = (
    "ad_format_asset", "body_asset", "call_to_action_asset", "description_asset", "image_asset", "link_url_asset",
    "title_asset", "video_asset",
)  # fmt: skip
HOURLY = (
    "hourly_stats_aggregated_by_advertiser_time_zone", "hourly_stats_aggregated_by_audience_time_zone",
)  # fmt: skip
BREAKDOWNS = (
    "age", "gender", "country", "region", "comscore_market", "publisher_platform", "platform_position",
    "device_platform", "impression_device", "product_id", "frequency_value", *HOURLY, *ASSETS,
)  # fmt: skip
ACTION_BREAKDOWNS = (
    "action_type", "action_target_id", "action_destination", "action_device", "action_reaction",
    "action_carousel_card_id", "action_carousel_card_name", "action_video_sound", "action_video_type",
    "action_converted_product_id",
)  # fmt: skip
WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view", "1d_ev", "default", "incrementality")
DEFAULT_WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view")
# Metrics that most people ask for, so that most reports have rows worth comparing.
USUAL = ("impressions", "clicks", "spend", "reach", "actions", "action_values", "unique_clicks", "cost_per_action_type")
NO_VALUE = "(not set)"
# Never asked of Meta; the second is refused in one request with others.
NOT_ASKED = frozenset({"wish_bid", "date_start", "date_stop"})
DAY = timedelta(days=1)


@dataclass(frozen=True)
class GeneratedReport:
    """A report as `custom_insights` has it, with the days and the key that it stands for."""

    row: Mapping[str, Any]
    name: str
    stream: str

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that make a row unique."""
        columns = (f"{name}_id" if name in ASSETS else name for name in self.row.get("breakdowns", ()))
        return ("date_start", "account_id", *LEVEL_KEYS[self.row.get("level", "ad")], *columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to compare."""
        return (*self.row["fields"], *self.row.get("breakdowns", ()), "date_stop", *self.key)

    @property
    def increment(self) -> int | str:
        """What a row covers, as Meta is asked for it."""
        period = self.row.get("time_increment_period")
        if period:
            return 7 if period == "weekly" else str(period)
        return int(self.row.get("time_increment", 1))

    @property
    def since(self) -> date:
        """The first day of the first row: weeks begin on Monday, months on the first."""
        start = date.fromisoformat(self.row["start_date"])
        period = self.row.get("time_increment_period")
        if period == "weekly":
            return start - start.weekday() * DAY
        return start.replace(day=1) if period == "monthly" else start

    @property
    def asked(self) -> Asked:
        """What the sandbox is asked for the truth of it."""
        windows = list(self.row.get("action_attribution_windows") or DEFAULT_WINDOWS)
        windows += ["1d_ev"] if self.row.get("include_engaged_view") else []
        windows += ["incrementality"] if self.row.get("include_incrementality") else []
        return Asked(
            breakdowns=tuple(self.row.get("breakdowns", ())),
            action_breakdowns=tuple(self.row.get("action_breakdowns") or ()),
            level=self.row.get("level", "ad"),
            time_increment=self.increment,
            windows=tuple(dict.fromkeys(windows)),
        )

    def true_rows(self, truth: Truth, account_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Every row as of now, in the connector's columns."""
        until = self.row.get("end_date") or "2099-12-31"
        fields = [*self.row["fields"], "account_id", *LEVEL_KEYS[self.row.get("level", "ad")]]
        rows = truth.report(self.asked, account_ids, self.since.isoformat(), until, fields)
        return [self._named(row) for row in rows]

    def after_two_syncs(
        self, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], todays: Mapping[str, date]
    ) -> list[Mapping[str, Any]]:
        """What is held after a sync that saw `before` and one that saw `after`, by a lookback of so many days.

        `todays` is each account's today at the first sync. A day beyond the lookback is as it was then.
        """
        held = keyed(before, self.key)
        lookback = timedelta(days=self.row.get("insights_lookback_window") or 28)
        end = date.fromisoformat(self.row.get("end_date") or "2099-12-31")

        def is_read_again(row: Mapping[str, Any]) -> bool:
            cursor = min(todays[row["account_id"]], end)
            return date.fromisoformat(row["date_stop"]) >= cursor - lookback or self.increment == "all_days"

        again = [row for row in after if is_read_again(row)]
        return list((held | keyed(again, self.key)).values())

    def _named(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row of Meta's in the connector's columns: an asset's id apart, a left-out breakdown said."""
        named = dict(row)
        for name in self.row.get("breakdowns", ()):
            value = named.get(name)
            if name in ASSETS:
                named[f"{name}_id"] = value["id"] if isinstance(value, dict) else NO_VALUE
            elif value is None:
                named[name] = NO_VALUE
        if "objective_results" in self.row["fields"] and "results" in named:
            named["objective_results"] = named["results"]
        return named


def generated_reports(seed: int, count: int, today: date) -> list[GeneratedReport]:
    """So many reports, each one that Meta answers; the same seed, the same reports."""
    chance = random.Random(seed)
    found: list[GeneratedReport] = []
    while len(found) < count:
        columns, actions = _columns(chance)
        level = chance.choices(tuple(LEVEL_KEYS), (1, 2, 2, 5))[0]
        if not _is_answered(columns, actions, level):
            continue
        name = f"R{len(found):03}"
        row: dict[str, Any] = {
            "name": name, "level": level, "fields": _fields(chance, columns), "breakdowns": columns,
            "action_breakdowns": actions, **_windows(chance), **_days(chance, columns, today),
        }  # fmt: skip
        if chance.random() < 0.4:
            row["insights_lookback_window"] = chance.randint(1, 28)
        if chance.random() < 0.2:
            row["insights_job_timeout"] = chance.randint(10, 60)
        absent = [key for key in ("breakdowns", "action_breakdowns") if not row[key] and chance.random() < 0.5]
        for key in absent:
            del row[key]
        found.append(GeneratedReport(row, name, f"custom_{name.lower()}"))
    return found


def _columns(chance: random.Random) -> tuple[list[str], list[str]]:
    """Some breakdowns and action breakdowns, in any order; not all of them go together."""
    n_columns = chance.choices((0, 1, 2, 3), (2, 4, 4, 3))[0]
    columns = chance.sample(BREAKDOWNS, n_columns)
    n_actions = chance.choices((0, 1, 2, 3), (3, 4, 2, 2))[0]
    actions = chance.sample(ACTION_BREAKDOWNS[: 3 if chance.random() < 0.6 else None], n_actions)
    return columns, actions


def _is_answered(columns: Sequence[str], actions: Sequence[str], level: str) -> bool:
    try:
        breakdown_rules.check_combination(columns, actions)
    except Refusal:
        return False
    rules = [breakdown_rules.of(name) for name in columns]
    return all(rule.get("not_level") != level and rule.get("level", level) == level for rule in rules)


def _fields(chance: random.Random, columns: Sequence[str]) -> list[str]:
    """A few of the usual metrics and a few of all there are, without those that a breakdown leaves out."""
    names = chance.sample(USUAL, chance.randint(1, 4))
    names += chance.sample(sorted(known_fields() - NOT_ASKED), chance.randint(0, 6))
    answered = [name for name in dict.fromkeys(names) if breakdown_rules.answers_field(name, columns)]
    return answered or ["reach" if "frequency_value" in columns else "impressions"]


def _windows(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if chance.random() < 0.5:
        found["action_attribution_windows"] = chance.sample(WINDOWS, chance.randint(1, 4))
    for key in ("include_engaged_view", "include_incrementality"):
        if chance.random() < 0.15:
            found[key] = True
    return found


def _days(chance: random.Random, columns: Sequence[str], today: date) -> dict[str, Any]:
    """What a row covers, from when, until when; fewer days where a day has many rows."""
    most = 10 if {*columns} & {*HOURLY, "product_id", "region"} else 40
    kind = chance.choices(("day", "days", "weekly", "monthly", "all_days"), (10, 4, 3, 3, 2))[0]
    found: dict[str, Any] = {}
    if kind == "days":
        found["time_increment"] = chance.randint(2, 89)
        most *= 2
    elif kind != "day":
        found["time_increment_period"] = kind
    start = today - chance.randint(1, most) * DAY
    found["start_date"] = start.isoformat()
    if chance.random() < 0.25:
        found["end_date"] = (start + chance.randint(0, most + 10) * DAY).isoformat()
    return found


def built_in_report(
    name: str, stream: Mapping[str, Any], start: str, actions: Sequence[str], few: Collection[str] | None = None
) -> GeneratedReport:
    """A built-in report from what discover says of its stream: level and breakdowns by its key, fields by its schema.

    `actions` are its action breakdowns, which no catalog says; `few` narrows the fields.
    """
    key = [part[0] for part in stream["source_defined_primary_key"]]
    ids = {columns: level for level, columns in LEVEL_KEYS.items()}
    levels = [column for column in key if (column,) in ids]
    others = [column for column in key if column not in ("date_start", "account_id", *levels)]
    breakdowns = [column.removesuffix("_id") if column.removesuffix("_id") in ASSETS else column for column in others]
    asked = (known_fields() & frozenset(few or known_fields())) - NOT_ASKED
    fields = [column for column in stream["json_schema"]["properties"] if column in asked]
    row: dict[str, Any] = {
        "name": name, "level": ids[tuple(levels)], "fields": fields, "breakdowns": breakdowns,
        "action_breakdowns": list(actions), "start_date": start,
    }  # fmt: skip
    for period in ("weekly", "monthly", "all_days"):
        if name.endswith(f"_{period}"):
            row["time_increment_period"] = period
    return GeneratedReport(row, name, name)
