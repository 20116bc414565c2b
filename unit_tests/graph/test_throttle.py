"""Who may call when, on simulated time."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_meta_ads.graph.limits import APP, APP_INSIGHTS, limit_refused, limits_of
from source_meta_ads.graph.throttle import Blocked, Throttle
from source_meta_ads.graph.turns import Turns
from source_meta_ads.graph.usage import read_usage
from unit_tests.simulated import SimulatedClock

CAMPAIGNS, INSIGHTS = limits_of("campaigns", "1"), limits_of("insights", "1")
OTHER = limits_of("campaigns", "2")


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(share=0.0)


@pytest.fixture
def throttle(clock: SimulatedClock) -> Throttle:
    return Throttle(clock)


def buc(pct: float, minutes: int = 0, kind: str = "ads_management", account: str = "1") -> dict[str, str]:
    return {
        "X-Business-Use-Case-Usage": f'{{"{account}": [{{"type": "{kind}", "call_count": {pct}, "total_cputime": 1, '
        f'"total_time": 1, "estimated_time_to_regain_access": {minutes}}}]}}'
    }


def call(
    throttle: Throttle, limits: tuple[tuple[str, str | None], ...], headers: dict[str, str] | None = None
) -> float:
    """One call from leave to answer; the seconds it waited."""
    waited = throttle.admit(limits)
    if headers:
        throttle.observe(read_usage(headers), "1")
    throttle.done(limits)
    return waited


def test_a_call_goes_at_once_when_nothing_is_known(throttle: Throttle) -> None:
    assert call(throttle, CAMPAIGNS) == 0


def test_a_refusal_holds_the_calls_that_draw_on_its_limit_and_no_others(throttle: Throttle) -> None:
    throttle.refuse(("buc:ads_management", "1"), 300)
    assert call(throttle, OTHER) == 0
    assert call(throttle, INSIGHTS) == 0
    assert call(throttle, CAMPAIGNS) == pytest.approx(300)


def test_a_refusal_of_the_app_holds_everything_and_of_its_insights_all_insights(throttle: Throttle) -> None:
    throttle.refuse(APP_INSIGHTS, 60)
    assert throttle.blocked_seconds(OTHER) == 0
    assert throttle.blocked_seconds(INSIGHTS) == throttle.blocked_seconds(limits_of("insights", "2")) == 60
    throttle.refuse(APP, 90)
    assert throttle.blocked_seconds(OTHER) == 90


def test_the_word_of_a_header_on_when_access_returns_stands_over_a_guess(throttle: Throttle) -> None:
    throttle.observe(read_usage(buc(100, minutes=7)), "1")
    throttle.refuse(("buc:ads_management", "1"), 30)
    assert throttle.blocked_seconds(CAMPAIGNS) == pytest.approx(420)


def test_a_shorter_block_never_ends_a_longer_one(throttle: Throttle) -> None:
    throttle.observe(read_usage(buc(100, minutes=7)), "1")
    throttle.observe(read_usage(buc(100, minutes=1)), "1")
    assert throttle.blocked_seconds(CAMPAIGNS) == pytest.approx(420)


def test_the_first_call_after_a_block_goes_alone(throttle: Throttle, clock: SimulatedClock) -> None:
    call(throttle, CAMPAIGNS, buc(1))
    throttle.refuse(("account", "1"), 10)
    assert throttle.admit(CAMPAIGNS) == pytest.approx(10)
    answered = clock.monotonic() + 3

    def sleep(seconds: float) -> None:
        clock.elapsed += seconds
        if clock.monotonic() >= answered:
            throttle.done(CAMPAIGNS)

    clock.sleep = sleep  # type: ignore[method-assign]
    assert throttle.admit(CAMPAIGNS) == pytest.approx(3, abs=0.1)


def test_where_nothing_is_told_of_usage_calls_that_share_a_limit_go_one_after_the_other(
    throttle: Throttle, clock: SimulatedClock
) -> None:
    throttle.admit(CAMPAIGNS)
    clock.sleep = _then(clock, lambda: throttle.done(CAMPAIGNS))  # type: ignore[method-assign, assignment]
    assert throttle.admit(CAMPAIGNS) > 0


def test_the_first_calls_into_a_limit_go_alone_until_it_is_known_what_a_call_takes(
    throttle: Throttle, clock: SimulatedClock
) -> None:
    call(throttle, OTHER, buc(0, account="2"))  # Meta tells of usage, so silence about account 1 is no rule of its own
    throttle.admit(CAMPAIGNS)
    told = iter([17, 34])

    def answer() -> None:
        throttle.observe(read_usage(buc(next(told))), "1")
        throttle.done(CAMPAIGNS)

    clock.sleep = _then(clock, answer)  # type: ignore[method-assign, assignment]
    assert throttle.admit(CAMPAIGNS) > 0, "the second went with the first, though nobody knew how much room there is"
    assert throttle.admit(CAMPAIGNS) > 0, "the third went with the second, though nobody knew what a call takes"
    assert throttle.admit(CAMPAIGNS) == 0


def test_where_the_first_answer_tells_of_no_use_the_others_go_together(throttle: Throttle) -> None:
    call(throttle, CAMPAIGNS, buc(0))
    assert [throttle.admit(CAMPAIGNS) for _ in range(5)] == [0] * 5


def test_a_first_call_that_fails_keeps_no_other_waiting(throttle: Throttle) -> None:
    call(throttle, OTHER, buc(0, account="2"))
    throttle.admit(CAMPAIGNS)
    throttle.done(CAMPAIGNS)
    assert [throttle.admit(CAMPAIGNS) for _ in range(3)] == [0] * 3


def _then(clock: SimulatedClock, act: Callable[[], None]) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        clock.elapsed += seconds
        act()

    return sleep


def test_a_wait_longer_than_the_run_is_willing_is_an_error_that_names_the_limit(throttle: Throttle) -> None:
    throttle.observe(read_usage(buc(100, minutes=50)), "1")
    with pytest.raises(Blocked, match=r"buc:ads_management of act_1 .* 50 minutes"):
        throttle.admit(CAMPAIGNS, bound_seconds=1800)
    assert throttle.admit(OTHER, bound_seconds=0) == 0


@pytest.mark.parametrize(
    ("scope", "limit"),
    [
        ("app", APP),
        ("user", APP),
        ("app_insights", APP_INSIGHTS),
        ("account", ("account", "1")),
        ("buc:ads_insights", ("buc:ads_insights", "1")),
        ("", ("account", "1")),
    ],
)
def test_a_refusal_is_laid_to_its_limit(scope: str, limit: tuple[str, str | None]) -> None:
    assert limit_refused(scope, "1") == limit
    assert limit_refused("account", None) == APP


def test_a_used_up_reach_limit_holds_nobody(throttle: Throttle) -> None:
    throttle.observe(read_usage({"x-Fb-Ads-Insights-Reach-Throttle": '{"acc_id_util_pct": 100}'}), "1")
    assert call(throttle, INSIGHTS) == 0


def test_what_is_told_of_one_limit_does_not_hide_what_was_told_of_another(throttle: Throttle) -> None:
    throttle.observe(read_usage({"X-Ad-Account-Usage": '{"acc_id_util_pct": 100, "reset_time_duration": 200}'}), "1")
    throttle.observe(read_usage({"X-FB-Ads-Insights-Throttle": '{"app_id_util_pct": 1, "acc_id_util_pct": 1}'}), "1")
    assert throttle.blocked_seconds(CAMPAIGNS) == pytest.approx(200)


class ScoreMeta:
    """An account score as Meta has it: points that decay evenly, refusals above the limit."""

    def __init__(self, clock: SimulatedClock, limit: int, decay: float = 300.0) -> None:
        self.clock, self.limit, self.decay = clock, limit, decay
        self.points, self.at, self.refused, self.calls = 0.0, 0.0, 0, 0

    def answer(self) -> dict[str, str]:
        now = self.clock.monotonic()
        self.points = max(0.0, self.points - (now - self.at) * self.limit / self.decay)
        self.at = now
        self.calls += 1
        if self.points + 1 > self.limit:
            self.refused += 1
        else:
            self.points += 1
        return {"X-Ad-Account-Usage": f'{{"acc_id_util_pct": {self.points * 100 / self.limit:.2f}}}'}


def use(clock: SimulatedClock, meta: ScoreMeta | HourMeta, n_calls: int, seconds: float) -> None:
    """So many calls one after the other, each of which takes so long."""
    throttle = Throttle(clock)
    for _ in range(n_calls):
        throttle.admit(CAMPAIGNS)
        throttle.observe(read_usage(meta.answer()), "1")
        throttle.done(CAMPAIGNS)
        clock.elapsed += seconds


@pytest.mark.parametrize("limit", [20, 60, 600])
def test_a_score_is_used_nearly_whole_and_never_exceeded(limit: int) -> None:
    clock = SimulatedClock(share=0.0)
    meta = ScoreMeta(clock, limit)
    use(clock, meta, limit * 6, 0.05)
    assert meta.refused == 0
    # The quota alone lets one whole score go at once, and then one a decay time.
    quota_seconds = (limit * 6 - limit) * 300.0 / limit
    assert clock.elapsed <= quota_seconds * 1.2


class HourMeta:
    """A business use case as Meta has it: calls of the last hour, counted by the minute, in whole percent."""

    def __init__(self, clock: SimulatedClock, limit: int) -> None:
        self.clock, self.limit = clock, limit
        self.sent: list[float] = []
        self.refused = 0

    def answer(self) -> dict[str, str]:
        now = self.clock.monotonic()
        used = sum(now - now % 60 - 3600 < at - at % 60 for at in self.sent)
        if used >= self.limit:
            self.refused += 1
        else:
            self.sent.append(now)
            used += 1
        return buc(int(used * 100 / self.limit))


@pytest.mark.parametrize("limit", [50, 300])
def test_an_hourly_quota_is_used_nearly_whole_and_never_exceeded(limit: int) -> None:
    clock = SimulatedClock(share=0.0)
    meta = HourMeta(clock, limit)
    n_calls = limit * 12
    use(clock, meta, n_calls, 0.2)
    assert meta.refused == 0
    quota_seconds = (n_calls - limit) / limit * 3600
    assert clock.elapsed <= quota_seconds * 1.2


@pytest.mark.parametrize("limit", [5, 12, 19, 30])
def test_a_quota_of_few_calls_has_room_for_the_last_of_them(limit: int) -> None:
    clock = SimulatedClock(share=0.0)
    meta = HourMeta(clock, limit)
    use(clock, meta, limit * 3, 0.2)
    assert meta.refused == 0
    assert sum(at < 3600 for at in meta.sent) == limit


def test_an_answer_that_was_overtaken_makes_no_room(throttle: Throttle, clock: SimulatedClock) -> None:
    for used in (16, 33, 50, 66):
        call(throttle, CAMPAIGNS, buc(used))
    throttle.admit(CAMPAIGNS)
    both_asked_at = clock.elapsed
    clock.elapsed += 1
    throttle.observe(read_usage(buc(83)), "1", both_asked_at)
    clock.elapsed += 1
    throttle.observe(read_usage(buc(66)), "1", both_asked_at)
    throttle.done(CAMPAIGNS)
    assert throttle.used()["buc:ads_management", "1"][0] == 83


def test_an_answer_that_was_overtaken_makes_no_room_even_where_old_calls_may_have_left_the_count(
    throttle: Throttle, clock: SimulatedClock
) -> None:
    for used in (16, 33):
        call(throttle, CAMPAIGNS, buc(used))
    clock.elapsed += 3580
    asked_at = clock.elapsed
    throttle.admit(CAMPAIGNS)
    throttle.admit(CAMPAIGNS)
    assert clock.elapsed == asked_at
    for used in (66, 50):
        clock.elapsed += 1
        throttle.observe(read_usage(buc(used)), "1", asked_at)
        throttle.done(CAMPAIGNS)
    assert throttle.used()["buc:ads_management", "1"][0] == 66


@given(
    events=st.lists(
        st.tuples(st.sampled_from(["call", "tell", "refuse"]), st.floats(0, 150), st.floats(0, 500)), max_size=40
    )
)
@settings(deadline=None)
def test_whatever_meta_says_every_call_goes_some_time(events: list[tuple[str, float, float]]) -> None:
    clock = SimulatedClock(share=0.5)
    throttle = Throttle(clock)
    for kind, pct, seconds in events:
        if kind == "tell":
            throttle.observe(read_usage(buc(pct)), "1")
        elif kind == "refuse":
            throttle.refuse(("account", "1"), seconds)
        else:
            assert call(throttle, CAMPAIGNS, buc(pct)) < 24 * 3600
        clock.elapsed += seconds


def test_a_thread_that_waits_for_a_limit_keeps_no_turn_from_others() -> None:
    clock = SimulatedClock()
    turns = Turns(clock, most=1)
    order: list[str] = []
    waiting, may_end = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        waiting.set()
        may_end.wait(5)

    clock.sleep = sleep  # type: ignore[method-assign]

    def blocked() -> None:
        with turns.turn():
            turns.sleep(60)
            order.append("blocked")

    thread = threading.Thread(target=blocked)
    thread.start()
    waiting.wait(5)
    with turns.turn():
        order.append("other")
    may_end.set()
    thread.join(5)
    assert order == ["other", "blocked"]


def test_turns_are_halved_when_it_was_too_much_and_grow_back_one_by_one() -> None:
    turns = Turns(SimulatedClock(), most=8)
    turns.was_too_much()
    assert turns.limit == 4
    for _ in range(5):
        turns.went_well()
    assert turns.limit == 5
    for _ in range(100):
        turns.went_well()
    assert turns.limit == 8
    for _ in range(9):
        turns.was_too_much()
    assert turns.limit == 1


def test_readers_of_large_pages_are_few_and_leave_turns_to_others() -> None:
    turns = Turns(SimulatedClock(), most=10)
    entered: list[int] = []
    may_end = threading.Event()

    def read(n: int) -> None:
        with turns.turn(is_wide=True):
            entered.append(n)
            may_end.wait(5)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    with turns.turn():
        assert len(entered) <= 4
    may_end.set()
    for thread in threads:
        thread.join(5)
    assert len(entered) == 8
