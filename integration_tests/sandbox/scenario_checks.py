"""Reading a scenario's dictionary: every check names the key that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any


def known(raw: Any, keys: str | Sequence[str], where: str) -> None:
    """Refuse keys that are not known."""
    if not isinstance(raw, Mapping):
        raise ValueError(f"{where}: not a mapping")
    allowed = keys.split() if isinstance(keys, str) else keys
    for key in raw:
        if key not in allowed:
            raise ValueError(f"{where}.{key}: unknown; known are {', '.join(allowed)}")


def section(raw: Mapping[str, Any], key: str, keys: str | None) -> Mapping[str, Any]:
    """A mapping under a key, empty when there is none."""
    section = raw.get(key) or {}
    if not isinstance(section, Mapping):
        raise ValueError(f"{key}: not a mapping")
    if keys is not None:
        known(section, keys, key)
    return section


def listing(raw: Mapping[str, Any], key: str) -> list[Any]:
    """A list under a key, empty when there is none."""
    found = raw.get(key) or []
    if not isinstance(found, list | tuple):
        raise ValueError(f"{key}: not a list")
    return list(found)


def number(kind: Callable[[Any], Any], value: Any, where: str) -> Any:
    """A number."""
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {value!r} is not a number") from error


def moment(value: Any, where: str) -> datetime:
    """A moment with its offset; a bare date is its midnight in UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"{where}: {value!r} is no date") from error
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError(f"{where}: {value!r} is no date")
    return value if value.tzinfo else value.replace(tzinfo=UTC)
