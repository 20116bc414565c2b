"""Rows as Parquet: numbers, dates and moments as such, what is nested as JSON text, and nothing lost that fits nowhere.

| JSON Schema | column |
|---|---|
| integer, number, boolean | int64, double, boolean |
| string with format date, date-time | date, timestamp in UTC (microseconds) |
| string | string |
| object, array, several types | string with JSON in it |

A field that the schema hasn't, and a value that its column can't hold, are in the column `_unmapped`, as JSON.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

try:
    # By name, since it has no types of its own to check against.
    pa: Any = importlib.import_module("pyarrow")
    pq: Any = importlib.import_module("pyarrow.parquet")
except ImportError:
    raise ImportError("parquet: needs pyarrow: pip install 'source-meta-ads[parquet]', or use format jsonl") from None

UNMAPPED = "_unmapped"
_ROWS_A_GROUP = 20_000
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Parquet:
    """Column by column as the schema says, compressed with zstd."""

    suffix: str = ".parquet"

    def write(self, lines: Iterable[bytes], schema: Mapping[str, Any], path: Path) -> None:
        """As Format has it."""
        columns = {name: column_of(each) for name, each in sorted(schema["properties"].items())}
        fields = [pa.field(name, kind) for name, (kind, _) in columns.items()]
        arrow = pa.schema([*fields, pa.field(UNMAPPED, pa.string())])
        converts = {name: convert for name, (_, convert) in columns.items()}
        # Least and greatest value of nested JSON help nobody and take more room than the rows of a small day.
        told = [name for name, (_, convert) in columns.items() if convert is not _json]
        options = {"compression": "zstd", "write_statistics": told, "store_schema": False}
        with pq.ParquetWriter(path, arrow, **options) as writer:
            rest = iter(lines)
            while group := list(itertools.islice(rest, _ROWS_A_GROUP)):
                writer.write_table(pa.Table.from_pylist([_row(orjson.loads(line), converts) for line in group], arrow))


def column_of(schema: Mapping[str, Any]) -> tuple[Any, Convert]:
    """The type of a column, and what makes a value of it; that raises ValueError for one that doesn't fit."""
    types = schema.get("type")
    kinds = [types] if isinstance(types, str) else [each for each in types or () if each != "null"]
    if len(kinds) != 1:
        return pa.string(), _json
    if kinds[0] == "string":
        formats: dict[Any, tuple[Any, Convert]] = {
            "date": (pa.date32(), _date),
            "date-time": (pa.timestamp("us", "UTC"), _moment),
        }
        return formats.get(schema.get("format"), (pa.string(), _text))
    return {
        "integer": (pa.int64(), _integer),
        "number": (pa.float64(), _number),
        "boolean": (pa.bool_(), _boolean),
    }.get(kinds[0], (pa.string(), _json))


def _row(row: Mapping[str, Any], converts: Mapping[str, Convert]) -> dict[str, Any]:
    """The row as its columns hold it."""
    held: dict[str, Any] = {}
    unmapped: dict[str, Any] = {}
    for name, value in row.items():
        if value is None and name in converts:
            continue
        try:
            held[name] = converts[name](value)
        except (KeyError, ValueError):
            unmapped[name] = value
    if unmapped:
        held[UNMAPPED] = _json(unmapped)
    return held


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not _LEAST <= value <= _MOST:
        raise ValueError("not an integer of 64 bits")
    return value


def _number(value: Any) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or (isinstance(value, int) and int(float(value)) != value)
    ):
        raise ValueError("not a number that a double holds")
    return float(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not a boolean")
    return value


def _date(value: Any) -> date:
    if not isinstance(value, str) or len(value) != len("2026-11-01"):
        raise ValueError("not a day")
    return date.fromisoformat(value)


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is None:
        raise ValueError("not a moment with its offset")
    return moment.astimezone(UTC)


FORMAT = Parquet()
