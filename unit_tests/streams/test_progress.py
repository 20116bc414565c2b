"""How far a stream is: what may and what may not move its cursor."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.insights.windows import Window
from source_meta_ads.streams.progress import DaysDone, LatestMoment, days_of, days_to_skip, has_read, runs_of

TODAY = date(2026, 11, 24)


def day(n: int) -> date:
    """The day n days before TODAY."""
    return TODAY - timedelta(days=n)


def a_slice(since: date, until: date, account: str = "1") -> dict[str, Any]:
    return {"account_id": account, "since": since.isoformat(), "until": until.isoformat(), "report_run_id": "9"}


def planned(*windows: Window) -> DaysDone:
    progress = DaysDone(1)
    progress.plan("1", windows, TODAY)
    return progress


def test_the_cursor_reaches_the_last_day_when_all_is_done() -> None:
    progress = planned(Window(day(13), day(7)), Window(day(6), day(0)))
    state: dict[str, Any] = {}
    progress.close(state, a_slice(day(13), day(7)))
    assert state["1"] == {"date_start": day(7).isoformat(), "slices": []}
    progress.close(state, a_slice(day(6), day(0)))
    assert state["1"] == {"date_start": TODAY.isoformat(), "slices": []}
    assert state["time_increment"] == 1


def test_new_days_done_before_the_reread_ones_do_not_move_the_cursor() -> None:
    progress = planned(Window(day(31), day(4)), Window(day(3), day(0)))
    state: dict[str, Any] = {"1": {"date_start": day(3).isoformat(), "slices": []}}
    progress.close(state, a_slice(day(3), day(0)))
    assert state["1"]["date_start"] == day(3).isoformat()
    assert state["1"]["slices"] == [day(2).isoformat(), day(1).isoformat(), day(0).isoformat()]
    assert state["1"]["slices_read_on"] == TODAY.isoformat()
    progress.close(state, a_slice(day(31), day(4)))
    assert state["1"] == {"date_start": TODAY.isoformat(), "slices": []}


def test_a_reread_never_moves_the_cursor_back() -> None:
    progress = planned(Window(day(30), day(20)))
    state: dict[str, Any] = {"1": {"date_start": day(2).isoformat()}}
    progress.close(state, a_slice(day(30), day(20)))
    assert state["1"]["date_start"] == day(2).isoformat()


def test_accounts_do_not_move_each_other() -> None:
    progress = DaysDone(1)
    state: dict[str, Any] = {}
    for account in ("1", "2"):
        progress.plan(account, [Window(day(1), day(0))], TODAY)
    progress.close(state, a_slice(day(1), day(0), account="2"))
    assert "1" not in state


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=8),
    order=st.randoms(use_true_random=False),
    stop=st.integers(0, 8),
)
def test_in_any_order_the_cursor_only_stands_above_days_that_are_done(sizes: list[int], order: Any, stop: int) -> None:
    since, windows = day(sum(sizes) - 1), []
    for size in sizes:
        windows.append(Window(since, since + timedelta(days=size - 1)))
        since += timedelta(days=size)
    progress = planned(*windows)
    state: dict[str, Any] = {}
    shuffled = list(windows)
    order.shuffle(shuffled)
    done: set[date] = set()
    for window in shuffled[:stop]:
        progress.close(state, a_slice(window.since, window.until))
        done.update(days_of(window))
    entry = state.get("1", {})
    cursor = date.fromisoformat(entry["date_start"]) if "date_start" in entry else None
    below = {each for window in windows for each in days_of(window) if cursor and each <= cursor}
    assert below <= done
    assert {date.fromisoformat(each) for each in entry.get("slices", [])} == done - below


def test_days_read_today_are_skipped_after_an_interruption() -> None:
    entry = {"slices": [day(2).isoformat()], "slices_read_on": TODAY.isoformat()}
    assert days_to_skip(entry, TODAY, 28) == {day(2)}


def test_a_day_read_while_its_figures_could_change_is_read_again_later() -> None:
    entry = {"slices": [day(50).isoformat(), day(25).isoformat()], "slices_read_on": day(20).isoformat()}
    assert days_to_skip(entry, TODAY, 28) == {day(50)}


def test_days_of_unknown_reading_are_read_again() -> None:
    assert days_to_skip({"slices": [day(2).isoformat()]}, TODAY, 28) == frozenset()


def test_an_entity_cursor_compares_moments_not_text() -> None:
    progress = LatestMoment("updated_time", [])
    state: dict[str, Any] = {}
    for moment in ("2026-11-01T01:30:00-07:00", "2026-11-01T01:15:00-08:00", "2026-11-01T08:00:00+00:00"):
        progress.observe({"updated_time": moment}, {"account_id": "1"})
    progress.close(state, {"account_id": "1"})
    assert state == {"1": {"updated_time": "2026-11-01T01:15:00-08:00"}}


def test_an_account_without_changes_keeps_its_cursor() -> None:
    progress = LatestMoment("updated_time", ["PAUSED", "ACTIVE"])
    state: dict[str, Any] = {"1": {"updated_time": "2026-11-01T00:00:00+00:00"}}
    progress.close(state, {"account_id": "1"})
    assert state == {"1": {"updated_time": "2026-11-01T00:00:00+00:00", "filter_statuses": ["ACTIVE", "PAUSED"]}}


def test_what_is_no_moment_never_moves_an_entity_cursor() -> None:
    progress = LatestMoment("updated_time", [])
    state: dict[str, Any] = {"1": {"updated_time": "2026-11-01T00:00:00+00:00"}}
    for moment in ("soon", "", None, 7):
        progress.observe({"updated_time": moment}, {"account_id": "1"})
    progress.close(state, {"account_id": "1"})
    assert state["1"]["updated_time"] == "2026-11-01T00:00:00+00:00"


def test_slices_that_nobody_can_read_are_read_again() -> None:
    entry = {"slices": ["soon", day(2).isoformat()], "slices_read_on": TODAY.isoformat()}
    assert days_to_skip(entry, TODAY, 28) == {day(2)}
    assert days_to_skip({**entry, "slices_read_on": "today"}, TODAY, 28) == frozenset()


def test_a_report_run_is_kept_until_its_days_are_done() -> None:
    progress = planned(Window(day(6), day(0)))
    state: dict[str, Any] = {}
    progress.run_noted("1", Window(day(6), day(0)), "abc", "77")(state)
    assert runs_of(state["1"], TODAY) == {"abc": "77"}
    assert "date_start" not in state["1"]
    progress.close(state, a_slice(day(3), day(0)))
    assert runs_of(state["1"], TODAY) == {"abc": "77"}
    progress.close(state, a_slice(day(6), day(0)))
    assert "runs" not in state["1"]


def test_a_run_made_on_another_day_is_not_picked_up() -> None:
    progress = planned(Window(day(6), day(0)))
    state: dict[str, Any] = {}
    progress.run_noted("1", Window(day(6), day(0)), "abc", "77")(state)
    assert runs_of(state["1"], TODAY + timedelta(days=1)) == {}


def test_a_question_asked_again_keeps_its_newest_run() -> None:
    progress = planned(Window(day(6), day(0)))
    state: dict[str, Any] = {}
    for run_id in ("77", "78"):
        progress.run_noted("1", Window(day(6), day(0)), "abc", run_id)(state)
    assert runs_of(state["1"], TODAY) == {"abc": "78"}
    assert len(state["1"]["runs"]) == 1


@given(st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_runs_that_nobody_can_read_are_none(runs: Any) -> None:
    assert runs_of({"runs": runs}, TODAY) == {}


def test_what_was_learnt_is_written_with_the_next_day() -> None:
    progress = planned(Window(day(1), day(0)))
    state: dict[str, Any] = {}
    progress.learn("1", 12.345)
    progress.close(state, a_slice(day(1), day(0)))
    assert state["1"]["rows_per_day"] == 12.3


def closed(progress: LatestMoment, state: dict[str, Any], *moments: str) -> dict[str, Any]:
    for moment in moments:
        progress.observe({"updated_time": moment}, {"account_id": "1"})
    progress.close(state, {"account_id": "1"})
    return dict(state["1"])


def test_a_cursor_never_passes_the_moment_when_the_reading_began() -> None:
    """An object on a page that was read already may have changed just after that moment."""
    began = datetime(2026, 11, 24, 15, 1, 0, 999_999, tzinfo=UTC)
    progress = LatestMoment("updated_time", [])
    progress.begin("1", began)
    assert closed(progress, {}, "2026-11-24T07:00:59-08:00")["updated_time"] == "2026-11-24T07:00:59-08:00"
    assert closed(progress, {}, "2026-11-24T07:09:00-08:00")["updated_time"] == "2026-11-24T15:01:00+00:00"


def test_a_cursor_that_is_later_already_stays() -> None:
    progress = LatestMoment("updated_time", [])
    progress.begin("1", datetime(2026, 11, 24, 15, 1, tzinfo=UTC))
    before = {"1": {"updated_time": "2026-11-24T15:05:00+00:00"}}
    assert closed(progress, before, "2026-11-24T15:09:00+00:00")["updated_time"] == "2026-11-24T15:05:00+00:00"


def test_a_fingerprint_is_written_with_its_slice_and_goes_when_a_sync_makes_none() -> None:
    progress = LatestMoment("updated_time", [])
    progress.keep("1", "1.0.0.0.0.x")
    state: dict[str, Any] = {}
    assert state == {}
    assert closed(progress, state)["fingerprint"] == "1.0.0.0.0.x"
    assert "fingerprint" not in closed(LatestMoment("updated_time", []), state)


def test_what_an_old_version_said_of_deleted_objects_is_gone_once_the_account_is_read_by_statuses() -> None:
    state = {"1": {"updated_time": "2026-11-24T15:05:00+00:00", "include_deleted": True}}
    assert closed(LatestMoment("updated_time", ["ACTIVE"]), state) == {
        "updated_time": "2026-11-24T15:05:00+00:00",
        "filter_statuses": ["ACTIVE"],
    }


def test_statuses_that_were_all_read_before_need_no_start_over() -> None:
    assert has_read({"filter_statuses": ["ACTIVE", "PAUSED"]}, ["PAUSED"])
    assert not has_read({"filter_statuses": ["ACTIVE"]}, ["ACTIVE", "PAUSED"])
    assert not has_read({"filter_statuses": ["ACTIVE"]}, [])
    assert not has_read({}, ["ACTIVE"])
    assert has_read({}, [])
