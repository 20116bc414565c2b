"""Partitions of rows as files: each replaced whole, with nothing of an earlier query left beside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from source_meta_ads.sinks.files import Files
from source_meta_ads.sinks.formats import Format
from source_meta_ads.sinks.spool import Buffer

RUNS_FOLDER = "runs"


@dataclass(frozen=True)
class Partition:
    """The rows that one file holds: of a stream and an account, of a day or a version, or all there are.

    `date` is the day that a report's rows begin on. Objects have a `version`: files of what changed are counted from 1
    on, and 0 is a snapshot, which stands for all there is. `query` is a hash of what was asked for.
    """

    stream: str
    account_id: str
    query: str
    date: date | None = None
    version: int = 0

    @property
    def account_folder(self) -> str:
        """Where everything of the account in the stream is."""
        return f"stream={quote(self.stream, safe='')}/account_id={quote(self.account_id, safe='')}"

    @property
    def folder(self) -> str:
        """Where the partition's file is, alone."""
        if self.date is not None:
            return f"{self.account_folder}/date={self.date}"
        return f"{self.account_folder}/version={self.version:010d}"

    @property
    def is_snapshot(self) -> bool:
        """Whether nothing of the account's stream is anywhere else."""
        return self.date is None and self.version == 0


@dataclass(frozen=True)
class Written:
    """A file that was written: its name below the sink's place, rows, bytes, and the sum of the rows' spend."""

    name: str
    rows: int
    bytes: int
    spend: float | None


class Sink:
    """Files of one form at one place, of accounts that nobody else writes. Thread-safe for different partitions.

    Readers always see a whole file of a partition: the one before or the new one. For the moment between the new
    file and the removal of one with another query's hash they see both.
    """

    def __init__(self, files: Files, form: Format) -> None:
        self._files, self._format = files, form
        self._there: dict[str, dict[str, set[str]]] = {}

    @property
    def url(self) -> str:
        """Where the files are."""
        return self._files.url

    def prepare(self, stream: str, account_id: str) -> None:
        """Learn what is there of an account in a stream, before its first partition; not thread-safe."""
        folder = Partition(stream, account_id, "").account_folder
        if folder in self._there:
            return
        self._files.clean(folder)
        there: defaultdict[str, set[str]] = defaultdict(set)
        for name in self._files.names(folder):
            there[name.rpartition("/")[0]].add(name)
        self._there[folder] = there

    def days(self, stream: str, account_id: str) -> set[date]:
        """The days of which there are files; after `prepare`."""
        folders = self._there[Partition(stream, account_id, "").account_folder]
        names = (folder.rpartition("/")[2] for folder, files in folders.items() if files)
        return {date.fromisoformat(name.removeprefix("date=")) for name in names if name.startswith("date=")}

    def replace(self, partition: Partition, rows: Buffer | None, schema: Mapping[str, Any]) -> Written | None:
        """Make the partition hold these rows and no others. None where it held none and now holds none.

        No rows in the place of some make a file without rows, which tells a reader so. Raises: OSError, with the
        partition as it was, or holding the new rows with what should be gone still beside.
        """
        everywhere = self._there[partition.account_folder]
        there = everywhere.get(partition.folder, set())
        if partition.is_snapshot:
            there = set().union(*everywhere.values())
        if not rows and not there:
            return None
        name = f"{partition.folder}/{partition.query}{self._format.suffix}"
        size = self._files.put(name, lambda path: self._format.write(rows.lines() if rows else (), schema, path))
        for other in sorted(there - {name}):
            self._files.remove(other)
        if partition.is_snapshot:
            everywhere.clear()
        everywhere[partition.folder] = {name}
        return Written(name, len(rows or ()), size, rows.spend if rows else None)

    def put_manifest(self, run_id: str, content: bytes) -> str:
        """Write what a run did; its name below the sink's place."""
        name = f"{RUNS_FOLDER}/{run_id}.json"
        self._files.put(name, lambda path: _write(path, content))
        return name


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
