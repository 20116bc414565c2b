"""One run at a time works an account, for as long as it shows that it lives."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from source_meta_ads.registry import leases as module
from source_meta_ads.registry.leases import Leases, this_machine
from source_meta_ads.registry.store import VersionLog, open_store
from unit_tests.simulated import SimulatedClock

LIFE = timedelta(minutes=5)
LOGGER = logging.getLogger("test")


@pytest.fixture
def log(tmp_path: Path) -> VersionLog:
    return open_store(f"sqlite://{tmp_path}/registry.db")


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run takes the others for runs of other machines."""
    monkeypatch.setattr(module, "this_machine", lambda: "")


def run(log: VersionLog, clock: SimulatedClock, name: str, life: timedelta = LIFE) -> Leases:
    leases = Leases(log, name, clock, life)
    assert leases.renew()
    return leases


def test_an_account_that_one_run_works_no_other_gets(log: VersionLog, clock: SimulatedClock) -> None:
    first, second = run(log, clock, "first"), run(log, clock, "second")
    assert first.acquire(["1001", "1002"]) == {}
    held = second.acquire(["1002", "1003"])
    assert list(held) == ["1002"]
    assert str(held["1002"]).startswith("run first on ")
    assert "until 2026-11-24T15:06:00+00:00 or its end" in str(held["1002"])
    assert first.acquire(["1001"]) == {}


def test_at_its_end_a_run_gives_everything_back(log: VersionLog, clock: SimulatedClock) -> None:
    first = run(log, clock, "first")
    with first.kept(LOGGER):
        first.acquire(["1001"])
        assert first.is_alive
    assert not first.is_alive
    assert not first.renew()
    assert run(log, clock, "second").acquire(["1001"]) == {}
    assert log.keys("run/") == ["run/second"]


def test_a_run_that_crashes_gives_everything_back_too(log: VersionLog, clock: SimulatedClock) -> None:
    first = run(log, clock, "first")
    first.acquire(["1001"])
    with pytest.raises(ZeroDivisionError), first.kept(LOGGER):
        raise ZeroDivisionError
    assert run(log, clock, "second").acquire(["1001"]) == {}


@pytest.mark.usefixtures("elsewhere")
def test_a_run_that_died_keeps_others_away_until_its_lease_runs_out(log: VersionLog, clock: SimulatedClock) -> None:
    run(log, clock, "dead").acquire(["1001"])
    clock.sleep(LIFE.total_seconds() + 29)
    assert run(log, clock, "early").acquire(["1001"])
    clock.sleep(1)
    assert run(log, clock, "late").acquire(["1001"]) == {}


def test_one_write_keeps_all_accounts_of_a_run(log: VersionLog, clock: SimulatedClock) -> None:
    first = run(log, clock, "first")
    first.acquire([str(number) for number in range(20)])
    for _ in range(5):
        clock.sleep(LIFE.total_seconds() - 1)
        assert first.renew()
    assert len(run(log, clock, "second").acquire([str(number) for number in range(20)])) == 20
    assert len(list(log.history("run/first"))) == 1


def test_a_run_that_was_asleep_too_long_knows_that_it_lost(log: VersionLog, clock: SimulatedClock) -> None:
    first = run(log, clock, "first")
    first.acquire(["1001"])
    clock.sleep(LIFE.total_seconds())
    assert not first.is_alive
    assert not first.renew()
    with pytest.raises(TimeoutError, match="run first outlived its lease"):
        first.acquire(["1002"])


def test_a_machine_that_slept_knows_it_by_the_wall_clock(log: VersionLog, clock: SimulatedClock) -> None:
    first = run(log, clock, "first")
    clock.start += LIFE
    assert not first.is_alive


def test_a_run_whose_process_is_gone_holds_nothing(log: VersionLog, clock: SimulatedClock) -> None:
    if not this_machine():
        raise AssertionError("this machine does not tell its boot and its namespace: the test proves nothing")
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    run(log, clock, "dead").acquire(["1001"])
    record = log.latest("run/dead")
    assert record
    log.create("run/dead", record.number + 1, {**record.document, "process": process.pid})
    assert run(log, clock, "second").acquire(["1001"]) == {}
    log.create("run/second", 2, {**record.document, "process": process.pid, "machine": "another"})
    assert list(run(log, clock, "third").acquire(["1001"])) == ["1001"]


def test_of_many_that_come_at_once_one_gets_each_account(log: VersionLog, clock: SimulatedClock) -> None:
    runs = [run(log, clock, f"run-{number}") for number in range(6)]
    accounts = [str(1000 + number) for number in range(8)]
    begin = threading.Barrier(len(runs))
    got: list[list[str]] = [[] for _ in runs]

    def race(number: int) -> None:
        begin.wait()
        held = runs[number].acquire(accounts[number:] + accounts[:number])
        got[number] = [account_id for account_id in accounts if account_id not in held]

    threads = [threading.Thread(target=race, args=(number,)) for number in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(account_id for some in got for account_id in some) == accounts


@pytest.mark.usefixtures("elsewhere")
def test_old_leases_are_forgotten_and_a_forgotten_number_is_no_lease(log: VersionLog, clock: SimulatedClock) -> None:
    for number in range(8):
        clock.sleep(LIFE.total_seconds() + 31)
        run(log, clock, f"run-{number}").acquire(["1001"])
    assert [version.number for version in log.history("lease/1001")] == [8, 7, 6, 5]

    class Late:
        """A log whose first answer is from long ago."""

        def __init__(self) -> None:
            self.answers = iter([None])

        def __getattr__(self, name: str) -> object:
            return getattr(log, name)

        def latest(self, key: str) -> object:
            return next(self.answers, log.latest(key)) if key.startswith("lease/") else log.latest(key)

    late = Leases(Late(), "late", clock, LIFE)  # type: ignore[arg-type]
    late.renew()
    assert list(late.acquire(["1001"])) == ["1001"]


def test_it_is_renewed_in_the_background(log: VersionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimulatedClock()
    renewed = threading.Event()
    leases = run(log, clock, "first", timedelta(seconds=0.03))
    real = Leases.renew

    def renew(self: Leases) -> bool:
        renewed.set()
        return real(self)

    monkeypatch.setattr(Leases, "renew", renew)
    with leases.kept(LOGGER):
        assert renewed.wait(30)


def test_a_log_that_fails_for_a_moment_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    failures: Iterator[bool] = iter([True, False])
    again = threading.Event()

    class Shaky:
        def create(self, key: str, number: int, document: object) -> bool:
            if number > 1:
                if next(failures, False):
                    raise OSError("no answer")
                again.set()
            return True

        def forget(self, key: str, below: int) -> None:
            pass

    leases = Leases(Shaky(), "first", SimulatedClock(), timedelta(seconds=0.03))  # type: ignore[arg-type]
    leases.renew()
    with caplog.at_level(logging.WARNING), leases.kept(LOGGER):
        assert again.wait(30)
    assert "was not renewed, trying again: no answer" in caplog.text
