"""Reading the rows of an answered question: shaped and typed, each key once, parts put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from source_meta_ads.insights.job import Job
from source_meta_ads.insights.pieces import Read, Rows
from source_meta_ads.insights.reconcile import METRICS
from source_meta_ads.insights.report_run import ReportRuns
from source_meta_ads.insights.reports import Report, shape_row
from source_meta_ads.schemas.typed_row import TypedRow

Key = tuple[Any, ...]
Row = dict[str, Any]

# What is looked at of a row on its way, beside its key.
FIGURES = ("date_start", *METRICS)


class KeyTwice(Exception):
    """Meta gave two rows with one key: a destination would keep one of them."""


class Found(NamedTuple):
    """A row as it was found: its key, some figures of it, and all of it."""

    key: Key
    figures: Mapping[str, Any]
    row: TypedRow


class Reader:
    """Reads the rows of one report; one instance for one answer. `coerce` gives a row its types, in place.

    `quick` finds the same in the text of a row, or nothing, and then the row is read as any other.

    A page whose cursor expired is read from its start again: what was handed out already is passed over then; so is a
    row that only repeats the one before it, as where one page ends and the next begins. At any other time a key that
    comes twice is an error, since a destination would keep one of the two rows.
    """

    def __init__(
        self,
        runs: ReportRuns,
        report: Report,
        account_id: str,
        coerce: Callable[[Row], Row],
        quick: Callable[[bytes], Found | None] | None = None,
    ) -> None:
        self._runs, self._report, self._account_id, self._coerce = runs, report, account_id, coerce
        self._quick = quick
        self._key_columns = tuple(report.primary_key)
        self._seen: set[Key] = set()
        self._repeats = False

    def rows(self, rows: Rows) -> Iterator[Found]:
        """Every row, shaped and typed, once. Raises: GraphError, KeyTwice."""
        last: TypedRow | None = None
        for found in self._found(rows):
            key, _, row = found
            if key not in self._seen:
                self._seen.add(key)
                yield found
                last = row
            elif row != last and not self._repeats:
                names = ", ".join(f"{name} {value}" for name, value in zip(self._key_columns, key, strict=True))
                raise KeyTwice(
                    f"account act_{self._account_id} · {self._report.stream_name} · Meta gave two rows with the key "
                    f"{names}, and a destination would keep one of them: leave a breakdown out, and report this"
                )

    def again(self) -> None:
        """What follows may repeat rows that were read already."""
        self._repeats = True

    def _found(self, rows: Rows) -> Iterator[Found]:
        if isinstance(rows, Read):
            yield from self._runs.rows(
                rows.job, rows.run_id, lambda row: self._finding(self._typed(row)), self.again, self._quick
            )
        elif rows.is_join:
            yield from self._joined(rows.parts)
        else:
            for part in rows.parts:
                yield from self._found(part)

    def _joined(self, parts: tuple[Rows, ...]) -> Iterator[Found]:
        """Rows whose fields were asked for in groups, put together on their full key."""
        whole: dict[Key, Row] = {}
        for part in parts:
            for found in self._found(part):
                whole.setdefault(found.key, {}).update(found.row)
        yield from map(self._finding, whole.values())

    def _typed(self, row: Row) -> Row:
        shaped = shape_row(self._report, row)
        shaped["account_id"] = self._account_id
        return self._coerce(shaped)

    def _finding(self, row: Row) -> Found:
        value_of = row.get
        return Found(
            key=tuple([value_of(name) for name in self._key_columns]),
            figures={name: value_of(name) for name in FIGURES},
            row=TypedRow.of(row),
        )


def asked_anew(job: Job) -> Job:
    """The same question, to be answered by a report run of its own."""
    return replace(job, is_small=False, known_run=None)
