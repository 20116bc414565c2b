"""What a sweep of 100,000 ads costs: bytes of state, seconds of CPU to mark, pack, unpack and compare, calls."""

from __future__ import annotations

import functools
import json
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from source_meta_ads.graph.errors import GraphError
from source_meta_ads.streams.declaration import LIGHT_PAGE
from source_meta_ads.streams.fingerprint import packed, unpacked
from source_meta_ads.streams.sweep import Sweep, Terms

_ADS = 100_000
_CHANGED = 500
_WATCHED = ("bid_amount", "effective_status", "status")
_TERMS = Terms(
    prefix="ad",
    cursor_field="updated_time",
    fields=("id", "updated_time", *_WATCHED),
    watched=_WATCHED,
    statuses=(),
    every_status=("ACTIVE", "PAUSED", "ARCHIVED", "DELETED"),
    tells_deletions=True,
)


class Ads:
    """The ads of an account in memory; counts the calls that Meta would be asked."""

    page_size = 200

    def __init__(self, rows: Mapping[str, dict[str, Any]]) -> None:
        self._rows = rows
        self.calls = 0

    def rows(
        self, fields: Sequence[str], conditions: Sequence[Mapping[str, Any]], page_size: int
    ) -> Iterator[dict[str, Any]]:
        ids = next((each["value"] for each in conditions if each["field"] == "ad.id"), None)
        found = self._rows.values() if ids is None else [self._rows[each] for each in ids if each in self._rows]
        self.calls += max(1, -(-len(found) // page_size))
        yield from found

    def objects(self, ids: Sequence[int], fields: Sequence[str]) -> Iterator[tuple[int, dict[str, Any] | GraphError]]:
        yield from ()

    def count(self, conditions: Sequence[Mapping[str, Any]]) -> int:
        return len(self._rows)


def main() -> None:
    """Print the state's size for three kinds of accounts, then the cost of the steps for the first of them."""
    accounts = {
        "made and edited campaign by campaign": ads(distinct=12, ending=366),
        "each with a bid of its own": ads(distinct=_ADS, ending=366),
        "ids at random in 18 digits": ads(distinct=12, ending=None),
    }
    for name, rows in accounts.items():
        _, marks = first(rows)
        size = len(json.dumps(packed(marks)))
        print(f"{len(rows):,} ads, {name}: {size / 1e3:.0f} kB of state, {size / len(rows):.1f} bytes an ad")

    rows = accounts["made and edited campaign by campaign"]
    tracemalloc.start()
    _, marks = first(rows)
    print(f"memory of the marks: {tracemalloc.get_traced_memory()[0] / 1e6:.0f} MB")
    tracemalloc.stop()
    text = packed(marks)
    print(f"mark rows: {seconds(lambda: first(rows)):.2f} s of CPU")
    print(f"pack: {seconds(lambda: packed(marks)):.2f} s, unpack: {seconds(lambda: unpacked(text)):.2f} s")
    for changed in (0, _CHANGED):
        edge, out = later(edited(rows, changed), unpacked(text) or {})
        moved = edited(rows, changed)
        spent = seconds(functools.partial(later, moved, marks))
        print(
            f"sweep with {changed:,} changed: {len(out):,} rows, {edge.calls:,} calls "
            f"({len(rows) // LIGHT_PAGE:,} light ones; a full read takes {len(rows) // edge.page_size:,}), "
            f"{spent:.2f} s of CPU"
        )


def ads(distinct: int, ending: int | None) -> dict[str, dict[str, Any]]:
    """Ads made in campaigns of up to 40 over three years; a fifth was edited alone, two fifths with their campaign.

    `ending`: the last four digits of each id, which an account has in common; None: ids at random.
    """
    chance = random.Random(1)
    rows: dict[str, dict[str, Any]] = {}
    number, moment = 12_020_000_000_000, 1_690_000_000
    while len(rows) < _ADS:
        size = chance.randint(1, 40)
        moment += int(chance.expovariate(_ADS / 1e8 / size))
        number += int(chance.expovariate(_ADS / 4e10 / size))
        edits = [moment + chance.randint(86_400, 40_000_000) for _ in range(3)]
        for each in range(size):
            number += chance.randint(1, 30)
            key = str(number * 10_000 + ending if ending is not None else chance.randrange(10**17, 10**18))
            kind = chance.random()
            alone = chance.choice(edits) if kind < 0.8 else moment + chance.randint(86_400, 40_000_000)
            updated = moment + 2 * each if kind < 0.4 else alone
            standing = min(int(chance.paretovariate(1.2)), distinct) if distinct < _ADS else len(rows)
            rows[key] = {
                "id": key,
                "updated_time": datetime.fromtimestamp(updated, UTC).isoformat(),
                "effective_status": "ACTIVE" if standing % 2 else "PAUSED",
                "status": "ACTIVE",
                "bid_amount": standing,
            }
    return rows


def edited(rows: Mapping[str, dict[str, Any]], count: int) -> dict[str, dict[str, Any]]:
    """The ads with the status of some moved, and nothing else."""
    keys = set(random.Random(2).sample(sorted(rows), count))
    return {key: {**row, "status": "PAUSED"} if key in keys else row for key, row in rows.items()}


def first(rows: Mapping[str, dict[str, Any]]) -> tuple[Ads, dict[int, int]]:
    """A first read."""
    edge = Ads(rows)
    sweep = Sweep(edge, _TERMS, None, _now)
    for _ in sweep.whole(edge.rows((), (), edge.page_size)):
        pass
    return edge, sweep.marks


def later(rows: Mapping[str, dict[str, Any]], marks: Mapping[int, int]) -> tuple[Ads, list[dict[str, Any]]]:
    """A later one, and the rows that it emits."""
    edge = Ads(rows)
    return edge, list(Sweep(edge, _TERMS, marks, _now).changes(_now()))


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds that something takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _now() -> datetime:
    return datetime(2026, 11, 24, 15, 1, tzinfo=UTC)


if __name__ == "__main__":
    main()
