"""An account's entry of a state taken back to a day, so that everything since then is read again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from source_meta_ads.streams.entities import ENTITIES

_DAY_CURSOR = "date_start"
# What holds of days and report runs that are to be read again.
_OF_DAYS = ("slices", "slices_read_on", "runs")


def rewound(entry: Mapping[str, Any], day: date) -> dict[str, Any] | None:
    """The entry with its cursor at a day, its lookback window aside; None where it stands before that day already.

    Objects whose marks are kept in the entry lose their cursor instead: they are all read again, and those that are
    gone since are still found to be.
    """
    taken_back = dict(entry)
    for name in sorted({_DAY_CURSOR, *(entity.cursor_field for entity in ENTITIES if entity.cursor_field)}):
        cursor = entry.get(name)
        if not isinstance(cursor, str) or _moment(cursor).date() < day:
            continue
        if name == _DAY_CURSOR:
            taken_back[name] = day.isoformat()
            for each in _OF_DAYS:
                taken_back.pop(each, None)
        elif "fingerprint" in entry:
            del taken_back[name]
        else:
            taken_back[name] = datetime.combine(day, time(), UTC).isoformat()
    return taken_back if taken_back != dict(entry) else None


def _moment(cursor: str) -> datetime:
    moment = datetime.fromisoformat(cursor)
    return moment.astimezone(UTC) if moment.tzinfo else moment
