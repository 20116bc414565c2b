"""Who may call when, on simulated time."""

from __future__ import annotations

import pytest

from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.graph.usage import read_usage
from unit_tests.simulated import SimulatedClock


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(share=0.0)


def test_a_call_goes_at_once_when_nothing_is_known(clock: SimulatedClock) -> None:
    Throttle(clock).admit("1")
    assert clock.naps == []


def test_a_blocked_account_waits_while_another_goes_on(clock: SimulatedClock) -> None:
    throttle = Throttle(clock)
    throttle.block("1", 300)
    throttle.admit("2")
    assert clock.elapsed == 0
    assert throttle.admit("1") == pytest.approx(300)
    assert clock.elapsed == pytest.approx(300)


def test_an_app_block_holds_every_account(clock: SimulatedClock) -> None:
    throttle = Throttle(clock)
    throttle.block(None, 60)
    assert throttle.blocked_seconds("1") == throttle.blocked_seconds("2") == pytest.approx(60)


def test_a_shorter_block_never_ends_a_longer_one(clock: SimulatedClock) -> None:
    throttle = Throttle(clock)
    throttle.block("1", 300)
    throttle.block("1", 10)
    assert throttle.blocked_seconds("1") == pytest.approx(300)


def test_a_full_account_waits_out_the_regain_time_that_meta_gives_in_minutes(clock: SimulatedClock) -> None:
    header = (
        '{"1": [{"type": "ads_insights", "call_count": 100, "total_cputime": 1, "total_time": 1, '
        '"estimated_time_to_regain_access": 3}]}'
    )
    throttle = Throttle(clock)
    throttle.observe(read_usage({"X-Business-Use-Case-Usage": header}), "1")
    assert throttle.blocked_seconds("1") == pytest.approx(180)
    assert throttle.blocked_seconds("2") == 0


def test_calls_are_spread_out_near_a_limit_and_not_below(clock: SimulatedClock) -> None:
    throttle = Throttle(clock)
    for pct in (50, 95):
        header = f'{{"acc_id_util_pct": {pct}, "reset_time_duration": 0}}'
        throttle.observe(read_usage({"X-Ad-Account-Usage": header}), "1")
        throttle.admit("1")
        throttle.admit("1")
        assert (clock.elapsed > 0) is (pct == 95)


def test_a_limit_with_room_does_not_hide_one_that_is_nearly_full(clock: SimulatedClock) -> None:
    throttle = Throttle(clock)
    full, empty = '{"acc_id_util_pct": 98}', '{"app_id_util_pct": 1, "acc_id_util_pct": 1}'
    throttle.observe(read_usage({"X-Ad-Account-Usage": full, "X-FB-Ads-Insights-Throttle": empty}), "1")
    throttle.admit("1")
    assert throttle.admit("1") > 0


def test_a_used_up_reach_limit_holds_nobody(clock: SimulatedClock) -> None:
    throttle = Throttle(clock)
    throttle.observe(read_usage({"x-Fb-Ads-Insights-Reach-Throttle": '{"acc_id_util_pct": 100}'}), "1")
    assert throttle.blocked_seconds("1") == 0
