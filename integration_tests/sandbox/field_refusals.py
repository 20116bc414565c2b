"""Fields that are refused: of every object, or of some objects only, wherever in an answer they would be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from integration_tests.sandbox import selection
from integration_tests.sandbox.call import Call
from integration_tests.sandbox.errors import Refusal


def asks(call: Call, names: Collection[str]) -> bool:
    """Whether a call asks for one of these fields, at whatever depth."""
    try:
        asked = selection.parse(call.params.get("fields", ""))
    except Refusal:
        return False
    return any(name in names for name in _names(asked))


def _names(fields: Iterable[selection.Field]) -> Iterable[str]:
    for field in fields:
        yield field.name
        yield from _names(field.inner or ())


def shows(body: Any, names: Collection[str], is_chosen: Callable[[str], bool]) -> bool:
    """Whether an answer has one of these fields on an object that is chosen by its id."""
    if isinstance(body, list):
        return any(shows(each, names, is_chosen) for each in body)
    if not isinstance(body, dict):
        return False
    if "id" in body and any(name in body for name in names) and is_chosen(str(body["id"])):
        return True
    return any(shows(each, names, is_chosen) for each in body.values() if isinstance(each, dict | list))
