"""Ending a run early, and soon: every wait and every call of a reading thread asks the clock, which then says no."""

from __future__ import annotations

import threading

from airbyte_cdk.models import FailureType

from source_meta_ads.clock import Clock
from source_meta_ads.streams.failure import Failure

# Threads that only watch: a run that ends does not interrupt them.
_WATCHERS = ("lease", "pulse")


class Stopped(Failure):
    """The run is to end: what a thread was doing is dropped, to be done by the next run."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"stopped: {reason}: the next run goes on from here", FailureType.transient_error)


class Stop:
    """Whether, and why, a run is to end before it is done. Thread-safe; not to be called by a signal handler itself."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""

    @property
    def is_asked_for(self) -> bool:
        """Whether the run is to end."""
        return self._event.is_set()

    def ask(self, reason: str) -> None:
        """Have the run end; the first reason counts."""
        self.reason = self.reason or reason
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Wait, but no longer than until the run is to end; whether it is."""
        return self._event.wait(max(0.0, seconds))


class StoppableClock(Clock):
    """A clock that raises Stopped in every thread that reads, once the run is to end.

    The thread that takes in what they read must not be interrupted: it drains the queue, so that they can end. Only
    `while_preparing`, before there are any, it is interrupted too.
    """

    def __init__(self, stop: Stop) -> None:
        super().__init__()
        self._stop = stop
        self._home = threading.current_thread()
        self.while_preparing = True

    def monotonic(self) -> float:
        """As Clock has it. Raises: Stopped."""
        self._raise_if_stopped()
        return super().monotonic()

    def sleep(self, seconds: float) -> None:
        """As Clock has it, and cut short. Raises: Stopped."""
        if not self._is_interruptible():
            super().sleep(seconds)
            return
        self._stop.wait(seconds)
        self._raise_if_stopped()

    def _raise_if_stopped(self) -> None:
        if self._stop.is_asked_for and self._is_interruptible():
            raise Stopped(self._stop.reason)

    def _is_interruptible(self) -> bool:
        thread = threading.current_thread()
        if thread is self._home:
            return self.while_preparing
        return not thread.name.startswith(_WATCHERS)
