"""Which ad accounts a run reads: those configured, or every one that the token reaches, narrowed by patterns."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pendulum

from source_meta_ads.account_filter import AccountFilter
from source_meta_ads.graph.batch import Get, get_many
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import (
    FINAL,
    AuthError,
    GraphError,
    RateLimited,
    TransientError,
    VersionExpired,
)
from source_meta_ads.graph.listing import listed
from source_meta_ads.graph.paging import has_rows, next_cursor, rows
from source_meta_ads.graph.together import side_by_side

_FIELDS = ("id", "account_id", "name", "account_status", "currency", "timezone_name", "timezone_offset_hours_utc")
_PAGE_SIZE = 200
_MOST_NAMED = 20
# Meta: docs/marketing-api/reference/ad-account (account_status); 3 and 9 are about bills of an account that runs.
_RUNNING = (1, 3, 9)
_STATUS_WORDS = {
    2: "disabled", 7: "pending risk review", 8: "pending settlement", 100: "pending closure", 101: "closed",
}  # fmt: skip


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
    """What a run can read and what it can't, each in the order found.

    `refused` were asked for by id, so they are errors; `skipped` were only found, and said aloud already. `left_out`
    are those that the patterns don't want.
    """

    accounts: tuple[Account, ...]
    refused: tuple[Refused, ...] = ()
    skipped: tuple[Refused, ...] = ()
    left_out: tuple[Account, ...] = ()


def reachable(
    session: GraphSession,
    account_ids: Sequence[str],
    logger: logging.Logger,
    account_filter: AccountFilter | None = None,
) -> Reach:
    """The configured accounts, or all accounts of the token when none is configured; of them those that match.

    A configured account that Meta refuses is returned as refused: the others can go on. One that was found, but is
    closed or disabled or known through a business only, and can't be read, is skipped.
    Raises: GraphError when the token or the API version is refused, or Meta can't be reached at all.
    Meta: docs/marketing-api/reference/ad-account (v26.0, read 2026-11)
    """
    chosen = account_filter or AccountFilter()
    reach = _configured(session, account_ids, logger, chosen) if account_ids else _found(session, logger, chosen)
    everyone = [*reach.accounts, *reach.left_out]
    for pattern in chosen.unmatched((each.id, each.name) for each in everyone) if everyone else ():
        logger.warning(f"account pattern {pattern!r} matches none of {len(everyone)} ad accounts: is it misspelt?")
    return reach


def _configured(
    session: GraphSession, account_ids: Sequence[str], logger: logging.Logger, chosen: AccountFilter
) -> Reach:
    wanted = [account_id for account_id in dict.fromkeys(account_ids) if not chosen.excludes_id(account_id)]
    # What is left out by its id is not asked about.
    accounts = [
        Account(each, f"act_{each}", "UTC", None, None) for each in dict.fromkeys(account_ids) if each not in wanted
    ]
    refused: list[Refused] = []
    gets = [Get(f"act_{account_id}", {"fields": _FIELDS}, "ad account", account_id) for account_id in wanted]
    for account_id, answer in zip(wanted, _answers(session, gets), strict=True):
        if isinstance(answer, GraphError):
            refused.append(Refused(account_id, answer))
        else:
            accounts.append(parse_account(answer, account_id, logger))
    return _narrowed(accounts, chosen, refused)


def _found(session: GraphSession, logger: logging.Logger, chosen: AccountFilter) -> Reach:
    """Every account of the token, those that it can't read after all left out by name."""
    sure, unsure = _discover(session, logger)
    found = {account.id: account for account in [*unsure, *sure]}
    reach = _narrowed(
        [found[account_id] for account_id in dict.fromkeys(account.id for account in [*sure, *unsure])], chosen
    )
    certain = {account.id for account in sure if account.status is None or account.status in _RUNNING}
    doubtful = [account for account in reach.accounts if account.id not in certain]
    skipped = [
        Refused(account.id, error)
        for account, error in zip(doubtful, _refusals(session, doubtful), strict=True)
        if error is not None
    ]
    _say_skipped(skipped, found, logger)
    gone = {refused.account_id for refused in skipped}
    readable = tuple(account for account in reach.accounts if account.id not in gone)
    return Reach(readable, skipped=tuple(skipped), left_out=reach.left_out)


def _narrowed(accounts: Iterable[Account], chosen: AccountFilter, refused: Sequence[Refused] = ()) -> Reach:
    wanted: list[Account] = []
    others: list[Account] = []
    for account in accounts:
        (wanted if chosen.wants(account.id, account.name) else others).append(account)
    return Reach(tuple(wanted), tuple(refused), left_out=tuple(others))


def _discover(session: GraphSession, logger: logging.Logger) -> tuple[list[Account], list[Account]]:
    """Accounts of the token's user, and those of the businesses that it sees, which it may not be able to read.

    System users have what they are assigned; who is in a business sees accounts there without being assigned to them.
    Meta: docs/marketing-api/businessmanager (v26.0, read 2026-11)
    """
    notices: list[GraphError] = []
    own, assigned, seen = side_by_side(
        lambda each: _optional(session, *each),
        [
            ("me/adaccounts", _FIELDS, None),
            ("me/assigned_ad_accounts", _FIELDS, notices),
            ("me/businesses", ("id",), notices),
        ],
    )
    nodes = own + assigned
    businesses = [str(each.get("id")) for each in seen]
    edges = [f"{business}/{edge}" for business in businesses for edge in ("owned_ad_accounts", "client_ad_accounts")]
    firsts = [Get(edge, {"fields": _FIELDS, "limit": _PAGE_SIZE}, edge.partition("/")[2]) for edge in edges]
    shared: list[dict[str, Any]] = []
    for edge, first in zip(edges, _answers(session, firsts), strict=True):
        if isinstance(first, FINAL):
            notices.append(first)
        elif isinstance(first, GraphError):
            raise first
        elif has_rows(first) and not next_cursor(first):
            shared += rows(first)
        else:
            shared += _optional(session, edge, _FIELDS, notices)
    if notices:
        more = f" (and {len(notices) - 1} more refusals)" if len(notices) > 1 else ""
        logger.info(
            f"not every place where ad accounts are found can be looked into; the others are: {notices[0]}{more}"
        )
    return _parsed(nodes, logger), _parsed(shared, logger)


def _optional(
    session: GraphSession, path: str, fields: Sequence[str], notices: list[GraphError] | None
) -> list[dict[str, Any]]:
    """The objects of an edge; a refusal is only noted where there are notices."""
    try:
        return list(listed(session, path, {"fields": fields}, _PAGE_SIZE))
    except FINAL as error:
        # An edge that a kind of user lacks, or that the token has no permission for, is no reason to fail.
        if notices is None:
            raise
        notices.append(error)
        return []


def _parsed(nodes: Iterable[Mapping[str, Any]], logger: logging.Logger) -> list[Account]:
    """Each account once."""
    ids: dict[str, Mapping[str, Any]] = {}
    for node in nodes:
        account_id = str(node.get("account_id") or str(node.get("id", "")).removeprefix("act_"))
        if account_id:
            ids.setdefault(account_id, node)
    return [parse_account(node, account_id, logger) for account_id, node in ids.items()]


def _refusals(session: GraphSession, accounts: Sequence[Account]) -> Iterator[GraphError | None]:
    """Why each account can't be read; None where it can, and where a passing failure or a limit leaves it open."""
    gets = [Get(f"act_{each.id}/campaigns", {"fields": ("id",), "limit": 1}, "campaigns", each.id) for each in accounts]
    for answer in _answers(session, gets):
        yield answer if isinstance(answer, FINAL) else None


def _answers(session: GraphSession, gets: Sequence[Get]) -> list[dict[str, Any] | GraphError]:
    """The body of each read or why it failed, by batches; what failed only for now is asked again alone, patiently.

    Raises: GraphError that concerns every account.
    """
    tried: list[dict[str, Any] | GraphError] = []
    try:
        # A batch of one would be a detour.
        tried = get_many(session, gets) if len(gets) > 1 else []
    except GraphError as error:
        if _concerns_every_account(error):
            raise
    return [_settled(session, get, tried[place] if tried else None) for place, get in enumerate(gets)]


def _settled(session: GraphSession, get: Get, tried: dict[str, Any] | GraphError | None) -> dict[str, Any] | GraphError:
    answer = tried
    if answer is None or isinstance(answer, (TransientError, RateLimited)):
        try:
            answer = session.get_json(get.path, get.params, account_id=get.account_id)
        except GraphError as error:
            answer = error
    if isinstance(answer, GraphError) and _concerns_every_account(answer):
        raise answer
    return answer


def _say_skipped(skipped: Sequence[Refused], found: Mapping[str, Account], logger: logging.Logger) -> None:
    for refused in skipped[:_MOST_NAMED]:
        account = found[refused.account_id]
        logger.warning(f"{describe(account)} is skipped, since it can't be read: {refused.error}")
    if len(skipped) > _MOST_NAMED:
        logger.warning(f"{len(skipped) - _MOST_NAMED} more ad accounts are skipped for reasons of this kind")


def describe(account: Account) -> str:
    """The account in words: `ad account act_1 (West, closed)`."""
    words = [account.name] if account.name != f"act_{account.id}" else []
    if account.status is not None and account.status not in _RUNNING:
        words.append(_STATUS_WORDS.get(account.status, f"status {account.status}"))
    return f"ad account act_{account.id}" + (f" ({', '.join(words)})" if words else "")


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
