"""A scenario: which tokens, businesses and accounts there are, at what moment, and what goes wrong when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from integration_tests.sandbox.futures import Future, futures
from integration_tests.sandbox.scenario_accounts import Accounts, AccountSpec, Changes, groups
from integration_tests.sandbox.scenario_checks import known, listing, moment, number, section

__all__ = ["AccountSpec", "Accounts", "BusinessSpec", "Changes", "Scenario", "TokenSpec", "load", "load_file"]


@dataclass(frozen=True, slots=True)
class TokenSpec:
    """One access token: whose it is, which app made it, which accounts it reaches (None is all of them)."""

    token: str
    accounts: frozenset[str] | None = None
    scopes: tuple[str, ...] = ("ads_read",)
    app_id: str = "1243594414131388"
    app_secret: str | None = None
    require_proof: bool = False
    expires_at: datetime | None = None
    user_id: str = "122000000000000001"
    kind: str = "SYSTEM_USER"
    revoked: bool = False
    tasks: Mapping[str, tuple[str, ...]] | tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class BusinessSpec:
    """A business portfolio."""

    id: str
    name: str
    owned: tuple[str, ...] | None = None
    client: tuple[str, ...] = ()
    users: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a sandbox is started with."""

    raw: Mapping[str, Any]
    now: datetime
    accounts: Accounts
    seed: int = 1
    speed: float = 1.0
    latency_ms: float = 0.0
    latency_jitter: float = 0.0
    tokens: Mapping[str, TokenSpec] = field(default_factory=dict)
    businesses: Mapping[str, BusinessSpec] = field(default_factory=dict)
    jobs: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] | None = None
    faults: Sequence[Any] = ()
    insights: Mapping[str, Any] = field(default_factory=dict)
    auto_upgrade: bool = True
    futures: Mapping[str, Future] = field(default_factory=dict)
    expire: Mapping[str, datetime] = field(default_factory=dict)
    cursors: str = "objects"


def load(raw: Mapping[str, Any]) -> Scenario:
    """A scenario from its dictionary.

    Raises:
        ValueError: naming the key that is unknown or has a value of the wrong kind.
    """
    known(raw, "seed clock latency jobs tokens accounts businesses limits faults versions insights paging", "scenario")
    clock = section(raw, "clock", "now speed")
    latency = section(raw, "latency", "milliseconds jitter")
    versions = section(raw, "versions", "auto_upgrade future expire")
    cursors = section(raw, "paging", "cursors").get("cursors", "objects")
    if cursors not in ("objects", "positions"):
        raise ValueError(f"paging.cursors: {cursors!r} is neither objects nor positions")
    tokens = [_token(each, f"tokens[{n}]") for n, each in enumerate(listing(raw, "tokens"))]
    businesses = [_business(each, f"businesses[{n}]") for n, each in enumerate(listing(raw, "businesses"))]
    limits = raw.get("limits")
    if limits is not None and not isinstance(limits, Mapping):
        raise ValueError("limits: not a mapping")
    return Scenario(
        raw=raw,
        now=moment(clock.get("now", "2026-11-24T15:01:00Z"), "clock.now"),
        accounts=Accounts(groups(listing(raw, "accounts"))),
        seed=number(int, raw.get("seed", 1), "seed"),
        speed=number(float, clock.get("speed", 1), "clock.speed"),
        latency_ms=number(float, latency.get("milliseconds", 0), "latency.milliseconds"),
        latency_jitter=number(float, latency.get("jitter", 0), "latency.jitter"),
        tokens={each.token: each for each in tokens},
        businesses={each.id: each for each in businesses},
        jobs=section(raw, "jobs", None),
        limits=limits,
        faults=listing(raw, "faults"),
        insights=section(raw, "insights", None),
        auto_upgrade=bool(versions.get("auto_upgrade", True)),
        futures=futures(versions.get("future"), "versions.future"),
        expire={
            name: moment(day, f"versions.expire.{name}") for name, day in section(versions, "expire", None).items()
        },
        cursors=cursors,
    )


def load_file(path: Path | str) -> Scenario:
    """A scenario from a YAML file."""
    raw = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    if not isinstance(raw, Mapping):
        raise ValueError(f"{path}: not a mapping")
    return load(raw)


def _token(raw: Any, where: str) -> TokenSpec:
    known(raw, TokenSpec.__slots__, where)
    if not raw.get("token"):
        raise ValueError(f"{where}.token: missing")
    values = dict(raw)
    accounts = values.get("accounts")
    values["accounts"] = None if accounts in (None, "all") else frozenset(_digits(each) for each in accounts or ())
    values["scopes"] = tuple(values.get("scopes") or ("ads_read",))
    for key in ("app_id", "user_id"):
        if key in values:
            values[key] = str(values[key])
    if values.get("expires_at") is not None:
        values["expires_at"] = moment(values["expires_at"], f"{where}.expires_at")
    tasks = values.get("tasks")
    if isinstance(tasks, Mapping):
        values["tasks"] = {_digits(account): tuple(each) for account, each in tasks.items()}
    elif tasks is not None:
        values["tasks"] = tuple(tasks)
    return TokenSpec(**values)


def _business(raw: Any, where: str) -> BusinessSpec:
    known(raw, BusinessSpec.__slots__, where)
    owned = raw.get("owned")
    users = raw.get("users")
    for place, each in enumerate(users or ()):
        known(each, "id name tasks accounts user_type", f"{where}.users[{place}]")
    return BusinessSpec(
        id=str(raw.get("id") or ""),
        name=str(raw.get("name") or f"Business {raw.get('id')}"),
        owned=None if owned is None else tuple(_digits(each) for each in owned),
        client=tuple(_digits(each) for each in raw.get("client") or ()),
        users=None if users is None else tuple(
            {**each, "accounts": [_digits(account) for account in each["accounts"]]} if "accounts" in each else each
            for each in users
        ),
    )  # fmt: skip


def _digits(account_id: Any) -> str:
    return str(account_id).removeprefix("act_")
