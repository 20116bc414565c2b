"""Recordings of runs on disk: the one asked for, those before it, and which days were restated in between."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

FORMAT = 1
# Runs looked back at for what a day was before: a lookback window of 28 days in hourly runs would be more of the same.
_MOST_EARLIER = 60
# Below half a cent nothing was restated: it is a sum of floats.
_LEAST_CHANGE = 0.005
_RUNS = "runs"


class ReportError(Exception):
    """There is no run to report on; the message says what was looked for and what to give instead."""


@dataclass(frozen=True)
class Day:
    """What a run read of one day of an account in one stream; `spend` None: that column was not read."""

    stream: str
    account_id: str
    currency: str
    date: str
    rows: int
    spend: float | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What the same day has in every run."""
        return self.stream, self.account_id, self.date


@dataclass(frozen=True)
class Restated:
    """A day that is not what it was; `was_over`: the run that read it before did so after its end."""

    before: Day
    after: Day
    was_over: bool

    @property
    def change(self) -> float:
        """Of the spend, in major units of the account's currency."""
        return (self.after.spend or 0.0) - (self.before.spend or 0.0)


@dataclass(frozen=True)
class Recording:
    """One run, as it was recorded."""

    raw: Mapping[str, Any]
    path: Path

    @property
    def run_id(self) -> str:
        """Its name."""
        return str(self.raw["run_id"])

    @property
    def started_at(self) -> str:
        """When it began, as an ISO moment in UTC: such sort as text."""
        return str(self.raw["started_at"])

    @cached_property
    def days(self) -> list[Day]:
        """Days that were read whole."""
        return [Day(*each) for each in self.raw.get("days", ())]

    def was_over(self, day: Day) -> bool:
        """Whether a day of an account had ended when this run began."""
        zone = self.mapped("accounts", day.account_id).get("timezone")
        try:
            began = datetime.fromisoformat(self.started_at).astimezone(ZoneInfo(str(zone or "UTC")))
        except (ValueError, ZoneInfoNotFoundError):
            return True
        return day.date < began.date().isoformat()

    def listed(self, name: str) -> list[Mapping[str, Any]]:
        """A list of objects in it, empty where it has none."""
        found = self.raw.get(name)
        return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []

    def mapped(self, *names: str) -> Mapping[str, Any]:
        """An object in it, by its path, empty where it has none."""
        found: Any = self.raw
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}


def load(path: Path) -> Recording:
    """A recording, or the one within a runner's manifest. Raises: ReportError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}: name the recording of a run") from None
    except ValueError:
        raise ReportError(f"{path}: is no JSON: name the recording of a run") from None
    raw = _recorded(found)
    if raw is None:
        raise ReportError(f"{path}: holds no recording of a run: record one with META_ADS_RECORD={path.parent}/")
    if raw["format"] != FORMAT:
        raise ReportError(f"{path}: is of format {raw['format']}, this version reads {FORMAT}: update source-meta-ads")
    recording = Recording(raw, path)
    try:
        _ = recording.days
    except TypeError:
        raise ReportError(f"{path}: the recording is damaged: name another") from None
    return recording


def find(run: str, output: Path | None = None) -> Recording:
    """The run that a path, a folder (its newest run) or the beginning of an id names. Raises: ReportError."""
    path = Path(run)
    if path.is_file():
        return load(path)
    if path.is_dir():
        newest = max(_in_folder(path), key=lambda each: each.started_at, default=None)
        if newest is None:
            raise ReportError(f"{path}: no run is recorded here: record one with META_ADS_RECORD={path}/")
        return newest
    if output is None:
        raise ReportError(f"{run}: no such file or folder: for a run's id, name its folder with --output")
    found = [each for each in _in_folder(output) if each.run_id.startswith(run)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(each.run_id for each in found or _in_folder(output))[-5:]) or "none"
    what = f"{len(found)} runs begin so" if found else "no such run"
    raise ReportError(f"{run}: {what} in {output}: name one of {known}")


def earlier(recording: Recording) -> list[Recording]:
    """The runs recorded in the same folder that began before this one, newest first."""
    others = [each for each in _in_folder(recording.path.parent) if each.started_at < recording.started_at]
    return sorted(others, key=lambda each: each.started_at, reverse=True)[:_MOST_EARLIER]


def restated(recording: Recording, before: Iterable[Recording]) -> list[Restated]:
    """Days that this run read otherwise than the last run before it that read them; the largest changes first."""
    last: dict[tuple[str, str, str], tuple[Day, Recording]] = {}
    for each in before:
        for day in each.days:
            last.setdefault(day.key, (day, each))
    found = []
    for day in recording.days:
        old = last.get(day.key)
        if old and (old[0].rows != day.rows or _differ(old[0].spend, day.spend)):
            found.append(Restated(old[0], day, old[1].was_over(day)))
    return sorted(found, key=lambda each: (-abs(each.change), each.after.key))


def _differ(before: float | None, after: float | None) -> bool:
    """Whether spend moved; where one of the runs did not read it, nothing can be said."""
    return before is not None and after is not None and abs(after - before) >= _LEAST_CHANGE


def _recorded(found: Any) -> Mapping[str, Any] | None:
    """The recording in a document: itself, or its `recording`."""
    for each in (found, found.get("recording") if isinstance(found, dict) else None):
        if isinstance(each, dict) and {"format", "run_id", "started_at"} <= each.keys():
            return each
    return None


def _in_folder(folder: Path) -> Iterator[Recording]:
    """Every recording in a folder or its `runs`; other files there are none of ours."""
    for place in (folder, folder / _RUNS):
        for path in sorted(place.glob("*.json")):
            try:
                yield load(path)
            except ReportError:
                continue
