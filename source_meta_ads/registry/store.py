"""The one thing a registry is built of: a log of versions by key, and the URL that says where one is kept."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import SplitResult, quote, unquote, urlsplit

Document = Mapping[str, Any]

# Scheme → where its log is (module, class), and how a URL of it is written. Imported on first use.
_BACKENDS = {
    "file": ("embedded", "FileLog", "file:///path/of/a/folder"),
    "sqlite": ("embedded", "SqliteLog", "sqlite:///path/of/a/file.db"),
    "dynamodb": ("dynamodb", "DynamoLog", "dynamodb://table or dynamodb://table?region=eu-west-1"),
    "s3": ("s3", "S3Log", "s3://bucket/prefix"),
}


class StoreError(OSError):
    """A log that can't be opened, read or written; the message names it and says what to change."""


@dataclass(frozen=True)
class Version:
    """One version of a key: its number, from 1 on, and the JSON object that it holds."""

    number: int
    document: Document


class VersionLog(Protocol):
    """Versions by key, numbered, only ever added. Shared by threads, processes and machines.

    A key is a path of one or more parts, `state/shop/ads_insights/1001`. What `create` has returned True for is
    there to stay and seen by every later `latest`, of any process. Each call raises OSError, mostly as StoreError,
    where the log can't be reached.
    """

    def latest(self, key: str) -> Version | None:
        """The version with the highest number, None without one."""

    def create(self, key: str, number: int, document: Document) -> bool:
        """Add a version unless its number is taken; whether it was added."""

    def history(self, key: str) -> Iterator[Version]:
        """Every version, newest first."""

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with a text, in order. Looks at every version: for people, not for runs."""

    def forget(self, key: str, below: int) -> None:
        """Remove the versions below a number: of keys whose past is of no interest."""


def open_store(url: str) -> VersionLog:
    """The log that a URL names; a folder or a file is made where there is none.

    Raises: StoreError for a URL that is none, an extra that is not installed, a place that can't be used.
    """
    parts = urlsplit(url)
    forms = ", ".join(form for _, _, form in _BACKENDS.values())
    if parts.scheme not in _BACKENDS:
        raise StoreError(f"registry {url!r}: has no scheme that is known: write one of {forms}")
    module, name, form = _BACKENDS[parts.scheme]
    problem = _problem(parts)
    if problem:
        raise StoreError(f"registry {url!r}: {problem}: write {form}")
    backend = getattr(importlib.import_module(f"source_meta_ads.registry.{module}"), name)
    log: VersionLog = backend(parts)
    return log


def segments(key: str) -> list[str]:
    """A key's parts in the form that a path or an object's name takes: no `/`, no `=`, never `.` or `..`."""
    return [quote(part, safe="").replace(".", "%2E") if part.strip(".") == "" else quote(part, safe="@,")
            for part in key.split("/")]  # fmt: skip


def key_of(parts: list[str]) -> str:
    """The key that `segments` made these of."""
    return "/".join(unquote(part) for part in parts)


def _problem(parts: SplitResult) -> str | None:
    """What is wrong with a URL of a known scheme, None where nothing is."""
    if parts.scheme in ("file", "sqlite"):
        if parts.netloc:
            return f"names a host ({parts.netloc})"
        return "names no path" if parts.path in ("", "/") else None
    return None if parts.netloc else f"names no {'table' if parts.scheme == 'dynamodb' else 'bucket'}"
