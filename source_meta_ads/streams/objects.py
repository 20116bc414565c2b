"""The objects of one kind of one account: listed, counted, or asked for by their ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from source_meta_ads.graph.errors import GraphError
from source_meta_ads.streams.edge import EdgeReader
from source_meta_ads.streams.edge_pages import Query

Row = dict[str, Any]
Condition = Mapping[str, Any]


@dataclass(frozen=True)
class AccountObjects:
    """An edge of an account, such as `adsets`; `coerce` gives rows the types of the stream's schema."""

    reader: EdgeReader
    account_id: str
    page_size: int
    coerce: Callable[[Row], Row]

    def rows(self, fields: Sequence[str], conditions: Sequence[Condition], page_size: int) -> Iterator[Row]:
        """Every object that the conditions let through, page by page. Raises: GraphError."""
        for page in self.reader.pages(self._query(fields, conditions, page_size)):
            for row in page:
                yield self.coerce(row)

    def count(self, conditions: Sequence[Condition]) -> int:
        """How many objects the conditions let through, by one call. Raises: GraphError."""
        return self.reader.page_reader.count(self._query(["id"], conditions, self.page_size))

    def objects(self, ids: Sequence[int], fields: Sequence[str]) -> Iterator[tuple[int, Row | GraphError]]:
        """Each object by its id, or the error that only this id meets; fifty in a request. Raises: GraphError."""
        pages = self.reader.page_reader
        asked = pages.allowed(self.account_id, fields)
        for key, found in pages.nodes(self.account_id).each([str(each) for each in ids], asked):
            yield int(key), found if isinstance(found, GraphError) else self.coerce(found)

    def _query(self, fields: Sequence[str], conditions: Sequence[Condition], page_size: int) -> Query:
        return Query(self.account_id, tuple(fields), page_size, tuple(conditions))
