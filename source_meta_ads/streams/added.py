"""Columns that are ours, not Meta's: what each needs of Meta, and how it is filled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from source_meta_ads.graph.endpoint import is_loopback
from source_meta_ads.streams.base import Row, Runtime
from source_meta_ads.streams.thumbnails import DATA_COLUMN, DATA_SCHEMA, URL_COLUMN, Thumbnails

Fill = Callable[[Iterable[Row], Runtime, str], Iterator[Row]]


@dataclass(frozen=True)
class AddedColumn:
    """A column that `fill` writes into every record, given the run and the words for stream and account.

    `needs` are the fields that it is made of, asked for even where they aren't selected. `switch` is the config key
    that turns it on; while off it is in the schema and in no record.
    """

    name: str
    schema: Mapping[str, Any]
    needs: tuple[str, ...]
    fill: Fill
    switch: str | None = None


def filled(
    records: Iterable[Row], columns: Iterable[AddedColumn], runtime: Runtime, where: str, hidden: frozenset[str]
) -> Iterator[Row]:
    """The records with the columns, without the `hidden` fields that only the columns needed."""
    for column in columns:
        records = column.fill(records, runtime, where)
    for record in records:
        yield {name: value for name, value in record.items() if name not in hidden} if hidden else record


def _with_thumbnails(records: Iterable[Row], runtime: Runtime, where: str) -> Iterator[Row]:
    is_local = is_loopback(urlsplit(runtime.session.base_url).hostname or "")
    return Thumbnails(runtime.clock, runtime.logger, is_local=is_local).filled(records, where)


# What tells one event from another: all that Meta says of it but words that change with the language.
_OF_AN_EVENT = (
    "actor_id", "application_id", "event_time", "event_type", "extra_data", "object_id", "object_type",
)  # fmt: skip


def _with_event_ids(records: Iterable[Row], _runtime: Runtime, _where: str) -> Iterator[Row]:
    for record in records:
        yield {**record, "activity_id": event_id(record)}


def event_id(record: Row) -> str:
    """The id of a change: the same for the same event, however often it is read, in whatever account's name."""
    said = json.dumps([record.get(name) for name in _OF_AN_EVENT], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


THUMBNAIL = AddedColumn(DATA_COLUMN, DATA_SCHEMA, (URL_COLUMN,), _with_thumbnails, switch="fetch_thumbnail_images")
ACTIVITY_ID = AddedColumn(
    "activity_id",
    {
        "type": ["null", "string"],
        "description": "Tells an event from others, made of what Meta says of it: with account_id a key to deduplicate "
        "by, since Meta gives events no id.",
    },
    _OF_AN_EVENT,
    _with_event_ids,
)
