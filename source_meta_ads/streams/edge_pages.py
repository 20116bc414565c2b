"""One page of an edge after the other, whatever Meta finds too large or refuses of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import ABOUT_FIELDS, BadRequest, GraphError, NotFound, TooMuchData
from source_meta_ads.graph.paging import PageSize, pages, rows
from source_meta_ads.streams.declaration import LIGHT_PAGE, Entity
from source_meta_ads.streams.field_groups import piecewise
from source_meta_ads.streams.nodes import Nodes
from source_meta_ads.streams.refusals import Refusals
from source_meta_ads.streams.tally import Tally, total_of

Row = dict[str, Any]
Condition = Mapping[str, Any]


@dataclass(frozen=True)
class Query:
    """What is asked of the edge of an account; pages begin at `page_size` rows."""

    account_id: str
    fields: tuple[str, ...]
    page_size: int
    conditions: tuple[Condition, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    def narrowed(self, **condition: Any) -> Query:
        """The same under one more condition."""
        return replace(self, conditions=(*self.conditions, condition))

    def light(self) -> Query:
        """The ids of the same objects."""
        return replace(self, fields=("id",), page_size=LIGHT_PAGE)

    def asked(self) -> dict[str, Any]:
        """The parameters that say which objects are meant."""
        return {"filtering": list(self.conditions) or None, **self.params}


class PageReader:
    """Pages of one kind of object in all accounts of a run; what it learns in one slice holds in the next.

    Of a page that Meta finds too large half is asked for, of one object its fields in groups. Fields that Meta refuses
    are left out with one notice. Thread-safe.
    """

    def __init__(
        self,
        entity: Entity,
        session: GraphSession,
        logger: logging.Logger,
        lost: Callable[[str, str], None] | None = None,
    ) -> None:
        self.entity, self.session = entity, session
        self._logger = logger
        cursor = {entity.cursor_field} if entity.cursor_field else set()
        self._needed = ({"id", *entity.key} | cursor) - {"account_id"}
        self._refusals = Refusals(entity.name, self._needed, logger, lost)
        self._lock = threading.Lock()
        self._sizes: dict[tuple[tuple[str, ...], int], PageSize] = {}
        self._told: set[tuple[str, str]] = set()
        # Lists that end early, or that are limited in time, have no count to be held against.
        self._counts = entity.order == "none" and not entity.time_params and bool(entity.key)
        self._count_came = False

    def walk(self, query: Query, tally: Tally, *, is_counted: bool = True) -> Iterator[list[Row]]:
        """The objects page by page as Meta sends them, noted in the tally. Raises: GraphError.

        With `is_counted` Meta is asked with the first page how many objects there are.
        """

        def fetch(token: dict[str, Any]) -> dict[str, Any]:
            is_wanted = is_counted and self._counts and tally.n_pages == 0
            return self._page(query, {**token, "summary": "total_count"} if is_wanted else token)

        for page in pages(fetch, self._size(query)):
            found = rows(page)
            tally.note(found, total_of(page))
            yield found
            # A page of wide rows is gone before the next one comes.
            found = []

    def node(self, account_id: str, fields: Sequence[str]) -> Row:
        """The account itself, without what Meta refuses of it. Raises: GraphError."""
        path = f"act_{account_id}"
        asked = self._refusals.left(account_id, fields)

        def ask(some: Sequence[str]) -> list[Row]:
            return [self.session.get_json(path, {"fields": list(some)}, account_id=account_id, stream=self.entity.name)]

        try:
            return ask(asked)[0]
        except TooMuchData:
            return self._in_groups(account_id, path, asked, lambda some: ask(some)[0])
        except ABOUT_FIELDS as error:
            return self._refusals.settled(asked, error, ask, self.nodes(account_id))[0]

    def nodes(self, account_id: str) -> Nodes:
        """Objects of an account by their ids."""
        return Nodes(self.session, account_id, self.entity.edge or "ad account", self.entity.name)

    def allowed(self, account_id: str, fields: Sequence[str]) -> list[str]:
        """The fields that Meta hasn't refused in the account so far."""
        return self._refusals.left(account_id, fields)

    def by_id(self, account_id: str, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        """Objects by their ids, less those that can't be read any more. Raises: GraphError."""
        found = self.nodes(account_id).each(ids, self._refusals.left(account_id, fields))
        return [row for _, row in found if not isinstance(row, GraphError)]

    def count(self, query: Query) -> int:
        """How many objects a query lets through: one call, where Meta counts. Raises: GraphError.

        Meta: docs/graph-api/results (v26.0, read 2026-11)
        """
        total = total_of(self._get(query, ["id"], {"limit": 1, "summary": "total_count"}))
        return sum(len(page) for page in self.walk(query.light(), Tally())) if total is None else total

    def ended(self, account_id: str) -> None:
        """Say what was left empty in an account, now that it is read."""
        self._refusals.tell(account_id)

    def _size(self, query: Query) -> PageSize:
        with self._lock:
            return self._sizes.setdefault((query.fields, query.page_size), PageSize(query.page_size))

    def _page(self, query: Query, token: Mapping[str, Any]) -> dict[str, Any]:
        asked = self._refusals.left(query.account_id, query.fields)
        try:
            return self._get(query, asked, token)
        except TooMuchData:
            if token["limit"] > 1:
                raise
            return self._piecewise(query, asked, token)
        except ABOUT_FIELDS as refused:
            error: GraphError = refused
        if isinstance(error, BadRequest) and error.code is not None and "summary" in token and not self._count_came:
            try:
                return self._uncounted(query, asked, token)
            except ABOUT_FIELDS as again:
                error = again
        last: dict[str, Any] = {}

        def ask(some: Sequence[str]) -> list[Row]:
            nonlocal last
            last = self._get(query, some, token)
            return rows(last)

        found = self._refusals.settled(asked, error, ask, self.nodes(query.account_id), token["limit"])
        return {**last, "data": found}

    def _uncounted(self, query: Query, asked: Sequence[str], token: Mapping[str, Any]) -> dict[str, Any]:
        """A page without its count: asked for where no page has come with one yet, as the edge may have none."""
        page = self._get(query, asked, {name: value for name, value in token.items() if name != "summary"})
        self._counts = False
        return page

    def _get(self, query: Query, fields: Sequence[str], token: Mapping[str, Any]) -> dict[str, Any]:
        page = self.session.get_json(
            f"act_{query.account_id}/{self.entity.edge}",
            {"fields": list(fields), **self.entity.params, **query.asked(), **token},
            account_id=query.account_id,
            stream=self.entity.name,
            is_page=True,
        )
        self._count_came = self._count_came or total_of(page) is not None
        return page

    def _piecewise(self, query: Query, asked: Sequence[str], token: Mapping[str, Any]) -> dict[str, Any]:
        """A page of one object that is too much at once: its id first, then its fields in groups."""
        if "id" not in asked:
            raise TooMuchData(message="a single row is too much").at("GET", self.entity.edge, query.account_id)
        page = self._get(query, sorted(self._needed & set(asked)), token)
        found = []
        nodes = self.nodes(query.account_id)
        for row in rows(page):
            key = str(row["id"])

            def ask(some: Sequence[str], key: str = key) -> Row:
                return nodes.one(key, list(dict.fromkeys(["id", *some])))

            try:
                found.append({**row, **self._in_groups(query.account_id, key, asked, ask)})
            except NotFound:
                # It went between the two calls.
                continue
        return {**page, "data": found}

    def _in_groups(self, account_id: str, key: str, asked: Sequence[str], ask: Callable[[Sequence[str]], Row]) -> Row:
        row, lost = piecewise(ask, asked, self.entity.heavy)
        self.tell_once(
            account_id, "groups", f"{key} is too much for one answer: its fields are asked for in groups", logging.INFO
        )
        for name, error in lost.items():
            self.tell_once(account_id, name, f"{name} of {key} can't be had, it is left empty: {error}")
        return row

    def tell_once(self, account_id: str, about: str, text: str, level: int = logging.WARNING) -> None:
        """Log what concerns an account, once a run for each thing that it is about."""
        with self._lock:
            if (account_id, about) in self._told:
                return
            self._told.add((account_id, about))
        self._logger.log(level, f"{self.entity.name}: account act_{account_id}: {text}")
