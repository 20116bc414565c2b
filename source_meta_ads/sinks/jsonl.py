"""Rows as lines of JSON, compressed with gzip: just as the connector emits them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Rows of reports repeat themselves: a higher level takes three times as long for a tenth less.
_LEVEL = 4


@dataclass(frozen=True)
class JsonLines:
    """One row a line, UTF-8. The same rows make the same bytes."""

    suffix: str = ".jsonl.gz"

    def write(self, lines: Iterable[bytes], schema: Mapping[str, Any], path: Path) -> None:  # noqa: ARG002 - the contract
        """As Format has it; a row's schema is of no matter."""
        with path.open("wb") as raw, gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as file:
            file.writelines(line + b"\n" for line in lines)


FORMAT = JsonLines()
