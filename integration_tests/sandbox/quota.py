"""Counters on the sandbox's clock: a rolling hour, a decaying score, a block that gets longer when it is ignored."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

HOUR = 3600.0
MINUTE = 60.0


@dataclass(slots=True)
class Block:
    """Nothing is let through until `until` (seconds of the sandbox's clock); each call meanwhile moves it on."""

    until: float = -math.inf

    def is_on(self, now: float) -> bool:
        return now < self.until

    def start(self, now: float, seconds: float) -> None:
        self.until = max(self.until, now + seconds)

    def lengthen(self, now: float, seconds: float, longest: float) -> None:
        """Move the end on by some seconds, but never further from now than `longest`."""
        self.until = max(self.until, min(self.until + seconds, now + longest))

    def seconds_left(self, now: float) -> float:
        return max(0.0, self.until - now)


@dataclass(slots=True)
class Score:
    """Points that leak away evenly: a full score is empty after `decay_seconds`."""

    limit: float
    decay_seconds: float
    value: float = 0.0
    at: float = -math.inf
    block: Block = field(default_factory=Block)

    def now(self, now: float) -> float:
        """The score at this moment."""
        gone = max(0.0, now - self.at) * self.limit / self.decay_seconds
        self.value = max(0.0, self.value - gone)
        self.at = max(self.at, now)
        return self.value

    def add(self, now: float, points: float) -> None:
        self.value = self.now(now) + points

    def pct(self, now: float) -> float:
        """How much of the limit is used; at least 100 as long as the block is on."""
        used = 100.0 * self.now(now) / self.limit
        return max(100.0, used) if self.block.is_on(now) else used

    def seconds_to_zero(self, now: float) -> float:
        return max(self.now(now) * self.decay_seconds / self.limit, self.block.seconds_left(now))


@dataclass(slots=True)
class Minute:
    """What was used in one minute of the rolling hour."""

    number: int
    calls: float = 0.0
    cpu: float = 0.0
    wall: float = 0.0
    errors: int = 0


@dataclass(slots=True)
class RollingHour:
    """Calls, CPU seconds, wall seconds and user errors of the last hour, kept by minute."""

    calls: float = 0.0
    cpu: float = 0.0
    wall: float = 0.0
    errors: int = 0
    block: Block = field(default_factory=Block)
    minutes: deque[Minute] = field(default_factory=deque)

    def add(self, now: float, *, calls: float = 0.0, cpu: float = 0.0, wall: float = 0.0, errors: int = 0) -> None:
        self.forget(now)
        number = int(now // MINUTE)
        if not self.minutes or self.minutes[-1].number < number:
            self.minutes.append(Minute(number))
        last = self.minutes[-1]
        for each in (last, self):
            each.calls += calls
            each.cpu += cpu
            each.wall += wall
            each.errors += errors

    def forget(self, now: float) -> None:
        """Drop the minutes that are more than an hour old."""
        oldest = int((now - HOUR) // MINUTE)
        while self.minutes and self.minutes[0].number <= oldest:
            gone = self.minutes.popleft()
            self.calls -= gone.calls
            self.cpu -= gone.cpu
            self.wall -= gone.wall
            self.errors -= gone.errors
        if not self.minutes:
            self.calls = self.cpu = self.wall = 0.0

    def seconds_until_below(self, now: float, quota: Allowance) -> float:
        """How long until enough minutes have left the hour for one more call; 0 when it fits now."""
        self.forget(now)
        calls, cpu, wall = self.calls, self.cpu, self.wall
        if not quota.is_used_up(calls, cpu, wall):
            return 0.0
        for minute in self.minutes:
            calls, cpu, wall = calls - minute.calls, cpu - minute.cpu, wall - minute.wall
            if not quota.is_used_up(calls, cpu, wall):
                return max(1.0, minute.number * MINUTE + HOUR - now)
        return HOUR


@dataclass(slots=True)
class Allowance:
    """What an hour may hold. Nobody changes it; it is made several times a call, and freezing costs most of that."""

    calls: float
    cpu: float = math.inf
    wall: float = math.inf

    def is_used_up(self, calls: float, cpu: float, wall: float) -> bool:
        """Whether another call would go beyond it."""
        return calls + 1 > self.calls or cpu >= self.cpu or wall >= self.wall
