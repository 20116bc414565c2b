"""Rows of a report found in the text of a page: shaped, typed and written without being a dictionary in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UNSET, Struct

from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.insights.reader import FIGURES, Found
from source_meta_ads.insights.reports import Report
from source_meta_ads.schemas.quick_row import QuickRows
from source_meta_ads.schemas.typed_row import TypedRow
from source_meta_ads.schemas.watch import Look


def is_plain(report: Report) -> bool:
    """Whether all that shaping adds to a row of a report is the account: no columns of other names or out of others."""
    is_split_by_objects = any(table().breakdowns[name].is_object for name in report.breakdowns)
    return not is_split_by_objects and not table().fields.renamed.keys() & set(report.fields)


class QuickFinder:
    """Finds what a `Reader` of the same report finds, or None where a row needs its closer look.

    For a report that `is_plain`. One instance for one answer; `look` is told of every row that is found here.
    """

    def __init__(self, report: Report, account_id: str, rows: QuickRows, look: Look | None) -> None:
        self._rows, self._look, self._account_id = rows, look, account_id
        self._set_account = rows.setter("account_id")
        self._key_of, self._figures_of = rows.getter(report.primary_key), rows.getter(FIGURES)
        self._new_of: Callable[[Struct], tuple[Any, ...]] = rows.getter(())
        self._nothing_new: tuple[Any, ...] = ()

    def __call__(self, text: bytes) -> Found | None:
        """The row that a JSON object is."""
        look = self._look
        if look and look.is_due:
            return None
        row = self._rows.read(text)
        if row is None:
            return None
        self._set_account(row, self._account_id)
        key = self._key_of(row)
        # Without a breakdown's value a row has to be given one.
        if UNSET in key or (look and self._has_new(row, look)):
            return None
        if look:
            look.pass_by(lambda: self._rows.filled(row))
        figures = zip(FIGURES, self._figures_of(row), strict=True)
        known = {name: None if value is UNSET else value for name, value in figures}
        return Found(key, known, TypedRow(self._rows.write(row)))

    def _has_new(self, row: Struct, look: Look) -> bool:
        """Whether a row has a column that was in no row before."""
        if len(look.awaited) != len(self._nothing_new):
            awaited = tuple(look.awaited)
            self._new_of, self._nothing_new = self._rows.getter(awaited), (UNSET,) * len(awaited)
        return self._new_of(row) != self._nothing_new
