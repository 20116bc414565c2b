"""An edge is one list of objects, however many pages Meta cuts it into."""

from __future__ import annotations

from typing import Any, cast

import pytest

from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import TransientError
from source_meta_ads.graph.listing import listed


class Edge:
    """Answers with pages, and notes what it was asked."""

    def __init__(self, *pages: Any) -> None:
        self.pages, self.asked = list(pages), list[dict[str, Any]]()

    def get_json(self, path: str, params: dict[str, Any], **how: Any) -> Any:
        self.asked.append({"path": path, **params, **how})
        return self.pages[len(self.asked) - 1]


def page(*ids: str, after: str | None = None) -> dict[str, Any]:
    paging = {"paging": {"cursors": {"after": after}, "next": f"https://x/?after={after}"}} if after else {}
    return {"data": [{"id": each} for each in ids], **paging}


def test_objects_come_in_order_over_all_pages_with_the_same_question() -> None:
    edge = Edge(page("1", "2", after="c"), page("3"))
    found = listed(cast(GraphSession, edge), "act_7/ads", {"fields": ["id"]}, 2, account_id="7", stream="ads")
    assert [row["id"] for row in found] == ["1", "2", "3"]
    same = {
        "path": "act_7/ads", "fields": ["id"], "limit": 2, "account_id": "7", "stream": "ads", "is_page": True,
    }  # fmt: skip
    assert edge.asked == [same, {**same, "after": "c"}]


def test_a_body_without_rows_is_no_empty_page() -> None:
    with pytest.raises(TransientError, match="no `data` list"):
        list(listed(cast(GraphSession, Edge({"error_free": True})), "me/businesses", {}, 10))
