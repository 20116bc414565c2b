"""The sandbox's rate limits: Meta's quotas, units, codes and headers, on the sandbox's own clock."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.limit_settings import limit_settings
from integration_tests.sandbox.limits import Limits
from integration_tests.sandbox.scenario import load
from integration_tests.sandbox.world import World

ACCOUNT = {"campaigns": 2, "adsets_per_campaign": 2, "ads_per_adset": 2, "changes": {"retired_share": 0}}
USAGE_HEADERS = ["X-Ad-Account-Usage", "X-App-Usage", "X-Business-Use-Case-Usage"]


def limits_of(section: dict[str, Any] | None, tier: str = "standard_access") -> Limits:
    """Limits over a world of two accounts whose clock stands still unless moved."""
    raw: dict[str, Any] = {
        "clock": {"now": "2026-11-24T15:00:00Z", "speed": 0},
        "tokens": [{"token": "tok-a"}, {"token": "tok-b"}],
        "accounts": [{"id": each, "name": each, "tier": tier, **ACCOUNT} for each in ("1001", "1002")],
    }
    return Limits(World(load(raw | ({} if section is None else {"limits": section}))))


def call(edge: str = "campaigns", account: str | None = "1001", method: str = "GET", token: str = "tok-a") -> Call:
    return Call(method, "v26.0", (f"act_{account}", edge), {}, token=token, account_id=account, edge=edge)


def wait(limits: Limits, seconds: float) -> None:
    limits._world.clock.advance(timedelta(seconds=seconds))


def refused(limits: Limits, asked: Call) -> tuple[int, int | None] | None:
    """The code and subcode a call is refused with; None when it is let through."""
    try:
        limits.admit(asked)
    except Refusal as refusal:
        return refusal.code, refusal.subcode
    return None


def usage(limits: Limits, asked: Call, rows: int = 0) -> dict[str, Any]:
    """The usage headers after a call, decoded."""
    return {name: json.loads(value) for name, value in limits.headers(asked, rows, failed=False).items()}


def business(limits: Limits, asked: Call, rows: int = 0) -> dict[str, Any]:
    """The one business use case that the header is about."""
    (uses,) = usage(limits, asked, rows)["X-Business-Use-Case-Usage"].values()
    (use,) = uses
    assert isinstance(use, dict)
    return use


@pytest.mark.parametrize(
    ("tier", "allowed", "blocked_seconds"), [("development_access", 60, 300), ("standard_access", 9000, 60)]
)
def test_the_score_allows_its_tiers_reads_and_then_blocks_for_its_tiers_time(
    tier: str, allowed: int, blocked_seconds: int
) -> None:
    limits = limits_of({"enforce": True}, tier)
    assert [refused(limits, call()) for _ in range(allowed)] == [None] * allowed
    late = call()
    assert refused(limits, late) == (17, 2446079)
    assert late.blocked
    wait(limits, blocked_seconds - 1)
    assert refused(limits, call()) == (17, 2446079)
    wait(limits, blocked_seconds + 1)
    assert refused(limits, call()) is None


def test_a_write_costs_three_reads() -> None:
    limits = limits_of({"score": {"limit": 9}})
    write = call(method="POST")
    assert [refused(limits, each) for each in (write, call(method="POST"), call(method="POST"))] == [None] * 3
    assert write.points == 3
    assert refused(limits, call()) == (17, 2446079)


def test_the_score_decays_evenly_to_nothing_in_five_minutes() -> None:
    limits = limits_of(None, "development_access")
    for _ in range(30):
        limits.admit(call())
    pct = []
    for _ in range(6):
        pct.append(usage(limits, call())["X-Ad-Account-Usage"]["acc_id_util_pct"])
        wait(limits, 30)
    assert pct == pytest.approx([50, 40, 30, 20, 10, 0])


def test_every_call_made_while_blocked_makes_the_block_last_longer() -> None:
    patient, hasty = (limits_of({"score": {"limit": 2, "block_seconds": 100}}) for _ in range(2))
    for limits in (patient, hasty):
        for _ in range(3):
            refused(limits, call())
        wait(limits, 60)
    assert refused(hasty, call()) is not None
    for limits in (patient, hasty):
        wait(limits, 41)
    assert refused(patient, call()) is None
    assert refused(hasty, call()) is not None


def test_the_account_limit_can_come_as_613() -> None:
    limits = limits_of({"score": {"limit": 1, "code": 613}})
    limits.admit(call())
    assert refused(limits, call()) == (613, 1487742)


@pytest.mark.parametrize(
    ("edge", "kind", "code"),
    [
        ("insights", "ads_insights", 80000), ("report run", "ads_insights", 80000),
        ("campaigns", "ads_management", 80004), ("adcreatives", "ads_management", 80004),
        ("ad", "ads_management", 80004), ("customaudiences", "custom_audience", 80003),
    ],
)  # fmt: skip
def test_each_business_use_case_has_its_own_hour_and_code(edge: str, kind: str, code: int) -> None:
    limits = limits_of({"buc": {kind: 3}})
    assert [refused(limits, call(edge)) for _ in range(3)] == [None] * 3
    assert business(limits, call(edge))["type"] == kind
    assert refused(limits, call(edge)) == (code, 2446079)
    assert refused(limits, call(edge, account="1002")) is None
    assert refused(limits, call("customaudiences" if kind != "custom_audience" else "ads")) is None


def test_time_to_regain_access_is_in_minutes_and_is_true() -> None:
    limits = limits_of({"buc": {"ads_insights": 2}})
    limits.admit(call("insights"))
    wait(limits, 20 * 60)
    limits.admit(call("insights"))
    told = business(limits, call("insights"))
    assert (told["call_count"], told["estimated_time_to_regain_access"]) == (100, 40)
    wait(limits, 39 * 60)
    assert business(limits, call("insights"))["estimated_time_to_regain_access"] == 1
    wait(limits, 60)
    assert business(limits, call("insights"))["estimated_time_to_regain_access"] == 0
    assert refused(limits, call("insights")) is None


def test_a_call_while_blocked_adds_to_the_time_to_regain_access() -> None:
    limits = limits_of({"buc": {"ads_insights": 1}, "block_minutes": 5})
    limits.admit(call("insights"))
    wait(limits, 30 * 60)
    late = call("insights")
    assert refused(limits, late) == (80000, 2446079)
    assert business(limits, late)["estimated_time_to_regain_access"] == 35


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1500), max_size=40), st.integers(1, 6))
def test_no_hour_ever_holds_more_calls_than_the_quota(pauses: list[int], quota: int) -> None:
    limits = limits_of({"buc": {"ads_insights": quota}})
    now, let_through = 0, []
    for pause in pauses:
        wait(limits, pause)
        now += pause
        if refused(limits, call("insights")) is None:
            let_through.append(now)
    # The hour is kept by the minute, so its edge is up to a minute off.
    for moment in let_through:
        assert sum(moment - 3540 < each <= moment for each in let_through) <= quota


@pytest.mark.parametrize(
    ("tier", "base"), [("development_access", {"insights": 600, "ads": 300, "customaudiences": 5000}),
                       ("standard_access", {"insights": 190_000, "ads": 100_000, "customaudiences": 190_000})],
)  # fmt: skip
@pytest.mark.parametrize(("edge", "each"), [("insights", 400), ("ads", 40), ("customaudiences", 40)])
def test_the_documented_quota_grows_with_active_ads(tier: str, base: dict[str, int], edge: str, each: int) -> None:
    limits = limits_of(None, tier)
    world = limits._world
    ads = [ad for ad in world.ads("1001") if world.effective_status(ad) == "ACTIVE"]
    active = len(world.audiences("1001")) if edge == "customaudiences" else len(ads)
    assert active
    quota = base[edge] + each * active
    for _ in range(quota // 100 + 1):
        limits.admit(call(edge))
    assert business(limits, call(edge))["call_count"] == 1
    (gauge,) = [each for each in limits.gauges()["gauges"] if each["scope"] == "business use case"]
    assert gauge["pct"] == pytest.approx((quota // 100 + 1) / quota * 100, 0.01)


def test_the_app_and_the_user_have_an_hour_of_their_own() -> None:
    limits = limits_of({"app": 3})
    assert [refused(limits, call("me", account=None)) for _ in range(4)] == [None] * 3 + [(4, None)]
    limits = limits_of({"user": 2})
    assert [refused(limits, call()) for _ in range(3)] == [None, None, (17, None)]
    assert refused(limits, call(token="tok-b")) is None


@pytest.mark.parametrize("subcode", [1504022, 1504039])
def test_a_busy_app_is_refused_all_insights_and_nothing_else(subcode: int) -> None:
    limits = limits_of({"insights_app_pct": 100, "insights_app_subcode": subcode})
    assert refused(limits, call("insights")) == (4, subcode)
    assert refused(limits, call("insights", account="1002")) == (4, subcode)
    assert refused(limits, call("campaigns")) is None
    assert usage(limits, call("insights"))["X-FB-Ads-Insights-Throttle"]["app_id_util_pct"] == 100


def test_the_headers_have_metas_names_keys_and_units() -> None:
    limits = limits_of({"tier": "development_access"})
    asked = call("insights")
    limits.admit(asked)
    assert usage(limits, asked) == {
        "X-App-Usage": {"call_count": 0, "total_time": 0, "total_cputime": 0},
        "X-Ad-Account-Usage": {
            "acc_id_util_pct": 1.67, "reset_time_duration": 5, "ads_api_access_tier": "development_access",
        },
        "X-Business-Use-Case-Usage": {
            "1001": [
                {
                    "type": "ads_insights", "call_count": 0, "total_cputime": 0, "total_time": 0,
                    "estimated_time_to_regain_access": 0, "ads_api_access_tier": "development_access",
                }
            ]
        },
        "X-FB-Ads-Insights-Throttle": {
            "app_id_util_pct": 0, "acc_id_util_pct": pytest.approx(0.03, abs=0.03),
            "ads_api_access_tier": "development_access",
        },
    }  # fmt: skip
    assert sorted(limits.headers(call("ads"), 0, failed=False)) == USAGE_HEADERS
    assert list(limits.headers(call("me", account=None), 0, failed=False)) == ["X-App-Usage"]


def test_reach_that_was_counted_has_a_header_of_its_own() -> None:
    limits = limits_of(None)
    asked = call("insights")
    asked.reach_pct = 40.0
    assert usage(limits, asked)["x-Fb-Ads-Insights-Reach-Throttle"]["acc_id_util_pct"] == 40


def test_large_answers_use_cpu_and_wall_time() -> None:
    limits = limits_of({"buc": {"ads_management": {"calls": 100, "cpu_seconds": 1, "total_seconds": 4}}})
    small, large = call("ads"), call("ads")
    large.params["fields"] = ",".join(f"f{n}" for n in range(100))
    limits.admit(small)
    before = business(limits, small, rows=1)
    limits.admit(large)
    after = business(limits, large, rows=5000)
    assert after["total_cputime"] - before["total_cputime"] == pytest.approx(50, abs=2)
    assert after["total_time"] - before["total_time"] == pytest.approx(26, abs=2)
    limits.headers(large, 5000, failed=False)
    assert refused(limits, small) == (80004, 2446079)


def test_without_a_limits_section_usage_is_told_and_nothing_refused() -> None:
    limits = limits_of(None, "development_access")
    assert [refused(limits, call()) for _ in range(200)] == [None] * 200
    assert usage(limits, call())["X-Ad-Account-Usage"]["acc_id_util_pct"] > 300
    assert limits.headers(call(), 0, failed=False)
    assert limits_of({"headers": False}).headers(call(), 0, failed=False) == {}


def test_gauges_tell_every_scope_and_its_block() -> None:
    limits = limits_of({"score": {"limit": 1}, "user": 10})
    limits.admit(call("insights"))
    refused(limits, call("insights"))
    told = limits.gauges()
    assert told["enforced"]
    assert {each["scope"] for each in told["gauges"]} == {
        "app", "user", "app insights", "business use case", "account score",
    }  # fmt: skip
    (score,) = [each for each in told["gauges"] if each["scope"] == "account score"]
    assert (score["pct"], score["blocked_seconds"]) == (100, 60)
    assert "tok-a" not in json.dumps(told)


def test_limits_can_be_changed_while_running() -> None:
    limits = limits_of({"score": {"limit": 1}})
    limits.admit(call())
    assert refused(limits, call()) is not None
    limits.change(None)
    assert refused(limits, call()) is None


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"scores": {}}, "limits.scores"), ({"score": {"max": 1}}, "limits.score.max"),
        ({"buc": {"insights": 1}}, "limits.buc.insights"), ({"buc": {"ads_insights": "x"}}, "buc.ads_insights.calls"),
        ({"tier": "full"}, "limits.tier"), ({"enforce": "yes"}, "limits.enforce"), ({"app": -1}, "limits.app"),
        ({"score": {"code": 4}}, "limits.score.code"),
    ],
)  # fmt: skip
def test_a_bad_section_is_refused_by_the_name_of_its_key(section: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named.replace(".", r"\.")):
        limit_settings(section)
