"""How a row is written: each field asked for, numbers as strings, what has no value left out."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import orjson

from integration_tests.sandbox.dimensions import SEPARATOR, decimals, tables
from integration_tests.sandbox.figures import AT, FIRST_CONVERSION, REACH_MOST, REACH_SUM
from integration_tests.sandbox.insights_actions import Asked, actions, is_array
from integration_tests.sandbox.insights_compiled import Scale
from integration_tests.sandbox.insights_query import Query
from integration_tests.sandbox.insights_results import Results
from integration_tests.sandbox.insights_rows import Row
from integration_tests.sandbox.insights_texts import ObjectTexts, Texts
from integration_tests.sandbox.insights_writing import amount, decimal, ratio, unique

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


_GETTERS = {name: itemgetter(*(AT[each] for each in parts)) for name, parts in _SUMS.items() if len(parts) > 1}
_SINGLE = {name: AT[parts[0]] for name, parts in _SUMS.items() if len(parts) == 1}
_NUMBERS = frozenset({
    *_SUMS, *_UNIQUE, "reach", "spend", "social_spend", "full_view_reach", "estimated_ad_recallers",
    "canvas_avg_view_percent", "qualifying_question_qualify_answer_rate",
})  # fmt: skip
_SPEND, _SOCIAL, _SECONDS = AT["spend_plain"], AT["spend_social"], AT["canvas_seconds"]
_FIRST_STAGE, _LAST_STAGE, _PLAYED = AT["stage_0"], AT["stage_100"], AT["seconds"]


class Sheet:
    """Writes the rows of one query; `fields` other than the query's own for a row of sums."""

    def __init__(self, texts: ObjectTexts, query: Query, fields: tuple[str, ...] | None = None) -> None:
        self._of_objects, self._query = texts, query
        self._decimals = decimals(query.account.currency)
        self._texts: dict[int, tuple[Texts, bytes]] = {}
        self._results = Results()
        self._names = [name for name in (query.fields if fields is None else fields) if name not in query.hidden]
        self._actions = actions(Asked.of(query, self._names))
        # Other fields are figures.
        self._of_texts = tuple(name for name in self._names if not is_array(name) and name not in _RATIOS)
        self._ratios: list[tuple[str, str, str, int]] = []
        self._plain: list[tuple[str, str]] = []
        self._of_results: list[tuple[str, str]] = []
        self._shows_update = "updated_time" in self._names
        # The end of every row: its days, and what hourly rows have no figure for.
        self._ends = [f'"date_start":"{each.since}","date_stop":"{each.until}"' for each in query.periods]
        is_hourly = any(name.startswith("hourly_") for name in query.breakdowns)
        for name in self._names:
            if is_hourly and name in ("reach", "frequency"):
                self._ends = [f'"{name}":"0",{end}' for end in self._ends]
            elif name in _RATIOS:
                self._ratios.append((f'"{name}":', *_RATIOS[name]))
            elif self._results.has(name):
                self._of_results.append((f'"{name}":', name))
            elif name in _NUMBERS:
                self._plain.append((f'"{name}":"', name))

    def write(self, row: Row) -> dict[str, Any]:
        """The row as it goes out, to be looked into."""
        found: dict[str, Any] = orjson.loads(self.json(row))
        return found

    def json(self, row: Row) -> bytes:
        """The row as it goes out."""
        known = self._texts.get(row.index)
        if known is None:
            known = self._of_objects.written(self._query.account, self._query.level, row.index, self._of_texts)
            self._texts[row.index] = known
        texts, constant = known
        numbers = self._numbers(row, texts)
        spend = float(numbers["spend"])
        parts = [f'{key}{numbers[name]}"' for key, name in self._plain if numbers.get(name)]
        for key, over, under, factor in self._ratios:
            above, below = spend if over == "spend" else numbers[over], numbers[under]
            if above and below:
                parts.append(key + ratio(above * factor / below))
        scale = Scale(spend, numbers["impressions"], numbers["reach"], _play_length(row))
        if arrays := self._actions.text(row, scale, of_catalogue="is_catalogue" in texts):
            parts.append(arrays)
        for key, name in self._of_results:
            if text := self._results.json(name, row, texts.get("optimization_goal"), numbers):
                parts.append(key + text)
        if self._shows_update:
            until = self._query.periods[row.period].until.isoformat()
            parts.append(f'"updated_time":"{min(texts["updated_time"], until)}"')
        parts.append(self._ends[row.period])
        return b"".join((b"{", constant, ",".join(parts).encode(), self._cell(row), b"}"))

    def _cell(self, row: Row) -> bytes:
        found: dict[str, Any] = {}
        for name, value in zip(self._query.breakdowns, row.cell or (), strict=False):
            if SEPARATOR in value:
                asset_id, _, text = value.partition(SEPARATOR)
                found[name] = {tables()["assets"][name][0]: text, "id": asset_id}
            elif value:
                found[name] = value
        return b"," + orjson.dumps(found)[1:-1] if found else b""

    def _numbers(self, row: Row, texts: Texts) -> dict[str, Any]:
        """The scalar metrics; those of whole numbers as such, spend as it is written."""
        figures = row.figures
        numbers: dict[str, Any] = {name: figures[index] for name, index in _SINGLE.items()}
        for name, getter in _GETTERS.items():
            numbers[name] = sum(getter(figures))
        for name, counted in _UNIQUE.items():
            numbers[name] = unique(numbers[counted])
        most = figures[REACH_MOST]
        reach = numbers["reach"] = most + (figures[REACH_SUM] - most) * 6 // 10
        social, seconds = figures[_SOCIAL], figures[_SECONDS]
        numbers["spend"] = amount(figures[_SPEND] + social, self._decimals)
        numbers["social_spend"] = amount(social, self._decimals) if social else None
        numbers["full_view_reach"] = numbers["full_view_impressions"] * reach // (numbers["impressions"] or 1)
        numbers["estimated_ad_recallers"] = reach * 6 // 100 if texts.get("objective") == "OUTCOME_AWARENESS" else 0
        numbers["canvas_seconds"] = seconds
        if numbers["instant_experience_clicks_to_open"]:
            numbers["canvas_avg_view_percent"] = 20 + seconds % 70
        if "asks" in texts and any(figures[FIRST_CONVERSION:REACH_SUM]):
            numbers["qualifying_question_qualify_answer_rate"] = decimal(reach % 97 / 97) if reach % 97 else None
        return numbers


def _play_length(row: Row) -> str:
    """How many seconds a play of the video took, as JSON; '' without one."""
    plays = sum(row.figures[_FIRST_STAGE : _LAST_STAGE + 1])
    return f'"{max(1, row.figures[_PLAYED] // plays)}"' if plays else ""
