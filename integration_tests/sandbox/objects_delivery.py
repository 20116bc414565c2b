"""Campaigns, ad sets and ads as Graph JSON: every field is a function of the object's facts and its revision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from integration_tests.sandbox.census import THINGS
from integration_tests.sandbox.kinds import Ad, AdSet, Campaign, Creative
from integration_tests.sandbox.layouts import Values, member, text
from integration_tests.sandbox.lives import Standing, edit_of
from integration_tests.sandbox.moments import instants
from integration_tests.sandbox.targeting import Targetings, targeting
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
_WITH_BID = frozenset({"COST_CAP", "LOWEST_COST_WITH_BID_CAP"})
_STAGES = ("LEARNING", "SUCCESS", "FAIL")
_BOOLEANS = ("false", "true")
# special_ad_category, special_ad_categories, special_ad_category_country
_HOUSING, _NO_CATEGORY = ("HOUSING", '["HOUSING"]', '["US"]'), ("NONE", "[]", "[]")
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

    instant: Callable[[int], str]
    pixel: str
    labels: Sequence[str]


class DeliveryRows:
    """The values of the campaigns, ad sets and ads of a world; what they share is written once and kept for a while."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts = lru_cache(1_000)(self._make_account)
        self._rests = lru_cache(5_000)(Targetings(world).all_but_ages)
        self._targetings = lru_cache(5_000)(self._make_targeting)
        self._label_lists = lru_cache(5_000)(self._make_labels)

    def campaign(self, node: Campaign, standing: Standing) -> Values:
        """A campaign."""
        number, edit, effective, born = node.words[0], standing.edit, standing.effective, node.born
        instant, objective = self._accounts(node.account_id).instant, node.objective
        budget, strategy, is_lifetime = money(edit), BID_STRATEGIES[number // 3 % 4], number % 5 == 0
        category, categories, countries = _HOUSING if number % 23 == 1 else _NO_CATEGORY
        return (
            node.id, node.account_id, objective, standing.status, effective, node.buying_type, strategy,
            str(budget * (edit // 7 % 100) // 100),
            _BOOLEANS[number % 4 == 0], _BOOLEANS[objective == "OUTCOME_APP_PROMOTION"],
            "GUIDED_CREATION" if number % 9 else "AUTOMATED_SHOPPING_ADS", category, categories, countries,
            instant(born), instant(standing.updated),
            f',"name":{text(node.name)}',
            f',"lifetime_budget":"{budget * 20}"' if is_lifetime else "",
            "" if is_lifetime else f',"daily_budget":"{budget}"',
            f',"stop_time":"{instant(born + (400 + number % 200) * DAY)}"' if is_lifetime else "",
            "" if number % 6 else f',"spend_cap":"{budget * 200}"',
            f',"bid_constraints":{{"roas_average_floor":{10000 + edit % 5000}}}' if strategy == "COST_CAP" else "",
            self.labels(node, number),
            _issue("CAMPAIGN", edit) if effective == "WITH_ISSUES" else "",
        )  # fmt: skip

    def adset(self, node: AdSet, standing: Standing) -> Values:
        """An ad set."""
        number, edit, effective, goal = node.words[0], standing.edit, standing.effective, node.optimization_goal
        instant, pixel, _ = self._accounts(node.account_id)
        budget, strategy = money(edit), BID_STRATEGIES[number // 3 % 4]
        attribution, windows = WINDOWS.get(node.attribution, ("[]", "[]"))
        bid = 100 + edit % 900 if strategy in _WITH_BID else 0
        return (
            node.id, node.account_id, node.campaign_id, standing.status, effective,
            str(budget), str(budget * (edit // 7 % 100) // 100), strategy, BILLING.get(goal, "IMPRESSIONS"), goal,
            "WEBSITE" if number % 3 else "UNDEFINED", _BOOLEANS[number % 5 == 0],
            _promoted(goal, number, pixel), attribution, windows,
            _STAGES[edit % 3], str(edit % 50), str(standing.updated), instant(node.born), instant(standing.updated),
            f',"name":{text(node.name)}',
            f',"targeting":{targeting(edit, self._rests(node.account_id, number))}',
            f',"bid_amount":{bid}' if bid else "",
            f',"bid_info":{{"{"REACH" if goal == "REACH" else "ACTIONS"}":{bid}}}' if bid else "",
            "" if number % 11 else f',"end_time":"{instant(node.born + (300 + number % 300) * DAY)}"',
            "" if number % 11 else ',"bid_constraints":{"roas_average_floor":20000}',
            self.labels(node, number),
            _issue("AD_SET", edit) if effective == "WITH_ISSUES" else "",
        )  # fmt: skip

    def ad(self, node: Ad, standing: Standing) -> Values:
        """An ad."""
        number, edit, effective, account_id = node.words[0], standing.edit, standing.effective, node.account_id
        instant, pixel, _ = self._accounts(account_id)
        bid = 0 if edit % 4 else 100 + edit % 700
        return (
            node.id, account_id, node.campaign_id, node.adset_id, standing.status, effective,
            number.to_bytes(8).hex(), pixel, str(600000000000000 + number % 10**14), _PAGES[number % 9],
            str(6015300000000000 + number % 9999), instant(node.born), instant(standing.updated),
            f',"name":{text(node.name)}',
            self._targetings(account_id, node.above.index),
            f',"creative":{{"id":"{node.creative_id}"}}' if node.creative_id else "",
            f',"bid_amount":{bid}' if bid else "", f',"bid_info":{{"ACTIONS":{bid}}}' if bid else "",
            self.labels(node, number),
            _issue("AD", edit) if effective == "WITH_ISSUES" else "",
            _FEEDBACK if effective == "DISAPPROVED" else "",
            "" if edit % 13 else _RECOMMENDED,
        )  # fmt: skip

    def labels(self, node: Campaign | AdSet | Ad | Creative, number: int) -> str:
        """None to two of the account's labels, as a member."""
        # Only labels of the start: an object may not change when the clock moves.
        count = number % 3
        return self._label_lists(node.account_id, number % THINGS["label"], count) if count else ""

    def _make_labels(self, account_id: str, first: int, count: int) -> str:
        if not self._world.spec(account_id).campaigns:
            return ""
        labels = self._accounts(account_id).labels
        picked = [labels[(first + each) % THINGS["label"]] for each in range(count)]
        return f',"adlabels":[{",".join(picked)}]'

    def _make_targeting(self, account_id: str, index: int) -> str:
        """An ad set's targeting at its creation, which is what its ads show."""
        words = self._world.family(account_id, "adset")[index].words
        return f',"targeting":{targeting(edit_of(words, 0), self._rests(account_id, words[0]))}'

    def _make_account(self, account_id: str) -> _Account:
        world = self._world
        instant, labels = instants(world.spec(account_id).timezone), world.family(account_id, "label")
        return _Account(instant, world.object_id(account_id, "pixel", 0), [
            text({
                "id": label.id, "name": label.name,
                "created_time": instant(label.born), "updated_time": instant(label.born),
            })
            for label in (labels[index] for index in range(THINGS["label"]))
        ])  # fmt: skip


def money(number: int) -> int:
    """A budget in minor units, a sensible one in cents as in yen."""
    return (20 + number % 480) * 100


def _promoted(goal: str, number: int, pixel: str) -> str:
    if goal in {"OFFSITE_CONVERSIONS", "VALUE"}:
        return f'"pixel_id":"{pixel}","custom_event_type":"{("PURCHASE", "LEAD", "ADD_TO_CART")[number % 3]}"'
    return f'"page_id":"{_PAGES[number % 9]}"'


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
