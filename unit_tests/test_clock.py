"""Days are an account's, and a wrong machine clock is corrected by Meta's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest

from source_meta_ads.clock import Clock
from unit_tests.simulated import SimulatedClock


def test_today_is_the_accounts_today() -> None:
    clock = SimulatedClock(datetime(2026, 11, 24, 15, 1, tzinfo=UTC))
    assert clock.today("America/Los_Angeles") == date(2026, 11, 24)
    assert clock.today("Asia/Tokyo") == date(2026, 11, 25)


def test_today_is_right_on_both_sides_of_a_daylight_saving_change() -> None:
    # New York leaves daylight saving on 2026-11-01 at 02:00: midnight is 04:00 UTC before and 05:00 UTC after.
    assert SimulatedClock(datetime(2026, 11, 1, 4, 0, tzinfo=UTC)).today("America/New_York") == date(2026, 11, 1)
    assert SimulatedClock(datetime(2026, 11, 2, 4, 30, tzinfo=UTC)).today("America/New_York") == date(2026, 11, 1)
    assert SimulatedClock(datetime(2026, 11, 2, 5, 0, tzinfo=UTC)).today("America/New_York") == date(2026, 11, 2)


def test_an_unknown_timezone_is_an_error() -> None:
    with pytest.raises(ValueError, match="Mars"):
        SimulatedClock().today("Mars/Olympus")


def test_a_clock_that_is_far_off_follows_the_server() -> None:
    clock = Clock()
    server = datetime.now(UTC) + timedelta(days=3)
    clock.observe_server_date(format_datetime(server, usegmt=True))
    assert abs(clock.now() - server) < timedelta(seconds=5)
    clock.observe_server_date(format_datetime(datetime.now(UTC), usegmt=True))
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("header", [None, "", "yesterday", "Tue, 24 Nov 2026 15:01:00"])
def test_a_date_that_can_not_be_read_changes_nothing(header: str | None) -> None:
    clock = Clock()
    clock.observe_server_date(header)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_jitter_stays_between_zero_and_its_ceiling() -> None:
    clock = Clock()
    assert all(0 <= clock.jitter(3) <= 3 for _ in range(100))
    assert clock.jitter(-1) == 0
