"""Which ad accounts a run reads: those configured, or every one that the token reaches."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pendulum

from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import AuthError, GraphError, TransientError, VersionExpired
from source_meta_ads.graph.paging import pages, rows

_FIELDS = ("id", "account_id", "name", "account_status", "currency", "timezone_name", "timezone_offset_hours_utc")
_PAGE_SIZE = 200


@dataclass(frozen=True)
class Account:
    """One ad account. `id` is digits only; `timezone` an IANA name; `status` Meta's number (1 = active)."""

    id: str
    name: str
    timezone: str
    currency: str | None
    status: int | None


@dataclass(frozen=True)
class Refused:
    """An account that was asked for but can't be read, and why."""

    account_id: str
    error: GraphError


@dataclass(frozen=True)
class Reach:
    """What a run can read and what it was refused, both in the order asked for."""

    accounts: tuple[Account, ...]
    refused: tuple[Refused, ...] = ()


def reachable(session: GraphSession, account_ids: Sequence[str], logger: logging.Logger) -> Reach:
    """The configured accounts, or all accounts of the token when none is configured.

    A configured account that Meta refuses is returned as refused: the others can go on.
    Raises: GraphError when the token or the API version is refused, or Meta can't be reached at all.
    Meta: docs/marketing-api/reference/ad-account (v26.0, read 2026-11)
    """
    if not account_ids:
        return Reach(accounts=tuple(_discover(session, logger)))
    found: list[Account] = []
    refused: list[Refused] = []
    for account_id in dict.fromkeys(account_ids):
        try:
            node = session.get_json(f"act_{account_id}", {"fields": _FIELDS}, account_id=account_id)
        except GraphError as error:
            if _concerns_every_account(error):
                raise
            refused.append(Refused(account_id, error))
        else:
            found.append(parse_account(node, account_id, logger))
    return Reach(tuple(found), tuple(refused))


def _discover(session: GraphSession, logger: logging.Logger) -> list[Account]:
    seen: dict[str, Account] = {}
    for page in pages(
        lambda params: session.get_json("me/adaccounts", {"fields": _FIELDS, **params}, is_page=True), _PAGE_SIZE
    ):
        for node in rows(page):
            account_id = str(node.get("account_id") or str(node.get("id", "")).removeprefix("act_"))
            if account_id:
                seen[account_id] = parse_account(node, account_id, logger)
    return list(seen.values())


def parse_account(node: Mapping[str, Any], account_id: str, logger: logging.Logger) -> Account:
    """The account as Meta described it; a timezone that no database knows is replaced by its offset."""
    status = node.get("account_status")
    return Account(
        id=account_id,
        name=str(node.get("name") or f"act_{account_id}"),
        timezone=_timezone(node, account_id, logger),
        currency=node.get("currency"),
        status=status if isinstance(status, int) else None,
    )


def _timezone(node: Mapping[str, Any], account_id: str, logger: logging.Logger) -> str:
    name = node.get("timezone_name")
    try:
        return pendulum.timezone(str(name)).name
    except (ValueError, KeyError):
        offset = node.get("timezone_offset_hours_utc")
        zone = _fixed_zone(offset if isinstance(offset, (int, float)) else 0)
        logger.warning(f"account act_{account_id}: timezone {name!r} is unknown here; its days are taken as {zone}'s")
        return zone


def _fixed_zone(hours: float) -> str:
    """The IANA name of an offset, to the whole hour: `Etc/GMT+8` is eight hours behind UTC."""
    whole = max(-12, min(14, round(hours)))
    return "UTC" if whole == 0 else f"Etc/GMT{-whole:+d}"


def _concerns_every_account(error: GraphError) -> bool:
    """Whether no account can be read: token or version refused, or no answer from Meta at all."""
    unanswered = isinstance(error, TransientError) and error.status == 0
    return unanswered or isinstance(error, (AuthError, VersionExpired))
