"""The forms that files of rows come in, by name."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

FormatName = Literal["jsonl", "parquet"]
_MODULES: dict[FormatName, str] = {"jsonl": "jsonl", "parquet": "parquet"}


class Format(Protocol):
    """A way to write rows into a file."""

    @property
    def suffix(self) -> str:
        """How a file of it is called, from the point on."""

    def write(self, lines: Iterable[bytes], schema: Mapping[str, Any], path: Path) -> None:
        """Fill a file with rows, each a line of JSON without its line feed; `schema` is the JSON Schema of a row."""


def open_format(name: FormatName) -> Format:
    """The format of a name. Raises: ImportError, saying what to install, where an extra is missing."""
    module = importlib.import_module(f"source_meta_ads.sinks.{_MODULES[name]}")
    found: Format = module.FORMAT
    return found
