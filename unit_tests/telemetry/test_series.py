"""Amounts over time, in few spans however long it takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.telemetry.series import Series


def test_amounts_of_a_short_time_are_kept_by_the_second() -> None:
    series = Series()
    for at in (0.2, 0.9, 3.5):
        series.add("ads", at)
    series.add("campaigns", 3.0, 2.5)
    assert series.as_json() == {"span_seconds": 1, "amounts": {"ads": [[0, 2], [3, 1]], "campaigns": [[3, 2.5]]}}


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_no_amount_is_lost_and_spans_stay_few(times: list[float]) -> None:
    series = Series()
    for at in times:
        series.add("ads", at)
    told = series.as_json()
    spans = [span for span, _ in told["amounts"]["ads"]]
    assert sum(amount for _, amount in told["amounts"]["ads"]) == len(times)
    assert max(spans) < 240
    assert sorted({int(at // told["span_seconds"]) for at in times}) == spans


def test_names_beyond_the_bound_are_counted_together() -> None:
    series = Series()
    for number in range(100):
        series.add(f"edge {number}", 0)
    amounts = series.as_json()["amounts"]
    assert len(amounts) == 41
    assert amounts["other"] == [[0, 60]]
