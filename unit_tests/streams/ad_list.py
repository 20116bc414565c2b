"""An account's ads in memory, listed, filtered and read by id as Meta does; and the two kinds of reads of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from source_meta_ads.graph.errors import BadRequest, GraphError, NotFound
from source_meta_ads.streams.fingerprint import Marks
from source_meta_ads.streams.sweep import Sweep, Terms

NOW = datetime(2026, 11, 24, 15, 1, tzinfo=UTC)
EVERY = ("ACTIVE", "PAUSED", "ARCHIVED", "DELETED")
WATCHED = ("effective_status", "daily_budget")


def terms(*statuses: str, tells_deletions: bool = True) -> Terms:
    return Terms(
        prefix="ad",
        cursor_field="updated_time",
        fields=("daily_budget", "effective_status", "id", "name", "updated_time"),
        watched=WATCHED,
        statuses=statuses,
        every_status=EVERY,
        tells_deletions=tells_deletions,
    )


class Account:
    """Ads of an account in memory, listed, filtered and read by id as Meta does."""

    def __init__(self, *ids: int) -> None:
        self.objects: dict[int, dict[str, Any]] = {}
        self.page_size = 10
        self.unlisted: set[int] = set()
        self.refused: dict[int, GraphError] = {}
        self.lists_deleted = True
        self.lists: list[tuple[list[str], list[Mapping[str, Any]]]] = []
        self.asked_by_id: list[int] = []
        self.twice: set[int] = set()
        self.changes = 0
        for each in ids:
            self.put(each)

    def put(self, key: int, *, silently: bool = False, at: int = 0, **values: Any) -> None:
        row = self.objects.setdefault(
            key, {"id": str(key), "effective_status": "ACTIVE", "daily_budget": "100", "name": "One"}
        )
        row.update(values)
        if not silently or "updated_time" not in row:
            row["updated_time"] = (NOW - timedelta(days=1) + timedelta(minutes=at)).isoformat()

    def rows(
        self, fields: Sequence[str], conditions: Sequence[Mapping[str, Any]], page_size: int
    ) -> Iterator[dict[str, Any]]:
        self.lists.append((list(fields), list(conditions)))
        wanted = {each["field"]: set(each["value"]) for each in conditions}
        statuses = wanted.get("ad.effective_status", set(EVERY) - {"ARCHIVED", "DELETED"})
        if "DELETED" in statuses and not self.lists_deleted:
            raise BadRequest(code=100, message="no")
        for key, row in list(self.objects.items()):
            if key in self.unlisted or key in self.refused or row["effective_status"] not in statuses:
                continue
            if row["id"] in wanted.get("ad.id", {row["id"]}):
                yield {name: row[name] for name in fields if name in row}
                if key in self.twice:
                    yield {name: row[name] for name in fields if name in row}

    def objects_by_id(self, key: int) -> dict[str, Any] | GraphError:
        self.asked_by_id.append(key)
        return self.refused.get(key) or dict(self.objects[key]) if key in self.objects else NotFound(code=100)

    def count(self, conditions: Sequence[Mapping[str, Any]]) -> int:
        return sum(1 for _ in self.rows(["id"], conditions, 1))


class Edge:
    """The account as the sweep sees it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.page_size = account.page_size
        self.rows, self.count = account.rows, account.count

    def objects(self, ids: Sequence[int], fields: Sequence[str]) -> Iterator[tuple[int, dict[str, Any] | GraphError]]:
        for each in ids:
            yield each, self._account.objects_by_id(each)


def first(account: Account, of: Terms | None = None) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """A first, full read."""
    of = of or terms()
    sweep = Sweep(Edge(account), of, None, lambda: NOW)
    return list(sweep.whole(account.rows(of.fields, of.listed, account.page_size))), sweep.marks


def later(
    account: Account, before: Marks | None, of: Terms | None = None, since: datetime = NOW
) -> tuple[list[dict[str, Any]], dict[int, int]]:
    sweep = Sweep(Edge(account), of or terms(), before, lambda: NOW)
    return list(sweep.changes(since)), sweep.marks
