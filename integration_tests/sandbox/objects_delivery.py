"""Campaigns, ad sets and ads as Graph JSON: every field is a function of the object's facts and its revision."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from integration_tests.sandbox.census import THINGS
from integration_tests.sandbox.kinds import Ad, AdSet, Campaign, Creative
from integration_tests.sandbox.layouts import Values, member, text
from integration_tests.sandbox.lives import Standing, edit_of
from integration_tests.sandbox.moments import instant, moment
from integration_tests.sandbox.objects_layouts import AD, ADSET, CAMPAIGN
from integration_tests.sandbox.targeting import targeting
from integration_tests.sandbox.world import World

DAY = 86_400
BID_STRATEGIES = ("LOWEST_COST_WITHOUT_CAP", "LOWEST_COST_WITHOUT_CAP", "COST_CAP", "LOWEST_COST_WITH_BID_CAP")
BILLING = {"THRUPLAY": "THRUPLAY", "LINK_CLICKS": "LINK_CLICKS"}
# By attribution setting: the JSON of attribution_spec, and of the windows in learning_stage_info.
WINDOWS = {
    "7d_click_1d_view": (
        '[{"event_type":"CLICK_THROUGH","window_days":7},{"event_type":"VIEW_THROUGH","window_days":1}]',
        '["7d_click","1d_view"]',
    ),
    "7d_click": ('[{"event_type":"CLICK_THROUGH","window_days":7}]', '["7d_click"]'),
    "1d_click": ('[{"event_type":"CLICK_THROUGH","window_days":1}]', '["1d_click"]'),
}
_BOOLEANS = ("false", "true")
_FEEDBACK = member(
    "ad_review_feedback", {"global": {"Personal attributes": "Ads must not assert personal attributes."}}
)
_RECOMMENDED = member("recommendations", [{
    "title": "Use Advantage+ placements", "message": "More placements can lower the cost per result.",
    "code": 1942020, "importance": "MEDIUM", "confidence": "HIGH", "blame_field": "targeting",
}])  # fmt: skip


_PAGES = [str(110000000000001 + number) for number in range(9)]


class _Account(NamedTuple):
    """What the rows of an account share."""

    zone: str
    pixel: str


class DeliveryRows:
    """Writes the campaigns, ad sets and ads of a world; what they share is written once and kept for a while."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts = lru_cache(1_000)(self._make_account)
        self._targetings = lru_cache(5_000)(self._make_targeting)
        self._label_lists = lru_cache(5_000)(self._make_labels)

    def campaign(self, node: Campaign, standing: Standing) -> Values:
        """A campaign."""
        number, edit = node.words[0], standing.edit
        is_lifetime, is_housing = number % 5 == 0, number % 23 == 1
        budget, zone = money(edit), self._accounts(node.account_id).zone
        strategy = BID_STRATEGIES[number // 3 % 4]
        values: Values = {
            **CAMPAIGN.absent,
            "name": f',"name":{text(node.name)}', "adlabels": self.labels(node, number),
            "id": node.id, "account": node.account_id, "objective": node.objective,
            "status": standing.status, "effective": standing.effective, "buying_type": node.buying_type,
            "strategy": strategy, "remaining": str(budget * (edit // 7 % 100) // 100),
            "shares_budget": _BOOLEANS[number % 4 == 0],
            "is_app": _BOOLEANS[node.objective == "OUTCOME_APP_PROMOTION"],
            "promotion": "GUIDED_CREATION" if number % 9 else "AUTOMATED_SHOPPING_ADS",
            "category": "HOUSING" if is_housing else "NONE",
            "categories": '["HOUSING"]' if is_housing else "[]", "countries": '["US"]' if is_housing else "[]",
            "created": instant(zone, node.born), "updated": instant(zone, standing.updated),
        }  # fmt: skip
        if is_lifetime:
            values["lifetime_budget"] = f',"lifetime_budget":"{budget * 20}"'
            values["stop_time"] = member("stop_time", instant(zone, node.born + (400 + number % 200) * DAY))
        else:
            values["daily_budget"] = f',"daily_budget":"{budget}"'
        if number % 6 == 0:
            values["spend_cap"] = f',"spend_cap":"{budget * 200}"'
        if strategy == "COST_CAP":
            values["bid_constraints"] = member("bid_constraints", {"roas_average_floor": 10000 + edit % 5000})
        if standing.effective == "WITH_ISSUES":
            values["issues_info"] = _issue("CAMPAIGN", edit)
        return values

    def adset(self, node: AdSet, standing: Standing) -> Values:
        """An ad set."""
        number, edit = node.words[0], standing.edit
        budget, zone = money(edit), self._accounts(node.account_id).zone
        strategy, goal = BID_STRATEGIES[number // 3 % 4], node.optimization_goal
        attribution, windows = WINDOWS.get(node.attribution, ("[]", "[]"))
        values: Values = {
            **ADSET.absent,
            "name": f',"name":{text(node.name)}',
            "targeting": self._targeting(node.id, node.account_id, edit),
            "adlabels": self.labels(node, number),
            "id": node.id, "account": node.account_id, "campaign": node.campaign_id,
            "status": standing.status, "effective": standing.effective,
            "budget": str(budget), "remaining": str(budget * (edit // 7 % 100) // 100), "strategy": strategy,
            "billing": BILLING.get(goal, "IMPRESSIONS"), "goal": goal,
            "destination": "WEBSITE" if number % 3 else "UNDEFINED", "is_dynamic": _BOOLEANS[number % 5 == 0],
            "promoted": self._promoted(node, number), "attribution": attribution, "windows": windows,
            "stage": ("LEARNING", "SUCCESS", "FAIL")[edit % 3], "conversions": str(edit % 50),
            "edited": str(standing.updated),
            "created": instant(zone, node.born), "updated": instant(zone, standing.updated),
        }  # fmt: skip
        if strategy in {"COST_CAP", "LOWEST_COST_WITH_BID_CAP"}:
            _bid(values, "REACH" if goal == "REACH" else "ACTIONS", 100 + edit % 900)
        if number % 11 == 0:
            values["end_time"] = member("end_time", instant(zone, node.born + (300 + number % 300) * DAY))
            values["bid_constraints"] = member("bid_constraints", {"roas_average_floor": 20000})
        if standing.effective == "WITH_ISSUES":
            values["issues_info"] = _issue("AD_SET", edit)
        return values

    def ad(self, node: Ad, standing: Standing) -> Values:
        """An ad."""
        number, edit, effective, account_id = node.words[0], standing.edit, standing.effective, node.account_id
        zone, pixel = self._accounts(account_id)
        values: Values = {
            **AD.absent,
            "name": f',"name":{text(node.name)}',
            "targeting": self._targetings(node.adset_id, account_id)[0],
            "adlabels": self.labels(node, number),
            "creative": f',"creative":{{"id":"{node.creative_id}"}}' if node.creative_id else "",
            "id": node.id, "account": account_id, "campaign": node.campaign_id, "adset": node.adset_id,
            "status": standing.status, "effective": effective, "number": f"{number:016x}", "pixel": pixel,
            "page": _PAGES[number % 9], "post": str(600000000000000 + number % 10**14),
            "conversion": str(6015300000000000 + number % 9999),
            "created": instant(zone, node.born), "updated": instant(zone, standing.updated),
        }  # fmt: skip
        if edit % 4 == 0:
            _bid(values, "ACTIONS", 100 + edit % 700)
        if effective == "WITH_ISSUES":
            values["issues_info"] = _issue("AD", edit)
        elif effective == "DISAPPROVED":
            values["ad_review_feedback"] = _FEEDBACK
        if edit % 13 == 0:
            values["recommendations"] = _RECOMMENDED
        return values

    def labels(self, node: Campaign | AdSet | Ad | Creative, number: int) -> str:
        """None to two of the account's labels, as a member."""
        # Only labels of the start: an object may not change when the clock moves.
        count = number % 3
        return self._label_lists(node.account_id, number % THINGS["label"], count) if count else ""

    def _make_labels(self, account_id: str, first: int, count: int) -> str:
        if not self._world.spec(account_id).campaigns:
            return ""
        picked = [self._world.thing_at("label", account_id, (first + each) % THINGS["label"]) for each in range(count)]
        return member("adlabels", [
            {
                "id": label.id, "name": label.name,
                "created_time": moment(self._world, account_id, label.created),
                "updated_time": moment(self._world, account_id, label.created),
            }
            for label in picked
        ])  # fmt: skip

    def _targeting(self, adset_id: str, account_id: str, edit: int) -> str:
        """An ad set's targeting; an edit moves the ages alone. An ad shows that of its ad set's creation."""
        rest = self._targetings(adset_id, account_id)[1]
        return f',"targeting":{{"age_min":{18 + edit % 20},"age_max":{65 - edit // 20 % 15},{rest}'

    def _make_targeting(self, adset_id: str, account_id: str) -> tuple[str, str]:
        world = self._world
        words = world.adset_at(account_id, int(adset_id[9:])).words
        whole = targeting(world, account_id, words[0], edit_of(words, 0))
        youngest, oldest = whole.pop("age_min"), whole.pop("age_max")
        rest = text(whole)[1:]
        return f',"targeting":{{"age_min":{youngest},"age_max":{oldest},{rest}', rest

    def _promoted(self, node: AdSet, number: int) -> str:
        if node.optimization_goal in {"OFFSITE_CONVERSIONS", "VALUE"}:
            event = ("PURCHASE", "LEAD", "ADD_TO_CART")[number % 3]
            return f'"pixel_id":"{self._accounts(node.account_id).pixel}","custom_event_type":"{event}"'
        return f'"page_id":"{_PAGES[number % 9]}"'

    def _make_account(self, account_id: str) -> _Account:
        return _Account(self._world.spec(account_id).timezone, self._world.object_id(account_id, "pixel", 0))


def money(number: int) -> int:
    """A budget in minor units, a sensible one in cents as in yen."""
    return (20 + number % 480) * 100


def _bid(others: Values, kind: str, amount: int) -> None:
    others["bid_amount"] = f',"bid_amount":{amount}'
    others["bid_info"] = f',"bid_info":{{"{kind}":{amount}}}'


def _issue(level: str, number: int) -> str:
    """What is wrong with an object that runs with issues."""
    issue: dict[str, Any] = {
        "level": level,
        "error_code": 1815869 + number % 7,
        "error_summary": "Payment method needs attention",
        "error_message": "The payment method of this ad account was declined. Add another one to go on.",
        "error_type": "HARD_ERROR" if number % 2 else "SOFT_ERROR",
    }
    return member("issues_info", [issue])
