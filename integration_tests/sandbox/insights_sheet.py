"""How a row is written: each field asked for, numbers as strings, what has no value left out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from integration_tests.sandbox.dimensions import SEPARATOR, decimals, tables
from integration_tests.sandbox.figures import AT, FIRST_CONVERSION, REACH_MOST, REACH_SUM
from integration_tests.sandbox.insights_actions import ActionArray, Source, decimal, is_array, unique
from integration_tests.sandbox.insights_query import Query
from integration_tests.sandbox.insights_results import Results
from integration_tests.sandbox.insights_rows import Row
from integration_tests.sandbox.world import World

Figures = list[int]
Texts = dict[str, str]

_CLICKS = ("click_other", "click_onsite", "click_outbound")
_SUMS: dict[str, tuple[str, ...]] = {
    "impressions": ("impressions",),
    "clicks": _CLICKS,
    "inline_link_clicks": _CLICKS[1:],
    "inline_post_engagement": (*_CLICKS[1:], "reaction", "comment", "share", "save", "span_3", "span_15", "span_30"),
    "full_view_impressions": ("full_view",),
    "instant_experience_clicks_to_open": ("canvas_open",),
    "instant_experience_clicks_to_start": ("canvas_start",),
}
_UNIQUE = {"unique_clicks": "clicks", "unique_inline_link_clicks": "inline_link_clicks"}
# Ratios, as numerator, denominator and factor.
_RATIOS: dict[str, tuple[str, str, int]] = {
    "frequency": ("impressions", "reach", 1),
    "cpc": ("spend", "clicks", 1),
    "cpm": ("spend", "impressions", 1000),
    "cpp": ("spend", "reach", 1000),
    "ctr": ("clicks", "impressions", 100),
    "inline_link_click_ctr": ("inline_link_clicks", "impressions", 100),
    "cost_per_inline_link_click": ("spend", "inline_link_clicks", 1),
    "cost_per_inline_post_engagement": ("spend", "inline_post_engagement", 1),
    "unique_ctr": ("unique_clicks", "reach", 100),
    "unique_inline_link_click_ctr": ("unique_inline_link_clicks", "reach", 100),
    "unique_link_clicks_ctr": ("unique_inline_link_clicks", "reach", 100),
    "cost_per_unique_click": ("spend", "unique_clicks", 1),
    "cost_per_unique_inline_link_click": ("spend", "unique_inline_link_clicks", 1),
    "cost_per_estimated_ad_recallers": ("spend", "estimated_ad_recallers", 1),
    "estimated_ad_recall_rate": ("estimated_ad_recallers", "reach", 100),
    "canvas_avg_view_time": ("canvas_seconds", "instant_experience_clicks_to_open", 1),
}


class Sheet:
    """Writes the rows of one query; `fields` other than the query's own for a row of sums."""

    def __init__(self, world: World, query: Query, fields: tuple[str, ...] | None = None) -> None:
        self._world, self._query = world, query
        self._decimals = decimals(query.account.currency)
        self._texts: dict[int, Texts] = {}
        self._is_hourly = any(name.startswith("hourly_") for name in query.breakdowns)
        sources: dict[Any, Source] = {}
        self._fields = [
            (name, ActionArray(name, query, self.money, sources) if is_array(name) else None)
            for name in (query.fields if fields is None else fields)
            if name not in query.hidden
        ]
        self._results = Results()

    def money(self, minor: int) -> str:
        """An amount in the account's currency, from its minor units."""
        if not self._decimals:
            return str(minor)
        return f"{minor / 100:.2f}".rstrip("0").rstrip(".")

    def write(self, row: Row) -> dict[str, Any]:
        """The row as it goes out."""
        period = self._query.periods[row.period]
        texts = self._texts.get(row.index)
        if texts is None:
            texts = self._texts[row.index] = self._texts_of(row.index)
        numbers = self._numbers(row, texts)
        spend, impressions, reach = float(numbers["spend"]), int(numbers["impressions"]), int(numbers["reach"])
        found: dict[str, Any] = {}
        for name, array in self._fields:
            value: Any
            if array is not None:
                offered = not array.is_catalogue or "is_catalogue" in texts
                value = array.elements(row, spend, impressions, reach) if offered else None
            elif name == "updated_time" and name in texts:
                value = min(texts[name], period.until.isoformat())
            elif name in _RATIOS:
                value = _ratio(numbers, *_RATIOS[name])
            elif self._results.has(name):
                value = self._results.value(name, row, texts.get("optimization_goal"), numbers)
            else:
                value = texts.get(name) or (str(numbers[name]) if numbers.get(name) else None)
            if value is not None:
                found[name] = value
        if self._is_hourly:
            found |= {name: "0" for name, _ in self._fields if name in ("reach", "frequency")}
        found["date_start"], found["date_stop"] = period.since.isoformat(), period.until.isoformat()
        self._write_cell(row, found)
        return found

    def _write_cell(self, row: Row, found: dict[str, Any]) -> None:
        for name, value in zip(self._query.breakdowns, row.cell or (), strict=False):
            if SEPARATOR in value:
                asset_id, _, text = value.partition(SEPARATOR)
                found[name] = {tables()["assets"][name][0]: text, "id": asset_id}
            elif value:
                found[name] = value

    def _numbers(self, row: Row, texts: Texts) -> dict[str, Any]:
        """The scalar metrics; those of whole numbers as such, spend as it is written."""
        figures = row.figures
        numbers: dict[str, Any] = {name: sum([figures[AT[each]] for each in parts]) for name, parts in _SUMS.items()}
        for name, counted in _UNIQUE.items():
            numbers[name] = unique(numbers[counted])
        most = figures[REACH_MOST]
        reach = numbers["reach"] = most + (figures[REACH_SUM] - most) * 6 // 10
        numbers["spend"] = self.money(figures[AT["spend_plain"]] + figures[AT["spend_social"]])
        social = figures[AT["spend_social"]]
        numbers["social_spend"] = self.money(social) if social else None
        numbers["full_view_reach"] = numbers["full_view_impressions"] * reach // (numbers["impressions"] or 1)
        numbers["estimated_ad_recallers"] = reach * 6 // 100 if texts.get("objective") == "OUTCOME_AWARENESS" else 0
        numbers["canvas_seconds"] = figures[AT["canvas_seconds"]]
        if figures[AT["canvas_open"]]:
            numbers["canvas_avg_view_percent"] = 20 + figures[AT["canvas_seconds"]] % 70
        if figures[FIRST_CONVERSION:REACH_SUM].count(0) < REACH_SUM - FIRST_CONVERSION and "asks" in texts:
            numbers["qualifying_question_qualify_answer_rate"] = decimal(reach % 97 / 97) if reach % 97 else None
        return numbers

    def _texts_of(self, index: int) -> Texts:
        """The names, ids and settings of a row's object and its parents."""
        world, account, level = self._world, self._query.account, self._query.level
        texts = {"account_id": account.id, "account_name": account.name, "account_currency": account.currency}
        zone = ZoneInfo(account.timezone)
        texts |= _times(account.created.astimezone(zone).date(), world.hash(account.id, "edited"))
        if level == "account":
            return texts
        rows = {"campaign": world.campaigns, "adset": world.adsets, "ad": world.ads}
        node: Any = rows[level](account.id)[index]
        adset = world.adset_of(node) if level == "ad" else node if level == "adset" else None
        campaign = node if level == "campaign" else world.campaign_of(node)
        texts |= {
            "campaign_id": campaign.id, "campaign_name": campaign.name,
            "objective": campaign.objective, "buying_type": campaign.buying_type,
        }  # fmt: skip
        if adset is not None:
            texts |= {
                "adset_id": adset.id, "adset_name": adset.name,
                "optimization_goal": adset.optimization_goal, "attribution_setting": adset.attribution,
            }  # fmt: skip
        number = world.hash(node.id, "texts")
        texts |= _times(node.created.astimezone(zone).date(), number)
        if level == "ad":
            texts |= {"ad_id": node.id, "ad_name": node.name, **_rankings(number)}
            if number % 4 == 0:
                texts |= {"auction_bid": str(100 + number % 900), "auction_competitiveness": str(number % 100),
                          "auction_max_competitor_bid": str(200 + number % 1900)}  # fmt: skip
        if number % 3 == 0:
            texts["is_catalogue"] = "yes"
        if campaign.objective == "OUTCOME_LEADS":
            texts["asks"] = "yes"
        return texts


def _ratio(numbers: dict[str, Any], over: str, under: str, factor: int) -> str | None:
    above, below = float(numbers[over]), numbers[under]
    return decimal(above * factor / below) if above and below else None


def _times(created: date, number: int) -> Texts:
    """Days, not moments; a later edit must not change a day that is frozen, so the update is a day soon after."""
    return {"created_time": created.isoformat(), "updated_time": (created + timedelta(days=number % 20)).isoformat()}


def _rankings(number: int) -> Texts:
    names = ("quality_ranking", "engagement_rate_ranking", "conversion_rate_ranking")
    known = ("UNKNOWN", "UNKNOWN", "AVERAGE", "ABOVE_AVERAGE", "BELOW_AVERAGE_10", "BELOW_AVERAGE_35")
    return {name: known[(number >> 4 * n) % len(known)] for n, name in enumerate(names)}
