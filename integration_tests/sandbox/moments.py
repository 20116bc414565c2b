"""Moments as Graph writes them: in the account's time zone, without a colon in the offset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.world import World

_DAY = 86_400
# About twelve days: most stretches have one offset only, and a year has few of them.
_STRETCH = 1 << 20
_EPOCH = date(1970, 1, 1).toordinal()
_SECONDS = [f"{number:02d}" for number in range(60)]
_MINUTES = [f"{hour:02d}:{minute}:" for hour in range(24) for minute in _SECONDS]


def moment(world: World, account_id: str, when: datetime) -> str:
    """`2026-03-08T14:18:45-0800`."""
    return instant(world.spec(account_id).timezone, int(when.timestamp()))


def instant(name: str, seconds: int) -> str:
    """The same of epoch seconds, in the time zone with an IANA name."""
    return instants(name)(seconds)


@lru_cache(1000)
def instants(name: str) -> Callable[[int], str]:
    """The same for who writes many moments of one time zone."""
    stretches = _Offsets(name, _STRETCH)
    days = _Offsets(name, _DAY)

    def written(seconds: int) -> str:
        offset = stretches[seconds // _STRETCH] or days[seconds // _DAY]
        if offset is None:
            text = datetime.fromtimestamp(seconds, zone(name)).isoformat(timespec="seconds")
            return text[:-3] + text[-2:]
        ahead, suffix = offset
        day, left = divmod(seconds + ahead, _DAY)
        return f"{_date(day)}{_MINUTES[left // 60]}{_SECONDS[left % 60]}{suffix}"

    return written


class _Offsets(dict[int, tuple[int, str] | None]):
    """The offset of the nth stretch of time, in seconds and as it is written; None where it changes in between."""

    def __init__(self, name: str, length: int) -> None:
        super().__init__()
        self._zone, self._length = zone(name), length

    def __missing__(self, number: int) -> tuple[int, str] | None:
        first, last = (datetime.fromtimestamp((number + each) * self._length, self._zone) for each in (0, 1))
        offset = first.utcoffset()
        is_one = offset is not None and offset == last.utcoffset()
        self[number] = (int(offset.total_seconds()), f"{first:%z}") if offset is not None and is_one else None
        return self[number]


@lru_cache(5_000)
def _date(day: int) -> str:
    return f"{date.fromordinal(_EPOCH + day).isoformat()}T"


@lru_cache(1000)
def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    return ZoneInfo(name)


def epoch(text: str, where: str) -> float:
    """Epoch seconds from a parameter: a unix time or a date.

    Raises:
        Refusal: 100 for anything else.
    """
    try:
        return float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise Refusal(100, f"(#100) Param {where} must be a unix timestamp or a date") from error
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
