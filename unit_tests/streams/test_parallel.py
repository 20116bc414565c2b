"""Several iterators read by threads: every item once, errors raised, turns kept to, nobody left hanging."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_meta_ads.graph.turns import Turns
from source_meta_ads.streams.parallel import merged
from unit_tests.simulated import SimulatedClock


def turns(most: int) -> Turns:
    return Turns(SimulatedClock(), most)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.integers(), max_size=20), max_size=8), st.integers(1, 4))
def test_every_item_comes_once_and_those_of_a_source_in_order(sources: list[list[int]], most: int) -> None:
    tagged = [[(number, place, item) for place, item in enumerate(source)] for number, source in enumerate(sources)]
    found = list(merged([iter(source) for source in tagged], turns(most)))
    assert sorted(found) == [each for source in tagged for each in source]
    for number in range(len(sources)):
        assert [place for of, place, _ in found if of == number] == list(range(len(sources[number])))


def test_as_many_read_at_once_as_there_are_turns_the_takers_own_among_them() -> None:
    shared, reading, most = turns(3), [], []
    lock = threading.Lock()
    together = threading.Barrier(3, timeout=10)

    def source(number: int) -> Iterator[int]:
        with lock:
            reading.append(number)
            most.append(len(reading))
        together.wait()
        yield number
        with lock:
            reading.remove(number)

    with shared.turn():
        # Three read although the taker holds a turn itself: without lending it, two could, and the barrier breaks.
        assert sorted(merged([source(number) for number in range(6)], shared)) == list(range(6))
    assert max(most) == 3


def test_a_taker_that_had_a_turn_has_one_afterwards() -> None:
    shared = turns(1)
    with shared.turn():
        assert list(merged([iter([1]), iter([2])], shared)) == [1, 2]
        other = threading.Thread(target=lambda: shared.turn().__enter__(), daemon=True)
        other.start()
        other.join(0.2)
        assert other.is_alive(), "the only turn was given away and not taken back"


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("part-")]


def endless() -> Iterator[int]:
    while True:
        yield 1


def test_the_error_of_a_source_is_raised_and_the_others_end() -> None:
    def failing() -> Iterator[int]:
        yield 0
        raise ValueError("gone wrong")

    with pytest.raises(ValueError, match="gone wrong"):
        list(merged([endless(), failing()], turns(2)))
    for thread in readers():
        thread.join(10)
    assert readers() == []


def test_a_taker_that_stops_early_leaves_no_reader_waiting() -> None:
    taking = merged([endless(), endless()], turns(2))
    assert next(taking) == 1
    assert readers()
    taking.close()
    for thread in readers():
        thread.join(10)
    assert readers() == []
