"""The objects of an edge, one after the other, over all its pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.paging import pages, rows


def listed(
    session: GraphSession,
    path: str,
    params: Mapping[str, Any],
    page_size: int,
    *,
    account_id: str | None = None,
    stream: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Every object of an edge as Meta sends it; pages begin at `page_size` rows. Raises: GraphError."""

    def fetch(token: dict[str, Any]) -> dict[str, Any]:
        return session.get_json(path, {**params, **token}, account_id=account_id, stream=stream, is_page=True)

    for page in pages(fetch, page_size):
        yield from rows(page)
