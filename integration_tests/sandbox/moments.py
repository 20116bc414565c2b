"""Moments as Graph writes them: in the account's time zone, without a colon in the offset."""

from __future__ import annotations

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
_MINUTES = [f"{hour:02d}:{minute}" for hour in range(24) for minute in _SECONDS]


def moment(world: World, account_id: str, when: datetime) -> str:
    """`2026-03-08T14:18:45-0800`."""
    return instant(world.spec(account_id).timezone, int(when.timestamp()))


def instant(name: str, seconds: int) -> str:
    """The same of epoch seconds, in the time zone with an IANA name."""
    offset = _offset(name, seconds // _STRETCH, _STRETCH) or _offset(name, seconds // _DAY, _DAY)
    if offset is None:
        text = datetime.fromtimestamp(seconds, zone(name)).isoformat(timespec="seconds")
        return text[:-3] + text[-2:]
    days, left = divmod(seconds + offset[0], _DAY)
    return f"{_date(days)}T{_MINUTES[left // 60]}:{_SECONDS[left % 60]}{offset[1]}"


@lru_cache(5_000)
def _offset(name: str, number: int, length: int) -> tuple[int, str] | None:
    """The offset of the `number`th `length` seconds, in seconds and as it is written; None where it changes in it."""
    first, last = (datetime.fromtimestamp((number + each) * length, zone(name)) for each in (0, 1))
    offsets = [each.utcoffset() for each in (first, last)]
    if offsets[0] is None or offsets[0] != offsets[1]:
        return None
    return int(offsets[0].total_seconds()), f"{first:%z}"


@lru_cache(5_000)
def _date(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()


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
