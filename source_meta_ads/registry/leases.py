"""Who works an account: one run at a time, for as long as it shows that it lives."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from source_meta_ads.registry.store import VersionLog

# What two machines' clocks may be apart, so that nobody is taken for dead a moment too early.
_SKEW = timedelta(seconds=30)
_KEPT = 3
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_WORKERS = 16
_FOREVER = 1 << 62
_RENEWALS_A_LIFE = 3


class _Time(Protocol):
    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


@dataclass(frozen=True)
class Holder:
    """The run that holds an account, and until when at least if it died this moment."""

    run_id: str
    host: str
    until: str

    def __str__(self) -> str:
        return f"run {self.run_id} on {self.host}, until {self.until} or its end"


class Leases:
    """The accounts that one run works.

    A lease names its run; one record a run, renewed while it works, says that it lives: however many accounts a run
    holds, one write keeps them all. A run that has ended, or whose life ran out, or whose process is seen to be gone,
    holds nothing. Thread-safe.
    """

    def __init__(self, log: VersionLog, run_id: str, clock: _Time, life: timedelta) -> None:
        self._log, self._run_id, self._clock, self._life = log, run_id, clock, life
        self._lock = threading.Lock()
        self._number = 0
        self._ends_at: datetime | None = None
        self._ends_monotonic = 0.0
        self._ended = threading.Event()
        self._machine = this_machine()

    @property
    def is_alive(self) -> bool:
        """Whether everybody still takes this run for alive: else nothing may be written any more."""
        with self._lock:
            return self._lives()

    def acquire(self, account_ids: Sequence[str]) -> dict[str, Holder]:
        """Take every account that nobody works; the holders of the others, by account. Raises: OSError."""
        if not self.is_alive and not self.renew():
            raise TimeoutError(f"run {self._run_id} outlived its lease: start another run")
        with ThreadPoolExecutor(_WORKERS) as pool:
            found = pool.map(self._take, account_ids)
        return {account_id: holder for account_id, holder in zip(account_ids, found, strict=True) if holder}

    def renew(self) -> bool:
        """Show that the run lives; False when that comes too late, others may have taken over. Raises: OSError."""
        with self._lock:
            if self._ended.is_set() or (self._number and not self._lives()):
                return False
            now, monotonic = self._clock.now(), self._clock.monotonic()
            ends_at = now + self._life
            document = {
                "until": ends_at.isoformat(),
                "host": socket.gethostname(),
                "machine": self._machine,
                "process": os.getpid(),
            }
            if not self._log.create(_run_key(self._run_id), self._number + 1, document):
                return False
            self._number += 1
            self._ends_at, self._ends_monotonic = ends_at, monotonic + self._life.total_seconds()
            self._log.forget(_run_key(self._run_id), self._number)
            return True

    @contextmanager
    def kept(self, logger: logging.Logger) -> Iterator[None]:
        """Renew in the background meanwhile, and give everything back at the end."""
        thread = threading.Thread(target=self._keep, args=(logger,), name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            self._release(logger)

    def holder(self, account_id: str) -> Holder | None:
        """Who works an account now; None for nobody. Raises: OSError."""
        lease = self._log.latest(_lease_key(account_id))
        return self._living(str(lease.document["run_id"])) if lease else None

    def _keep(self, logger: logging.Logger) -> None:
        while not self._ended.wait(self._life.total_seconds() / _RENEWALS_A_LIFE):
            try:
                if not self.renew():
                    logger.error("the lease of this run has run out: nothing more is written")
                    return
            except OSError as error:
                logger.warning(f"the lease of this run was not renewed, trying again: {error}")

    def _release(self, logger: logging.Logger) -> None:
        try:
            self._log.forget(_run_key(self._run_id), _FOREVER)
        except OSError as error:
            logger.warning(f"the accounts of this run stay held until its lease runs out: {error}")

    def _take(self, account_id: str) -> Holder | None:
        """Take one account; its holder where it has one."""
        key = _lease_key(account_id)
        while True:
            lease = self._log.latest(key)
            if lease and (holder := self._living(str(lease.document["run_id"]))):
                return None if holder.run_id == self._run_id else holder
            number = lease.number + 1 if lease else 1
            if not self._log.create(key, number, {"run_id": self._run_id, "at": self._clock.now().isoformat()}):
                continue
            # Old versions are forgotten, so a number that is free may be one from long ago.
            newest = self._log.latest(key)
            if newest and newest.number == number:
                self._log.forget(key, number - _KEPT)
                return None

    def _living(self, run_id: str) -> Holder | None:
        record = self._log.latest(_run_key(run_id))
        if record is None:
            return None
        until = datetime.fromisoformat(record.document["until"])
        if until + _SKEW <= self._clock.now() or self._is_gone(record.document):
            return None
        return Holder(run_id, str(record.document["host"]), until.isoformat(timespec="seconds"))

    def _is_gone(self, document: Mapping[str, Any]) -> bool:
        """Whether the run's process is one of this very machine, and there is none with its number any more."""
        if not self._machine or document.get("machine") != self._machine:
            return False
        try:
            os.kill(int(document["process"]), 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    def _lives(self) -> bool:
        if self._ends_at is None or self._ended.is_set():
            return False
        # Both clocks: a machine that slept has not moved its monotonic one.
        return self._clock.now() < self._ends_at and self._clock.monotonic() < self._ends_monotonic


def this_machine() -> str:
    """What only processes that see each other's numbers have in common: one boot, one namespace. Empty: can't tell."""
    try:
        return f"{_BOOT.read_text(encoding='ascii').strip()} {_NAMESPACE.readlink()}"
    except OSError:
        return ""


def _lease_key(account_id: str) -> str:
    return f"lease/{account_id}"


def _run_key(run_id: str) -> str:
    return f"run/{run_id}"
