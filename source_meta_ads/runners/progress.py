"""How far a run is, for whoever watches a terminal: bars where it is one, a line now and then where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from source_meta_ads.insights.windows import Window
from source_meta_ads.runners.shard import Watcher
from source_meta_ads.streams.progress import days_of

_LINES_SECONDS = 10.0
_DRAWN_ROWS = 500


class _Counts:
    """Of each stream: rows, accounts and days of reports that are read whole."""

    def __init__(self) -> None:
        self.accounts = 0
        self.rows: dict[str, int] = {}
        self.days: dict[str, int] = {}
        self.closed: dict[str, set[str]] = {}

    def begin(self, streams: Sequence[str], accounts: int) -> None:
        self.accounts = accounts
        for stream in streams:
            self.rows[stream], self.days[stream], self.closed[stream] = 0, 0, set()

    def close(self, stream: str, account_slice: Mapping[str, Any]) -> None:
        self.closed[stream].add(str(account_slice.get("account_id")))
        if "since" in account_slice:
            self.days[stream] += len(days_of(_window(account_slice)))

    def told(self, stream: str) -> str:
        days, accounts = self.days[stream], len(self.closed[stream])
        what = f"{days:,} days" if days else f"{accounts:,} of {self.accounts:,} accounts"
        return f"{self.rows[stream]:,} rows, {what}"


class Lines:
    """A line a stream at its end, and one about all of them every ten seconds."""

    def __init__(self, out: TextIO, monotonic: Callable[[], float]) -> None:
        self._out, self._monotonic = out, monotonic
        self._counts = _Counts()
        self._due = monotonic() + _LINES_SECONDS

    def begun(self, streams: Sequence[str], accounts: int) -> None:
        """As Watcher has it."""
        self._counts.begin(streams, accounts)
        self._write(f"reading {len(streams)} streams of {accounts:,} accounts")

    def read(self, stream: str) -> None:
        """As Watcher has it."""
        self._counts.rows[stream] += 1
        if self._counts.rows[stream] % _DRAWN_ROWS == 0:
            self._write_when_due()

    def closed(self, stream: str, account_slice: Mapping[str, Any]) -> None:
        """As Watcher has it."""
        self._counts.close(stream, account_slice)
        self._write_when_due()

    def estimated(self, stream: str, rows: int) -> None:
        """As Watcher has it."""

    def ended(self, stream: str, status: str) -> None:
        """As Watcher has it."""
        self._write(f"{stream}: {status.lower()}, {self._counts.told(stream)}")

    def _write_when_due(self) -> None:
        if self._monotonic() >= self._due:
            self._due = self._monotonic() + _LINES_SECONDS
            under_way = [f"{name} {self._counts.told(name)}" for name, rows in self._counts.rows.items() if rows]
            self._write("; ".join(under_way) or "waiting for the first rows")

    def _write(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()


class Bars:
    """A bar a stream: of accounts, or of rows where their number is estimated; of reports it only moves."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._counts = _Counts()
        self._tasks: dict[str, TaskID] = {}
        self._estimates: dict[str, int] = {}

    def begun(self, streams: Sequence[str], accounts: int) -> None:
        """As Watcher has it."""
        self._counts.begin(streams, accounts)
        self._tasks = {name: self._progress.add_task(name, total=None, told="", status="") for name in streams}

    def read(self, stream: str) -> None:
        """As Watcher has it."""
        self._counts.rows[stream] += 1
        if self._counts.rows[stream] % _DRAWN_ROWS == 0:
            self._draw(stream)

    def closed(self, stream: str, account_slice: Mapping[str, Any]) -> None:
        """As Watcher has it."""
        self._counts.close(stream, account_slice)
        self._draw(stream)

    def estimated(self, stream: str, rows: int) -> None:
        """As Watcher has it."""
        self._estimates[stream] = rows

    def ended(self, stream: str, status: str) -> None:
        """As Watcher has it."""
        self._draw(stream)
        is_whole = status == "COMPLETE"
        done = 1 if is_whole else 0
        self._progress.update(self._tasks[stream], total=1, completed=done, status="" if is_whole else "incomplete")

    def _draw(self, stream: str) -> None:
        counts, estimate = self._counts, self._estimates.get(stream)
        total: int | None = None
        done = 0
        if estimate:
            done, total = counts.rows[stream], max(estimate, counts.rows[stream] + 1)
        elif not counts.days[stream] and counts.closed[stream]:
            done, total = len(counts.closed[stream]), counts.accounts
        self._progress.update(self._tasks[stream], completed=done, total=total, told=counts.told(stream))


@contextmanager
def shown(out: TextIO, monotonic: Callable[[], float]) -> Iterator[Watcher]:
    """What shows a run on `out` meanwhile: bars on a terminal, else lines."""
    console = Console(file=out)
    if not console.is_terminal:
        yield Lines(out, monotonic)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"),
               TextColumn("[red]{task.fields[status]}"), TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False) as progress:
        yield Bars(progress)


def _window(account_slice: Mapping[str, Any]) -> Window:
    return Window(date.fromisoformat(account_slice["since"]), date.fromisoformat(account_slice["until"]))
