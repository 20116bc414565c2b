"""The fields about results: what the ad set is optimised for, counted and priced."""

from __future__ import annotations

from typing import Any

from integration_tests.sandbox.insights_rows import Row
from integration_tests.sandbox.insights_sources import Source, source, tables
from integration_tests.sandbox.insights_writing import decimal

_GOALS = {
    "OFFSITE_CONVERSIONS": "actions:offsite_conversion.fb_pixel_purchase",
    "VALUE": "actions:offsite_conversion.fb_pixel_purchase",
    "LANDING_PAGE_VIEWS": "actions:landing_page_view",
    "LEAD_GENERATION": "actions:offsite_conversion.fb_pixel_lead",
    "LINK_CLICKS": "actions:link_click",
    "REACH": "reach",
    "AD_RECALL_LIFT": "estimated_ad_recallers",
    "POST_ENGAGEMENT": "actions:post_engagement",
    "THRUPLAY": "video_thruplay_watched_actions",
    "APP_INSTALLS": "actions:mobile_app_install",
}
_FIELDS = ("results", "cost_per_result", "result_rate", "cost_per_objective_result", "objective_result_rate")


class Results:
    """The results of the rows of a query; ad sets and ads have them, what lies above mixes goals and has none."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}

    @staticmethod
    def has(field: str) -> bool:
        """Whether a field is about results."""
        return field in _FIELDS

    def json(self, field: str, row: Row, goal: str | None, numbers: dict[str, Any]) -> str:
        """The field of a row whose ad set is optimised for `goal`; '' without a goal, no `values` without a result."""
        indicator = _GOALS.get(goal or "")
        if indicator is None:
            return ""
        count = self._count(indicator, row, numbers)
        if not count or not numbers["impressions"]:
            return f'[{{"indicator":"{indicator}"}}]'
        if field == "results":
            value = str(count)
        elif field.startswith("cost_per_"):
            value = decimal(float(numbers["spend"]) / count)
        else:
            value = decimal(100 * count / numbers["impressions"])
        return f'[{{"indicator":"{indicator}","values":[{{"value":"{value}","attribution_windows":["default"]}}]}}]'

    def _count(self, indicator: str, row: Row, numbers: dict[str, Any]) -> int:
        if indicator in numbers:
            return int(numbers[indicator])
        if indicator not in self._sources:
            kind, _, name = indicator.partition(":")
            parts = tables()["types"][name] if name else tables()["fields"][kind][3:]
            self._sources[indicator] = source(tuple(parts))
        return self._sources[indicator].counts(row.figures)[0]
