"""The sandbox's counters: a decaying score, a rolling hour, a block."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from integration_tests.sandbox.quota import Allowance, Block, RollingHour, Score

TIMES = st.lists(st.integers(0, 7200), max_size=60).map(sorted)


@given(st.floats(0, 1000), st.floats(0, 400), st.floats(0, 400))
def test_a_score_is_never_negative_and_never_grows_by_waiting(points: float, first: float, second: float) -> None:
    score = Score(limit=60, decay_seconds=300)
    score.add(0.0, points)
    before = score.now(first)
    assert 0 <= score.now(first + second) <= before <= points


@given(TIMES)
def test_an_hour_holds_what_was_used_in_it_to_the_minute(times: list[int]) -> None:
    hour = RollingHour()
    for now in times:
        hour.add(now, calls=1, cpu=0.5)
        within = sum(each > now - 3540 for each in times[: times.index(now) + 1])
        assert within <= hour.calls <= sum(each > now - 3660 for each in times)
    assert hour.cpu == hour.calls / 2


@given(TIMES, st.integers(1, 10))
def test_the_time_until_an_hour_has_room_is_neither_too_long_nor_too_short(times: list[int], quota: int) -> None:
    hour, allowed = RollingHour(), Allowance(quota)
    for now in times:
        hour.add(now, calls=1)
    last = float(times[-1]) if times else 0.0
    seconds = hour.seconds_until_below(last, allowed)
    if seconds > 1:
        assert hour.seconds_until_below(last + seconds - 1, allowed) > 0
    assert hour.seconds_until_below(last + seconds, allowed) == 0


def test_a_block_is_never_made_longer_than_its_longest() -> None:
    block = Block()
    block.start(0.0, 100)
    for _ in range(10):
        block.lengthen(50.0, 60, longest=200)
    assert block.until == 250
    assert not block.is_on(250)
    assert block.seconds_left(240) == 10
