"""A calendar day in a configuration, however a user writes it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator


def as_day(value: object) -> object:
    """The day of a date or date-time string, None for an empty one, as source-facebook-marketing has it.

    Raises: ValueError that says how to write a day; anything but text and dates is left to pydantic.
    """
    if isinstance(value, datetime):
        return value.date()
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).date()
        except ValueError:
            raise ValueError("write a date as YYYY-MM-DD or a date-time as YYYY-MM-DDTHH:MM:SSZ") from None
    return value


Day = Annotated[date | None, BeforeValidator(as_day)]
