"""How much of each limit is used, how much a call takes of it, and when there will be room again.

A limit is known by its kind and its owner: ("app", None), ("account", "123"), ("buc:ads_insights", "123"). What Meta
says of it on a response is the truth of that moment; until the next word of Meta the ledger reckons on from there, with
the calls sent since and with what has decayed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

# Seconds until a call no longer counts: Meta's hour rolls; the ad-account score decays evenly.
_HOUR = 3600.0
_SCORE_DECAY_SECONDS = 300.0
# Above this share of a limit calls are spread out; above the second none is sent at all.
SOFT_PCT = 80.0
MOST_PCT = 97.0
# Where a call takes more than the room above that, it may fill the limit; so far off may what it is held to cost be.
_SHARE_OF_A_CALL = 0.25
# Own calls are kept by the minute: more precision would cost memory and gain nothing.
_BUCKET_SECONDS = 60.0
# Meta counts by the minute too, and nobody knows where its minutes begin.
_FORGOTTEN_SECONDS = _HOUR + 2 * _BUCKET_SECONDS
# How far new deltas replace old ones in what a call is held to cost.
_FORGETTING = 0.9
_LEAST_SECONDS = 0.01
# A call that takes no more than this can go together with as many as there are turns.
_HARMLESS_PCT = 5.0
_PLAUSIBLE = 1.5


@dataclass
class Book:
    """The book of one limit. Times are monotonic seconds; percentages of the limit, 0–100 and beyond."""

    kind: str
    pct: float = 0.0
    told_at: float | None = None
    blocked_until: float = 0.0
    next_at: float = 0.0
    in_flight: int = 0
    is_on_trial: bool = False
    answered: int = 0
    _sent: deque[tuple[float, int]] = field(default_factory=deque)
    _sent_since_told: int = 0
    _own_share: float = 0.0
    _others: float = 0.0
    _rise: float = 0.0
    _calls: float = 0.0

    @property
    def per_call(self) -> float:
        """Percent that one call takes, as learnt; 0 while nothing is known."""
        return self._rise / self._calls if self._calls else 0.0

    @property
    def is_unknown(self) -> bool:
        """Whether calls have to go one by one, since nobody can say how many the limit has room for.

        The first answer says what is used; where one call may have taken that, the second says what a call takes.
        """
        return self.answered < (2 if self.pct > _HARMLESS_PCT else 1) and not self._calls

    def expected_pct(self, now: float) -> float:
        """What is used at a moment, reckoned on from Meta's last word."""
        if self.told_at is None:
            return 0.0
        used = self.pct + self.per_call * self._sent_since_told
        if self.kind == "account":
            return max(0.0, used - (now - self.told_at) * 100.0 / _SCORE_DECAY_SECONDS)
        gone = self._n_sent(self.told_at - _FORGOTTEN_SECONDS, now - _FORGOTTEN_SECONDS)
        faded = self._others * min(1.0, (now - self.told_at) / _HOUR)
        return max(0.0, used - self._own_share * gone - faded)

    def seconds_to_wait(self, now: float, n_calls: int = 1) -> float:
        """How long calls that go together have to wait: for the end of a block, for room, for a turn in the pace."""
        wait = max(self.blocked_until, self.next_at) - now
        # Calls that seem to take all of a limit still go once nothing is used.
        over = self.expected_pct(now) + min(self.per_call * n_calls, self._most_pct) - self._most_pct
        if over > 0 and self.per_call > 0:
            wait = max(wait, self._seconds_until_room(over, now))
        # Clocks don't resolve less, and a wait that changes nothing would be asked for for ever.
        return max(wait, _LEAST_SECONDS) if wait > 1e-6 else 0.0

    @property
    def _most_pct(self) -> float:
        """How full calls may make the limit: a quota of twelve has no room for an eleventh and a bit."""
        is_coarse = self.per_call > 100.0 - MOST_PCT
        return 100.0 + _SHARE_OF_A_CALL * self.per_call if is_coarse else MOST_PCT

    def _seconds_until_room(self, over: float, now: float) -> float:
        """When so many percent will have decayed: our own calls an hour after each, those of others evenly."""
        if self.kind == "account":
            return over * _SCORE_DECAY_SECONDS / 100.0
        waits = [over / self._others * _HOUR] if self._others > 0 else []
        for at, count in self._sent:
            over -= count * self._own_share if at > now - _FORGOTTEN_SECONDS else 0.0
            if over <= 0:
                waits.append(at + _FORGOTTEN_SECONDS - now)
                break
        return max(1.0, min(waits, default=_BUCKET_SECONDS))

    def _n_sent(self, after: float, until: float) -> int:
        return sum(count for at, count in self._sent if after < at <= until)

    @property
    def sustainable_seconds(self) -> float:
        """Seconds between calls at which the limit regains as much as they take."""
        return (_SCORE_DECAY_SECONDS if self.kind == "account" else _HOUR) * self.per_call / 100.0

    def send(self, now: float) -> None:
        """Book one call that goes out now."""
        self.in_flight += 1
        self._sent_since_told += 1
        bucket = now - now % _BUCKET_SECONDS
        if self._sent and self._sent[-1][0] == bucket:
            self._sent[-1] = (bucket, self._sent[-1][1] + 1)
        else:
            self._sent.append((bucket, 1))
        while self._sent and self._sent[0][0] < now - 2 * _HOUR:
            self._sent.popleft()
        share = (self.expected_pct(now) - SOFT_PCT) / (MOST_PCT - SOFT_PCT)
        self.next_at = now + self.sustainable_seconds * min(1.0, share) if share > 0 else now

    def tell(self, pct: float, now: float) -> None:
        """Take Meta's word for what is used; learn from the difference what a call takes."""
        if self.told_at is not None and self._sent_since_told:
            decayed = (now - self.told_at) * 100.0 / _SCORE_DECAY_SECONDS if self.kind == "account" else 0.0
            rise = pct - self.pct + min(decayed, self.pct)
            if rise >= 0:
                answered = max(1, self._sent_since_told - self.in_flight + 1)
                self._rise = self._rise * _FORGETTING + rise
                self._calls = self._calls * _FORGETTING + answered
        self.pct, self.told_at = pct, now
        n_own = self._n_sent(now - _FORGOTTEN_SECONDS, now)
        # Rounded percentages make a call seem cheaper than it is: what is nearly explained by our own calls is ours.
        whole_share = pct / n_own if n_own else 0.0
        self._own_share = whole_share if whole_share <= _PLAUSIBLE * self.per_call else self.per_call
        self._others = max(0.0, pct - self._own_share * n_own)
        self._sent_since_told = max(0, self.in_flight - 1)

    def block(self, until: float) -> None:
        """No call before a moment; the first one after it goes alone, to see whether the block is over."""
        self.blocked_until = max(self.blocked_until, until)
        self.is_on_trial = True
