"""How much of each limit is used, how much a call takes of it, and when there will be room again.

A limit is known by its kind and its owner: ("app", None), ("account", "123"), ("buc:ads_insights", "123"). What Meta
says of it on a response is the truth of that moment; until the next word of Meta the ledger reckons on from there, with
the calls sent since and with what has decayed.
"""

from __future__ import annotations

import math
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
# Own calls are kept by ten seconds: more precision would cost memory and gain nothing.
_BUCKET_SECONDS = 10.0
# Meta counts by the minute, and nobody knows where its minutes begin: so much sooner or later a call may be forgotten.
_METAS_SECONDS = 60.0
_FORGOTTEN_SECONDS = _HOUR + _METAS_SECONDS + _BUCKET_SECONDS
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
    _counted_from: float = 0.0
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

    def is_nearly_full(self, now: float) -> bool:
        """Whether a call is the last that the limit has room for; calls under way might have taken that already."""
        return self._is_coarse and self.expected_pct(now) + self.per_call > MOST_PCT

    def expected_pct(self, now: float) -> float:
        """What is used at a moment, reckoned on from Meta's last word."""
        if self.told_at is None:
            return 0.0
        used = self.pct + self.per_call * self._sent_since_told
        if self.kind == "account":
            return max(0.0, used - self._decay_pct(now))
        if now - self.told_at >= _FORGOTTEN_SECONDS:
            return self.per_call * self._n_sent(now - _FORGOTTEN_SECONDS, now)
        gone = self._n_sent(self._counted_from, now - _FORGOTTEN_SECONDS)
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
        return 100.0 + _SHARE_OF_A_CALL * self.per_call if self._is_coarse else MOST_PCT

    @property
    def _is_coarse(self) -> bool:
        return self.per_call > 100.0 - MOST_PCT

    def _seconds_until_room(self, over: float, now: float) -> float:
        """When so many percent will have decayed: our own calls an hour after each, those of others evenly."""
        if self.kind == "account":
            return over * _SCORE_DECAY_SECONDS / 100.0
        waits = [over / self._others * _HOUR] if self._others > 0 else []
        since = max(self._counted_from, now - _FORGOTTEN_SECONDS)
        for at, count in self._sent:
            over -= count * self._own_share if at > since else 0.0
            if over <= 0:
                waits.append(at + _FORGOTTEN_SECONDS - now)
                break
        return max(1.0, min(waits, default=_METAS_SECONDS))

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

    def tell(self, pct: float, now: float, asked_at: float | None = None) -> None:
        """Take Meta's word for what is used; learn from the difference what a call takes.

        `asked_at`: when the call was sent that this answers. Of calls that overlap, Meta may have counted the one that
        is answered last before the others: then its word is no news.
        """
        # The call that this is told on still counts as in flight.
        unanswered = max(0, self.in_flight - 1)
        is_news = True
        if asked_at is not None and self.told_at is not None and asked_at < self.told_at:
            # Counted before the others; or after them, where calls of an hour ago left the count meanwhile. What the
            # ledger reckons on from their word covers both.
            known = self.pct - self._decay_pct(now)
            is_news, pct = pct > known, max(pct, known)
        if self.told_at is not None and self._sent_since_told:
            rise = pct - self.pct + min(self._decay_pct(now), self.pct)
            answered = max(1, self._sent_since_told - unanswered)
            # Where calls of an hour ago left the count meanwhile, the rise of a few says nothing.
            if rise >= 0 and not (self._is_coarse and self._may_have_aged(now)):
                self._rise = self._rise * _FORGETTING + rise
                self._calls = self._calls * _FORGETTING + answered
        if is_news:
            self.pct, self.told_at = pct, now
            self._attribute(now, unanswered)
        self._sent_since_told = unanswered
        if self.expected_pct(now) <= SOFT_PCT:
            self.next_at = min(self.next_at, now)

    def _attribute(self, now: float, unanswered: int) -> None:
        """Say what of Meta's word is of our own calls, and of which: the newest, the others having left its hour."""
        n_own = max(0, self._n_sent(now - _FORGOTTEN_SECONDS, now) - unanswered)
        if self.per_call:
            sure = self._n_sent(now - _HOUR + _METAS_SECONDS, now) - unanswered
            n_own = min(n_own, max(sure, math.ceil(self.pct / self.per_call - _SHARE_OF_A_CALL)))
        # Rounded percentages make a call seem cheaper than it is: what is nearly explained by our own calls is ours.
        whole_share = self.pct / n_own if n_own > 0 else 0.0
        self._own_share = whole_share if whole_share <= _PLAUSIBLE * self.per_call else self.per_call
        self._others = max(0.0, self.pct - self._own_share * n_own)
        self._counted_from, left = now, n_own + unanswered
        for at, count in reversed(self._sent):
            left -= count
            if left < 0:
                break
            self._counted_from = at - _LEAST_SECONDS

    def _decay_pct(self, now: float) -> float:
        """What of a score has decayed since Meta's last word."""
        if self.kind != "account" or self.told_at is None:
            return 0.0
        return (now - self.told_at) * 100.0 / _SCORE_DECAY_SECONDS

    def _may_have_aged(self, now: float) -> bool:
        """Whether own calls that Meta counted at its last word may have left its hour since."""
        return self._n_sent(self._counted_from, now - _HOUR + _METAS_SECONDS) > 0

    def block(self, until: float) -> None:
        """No call before a moment; the first one after it goes alone, to see whether the block is over."""
        self.blocked_until = max(self.blocked_until, until)
        self.is_on_trial = True
