"""The whole edge of an ad account: rows that shift while it is paged, big accounts in parallel parts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from source_meta_ads.clock import Clock
from source_meta_ads.graph.batch import Get, get_many
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import ABOUT_FIELDS, BadRequest, GraphError
from source_meta_ads.graph.listing import listed
from source_meta_ads.graph.turns import Turns
from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.streams.declaration import GROUP, LIGHT_PAGE, Entity
from source_meta_ads.streams.edge_pages import PageReader, Query
from source_meta_ads.streams.parallel import merged
from source_meta_ads.streams.partitions import groups_of, is_big, statuses_of
from source_meta_ads.streams.tally import Tally, total_of

Row = dict[str, Any]

# How often a list is looked through for what was missed while it goes on moving.
_MOST_LOOKS = 3
_GONE = ("ARCHIVED", "DELETED")
_PARENTS = {"campaign": "campaigns"}


class EdgeReader:
    """Reads the edge of one kind of object in all accounts of a run. Thread-safe.

    Where Meta's count of the objects moves while the edge is paged, what slipped between two pages is looked for and
    read. The edge of a big account is cut by campaigns and read in parallel, as far as the run's turns go.
    """

    def __init__(
        self,
        entity: Entity,
        session: GraphSession,
        turns: Turns,
        clock: Clock,
        logger: logging.Logger,
        *,
        lost: Callable[[str, str], None] | None = None,
    ) -> None:
        self.page_reader = PageReader(entity, session, logger, lost)
        self._entity, self._session, self._turns, self._clock = entity, session, turns, clock
        self._logger = logger
        self._is_miscounted = False

    def pages(self, query: Query) -> Iterator[list[Row]]:
        """Every object that the query lets through, page by page, as Meta sends them. Raises: GraphError."""
        try:
            tally = self._tally()
            for number, page in enumerate(self.page_reader.walk(query, tally)):
                if number == 0 and (parts := self._parts(query, tally)):
                    yield from self._in_parts(query, parts, tally)
                    return
                yield page
            yield from self._mended(query, tally)
        finally:
            self.page_reader.ended(query.account_id)

    def _tally(self) -> Tally:
        return Tally(self._entity.cursor_field, self._clock.now().replace(microsecond=0))

    def _mended(self, query: Query, tally: Tally) -> Iterator[list[Row]]:
        """What a list should have had by Meta's counts: it slipped from the pages to come to one already read."""
        is_short = tally.n_pages > 1 and tally.is_other and not self._is_miscounted
        if not (is_short or tally.is_touched):
            return
        for _ in range(_MOST_LOOKS):
            light = Tally()
            listed = [str(row["id"]) for page in self.page_reader.walk(query.light(), light) for row in page]
            missing = [each for each in listed if each not in tally]
            for page in self._by_id(query, missing):
                tally.note(page)
                yield page
            if not missing and not light.is_other:
                return
        # A list that goes on having other than Meta counts: then nothing follows from its counts.
        self._is_miscounted = True

    def _by_id(self, query: Query, ids: Sequence[str]) -> Iterator[list[Row]]:
        for start in range(0, len(ids), GROUP):
            group = list(ids[start : start + GROUP])
            if self._entity.filter_prefix:
                among = query.narrowed(field=f"{self._entity.filter_prefix}.id", operator="IN", value=group)
                yield from self.page_reader.walk(
                    replace(among, page_size=min(GROUP, query.page_size)), Tally(), is_counted=False
                )
                continue
            yield self.page_reader.by_id(query.account_id, group, query.fields)

    def _parts(self, query: Query, tally: Tally) -> list[Query]:
        """The queries that an account is read by in parallel; none where its first page tells that it isn't big."""
        total, level = tally.total, self._entity.partition
        if level is None or total is None or not is_big(total, query.page_size):
            return []
        try:
            parents = self._parents(query, level)
        except ABOUT_FIELDS:
            return []
        groups = groups_of(parents, total, query.page_size, self._turns.limit)
        return [query.narrowed(field=f"{level}.id", operator="IN", value=group) for group in groups]

    def _parents(self, query: Query, level: str) -> list[str]:
        """The campaigns that the objects asked for can be in: all there are where deleted ones are asked for too."""
        wanted = statuses_of(query.conditions, self._entity.filter_prefix or "") & set(_GONE)
        every = [each for each in table().levels[level].statuses if each not in _GONE or each in wanted]
        path = f"act_{query.account_id}/{_PARENTS[level]}"
        among = [{"field": f"{level}.effective_status", "operator": "IN", "value": every}] if wanted else None
        found = listed(
            self._session,
            path,
            {"fields": ["id"], "filtering": among},
            LIGHT_PAGE,
            account_id=query.account_id,
            stream=self._entity.name,
        )
        return list(dict.fromkeys(str(row["id"]) for row in found))

    def _in_parts(self, query: Query, parts: Sequence[Query], first: Tally) -> Iterator[list[Row]]:
        """Every object, several parts at once; page by page what Meta's counts say that the parts leave out."""
        tallies, had = [self._tally() for _ in parts], Tally()

        def read(part: Query, tally: Tally) -> Iterator[list[Row]]:
            yield from self.page_reader.walk(part, tally)
            yield from self._mended(part, tally)

        try:
            for page in merged([read(*each) for each in zip(parts, tallies, strict=True)], self._turns):
                had.note(page)
                yield page
            if sum(tally.total or 0 for tally in tallies) == first.total or self._add_up(query, parts):
                return
        except BadRequest as error:
            # A filter that Meta doesn't take here: the account is read as any other.
            self._logger.info(f"{self._entity.name}: account act_{query.account_id} is read page by page: {error}")
        tally = self._tally()
        for page in self.page_reader.walk(query, tally):
            yield [row for row in page if row.get("id") not in had]
        yield from self._mended(query, tally)

    def _add_up(self, query: Query, parts: Sequence[Query]) -> bool:
        """Whether the parts have as many objects together as the whole.

        Counted in one request, since objects come and go, and tried again for those that do between two counts.
        """
        path, name = f"act_{query.account_id}/{self._entity.edge}", self._entity.name
        params = {"fields": ["id"], "limit": 1, "summary": "total_count", **self._entity.params}
        gets = [Get(path, {**params, **each.asked()}, self._entity.edge, query.account_id) for each in (query, *parts)]
        for _ in range(_MOST_LOOKS):
            answers = get_many(self._session, gets, name)
            whole, *of_parts = [None if isinstance(each, GraphError) else total_of(each) for each in answers]
            if None not in of_parts and sum(each or 0 for each in of_parts) == whole:
                return True
        self._logger.warning(
            f"{name}: account act_{query.account_id}: its campaigns' objects don't add up to all there are: it is read "
            "once more, page by page"
        )
        return False
