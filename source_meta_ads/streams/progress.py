"""How far a stream is, in the terms of its cursor: a moment for objects, days for reports. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from source_meta_ads.insights.windows import Window
from source_meta_ads.streams.failure import Failure

State = dict[str, Any]
Slice = Mapping[str, Any]


class StateProgress(Protocol):
    """How one kind of stream keeps its place. `observe` and `close` run under the cursor's lock and must not block."""

    def misfit(self, state: Mapping[str, Any]) -> str | None:
        """Why a saved state can't be continued from, None when it can."""

    def observe(self, record: Mapping[str, Any], account_slice: Slice) -> None:
        """Note one record that was queued for output."""

    def close(self, state: State, account_slice: Slice) -> None:
        """Write into `state` that a slice's records are all queued."""


class LatestMoment:
    """An entity stream's place: the newest cursor value (an RFC 3339 moment) read of each account.

    Written only when the account's whole slice is read, since pages come in no order by time, and never beyond the
    moment when its reading began: what changes on a page already read is then found by the next sync.
    """

    def __init__(self, cursor_field: str, statuses: Sequence[str]) -> None:
        self._cursor_field = cursor_field
        self._statuses = sorted(statuses)
        self._newest: dict[str, str] = {}
        self._began: dict[str, datetime] = {}
        self._fingerprints: dict[str, str] = {}

    def begin(self, account_id: str, moment: datetime) -> None:
        """Say when the reading of an account begins, before its first call."""
        self._began[account_id] = moment

    def keep(self, account_id: str, fingerprint: str) -> None:
        """Take what was read of an account's objects, to be written when its slice closes."""
        self._fingerprints[account_id] = fingerprint

    def misfit(self, state: Mapping[str, Any]) -> str | None:
        """None: which statuses an account was read with is settled account by account."""
        return None

    def observe(self, record: Mapping[str, Any], account_slice: Slice) -> None:
        """Keep the newest cursor value of the account; a record without one doesn't move it."""
        value = record.get(self._cursor_field)
        account_id = str(account_slice.get("account_id"))
        if isinstance(value, str) and _is_newer(value, self._newest.get(account_id)):
            self._newest[account_id] = value

    def close(self, state: State, account_slice: Slice) -> None:
        """The account's entry: the newest value seen now or before, the statuses it was read with, the fingerprint.

        A fingerprint of a sync before that swept goes when this one doesn't sweep: it would only grow old.
        """
        account_id = str(account_slice.get("account_id"))
        entry = dict(state.get(account_id) or {})
        newest = self._newest_up_to_its_begin(account_id)
        if newest is not None and _is_newer(newest, entry.get(self._cursor_field)):
            entry[self._cursor_field] = newest
        if self._statuses:
            entry["filter_statuses"] = self._statuses
        else:
            entry.pop("filter_statuses", None)
        entry.pop("include_deleted", None)
        if account_id in self._fingerprints:
            entry["fingerprint"] = self._fingerprints.pop(account_id)
        else:
            entry.pop("fingerprint", None)
        state[account_id] = entry

    def _newest_up_to_its_begin(self, account_id: str) -> str | None:
        newest, began = self._newest.get(account_id), self._began.get(account_id)
        if newest is None or began is None or _aware(newest) <= began:
            return newest
        return began.isoformat(timespec="seconds")


class DaysDone:
    """A report's place: the last day up to which nothing planned is missing, and days done beyond it.

    A sync re-reads the lookback window below its cursor, and its jobs finish in any order. The cursor may only
    pass a day when every earlier planned day is done, the re-read ones included: else a crash would leave
    re-read days behind a cursor that has moved on, and their late conversions would never be read.
    """

    def __init__(self, time_increment: int | str) -> None:
        self._time_increment = time_increment
        self._rows_per_day: dict[str, float] = {}
        self._planned: dict[str, list[date]] = {}
        self._done: dict[str, set[date]] = {}
        self._today: dict[str, date] = {}

    def misfit(self, state: Mapping[str, Any]) -> str | None:
        """Why not to go on from days read as rows of another length: their keys hold another `date_start`."""
        before = _saved_increment(state)
        if before == self._time_increment:
            return None
        return f"the state is of rows by time_increment {before}, the report's is {self._time_increment} now"

    def plan(self, account_id: str, windows: Iterable[Window], today: date) -> None:
        """Say which days this run is to read of an account."""
        self._planned[account_id] = sorted(day for window in windows for day in days_of(window))
        self._done[account_id] = set()
        self._today[account_id] = today

    def learn(self, account_id: str, rows_per_day: float | None) -> None:
        """Keep what was learnt of an account's rows, to be written with its next day."""
        if rows_per_day is not None:
            self._rows_per_day[account_id] = round(rows_per_day, 1)

    def run_noted(self, account_id: str, window: Window, query: str, run_id: str) -> Callable[[State], None]:
        """A change of the state: the report run that answers a question is kept until its days are done."""
        note = {"since": window.since.isoformat(), "until": window.until.isoformat(), "query": query, "id": run_id}

        def change(state: State) -> None:
            entry = dict(state.get(account_id) or {})
            kept = [run for run in entry.get("runs") or [] if _day(run.get("on")) == self._today[account_id]]
            kept = [run for run in kept if run.get("query") != query]
            entry["runs"] = [*kept, {**note, "on": self._today[account_id].isoformat()}]
            state[account_id] = entry
            state["time_increment"] = self._time_increment

        return change

    def observe(self, record: Mapping[str, Any], account_slice: Slice) -> None:
        """Nothing: whole windows count, not records."""

    def close(self, state: State, account_slice: Slice) -> None:
        """Count the slice's days as done, and move the account's cursor as far as they reach without a gap."""
        account_id = str(account_slice["account_id"])
        window = Window(date.fromisoformat(account_slice["since"]), date.fromisoformat(account_slice["until"]))
        done = self._done.setdefault(account_id, set())
        done.update(days_of(window))
        entry = dict(state.get(account_id) or {})
        cursor = _day(entry.get("date_start"))
        for day in self._planned.get(account_id, []):
            if day not in done:
                break
            cursor = day if cursor is None else max(cursor, day)
        beyond = sorted(day for day in done if cursor is None or day > cursor)
        if cursor is not None:
            entry["date_start"] = cursor.isoformat()
        entry["slices"] = [day.isoformat() for day in beyond]
        if beyond:
            entry["slices_read_on"] = self._today[account_id].isoformat()
        else:
            entry.pop("slices_read_on", None)
        if account_id in self._rows_per_day:
            entry["rows_per_day"] = self._rows_per_day[account_id]
        if runs := [run for run in entry.get("runs") or [] if not _is_within(run, window)]:
            entry["runs"] = runs
        else:
            entry.pop("runs", None)
        state[account_id] = entry
        state["time_increment"] = self._time_increment


def days_to_skip(entry: Mapping[str, Any], today: date, lookback_days: int) -> frozenset[date]:
    """Days that an interrupted sync already read and that need no second read.

    A day read while its figures could still change may be skipped only on the day it was read on. State
    without `slices_read_on` (the official connector's) doesn't say when, so its days are read again.
    """
    read = _day(entry.get("slices_read_on"))
    days = {_day(each) for each in entry.get("slices") or []}
    if read is None:
        return frozenset()
    return frozenset(day for day in days if day and (read == today or day + timedelta(days=lookback_days) < read))


def runs_of(entry: Mapping[str, Any], today: date) -> dict[str, str]:
    """Report runs that an interrupted sync made today, by their question; older ones hold older figures."""
    runs = entry.get("runs")
    return {
        str(run["query"]): str(run["id"])
        for run in (runs if isinstance(runs, list) else [])
        if isinstance(run, Mapping) and {"query", "id"} <= set(run) and _day(run.get("on")) == today
    }


def _is_within(run: Mapping[str, Any], window: Window) -> bool:
    """Whether all days of a noted run are in a window that is done."""
    since, until = _day(run.get("since")), _day(run.get("until"))
    return since is None or until is None or (window.since <= since and until <= window.until)


def has_read(entry: Mapping[str, Any], statuses: Sequence[str]) -> bool:
    """Whether an account's entry was written when objects in all the statuses asked for now were read.

    No statuses means Meta's own choice, all but archived and deleted, which no list of ours stands for.
    """
    if entry.get("include_deleted"):
        return True
    before = set(entry.get("filter_statuses") or [])
    return bool(before) == bool(statuses) and before >= set(statuses)


def moment_of(cursor: str, stream: str, account_id: str) -> datetime:
    """The moment a state's cursor stands for. Raises: Failure naming stream and account when it is none."""
    try:
        return _aware(cursor)
    except ValueError:
        raise _unreadable(cursor, stream, account_id, "a date-time as 2026-11-01T00:00:00+00:00") from None


def day_of(cursor: str, stream: str, account_id: str) -> date:
    """The day a state's cursor stands for, its time left out. Raises: Failure as `moment_of`."""
    try:
        return datetime.fromisoformat(cursor).date()
    except ValueError:
        raise _unreadable(cursor, stream, account_id, "a day as 2026-11-01") from None


def _saved_increment(state: Mapping[str, Any]) -> int | str:
    """What a row covered when the state was written: days, `monthly` or `all_days`.

    source-facebook-marketing writes a period beside the days, and nothing at all for daily rows in older versions.
    """
    period = state.get("time_increment_period")
    if period == "weekly":
        return 7
    if isinstance(period, str) and period:
        return period
    increment = state.get("time_increment", 1)
    return increment if isinstance(increment, (int, str)) else 1


def _unreadable(cursor: str, stream: str, account_id: str, form: str) -> Failure:
    return Failure(
        f"state of stream {stream}, account act_{account_id}: {cursor!r} is no cursor: "
        f"write {form}, or reset the stream"
    )


def days_of(window: Window) -> list[date]:
    """Every day of a window, in order."""
    return [window.since + timedelta(days=n) for n in range((window.until - window.since).days + 1)]


def _day(value: object) -> date | None:
    """The day of a date or date-time string, None for anything else."""
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except ValueError:
        return None


def _is_newer(value: str, than: object) -> bool:
    """Whether one moment is later than another; offsets differ over daylight saving. What is no moment never is."""
    try:
        moment = _aware(value)
        return not isinstance(than, str) or moment > _aware(than)
    except ValueError:
        return False


def _aware(value: str) -> datetime:
    """The moment of a cursor; one without an offset, as a hand may write it, is UTC."""
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
