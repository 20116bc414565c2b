"""What the sandbox was asked and what it answered, in numbers: the whole, by edge, by account, by status."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.faults import Faults
from integration_tests.sandbox.limits import Limits
from integration_tests.sandbox.world import World

RATE_LIMIT_CODES = frozenset({4, 17, 32, 341, 368, 613, *range(80000, 80015)})
_ACCOUNTS_SHOWN = 100


@dataclass(slots=True)
class Tally:
    """The numbers of one edge, of one account, or of everything."""

    calls: int = 0
    points: float = 0.0
    rows: int = 0
    errors: int = 0
    rejections: int = 0
    calls_while_blocked: int = 0

    def add(self, call: Call, status: int) -> None:
        self.calls += 1
        self.points += call.points
        self.rows += call.rows
        self.errors += status >= 400 or call.code is not None
        self.rejections += call.code in RATE_LIMIT_CODES
        self.calls_while_blocked += call.blocked

    def numbers(self) -> dict[str, float]:
        """The numbers by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Stats:
    """Counts every call; items of a batch are calls, the batch around them is not one of an account."""

    total: Tally = field(default_factory=Tally)
    edges: dict[str, Tally] = field(default_factory=dict)
    accounts: dict[str, Tally] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, call: Call, status: int) -> None:
        """Count a call that was answered with an HTTP status."""
        self.total.add(call, status)
        self.edges.setdefault(call.edge or "other", Tally()).add(call, status)
        if call.account_id is not None:
            self.accounts.setdefault(call.account_id, Tally()).add(call, status)
        self.statuses[str(status)] += 1
        if call.code is not None:
            self.codes[f"{call.code}/{call.subcode or '-'}"] += 1

    def summary(self) -> dict[str, Any]:
        """Everything counted, ready for JSON."""
        return {
            **self.total.numbers(),
            "by_edge": {name: tally.numbers() for name, tally in sorted(self.edges.items())},
            "by_account": {name: tally.numbers() for name, tally in sorted(self.accounts.items())},
            "by_status": dict(sorted(self.statuses.items())),
            "by_code": dict(sorted(self.codes.items())),
        }


def overview(world: World, limits: Limits, faults: Faults, stats: Stats) -> dict[str, Any]:
    """The whole answer of GET /_sandbox/stats: what was counted, quotas, faults, clock, and a look at the world."""
    accounts = world.accounts()
    first = [accounts[n] for n in range(min(_ACCOUNTS_SHOWN, len(accounts)))]
    return {
        **stats.summary(),
        "limits": limits.gauges(),
        "faults": faults.listing(),
        "clock": {"now": world.clock.now().isoformat(), "speed": world.clock.speed},
        "world": {
            "accounts": len(accounts),
            "first_accounts": [
                {name: getattr(each, name) for name in ("id", "name", "timezone", "currency", "tier")} for each in first
            ],
        },
    }
