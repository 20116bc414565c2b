"""Objects by their ids: fifty in a request, each with its own outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from source_meta_ads.graph.batch import MOST_ITEMS, Get, get_many
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import FINAL, GraphError


@dataclass(frozen=True)
class Nodes:
    """Reads objects of an ad account for one stream; `edge` is what messages and counts call them."""

    session: GraphSession
    account_id: str
    edge: str
    stream: str

    def each(self, ids: Sequence[str], fields: Sequence[str]) -> Iterator[tuple[str, dict[str, Any] | GraphError]]:
        """Each object by its id, or the error that only this id meets.

        What passes is tried again alone, as often as the session tries any call. Raises: GraphError for what is left.
        Meta: docs/graph-api/batch-requests (v26.0, read 2026-11)
        """
        for start in range(0, len(ids), MOST_ITEMS):
            group = ids[start : start + MOST_ITEMS]
            gets = [Get(each, {"fields": list(fields)}, self.edge, self.account_id) for each in group]
            for each, found in zip(group, get_many(self.session, gets, self.stream), strict=True):
                is_passing = isinstance(found, GraphError) and not isinstance(found, FINAL)
                yield each, self._alone(each, fields) if is_passing else found

    def one(self, key: str, fields: Sequence[str]) -> dict[str, Any]:
        """One object. Raises: GraphError."""
        return self.session.get_json(
            key, {"fields": list(fields)}, account_id=self.account_id, stream=self.stream, edge=self.edge
        )

    def _alone(self, key: str, fields: Sequence[str]) -> dict[str, Any] | GraphError:
        try:
            return self.one(key, fields)
        except FINAL as error:
            return error
