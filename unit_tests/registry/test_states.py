"""States by connection, stream and account: put together for the source, written one by one, never over another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from source_meta_ads.registry.states import OtherOutput, Place, StateBook, StateConflict, States
from source_meta_ads.registry.store import VersionLog, open_store
from unit_tests.simulated import SimulatedClock

ACCOUNTS = ("1001", "1002")


@pytest.fixture
def log(tmp_path: Path) -> VersionLog:
    return open_store(f"sqlite://{tmp_path}/registry.db")


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


def states(log: VersionLog, clock: SimulatedClock, by: str = "run-1", output: str = "out (jsonl)") -> States:
    clock.sleep(1)
    return States(log, "shop", by, clock.now, output)


def days(cursor: str, **more: Any) -> dict[str, Any]:
    return {"date_start": cursor, **more}


def test_what_one_run_wrote_the_next_one_goes_on_from(log: VersionLog, clock: SimulatedClock) -> None:
    first = states(log, clock)
    assert first.load(["ads_insights", "ads"], ACCOUNTS) == {}
    assert first.commit("ads_insights", {"1001": days("2026-11-01"), "time_increment": 1}) == ["1001"]
    more = {"1001": days("2026-11-02"), "1002": days("2026-11-01"), "time_increment": 1}
    assert first.commit("ads_insights", more) == ["1001", "1002"]
    second = states(log, clock, "run-2")
    assert second.load(["ads_insights", "ads"], ACCOUNTS) == {"ads_insights": more}


def test_an_entry_that_did_not_change_is_not_written_again(log: VersionLog, clock: SimulatedClock) -> None:
    run = states(log, clock)
    run.commit("ads", {"1001": {"updated_time": "x"}, "schema": {"usual": "1"}})
    assert run.commit("ads", {"1001": {"updated_time": "x"}, "schema": {"usual": "2"}}) == []
    assert run.commit("ads", {"1001": {"updated_time": "y"}, "schema": {"usual": "2"}}) == ["1001"]
    assert run.number("ads", "1001") == 2


def test_accounts_that_were_not_asked_for_stay_as_they_are(log: VersionLog, clock: SimulatedClock) -> None:
    states(log, clock).commit("ads", {"1001": {"a": "1"}, "1002": {"a": "1"}})
    run = states(log, clock)
    assert run.load(["ads"], ["1002"]) == {"ads": {"1002": {"a": "1"}}}
    run.commit("ads", {"1002": {"a": "2"}})
    assert states(log, clock).load(["ads"], ACCOUNTS) == {"ads": {"1001": {"a": "1"}, "1002": {"a": "2"}}}


def test_a_version_that_somebody_else_wrote_meanwhile_is_never_written_over(
    log: VersionLog, clock: SimulatedClock
) -> None:
    mine, other = states(log, clock), states(log, clock, "run-2")
    mine.load(["ads"], ACCOUNTS)
    other.load(["ads"], ACCOUNTS)
    other.commit("ads", {"1001": {"a": "theirs"}})
    with pytest.raises(StateConflict, match="state of ads, account act_1001: version 1 was written by another run"):
        mine.commit("ads", {"1001": {"a": "mine"}})
    assert states(log, clock).load(["ads"], ACCOUNTS) == {"ads": {"1001": {"a": "theirs"}}}


def test_entries_of_rows_of_another_length_start_over(log: VersionLog, clock: SimulatedClock) -> None:
    states(log, clock).commit("custom", {"1001": days("2026-11-01"), "1002": days("2026-11-01"), "time_increment": 1})
    states(log, clock).load(["custom"], ACCOUNTS)
    later = states(log, clock)
    later.load(["custom"], ["1002"])
    later.commit("custom", {"1002": days("2026-10-01"), "time_increment": "monthly"})
    assert states(log, clock).load(["custom"], ACCOUNTS) == {
        "custom": {"1002": days("2026-10-01"), "time_increment": "monthly"}
    }


def test_states_of_rows_that_are_elsewhere_are_refused_until_they_are_reset(
    log: VersionLog, clock: SimulatedClock
) -> None:
    states(log, clock).commit("ads", {"1001": {"a": "1"}})
    moved = states(log, clock, output="s3://new (parquet)")
    with pytest.raises(OtherOutput, match=r"of the rows in out .jsonl., not in s3://new .parquet.: name that"):
        moved.load(["ads"], ACCOUNTS)
    book = StateBook(log, clock.now)
    book.put(Place("shop", "ads", "1001"), None, {}, "state reset")
    assert moved.load(["ads"], ACCOUNTS) == {}
    moved.commit("ads", {"1001": {"a": "2"}})
    assert states(log, clock, output="s3://new (parquet)").load(["ads"], ACCOUNTS) == {"ads": {"1001": {"a": "2"}}}


def test_the_number_that_a_run_began_with_does_not_move_while_it_writes(log: VersionLog, clock: SimulatedClock) -> None:
    states(log, clock).commit("ads", {"1001": {"a": "1"}})
    run = states(log, clock)
    run.load(["ads"], ACCOUNTS)
    run.commit("ads", {"1001": {"a": "2"}})
    run.commit("ads", {"1001": {"a": "3"}})
    assert (run.first_number("ads", "1001"), run.number("ads", "1001")) == (1, 3)
    assert run.first_number("ads", "1002") == 0


def test_the_book_tells_everything_that_was_and_by_whom(log: VersionLog, clock: SimulatedClock) -> None:
    states(log, clock).commit("ads", {"1001": {"a": "1"}})
    states(log, clock, "run-2").commit("campaigns", {"1002": {"a": "1"}})
    book, place = StateBook(log, clock.now), Place("shop", "ads", "1001")
    book.put(place, None, {}, "state reset")
    assert [(each.number, each.entry, each.by) for each in book.history(place)] == [
        (2, None, "state reset"), (1, {"a": "1"}, "run-1"),
    ]  # fmt: skip
    assert book.connections() == ["shop"]
    assert book.places("shop") == [place, Place("shop", "campaigns", "1002")]
    assert book.places("shop", stream="ads") == book.places("shop", account_id="1001") == [place]
    assert book.places("sho") == []


def test_what_is_taken_back_by_hand_stays_with_its_output(log: VersionLog, clock: SimulatedClock) -> None:
    states(log, clock).commit("ads", {"1001": {"a": "1"}})
    book, place = StateBook(log, clock.now), Place("shop", "ads", "1001")
    assert book.put(place, {"a": "0"}, {}, "state rewind").output == "out (jsonl)"
