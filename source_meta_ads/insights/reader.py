"""Reading the rows of an answered question: shaped, each key once, parts put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from source_meta_ads.insights.job import Job
from source_meta_ads.insights.pieces import Read, Rows
from source_meta_ads.insights.report_run import ReportRuns
from source_meta_ads.insights.reports import Report, shape_row

Key = tuple[Any, ...]


class KeyTwice(Exception):
    """Meta gave two rows with one key: a destination would keep one of them."""


class Reader:
    """Reads the rows of one report; one instance for one answer.

    A page whose cursor expired is read from its start again: what was handed out already is passed over then; so is a
    row that only repeats the one before it, as where one page ends and the next begins. At any other time a key that
    comes twice is an error, since a destination would keep one of the two rows.
    """

    def __init__(self, runs: ReportRuns, report: Report, account_id: str) -> None:
        self._runs, self._report, self._account_id = runs, report, account_id
        self._seen: set[Key] = set()
        self._repeats = False

    def rows(self, rows: Rows) -> Iterator[dict[str, Any]]:
        """Every row, shaped, once. Raises: GraphError, KeyTwice."""
        last: dict[str, Any] | None = None
        for row in self._shaped(rows):
            key = self._key(row)
            if key not in self._seen:
                self._seen.add(key)
                yield row
                last = row
            elif row != last and not self._repeats:
                names = ", ".join(f"{name} {value}" for name, value in zip(self._report.primary_key, key, strict=True))
                raise KeyTwice(
                    f"account act_{self._account_id} · {self._report.stream_name} · Meta gave two rows with the key "
                    f"{names}, and a destination would keep one of them: leave a breakdown out, and report this"
                )

    def again(self) -> None:
        """What follows may repeat rows that were read already."""
        self._repeats = True

    def _shaped(self, rows: Rows) -> Iterator[dict[str, Any]]:
        if isinstance(rows, Read):
            for row in self._runs.rows(rows.job, rows.run_id, self.again):
                shaped = shape_row(self._report, row)
                shaped["account_id"] = self._account_id
                yield shaped
        elif rows.is_join:
            yield from self._joined(rows.parts)
        else:
            for part in rows.parts:
                yield from self._shaped(part)

    def _joined(self, parts: tuple[Rows, ...]) -> Iterator[dict[str, Any]]:
        """Rows whose fields were asked for in groups, put together on their full key."""
        whole: dict[Key, dict[str, Any]] = {}
        for part in parts:
            for row in self._shaped(part):
                whole.setdefault(self._key(row), {}).update(row)
        yield from whole.values()

    def _key(self, row: dict[str, Any]) -> Key:
        return tuple([row.get(name) for name in self._report.primary_key])


def asked_anew(job: Job) -> Job:
    """The same question, to be answered by a report run of its own."""
    return replace(job, is_small=False, known_run=None)
