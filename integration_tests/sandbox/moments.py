"""Moments as Graph writes them: in the account's time zone, without a colon in the offset."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.world import World


def moment(world: World, account_id: str, when: datetime) -> str:
    """`2026-03-08T14:18:45-0800`."""
    local = when.astimezone(zone(world.spec(account_id).timezone))
    text = local.isoformat(timespec="seconds")
    return text[:-3] + text[-2:]


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
