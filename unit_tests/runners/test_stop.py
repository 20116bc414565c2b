"""A run that is to end does so at the next look at the clock, in every thread but the one that drains the queue."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest

from source_meta_ads.runners.console import stopped_by_signals
from source_meta_ads.runners.stop import Stop, StoppableClock, Stopped


def in_reader(work: Callable[[], object], name: str = "workerpool_0") -> list[BaseException]:
    """What a thread with a reader's name raises when it does something."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except Stopped as stopped:
            raised.append(stopped)

    thread = threading.Thread(target=run, name=name)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    return raised


def test_a_reader_is_stopped_at_every_look_at_the_clock() -> None:
    stop = Stop()
    clock = StoppableClock(stop)
    assert in_reader(clock.monotonic) == []
    stop.ask("the time is up")
    for look in (clock.monotonic, lambda: clock.sleep(0), lambda: clock.sleep(60)):
        (stopped,) = in_reader(look)
        assert str(stopped) == "stopped: the time is up: the next run goes on from here"


def test_a_reader_that_sleeps_is_woken() -> None:
    stop = Stop()
    clock = StoppableClock(stop)
    asleep = threading.Event()

    def sleep() -> None:
        asleep.set()
        clock.sleep(3600)

    def wake() -> None:
        asleep.wait(30)
        stop.ask("enough")

    threading.Thread(target=wake).start()
    assert len(in_reader(sleep)) == 1


def test_the_thread_that_takes_in_the_rows_is_stopped_only_before_there_are_readers() -> None:
    stop = Stop()
    clock = StoppableClock(stop)
    stop.ask("enough")
    with pytest.raises(Stopped):
        clock.monotonic()
    clock.while_preparing = False
    assert clock.monotonic() > 0
    clock.sleep(0)


@pytest.mark.parametrize("name", ["lease", "pulse"])
def test_threads_that_only_watch_go_on(name: str) -> None:
    stop = Stop()
    clock = StoppableClock(stop)
    stop.ask("enough")
    assert in_reader(clock.monotonic, name) == []


def test_the_first_reason_counts() -> None:
    stop = Stop()
    stop.ask("first")
    stop.ask("second")
    assert stop.reason == "first"
    assert stop.wait(0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_for_the_end_and_the_next_one_is_as_ever(number: signal.Signals) -> None:
    stop, before = Stop(), signal.getsignal(number)
    with stopped_by_signals(stop):
        os.kill(os.getpid(), number)
        assert stop.wait(30)
        assert stop.reason == f"{number.name} received"
        assert signal.getsignal(number) == signal.SIG_DFL
    assert signal.getsignal(number) == before
