"""Who may call when: one throttle a run, fed by what Meta says of usage and by its refusals."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from source_meta_ads.graph.ledger import Book
from source_meta_ads.graph.limits import APP, Limit, told
from source_meta_ads.graph.turns import Turns
from source_meta_ads.graph.usage import Usage

# A full limit without a regain time: Meta's shortest documented account block.
_UNSTATED_BLOCK_SECONDS = 60.0
# How soon to look again where the wait depends on calls that are under way.
_SOON_SECONDS = 0.05


class _Time(Protocol):
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    def jitter(self, seconds: float) -> float: ...


@dataclass(frozen=True)
class Wait:
    """Why a call can't go now: `limit` has no room for `seconds`; None where it only has to take turns."""

    seconds: float
    limit: Limit | None = None


class Throttle:
    """Holds a call back while Meta would refuse it; thread-safe.

    Every call asks for leave for all limits that it draws on. Below a soft mark it goes at once; nearing a limit, calls
    are spread out, so that usage settles under it; none is sent into a known block, and the first one after a block
    goes alone. A block on one limit leaves all calls free that don't draw on it. Where Meta says nothing of usage at
    all, or nothing of a limit yet, calls that share it go one after the other: only so a refusal meets one of them and
    not ten.
    Meta: docs/marketing-api/overview/rate-limiting (v26.0, read 2026-11)
    """

    def __init__(self, clock: _Time, turns: Turns | None = None) -> None:
        self._clock = clock
        self._turns = turns or Turns(clock)
        self._lock = threading.Lock()
        self._books: dict[Limit, Book] = {}
        self._is_told = False

    def admit(self, limits: Sequence[Limit], bound_seconds: float | None = None) -> float:
        """Return when a call may go, with the seconds waited; `done` has to follow.

        Raises: Blocked when a limit has no room for longer than `bound_seconds`.
        """
        waited = 0.0
        while True:
            with self._lock:
                wait = self._wait(limits)
                if wait is None:
                    now = self._clock.monotonic()
                    for limit in limits:
                        self._book(limit).send(now)
                    return waited
            if bound_seconds is not None and wait.limit and wait.seconds > bound_seconds:
                raise Blocked(wait)
            self._turns.sleep(wait.seconds)
            waited += wait.seconds

    def went_well(self) -> None:
        """A call was answered: a little more may go on at once."""
        self._turns.went_well()

    def sleep(self, seconds: float) -> None:
        """Wait, without keeping a turn from anybody."""
        self._turns.sleep(seconds)

    def done(self, limits: Sequence[Limit]) -> None:
        """A call that was admitted has been answered, or never will be."""
        with self._lock:
            for limit in limits:
                book = self._book(limit)
                book.in_flight = max(0, book.in_flight - 1)
                book.answered += 1
                if self._clock.monotonic() >= book.blocked_until:
                    book.is_on_trial = False

    def blocked_seconds(self, limits: Sequence[Limit]) -> float:
        """How long a call would be held back from now, as far as is known; 0 when it may go."""
        now = self._clock.monotonic()
        with self._lock:
            return max((self._book(limit).seconds_to_wait(now) for limit in limits), default=0.0)

    def blocked(self) -> dict[Limit, float]:
        """Limits that have no room now, blocked or to be used up slowly, and for how many seconds."""
        now = self._clock.monotonic()
        with self._lock:
            waits = {limit: book.seconds_to_wait(now) for limit, book in self._books.items()}
        return {limit: seconds for limit, seconds in waits.items() if seconds > 0}

    def observe(self, usage: Usage, account_id: str | None, asked_at: float | None = None) -> None:
        """Learn from the usage headers of the response to a call that was sent at `asked_at` (monotonic)."""
        now = self._clock.monotonic()
        with self._lock:
            for limit, entry in told(usage, account_id):
                self._is_told = True
                book = self._book(limit)
                book.tell(entry.pct, now, asked_at)
                if entry.pct >= 100 or entry.regain_seconds > 0:
                    book.block(self._until(entry.regain_seconds or _UNSTATED_BLOCK_SECONDS))

    def refuse(self, limit: Limit, seconds: float, unstated_seconds: float | None = None) -> None:
        """Meta refused a call for a limit: let none of its calls go for at least `seconds`, plus a little jitter.

        Where headers told of the block already, their word stands; where no header ever told anything, it is closed
        for `unstated_seconds`.
        """
        with self._lock:
            book = self._book(limit)
            book.is_on_trial = True
            if book.blocked_until <= self._clock.monotonic():
                book.block(self._until(seconds if self._is_told or unstated_seconds is None else unstated_seconds))
        if limit[1] is None:
            self._turns.was_too_much()

    def used(self) -> dict[Limit, tuple[float, float]]:
        """Of each limit: percent used as Meta said last, and percent that a call takes."""
        with self._lock:
            return {limit: (book.pct, book.per_call) for limit, book in self._books.items() if book.told_at is not None}

    def _wait(self, limits: Sequence[Limit]) -> Wait | None:
        """Why a call can't go now, None when it may; with the lock held."""
        now = self._clock.monotonic()
        longest: Wait | None = None
        for limit, n_calls in Counter(limits).items():
            book = self._book(limit)
            seconds = book.seconds_to_wait(now, n_calls)
            if seconds > 0 and (longest is None or seconds > longest.seconds):
                longest = Wait(seconds, limit)
        if longest:
            return longest
        books = [self._book(limit) for limit in limits]
        if any(book.in_flight and self._goes_alone(book, now) for book in books):
            return Wait(_SOON_SECONDS)
        return None

    def _goes_alone(self, book: Book, now: float) -> bool:
        return book.is_on_trial or book.is_unknown or not self._is_told or book.is_nearly_full(now)

    def _until(self, seconds: float) -> float:
        return self._clock.monotonic() + seconds + self._clock.jitter(min(seconds * 0.1, 10.0))

    def _book(self, limit: Limit) -> Book:
        if limit not in self._books:
            self._books[limit] = Book(limit[0])
        return self._books[limit]


class Blocked(Exception):
    """A limit has no room for longer than a run is willing to wait."""

    def __init__(self, wait: Wait) -> None:
        kind, owner = wait.limit or APP
        super().__init__(f"{kind}{f' of act_{owner}' if owner else ''} has no room for {wait.seconds / 60:.0f} minutes")
        self.wait = wait
