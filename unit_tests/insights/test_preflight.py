"""What is asked of Meta before a report is made, how often, and what its answers mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests_mock

from source_meta_ads.accounts import Account
from source_meta_ads.graph.auth import BearerAuth
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.insights.preflight import Confirmer, alternative, is_doubtful, rule_problems
from source_meta_ads.insights.reports import Report, built_in_reports
from source_meta_ads.telemetry.meter import Meter
from unit_tests.simulated import SimulatedClock

TODAY = date(2026, 11, 24)
WEST, OST = (Account(each, name, "UTC", "USD", 1) for each, name in (("1", "West"), ("2", "Ost")))
ROW: dict[str, Any] = {"json": {"data": [{"impressions": "5"}]}}
NOTHING: dict[str, Any] = {"json": {"data": []}}


def refusal(code: int, message: str = "no", status: int = 400) -> dict[str, Any]:
    return {"status_code": status, "json": {"error": {"message": message, "code": code, "type": "OAuthException"}}}


INVALID = refusal(100, "(#100) Current combination of data breakdown columns (country, age) is invalid")


class Desk:
    """Meta's answers in order for each account, and what was asked."""

    def __init__(self, mocker: requests_mock.Mocker) -> None:
        self._mocker = mocker
        clock = SimulatedClock()
        self.confirmer = Confirmer(
            GraphSession(
                base_url="https://graph.facebook.com", version="v26.0", auth=BearerAuth("tok-1"), clock=clock,
                throttle=Throttle(clock), meter=Meter(), logger=logging.getLogger("test"), waits_for_limits=False,
            )
        )  # fmt: skip

    def answers(self, account: Account, *answers: dict[str, Any]) -> None:
        self._mocker.get(f"https://graph.facebook.com/v26.0/act_{account.id}/insights", list(answers))

    @property
    def asked(self) -> list[dict[str, list[str]]]:
        return [request.qs for request in self._mocker.request_history]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with requests_mock.Mocker() as mocker:
        yield Desk(mocker)


def built_in(name: str) -> Report:
    return next(report for report in built_in_reports("v26.0") if report.name == name)


def own(**keys: Any) -> Report:
    return Report(name="r", **keys)


DEVICES = built_in("ads_insights_platform_and_device")
UNDOCUMENTED = own(breakdowns=["country", "age"], action_breakdowns=["action_type"])


def test_rows_settle_an_opt_in_with_one_question_of_one_row(desk: Desk) -> None:
    desk.answers(WEST, ROW)
    assert desk.confirmer.confirm(DEVICES, WEST, TODAY) is None
    assert desk.confirmer.is_settled(DEVICES, WEST)
    (asked,) = desk.asked
    assert (asked["level"], asked["limit"]) == (["account"], ["1"])
    assert asked["time_range"] == ['{"since":"2026-10-25","until":"2026-11-24"}']
    assert asked["breakdowns"] == ['["publisher_platform","platform_position","impression_device"]']


def test_nothing_with_the_breakdown_and_something_without_is_a_missing_opt_in(desk: Desk) -> None:
    desk.answers(WEST, NOTHING, ROW)
    finding = desk.confirmer.confirm(DEVICES, WEST, TODAY)
    assert finding is not None
    assert not finding.is_error
    for word in ("act_1 (West)", "impression_device", "feature-settings", "ads_insights_platform_and_position"):
        assert word in str(finding)
    assert "breakdowns" not in desk.asked[1]


@pytest.mark.parametrize("answers", [(NOTHING, NOTHING), (NOTHING, refusal(100)), (refusal(4),), (refusal(200),)])
def test_an_account_without_delivery_or_an_error_of_another_kind_is_no_finding(
    desk: Desk, answers: tuple[dict[str, Any], ...]
) -> None:
    desk.answers(WEST, *answers)
    assert desk.confirmer.confirm(DEVICES, WEST, TODAY) is None
    assert not desk.confirmer.is_settled(DEVICES, WEST)
    assert len(desk.asked) == len(answers)


def test_a_passing_error_that_stays_is_no_finding(desk: Desk) -> None:
    desk.answers(WEST, refusal(2, status=500))
    assert desk.confirmer.confirm(UNDOCUMENTED, WEST, TODAY) is None


def test_a_refused_report_of_the_users_own_is_an_error_with_metas_words_and_the_nearest_one(desk: Desk) -> None:
    desk.answers(WEST, INVALID)
    finding = desk.confirmer.confirm(UNDOCUMENTED, WEST, TODAY)
    assert finding is not None
    assert finding.is_error
    for word in ("custom_insights 'r'", "Current combination", "nearest valid report", "in a report of its own"):
        assert word in str(finding)


def test_a_refused_built_in_report_leaves_the_others_alone(desk: Desk) -> None:
    desk.answers(WEST, INVALID)
    finding = desk.confirmer.confirm(DEVICES, WEST, TODAY)
    assert finding is not None
    assert not finding.is_error


def test_an_accepted_combination_without_rows_is_a_warning(desk: Desk) -> None:
    desk.answers(WEST, NOTHING, ROW)
    finding = desk.confirmer.confirm(UNDOCUMENTED, WEST, TODAY)
    assert finding is not None
    assert "no row for 30 days" in str(finding)


def test_an_opt_in_is_asked_once_an_account_whatever_report_it_is_for(desk: Desk) -> None:
    desk.answers(WEST, NOTHING, ROW)
    desk.answers(OST, ROW)
    reports = [DEVICES, own(breakdowns=["publisher_platform", "impression_device"]), built_in("ads_insights")]
    found = list(desk.confirmer.confirm_all(reports, [WEST, OST], lambda _: TODAY, most=10))
    assert [finding.report.name for finding in found] == [DEVICES.name, "r"]
    assert len(desk.asked) == 3


def test_a_combination_is_asked_of_the_first_account_that_tells(desk: Desk) -> None:
    desk.answers(WEST, refusal(200))
    desk.answers(OST, ROW)
    third = Account("3", "Süd", "UTC", "EUR", 1)
    assert list(desk.confirmer.confirm_all([UNDOCUMENTED], [WEST, OST, third], lambda _: TODAY, most=10)) == []
    assert len(desk.asked) == 2


def test_no_more_questions_are_put_than_allowed(desk: Desk) -> None:
    desk.answers(WEST, ROW)
    assert list(desk.confirmer.confirm_all([DEVICES], [WEST, OST], lambda _: TODAY, most=1)) == []
    assert desk.confirmer.asked == len(desk.asked) == 1


@pytest.mark.parametrize(
    ("report", "level", "fields"),
    [
        (own(breakdowns=["place_page_id", "country"]), "ad", "impressions"),
        (own(breakdowns=["frequency_value", "country"]), "account", "reach"),
        (UNDOCUMENTED, "account", "impressions,actions"),
    ],
)
def test_the_question_fits_the_breakdowns(desk: Desk, report: Report, level: str, fields: str) -> None:
    desk.answers(WEST, ROW)
    desk.confirmer.confirm(report, WEST, TODAY)
    assert (desk.asked[0]["level"], desk.asked[0]["fields"]) == ([level], [fields])


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (DEVICES, "read stream ads_insights_platform_and_position instead"),
        (built_in("ads_insights_comscore_market"), "read stream ads_insights instead"),
        (own(breakdowns=["age", "comscore_market"]), "the same with breakdowns age (stream ads_insights_"),
        (own(level="adset", breakdowns=["frequency_value"]), "the same with no breakdowns (stream adset_insights)"),
    ],
)
def test_the_alternative_to_an_opt_in_is_the_report_without_it(report: Report, words: str) -> None:
    assert words in alternative(report)


def test_only_opt_ins_and_undocumented_reports_of_the_users_own_are_doubtful() -> None:
    doubtful = {report.name for report in built_in_reports("v26.0") if is_doubtful(report)}
    assert doubtful == {
        "ads_insights_platform_and_device", "ads_insights_comscore_market",
        "ads_insights_demographics_comscore_market_region",
    }  # fmt: skip
    assert is_doubtful(UNDOCUMENTED)
    assert not is_doubtful(own(breakdowns=["age"]))


def test_of_built_in_reports_only_what_is_impossible_is_found() -> None:
    broken = built_in("ads_insights").model_copy(update={"action_attribution_windows": ["7d_view"]})
    found = rule_problems([broken, DEVICES, own(breakdowns=["comscore_market"])])
    assert [finding.report.name for finding in found if finding.is_error] == ["ads_insights"]
    assert {finding.report.name for finding in found if not finding.is_error} == {"r"}
