"""Which days each row of a report is about, from `date_preset`, `time_range`, `time_ranges` and `time_increment`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from integration_tests.sandbox.breakdown_rules import months_before
from integration_tests.sandbox.errors import Refusal

RETENTION_MONTHS = 37
TOO_OLD = "(#3018) The start date of the time range cannot be beyond 37 months from the current date"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the account, both inclusive."""

    since: date
    until: date


def _week(today: date, first_weekday: int) -> date:
    return today - timedelta(days=(today.weekday() - first_weekday) % 7)


def _month(today: date) -> date:
    return today.replace(day=1)


def _quarter(today: date) -> date:
    return date(today.year, (today.month - 1) // 3 * 3 + 1, 1)


def _year(today: date) -> date:
    return date(today.year, 1, 1)


def _last(days: int) -> Callable[[date], Period]:
    return lambda today: Period(today - days * DAY, today - DAY)


def _whole_before(start: Callable[[date], date]) -> Callable[[date], Period]:
    return lambda today: Period(start(start(today) - DAY), start(today) - DAY)


def _up_to_now(start: Callable[[date], date]) -> Callable[[date], Period]:
    return lambda today: Period(start(today), today)


PRESETS: dict[str, Callable[[date], Period]] = {
    "today": lambda today: Period(today, today),
    "yesterday": _last(1),
    **{f"last_{days}d": _last(days) for days in (3, 7, 14, 28, 30, 90)},
    "this_week_mon_today": _up_to_now(lambda day: _week(day, 0)),
    "this_week_sun_today": _up_to_now(lambda day: _week(day, 6)),
    "last_week_mon_sun": _whole_before(lambda day: _week(day, 0)),
    "last_week_sun_sat": _whole_before(lambda day: _week(day, 6)),
    "this_month": _up_to_now(_month),
    "last_month": _whole_before(_month),
    "this_quarter": _up_to_now(_quarter),
    "last_quarter": _whole_before(_quarter),
    "this_year": _up_to_now(_year),
    "last_year": _whole_before(_year),
    "maximum": lambda today: Period(months_before(today, RETENTION_MONTHS), today),
    "data_maximum": lambda today: Period(months_before(today, RETENTION_MONTHS), today),
}


def periods_of(params: Mapping[str, str], today: date, created: date) -> tuple[Period, ...]:
    """The periods of the rows, oldest first (as given for `time_ranges`).

    Raises:
        Refusal: a value that Meta refuses, or days beyond retention.
    """
    increment = _increment(params.get("time_increment"))
    preset = params.get("date_preset", "last_30d").strip('"')
    if preset not in PRESETS:
        raise Refusal(100, f"(#100) date_preset must be one of the following values: {', '.join(sorted(PRESETS))}")
    if "time_ranges" in params:
        raw = _loaded(params["time_ranges"], "time_ranges")
        if not isinstance(raw, list) or not raw:
            raise Refusal(100, "(#100) param time_ranges must be a non-empty array.")
        ranges = [_range(each, f"time_ranges[{n}]") for n, each in enumerate(raw)]
        _check_age(ranges, today)
        return tuple(ranges)
    if "time_range" in params:
        whole = _range(_loaded(params["time_range"], "time_range"), "time_range")
    else:
        whole = PRESETS[preset](today)
        if preset in ("maximum", "data_maximum"):
            whole = Period(max(whole.since, min(created, today)), whole.until)
    _check_age([whole], today)
    return tuple(_cut(whole, increment))


def oldest_day(periods: Sequence[Period]) -> date:
    """The first day of all."""
    return min(period.since for period in periods)


def _check_age(periods: Sequence[Period], today: date) -> None:
    if oldest_day(periods) < months_before(today, RETENTION_MONTHS):
        raise Refusal(3018, TOO_OLD)


def _cut(whole: Period, increment: int | str) -> list[Period]:
    found, since = [], whole.since
    while since <= whole.until:
        if increment == "all_days":
            until = whole.until
        elif increment == "monthly":
            until = min(whole.until, (since.replace(day=28) + 4 * DAY).replace(day=1) - DAY)
        else:
            until = min(whole.until, since + (int(increment) - 1) * DAY)
        found.append(Period(since, until))
        since = until + DAY
    return found


def _increment(raw: str | None) -> int | str:
    value = "all_days" if raw is None else raw.strip('"')
    if value in ("all_days", "monthly"):
        return value
    if value.isdecimal() and 1 <= int(value) <= 90:
        return int(value)
    raise Refusal(100, "(#100) time_increment must be monthly, all_days, or an integer between 1 and 90")


def _range(raw: Any, where: str) -> Period:
    if not isinstance(raw, Mapping) or not {"since", "until"} <= raw.keys():
        raise Refusal(100, f"(#100) param {where} must have since and until.")
    days = []
    for key in ("since", "until"):
        text = raw[key]
        try:
            if not isinstance(text, str) or len(text) != 10:
                raise ValueError(text)
            days.append(date.fromisoformat(text))
        except ValueError as error:
            raise Refusal(100, f"(#100) param {where}[{key}] must be a date in YYYY-MM-DD format.") from error
    if days[0] > days[1]:
        raise Refusal(100, f"(#100) param {where}: since must not be after until.")
    return Period(*days)


def _loaded(raw: str, name: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Refusal(100, f"(#100) param {name} must be valid JSON.") from error
