"""What a kind of ad object is, as data: a stream is one declaration of some ten lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from source_meta_ads.streams.added import AddedColumn

# Rows a page where nothing heavy is asked for: what other connectors have used for years; Meta documents no maximum.
LIGHT_ROWS = 200
# Ids and the like are so small that more of them fit on a page; and so many of them fit into one filter.
LIGHT_PAGE = 500
GROUP = 100


@dataclass(frozen=True)
class Entity:
    """A kind of ad object as data: where Meta lists it, what it is keyed and ordered by, how it is filtered.

    `read` is "edge" for objects listed under an ad account, "node" for the account itself. `filter_prefix` is
    how Meta's `filtering` names the object (`campaign.updated_time`); None where the edge can't filter.
    `statuses` is the config key that holds the statuses to ask for. `page_size` is where paging starts; a page that
    Meta finds too large is asked again smaller. `watched` are the fields that Meta moves without a new `updated_time`:
    an entity that has some can be swept, and has the columns `is_deleted` and `deleted_at`. `doc` is below
    developers.facebook.com/docs.

    `key` are the columns that tell one record from another, none where nothing does. `parent` is what the objects are
    listed below: the "account", the "token" (once a run), the "business" that an account is in, its lead "ad"s. With
    `order` "newest_first" the edge can't be filtered and is read down to the cursor; `time_params` is for one that
    takes `since` and `until` instead. `guarded` are fields of a "node" that need a permission which the others don't.
    `heavy` are fields that can hold so much that an object is too much for one answer: then they are asked for apart,
    and where none is selected a page has `LIGHT_ROWS`. `partition` is the level above by which the edge of a big
    account is cut, to be read in parallel: objects of the stream can be filtered by its ids and never change it.
    `added` are columns of ours. `default_on` False is for what isn't read unless it is chosen, since it needs a
    permission that others don't: it is not among the suggested streams.
    """

    name: str
    node: str
    doc: str
    edge: str = ""
    read: Literal["edge", "node"] = "edge"
    cursor_field: str | None = None
    filter_prefix: str | None = None
    statuses: str | None = None
    watched: tuple[str, ...] = ()
    page_size: int = LIGHT_ROWS
    params: Mapping[str, Any] = field(default_factory=dict)
    key: tuple[str, ...] = ("id",)
    parent: Literal["account", "token", "business", "ad"] = "account"
    order: Literal["none", "newest_first"] = "none"
    time_params: bool = False
    guarded: tuple[str, ...] = ()
    heavy: tuple[str, ...] = ()
    partition: Literal["campaign"] | None = None
    added: tuple[AddedColumn, ...] = ()
    default_on: bool = True
