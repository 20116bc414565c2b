"""Fields that need a permission which reading the rest doesn't: asked apart, and left out where they are refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from source_meta_ads.graph.batch import Get, get_many
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import ABOUT_FIELDS, GraphError


def guarded_values(
    session: GraphSession, account_id: str, fields: Sequence[str], stream: str, logger: logging.Logger
) -> dict[str, Any]:
    """Those of an ad account's fields that the token may see, as Meta sends them; the others are told once.

    One call where all may be seen, else one more for each field. Raises: GraphError for what is no refusal of a field.
    """
    if not fields:
        return {}
    path = f"act_{account_id}"

    def alone(names: Sequence[str]) -> dict[str, Any] | GraphError:
        try:
            return session.get_json(path, {"fields": list(names)}, account_id=account_id, stream=stream)
        except ABOUT_FIELDS as error:
            return error

    whole = alone(fields)
    if not isinstance(whole, GraphError):
        return _only(fields, whole)
    refused: dict[str, GraphError] = dict.fromkeys(fields, whole)
    found: dict[str, Any] = {}
    if len(fields) > 1:
        gets = [Get(path, {"fields": [name]}, "ad account", account_id) for name in fields]
        for name, answer in zip(fields, get_many(session, gets, stream), strict=True):
            outcome = answer
            if isinstance(answer, GraphError) and not isinstance(answer, ABOUT_FIELDS):
                outcome = alone([name])
            if isinstance(outcome, GraphError):
                refused[name] = outcome
            else:
                found |= _only([name], outcome)
                del refused[name]
    for names, reason in _by_reason(refused).items():
        logger.warning(f"{stream}: {', '.join(names)} left empty: {reason}")
    return found


def _only(fields: Sequence[str], node: Mapping[str, Any]) -> dict[str, Any]:
    return {name: node[name] for name in fields if name in node}


def _by_reason(refused: Mapping[str, GraphError]) -> dict[tuple[str, ...], GraphError]:
    """Fields that are refused for one reason, together."""
    by_code: dict[tuple[int | None, int | None], list[str]] = {}
    for name, error in refused.items():
        by_code.setdefault((error.code, error.subcode), []).append(name)
    return {tuple(names): refused[names[0]] for names in by_code.values()}
