"""Days in the accounts' own time zones, over the nights on which clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integration_tests.insights_client import ALL_STATUSES, TOKEN, Graph, totals
from integration_tests.sandbox.server import serve_in_thread

HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
DAY = timedelta(days=1)
ZONES = {
    "1": "America/Los_Angeles",
    "2": "Europe/Berlin",
    "3": "Australia/Sydney",
    "4": "Asia/Tokyo",
}
SCENARIO: dict[str, Any] = {
    "seed": 11,
    "clock": {"now": "2027-02-01T12:00:00Z", "speed": 0},
    "jobs": {"seconds": [0, 0]},
    "insights": {"max_rows_sync": 100_000},
    "tokens": [{"token": TOKEN}],
    "accounts": [
        {"id": number, "timezone": zone, "created": "2026-01-01", "campaigns": 2,
         "changes": {"new_campaign_days": 20}}
        for number, zone in ZONES.items()
    ],
}  # fmt: skip
# Account, a day, when it begins and when it ends: written down here, not worked out.
DAYS = (
    ("1", "2027-03-14", "2027-03-14T08:00:00Z", "2027-03-15T07:00:00Z"),
    ("1", "2027-11-07", "2027-11-07T07:00:00Z", "2027-11-08T08:00:00Z"),
    ("2", "2027-03-28", "2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z"),
    ("2", "2027-10-31", "2027-10-30T22:00:00Z", "2027-10-31T23:00:00Z"),
    ("3", "2027-04-04", "2027-04-03T13:00:00Z", "2027-04-04T14:00:00Z"),
    ("3", "2027-10-03", "2027-10-02T14:00:00Z", "2027-10-03T13:00:00Z"),
    ("4", "2027-03-28", "2027-03-27T15:00:00Z", "2027-03-28T15:00:00Z"),
)
HOURS = {"1 2027-03-14": 23, "1 2027-11-07": 25, "2 2027-03-28": 23, "2 2027-10-31": 25, "3 2027-04-04": 25,
         "3 2027-10-03": 23, "4 2027-03-28": 24}  # fmt: skip
CHANGES = pytest.mark.parametrize(("account", "day", "begins", "ends"), DAYS)


@pytest.fixture(scope="module")
def graph() -> Iterator[Graph]:
    handle = serve_in_thread(SCENARIO)
    yield Graph(handle.url)
    handle.stop()


def at(graph: Graph, moment: datetime) -> None:
    graph.control("clock", set=moment.isoformat())


def today(graph: Graph, account: str) -> str:
    """The day that a report of today is about, whether it has rows or not."""
    body = graph.call("POST", f"act_{account}/insights", date_preset="today")
    run = graph.finished(body["report_run_id"])
    assert run["date_start"] == run["date_stop"]
    return str(run["date_start"])


def by_ad_and_day(graph: Graph, account: str, since: str, until: str, **asked: Any) -> list[dict[str, Any]]:
    fields = ["ad_id", "impressions", "clicks", "inline_link_clicks", "spend"]
    return graph.insights(
        f"act_{account}", level="ad", time_increment=1, fields=fields, time_range={"since": since, "until": until},
        filtering=ALL_STATUSES, **asked,
    )  # fmt: skip


def before(day: str) -> str:
    return str(date.fromisoformat(day) - DAY)


def after(day: str) -> str:
    return str(date.fromisoformat(day) + DAY)


@CHANGES
def test_today_begins_at_local_midnight(graph: Graph, account: str, day: str, begins: str, ends: str) -> None:
    for moment, old, new in ((begins, before(day), day), (ends, day, after(day))):
        midnight = datetime.fromisoformat(moment)
        at(graph, midnight - timedelta(seconds=1))
        assert today(graph, account) == old
        (row,) = graph.get(f"act_{account}/insights", date_preset="today")["data"]
        assert row["date_start"] == old
        at(graph, midnight)
        assert today(graph, account) == new
        assert graph.get(f"act_{account}/insights", date_preset="today")["data"] == []
        (row,) = graph.get(f"act_{account}/insights", date_preset="yesterday")["data"]
        assert row["date_start"] == old
    assert datetime.fromisoformat(ends) - datetime.fromisoformat(begins) == timedelta(hours=HOURS[f"{account} {day}"])


@CHANGES
def test_no_day_is_lost_or_doubled(graph: Graph, account: str, day: str, begins: str, ends: str) -> None:
    at(graph, datetime.fromisoformat(ends) + 40 * DAY)
    since, until = before(day), after(day)
    rows = by_ad_and_day(graph, account, since, until)
    assert len({(row["ad_id"], row["date_start"]) for row in rows}) == len(rows)
    assert {row["date_start"] for row in rows} == {since, day, until}
    assert all(row["date_start"] == row["date_stop"] for row in rows)
    whole = graph.insights(f"act_{account}", fields=["impressions", "clicks", "inline_link_clicks", "spend"],
                           time_range={"since": since, "until": until})  # fmt: skip
    assert totals(rows) == totals(whole)
    hourly = by_ad_and_day(graph, account, since, until, breakdowns=[HOURLY])
    assert len({(row["ad_id"], row["date_start"], row[HOURLY]) for row in hourly}) == len(hourly)
    for each in (since, day, until):
        assert totals([row for row in hourly if row["date_start"] == each]) == totals(
            [row for row in rows if row["date_start"] == each]
        )


@CHANGES
def test_an_hour_that_the_clocks_skip_has_no_row(graph: Graph, account: str, day: str, begins: str, ends: str) -> None:
    skipped = {"2027-03-14": {2}, "2027-03-28": {2} if account == "2" else set(), "2027-10-03": {2}}
    at(graph, datetime.fromisoformat(ends) + 40 * DAY)
    for each, missing in ((before(day), set()), (day, skipped.get(day, set())), (after(day), set())):
        rows = by_ad_and_day(graph, account, each, each, breakdowns=[HOURLY])
        assert {int(row[HOURLY][:2]) for row in rows} == set(range(24)) - missing


@CHANGES
def test_today_grows_hour_by_hour_and_nothing_lies_beyond_it(
    graph: Graph, account: str, day: str, begins: str, ends: str
) -> None:
    midnight, sums = datetime.fromisoformat(begins), []
    zone = ZoneInfo(ZONES[account])
    for hour in range(HOURS[f"{account} {day}"]):
        at(graph, midnight + timedelta(hours=hour))
        rows = by_ad_and_day(graph, account, day, str(date.fromisoformat(day) + 5 * DAY))
        hourly = by_ad_and_day(graph, account, day, after(day), breakdowns=[HOURLY])
        assert {row["date_start"] for row in (*rows, *hourly)} <= {day}
        assert totals(rows) == totals(hourly)
        clock = (midnight + timedelta(hours=hour)).astimezone(zone).hour
        assert all(int(row[HOURLY][:2]) < clock for row in hourly), "an hour is shown when it is over"
        sums.append(totals(rows))
        at(graph, midnight + timedelta(hours=hour, minutes=59, seconds=59))
        assert totals(by_ad_and_day(graph, account, day, day)) == sums[-1]
    at(graph, datetime.fromisoformat(ends))
    sums.append(totals(by_ad_and_day(graph, account, day, day)))
    assert sums[0] == (0, 0, 0, 0)
    assert all(one <= other for later, sooner in zip(sums[1:], sums, strict=False)
               for one, other in zip(sooner, later, strict=True))  # fmt: skip
    assert len(set(sums)) > 20
    assert by_ad_and_day(graph, account, after(day), after(day)) == []


@pytest.mark.parametrize(
    ("account", "summer", "winter", "begins", "ends"),
    [
        ("1", "-0700", "-0800", "2027-03-14T10:00:00Z", "2027-11-07T09:00:00Z"),
        ("2", "+0200", "+0100", "2027-03-28T01:00:00Z", "2027-10-31T01:00:00Z"),
        ("3", "+1000", "+1100", "2027-04-03T16:00:00Z", "2027-10-02T16:00:00Z"),
        ("4", "+0900", "+0900", "2027-03-14T10:00:00Z", "2027-11-07T09:00:00Z"),
    ],
)
def test_moments_have_the_offset_of_their_own_day(
    graph: Graph, account: str, summer: str, winter: str, begins: str, ends: str
) -> None:
    """`summer` is the offset between `begins` and `ends`, on the southern half of the world the winter's."""
    at(graph, datetime(2027, 12, 10, tzinfo=UTC))
    first, last = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    found = set()
    for edge in ("campaigns", "adsets", "ads"):
        for row in graph.rows(f"act_{account}/{edge}", fields="created_time,updated_time"):
            for name in ("created_time", "updated_time"):
                moment = datetime.fromisoformat(row[name])
                if moment.year == 2027:
                    is_summer = first <= moment < last
                    assert row[name][-5:] == (summer if is_summer else winter)
                    found.add(is_summer)
    assert found == {True, False}


@pytest.mark.parametrize(("account", "change", "old", "new"), [
    ("1", "2027-03-14T10:00:00Z", -8, -7), ("1", "2027-11-07T09:00:00Z", -7, -8),
    ("2", "2027-03-28T01:00:00Z", 1, 2), ("3", "2027-10-02T16:00:00Z", 10, 11),
])  # fmt: skip
def test_an_account_tells_its_offset_of_now(graph: Graph, account: str, change: str, old: int, new: int) -> None:
    for moment, offset in ((datetime.fromisoformat(change) - timedelta(seconds=1), old),
                           (datetime.fromisoformat(change), new)):  # fmt: skip
        at(graph, moment)
        assert graph.get(f"act_{account}", fields="timezone_offset_hours_utc")["timezone_offset_hours_utc"] == offset


def test_the_oldest_day_is_of_the_accounts_own_today(graph: Graph) -> None:
    """At 23:30 UTC on 9 August Tokyo and Sydney have the tenth, Berlin too; Los Angeles has the ninth."""
    at(graph, datetime(2027, 8, 9, 23, 30, tzinfo=UTC))
    oldest = {"1": "2024-07-09", "2": "2024-07-10", "3": "2024-07-10", "4": "2024-07-10"}
    for account, day in oldest.items():
        asked: dict[str, Any] = {"time_range": {"since": day, "until": "2027-08-01"}}
        assert "data" in graph.get(f"act_{account}/insights", **asked)
        asked["time_range"]["since"] = before(day)
        assert graph.get(f"act_{account}/insights", **asked)["error"]["code"] == 3018


def test_maximum_begins_on_the_local_day_of_the_accounts_creation(graph: Graph) -> None:
    at(graph, datetime(2027, 8, 9, 12, tzinfo=UTC))
    created = {"1": "2025-12-31", "2": "2026-01-01", "3": "2026-01-01", "4": "2026-01-01"}
    for account, day in created.items():
        run = graph.finished(graph.call("POST", f"act_{account}/insights", date_preset="maximum")["report_run_id"])
        assert run["date_start"] == day
        assert graph.get(f"act_{account}", fields="created_time")["created_time"].startswith(day)
