"""Insights answered at once: a page of rows for a query, the sums beside it, and the truth that tests compare with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.figures import REACH_MOST
from integration_tests.sandbox.futures import UNCHANGED
from integration_tests.sandbox.insights_query import Query, known_fields, parse, today_of
from integration_tests.sandbox.insights_rows import Collector, Row, TooMuchWork
from integration_tests.sandbox.insights_sheet import Sheet
from integration_tests.sandbox.insights_texts import ObjectTexts
from integration_tests.sandbox.paging import paginate
from integration_tests.sandbox.periods import Period
from integration_tests.sandbox.world import World

NEWEST = "v26.0"


@dataclass(frozen=True, slots=True)
class Settings:
    """The scenario's `insights` section: how much one answer may hold (points are rows times fields)."""

    max_rows_sync: int = 10_000
    max_points: int = 1_000_000
    max_rows_async: int = 300_000
    max_points_async: int = 30_000_000
    # Ads times days: beyond it Meta would time out.
    max_work_sync: int = 600_000
    max_work_async: int = 20_000_000
    keyless_rows: bool = False

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Settings:
        """The settings from a scenario; ValueError names an unknown key."""
        for key in raw:
            if key not in cls.__slots__:
                raise ValueError(f"insights.{key}: unknown; known are {', '.join(cls.__slots__)}")
        return cls(**raw)


class Report:
    """The rows of one query, filtered and sorted, each written when asked for."""

    def __init__(self, texts: ObjectTexts, query: Query, rows: list[Row]) -> None:
        self.query = query
        self._texts = texts
        self._sheet = Sheet(texts, query)
        self.rows = self._sorted(self._filtered(rows))
        # How many bytes of written rows are kept.
        self.n_kept = 0

    @classmethod
    def of(cls, collector: Collector, query: Query, max_work: int) -> Report:
        """The answer to a query; TooMuchWork when it is about too many ads and days."""
        return cls(collector.texts, query, collector.rows(query, max_work))

    @property
    def points(self) -> int:
        """How many values there are at most."""
        return len(self.rows) * len(self.query.fields)

    def write(self, row: Row) -> dict[str, Any]:
        """A row as it goes out, to be looked into or changed."""
        written, query = self._sheet.write(row), self.query
        return written if query.change is UNCHANGED else query.change.shown(written, query.added)

    def written(self, row: Row) -> orjson.Fragment:
        """A row as it goes out, ready to be part of a page."""
        if row.json is None:
            is_plain = self.query.change is UNCHANGED
            row.json = self._sheet.json(row) if is_plain else orjson.dumps(self.write(row))
            self.n_kept += len(row.json)
        return orjson.Fragment(row.json)

    def forget(self) -> None:
        """Keep no row as it was written; the figures stay."""
        for row in self.rows:
            row.json = None
        self.n_kept = 0

    def summary(self, fields: Sequence[str]) -> dict[str, Any] | None:
        """The sums of all rows, for some fields."""
        if not self.rows:
            return None
        total = Row(0, 0, ())
        for row in self.rows:
            most = max(total.figures[REACH_MOST], row.figures[REACH_MOST])
            total.figures = [one + other for one, other in zip(total.figures, row.figures, strict=True)]
            total.figures[REACH_MOST] = most
            for key, figures in row.by_action.items():
                held = total.by_action.get(key)
                total.by_action[key] = (
                    [one + other for one, other in zip(held, figures, strict=True)] if held else figures
                )
        periods = self.query.periods
        whole = Period(min(each.since for each in periods), max(each.until for each in periods))
        query = replace(self.query, level="account", breakdowns=(), periods=(whole,), hidden=frozenset())
        metrics = tuple(name for name in fields if not name.endswith(("_id", "_name", "_time", "account_currency")))
        return Sheet(self._texts, query, metrics).write(total)

    def _filtered(self, rows: list[Row]) -> list[Row]:
        query = self.query
        conditions = [
            each for each in query.filters if not each.is_about_objects and each.attribute != "action_type"
        ]  # fmt: skip
        if not conditions:
            return rows
        sheet = Sheet(self._texts, query, tuple({each.attribute for each in conditions} & known_fields()))
        kept = []
        for row in rows:
            values = {**sheet.write(row), **dict(zip(query.breakdowns, row.cell or (), strict=False))}
            if all(each.holds(values.get(each.attribute)) for each in conditions):
                kept.append(row)
        return kept

    def _sorted(self, rows: list[Row]) -> list[Row]:
        if self.query.sort is None:
            return rows
        (field, _, action), descending = self.query.sort[0].partition(":"), self.query.sort[1]
        sheet = Sheet(self._texts, self.query, (field,))
        at = self.query.breakdowns.index(field) if field in self.query.breakdowns else None

        def rank(row: Row) -> tuple[float, str]:
            value = sheet.write(row).get(field) if at is None else (row.cell or ())[at]
            if isinstance(value, list):
                chosen = [each for each in value if not action or each.get("action_type") == action]
                return (sum(float(each.get("value") or 0) for each in chosen), "")
            try:
                return (float(value or 0), "")
            except (TypeError, ValueError):
                return (0, str(value))

        return sorted(rows, key=rank, reverse=descending)


def sync_report(world: World, collector: Collector, query: Query) -> Report:
    """The whole answer to `GET /{node}/insights`, of which a page goes out.

    Raises:
        Refusal: for more data than one call may ask for.
    """
    settings = Settings.of(world.scenario.insights)
    try:
        report = Report.of(collector, query, settings.max_work_sync)
    except TooMuchWork:
        raise Refusal(
            2, "(#2) Request Timed Out", subcode=1504038, status=500, user_title="Request Timed Out",
            user_msg="Your request timed out. Please try again with a smaller date range or an async report.",
            is_transient=False,
        ) from None  # fmt: skip
    if len(report.rows) > settings.max_rows_sync or report.points > settings.max_points:
        raise Refusal(
            100, "Invalid parameter", subcode=1487534, user_title="Too much data requested",
            user_msg="Please reduce the amount of data you're asking for, then retry your request", is_transient=False,
        )  # fmt: skip
    return report


def page_of(report: Report, call: Call, summary: Sequence[str]) -> dict[str, Any]:
    """One page of a report, with its sums where they are asked for."""
    # A fault may want to change rows.
    render = report.write if call.faults else report.written
    body = paginate(report.rows, call, call.base_url, "/".join(call.parts), render)
    if summary and (sums := report.summary(summary)):
        body["summary"] = sums
    return body


def truth(world: World, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every row that a perfect reader would hold: `body` as in `integration_tests/truth.py`.

    Days are cut at the account's today; names that are no insights fields are left out.
    """
    account = world.account(str(body["account_id"]).removeprefix("act_"))
    if account is None:
        raise Refusal(100, f"(#100) no account {body['account_id']}")
    until = min(str(body["until"]), today_of(world, account).isoformat())
    if str(body["since"]) > until:
        return []
    version = str(body.get("version", NEWEST))
    future = world.scenario.futures.get(version)
    change = UNCHANGED if future is None else future.node("AdsInsights")
    known = (known_fields() | change.added.keys()) - change.removed
    fields = [name for name in body.get("fields", ()) if name in known]
    params = {
        "level": str(body.get("level", "ad")),
        "time_range": json.dumps({"since": body["since"], "until": until}),
        "time_increment": str(body.get("time_increment", 1)),
        "breakdowns": json.dumps(list(body.get("breakdowns", ()))),
        "action_breakdowns": json.dumps(list(body.get("action_breakdowns", ("action_type",)))),
        "action_attribution_windows": json.dumps(list(body.get("action_attribution_windows", ()))),
        "fields": json.dumps(fields),
        **({"filtering": json.dumps(body["filtering"])} if body.get("filtering") else {}),
    }
    call = Call("POST", version, (f"act_{account.id}", "insights"), params)
    query = replace(parse(world, call, account, is_async=True), all_statuses=bool(body.get("all_statuses", True)))
    most = Settings.of(world.scenario.insights).max_work_async
    report = Report.of(Collector(world), query, most)
    return [report.write(row) for row in report.rows]
