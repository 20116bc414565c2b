"""How an account's objects are followed from one sync to the next: by `updated_time`, or by a sweep besides."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from source_meta_ads.clock import Clock
from source_meta_ads.streams.fingerprint import packed, unpacked
from source_meta_ads.streams.progress import LatestMoment
from source_meta_ads.streams.sweep import Changes, Edge, Row, Sweep, Terms, is_small


class Following:
    """What a stream does with each of its accounts; `changes` None leaves it to the account's size."""

    def __init__(
        self, stream: str, changes: Changes | None, progress: LatestMoment, clock: Clock, logger: logging.Logger
    ) -> None:
        self._stream, self._changes, self._progress = stream, changes, progress
        self._clock, self._logger = clock, logger

    def begin(self, account_id: str) -> None:
        """Note the moment at which the reading of an account begins, which its cursor will not pass."""
        self._progress.begin(account_id, self._clock.now())

    def rows(
        self, account_id: str, edge: Edge, terms: Terms, entry: Mapping[str, Any], since: datetime | None
    ) -> Iterator[Row]:
        """An account's new, changed and deleted objects; all there are, and deleted ones, where `since` is None.

        `entry` is what the state has of the account. Once the last row is out, what is known of the objects is left
        with the stream's progress, to go into the state when the slice closes. Raises: GraphError.
        """
        before = unpacked(entry.get("fingerprint"))
        if before is None and entry.get("fingerprint") is not None:
            self._logger.warning(
                f"{self._stream}: account act_{account_id}: the state's fingerprint can't be read: what moved no "
                "updated_time since it was written is not found; reset the stream to be sure"
            )
        if self._changes == "updated_time":
            yield from edge.rows(terms.fields, terms.updated(since), edge.page_size)
            return
        sweep = Sweep(edge, terms, before, self._clock.now)
        if since is None:
            yield from sweep.whole(edge.rows(terms.fields, terms.listed, edge.page_size))
        elif self._is_swept(edge, terms, before):
            yield from sweep.changes(since)
        else:
            yield from edge.rows(terms.fields, terms.updated(since), edge.page_size)
            return
        if sweep.unsure:
            self._logger.warning(
                f"{self._stream}: account act_{account_id}: Meta lists {sweep.unsure} objects no more and refuses to "
                "say what became of them, so they are not told as deleted: give the token access to them"
            )
        if self._changes == "sweep" or is_small(len(sweep.marks), is_followed=before is not None):
            self._progress.keep(account_id, packed(sweep.marks))

    def _is_swept(self, edge: Edge, terms: Terms, before: Mapping[int, int] | None) -> bool:
        if self._changes == "sweep" or before is not None:
            return True
        return is_small(edge.count(terms.listed), is_followed=False)
