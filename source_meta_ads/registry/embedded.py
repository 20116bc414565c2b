"""Logs that need no server: a folder of files, a SQLite file."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote

from source_meta_ads.registry.store import Document, StoreError, Version, key_of, segments

# A version's file; `=` is in no part of a key, so that no key's folder is taken for a version.
_PREFIX, _SUFFIX = "v=", ".json"
_LOCKED_SECONDS = 60.0


class FileLog:
    """One file a version: written whole beside its place, brought to disk, then linked, which fails if it is taken.

    For one machine, or a network file system whose hard links are atomic.
    """

    def __init__(self, url: SplitResult) -> None:
        self._root = Path(unquote(url.path))
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"registry {self._root}: can't be made ({error.strerror}): name another folder") from None

    def latest(self, key: str) -> Version | None:
        """As VersionLog has it."""
        # A version that is forgotten between the listing and the reading had a newer one.
        while numbers := self._numbers(key):
            if version := self._read(key, max(numbers)):
                return version
        return None

    def create(self, key: str, number: int, document: Document) -> bool:
        """As VersionLog has it."""
        path = self._path(key, number)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(json.dumps(document).encode())
                    file.flush()
                    os.fsync(file.fileno())
                os.link(draft, path)
            finally:
                Path(draft).unlink()
            _sync_folder(path.parent)
        except FileExistsError:
            return False
        except OSError as error:
            raise StoreError(
                f"{path}: can't be written ({error.strerror}): free space, or name another folder"
            ) from None
        return True

    def history(self, key: str) -> Iterator[Version]:
        """As VersionLog has it."""
        for number in sorted(self._numbers(key), reverse=True):
            if version := self._read(key, number):
                yield version

    def keys(self, prefix: str) -> list[str]:
        """As VersionLog has it."""
        folders = {path.parent for path in self._root.rglob(f"{_PREFIX}*{_SUFFIX}")}
        found = (key_of(list(folder.relative_to(self._root).parts)) for folder in folders)
        return sorted(key for key in found if key.startswith(prefix))

    def forget(self, key: str, below: int) -> None:
        """As VersionLog has it."""
        for number in self._numbers(key):
            if number < below:
                self._path(key, number).unlink(missing_ok=True)

    def _numbers(self, key: str) -> list[int]:
        folder = self._root.joinpath(*segments(key))
        try:
            names = [entry.name for entry in os.scandir(folder)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{folder}: can't be read ({error.strerror})") from None
        whole = (name[len(_PREFIX) : -len(_SUFFIX)] for name in names if name.startswith(_PREFIX))
        return [int(each) for each in whole if each.isdigit()]

    def _read(self, key: str, number: int) -> Version | None:
        path = self._path(key, number)
        try:
            return Version(number, json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{path}: can't be read as JSON ({error}): restore it from a backup, or remove it"
            ) from None

    def _path(self, key: str, number: int) -> Path:
        return self._root.joinpath(*segments(key), f"{_PREFIX}{number:010d}{_SUFFIX}")


class SqliteLog:
    """One row a version in a file that processes of one machine share; not for network file systems."""

    def __init__(self, url: SplitResult) -> None:
        self._path = Path(unquote(url.path))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"registry {self._path}: its folder can't be made ({error.strerror})") from None
        self._run(
            "CREATE TABLE IF NOT EXISTS versions "
            "(key TEXT NOT NULL, number INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (key, number))"
        )

    def latest(self, key: str) -> Version | None:
        """As VersionLog has it."""
        rows = self._run("SELECT number, document FROM versions WHERE key = ? ORDER BY number DESC LIMIT 1", key)
        return _version(*rows[0]) if rows else None

    def create(self, key: str, number: int, document: Document) -> bool:
        """As VersionLog has it."""
        try:
            self._run("INSERT INTO versions VALUES (?, ?, ?)", key, number, json.dumps(document))
        except sqlite3.IntegrityError:
            return False
        return True

    def history(self, key: str) -> Iterator[Version]:
        """As VersionLog has it."""
        rows = self._run("SELECT number, document FROM versions WHERE key = ? ORDER BY number DESC", key)
        yield from (_version(*row) for row in rows)

    def keys(self, prefix: str) -> list[str]:
        """As VersionLog has it."""
        return [key for (key,) in self._run("SELECT DISTINCT key FROM versions ORDER BY key") if key.startswith(prefix)]

    def forget(self, key: str, below: int) -> None:
        """As VersionLog has it."""
        self._run("DELETE FROM versions WHERE key = ? AND number < ?", key, below)

    def _run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of one statement, in a connection and a transaction of its own: threads and forks share none."""
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=_LOCKED_SECONDS)) as connection, connection:
                return connection.execute(statement, values).fetchall()
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise StoreError(f"registry {self._path}: {error}: name a file that SQLite can use") from None


def _version(number: int, document: str) -> Version:
    return Version(number, json.loads(document))


def _sync_folder(folder: Path) -> None:
    """Bring a folder's entries to disk, so that what was linked is there after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
