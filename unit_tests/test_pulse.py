"""What a progress line and an estimate are made of."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest

from source_meta_ads.accounts import Account
from source_meta_ads.connection import Connection
from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.graph.usage import read_usage
from source_meta_ads.pulse import expected_rows, progress_line, pulse
from source_meta_ads.streams.failure import Failure
from source_meta_ads.telemetry.meter import Meter
from unit_tests.simulated import SimulatedClock

ACCOUNTS = tuple(Account(id=each, name="A", timezone="UTC", currency="EUR", status=1) for each in ("1", "2"))


def means() -> Any:
    clock = SimulatedClock()
    return SimpleNamespace(clock=clock, meter=Meter(), throttle=Throttle(clock))


def test_a_line_tells_rows_accounts_use_and_the_longest_wait() -> None:
    connection = means()
    connection.meter.rows("ads", 1200)
    connection.meter.slice_read("ads", "1")
    connection.meter.slice_read("ads", "1")
    connection.throttle.observe(read_usage({"X-App-Usage": '{"call_count": 60}'}), "1")
    assert progress_line(cast(Connection, connection), 2, 1200, 40.0) == (
        "progress: 1,200 rows, 40 a second; ads 1 of 2 accounts; the limit app is used to 60 %"
    )
    connection.throttle.refuse(("account", "1"), 300, 300)
    line = progress_line(cast(Connection, connection), 2, 1200, 0.0)
    assert line.endswith("no calls for 310 s: the limit account of act_1 has no room")


def test_lines_come_while_time_goes_by_and_end_with_the_read(caplog: Any) -> None:
    connection = means()
    with caplog.at_level(logging.INFO), pulse(cast(Connection, connection), 2, logging.getLogger("test")):
        while connection.clock.elapsed < 100:
            pass
    said = [record.message for record in caplog.records if record.message.startswith("progress: ")]
    assert len(said) >= 3
    assert "no account read yet" in said[0]


def test_an_estimate_needs_every_account_to_be_known() -> None:
    clock = SimulatedClock()
    known = {"1": {"date_start": "2026-11-24", "rows_per_day": 10.5}}
    assert expected_rows("ads_insights", known, ACCOUNTS, 28, clock) is None
    both = {**known, "2": {"date_start": "2026-11-20", "rows_per_day": 1}}
    assert expected_rows("ads_insights", both, ACCOUNTS, 28, clock) == round(29 * 10.5 + 33)
    assert expected_rows("ads_insights", {}, (), 28, clock) is None


def test_a_cursor_that_is_no_day_is_named() -> None:
    wrong = {"1": {"date_start": "soon", "rows_per_day": 3}}
    with pytest.raises(Failure, match="ads_insights, account act_1: 'soon' is no cursor"):
        expected_rows("ads_insights", wrong, ACCOUNTS[:1], 28, SimulatedClock())
