"""What is written is what can be read: the same rows, the same values, in either form."""

from __future__ import annotations

import gzip
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_meta_ads.sinks.formats import FormatName, open_format

pq: Any = importlib.import_module("pyarrow.parquet")
SCHEMA: dict[str, Any] = {
    "properties": {
        "ad_id": {"type": ["null", "string"]},
        "impressions": {"type": ["null", "integer"]},
        "spend": {"type": ["null", "number"]},
        "is_deleted": {"type": ["null", "boolean"]},
        "date_start": {"type": ["null", "string"], "format": "date"},
        "updated_time": {"type": ["null", "string"], "format": "date-time"},
        "actions": {"type": ["null", "array"], "items": {"type": "object"}},
        "targeting": {"type": ["null", "object"]},
        "value": {"type": ["null", "string", "number"]},
    }
}
ROW = {
    "ad_id": "120000000000000001",
    "impressions": 1234567890123,
    "spend": 12.34,
    "is_deleted": False,
    "date_start": "2026-11-01",
    "updated_time": "2026-11-01T10:00:00-0800",
    "actions": [{"action_type": "purchase", "value": 1.5}],
    "targeting": {"age_min": 18},
    "value": "either",
}


def sql(query: str) -> list[tuple[Any, ...]]:
    relation = duckdb.connect().execute(query)
    assert relation
    return relation.fetchall()


def parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What pyarrow reads of the rows written as Parquet."""
    open_format("parquet").write([orjson.dumps(row) for row in rows], SCHEMA, path)
    found: list[dict[str, Any]] = pq.read_table(path, partitioning=None).to_pylist()
    return found


def test_lines_of_json_are_the_rows_as_they_came(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    lines = [orjson.dumps(ROW), orjson.dumps({"unknown": ["ü\u2028"]})]
    open_format("jsonl").write(iter(lines), SCHEMA, path)
    assert gzip.decompress(path.read_bytes()) == b"".join(line + b"\n" for line in lines)


def test_the_same_rows_make_the_same_file(tmp_path: Path) -> None:
    names: tuple[FormatName, ...] = ("jsonl", "parquet")
    for name in names:
        contents = []
        for number in range(2):
            path = tmp_path / f"{name}-{number}"
            open_format(name).write([orjson.dumps(ROW)], SCHEMA, path)
            contents.append(path.read_bytes())
        assert contents[0] == contents[1]


def test_each_type_becomes_a_column_of_its_kind(tmp_path: Path) -> None:
    parquet(tmp_path / "x.parquet", [ROW])
    kinds = {name: kind for name, kind, *_ in sql(f"DESCRIBE FROM '{tmp_path}/x.parquet'")}
    assert kinds == {
        "ad_id": "VARCHAR", "impressions": "BIGINT", "spend": "DOUBLE", "is_deleted": "BOOLEAN", "date_start": "DATE",
        "updated_time": "TIMESTAMP WITH TIME ZONE", "actions": "VARCHAR", "targeting": "VARCHAR", "value": "VARCHAR",
        "_unmapped": "VARCHAR",
    }  # fmt: skip
    (row,) = sql(
        f"SELECT epoch(updated_time), actions->0->>'action_type', targeting->>'age_min', value::JSON->>'$' "
        f"FROM '{tmp_path}/x.parquet'"
    )
    assert row == (1793556000.0, "purchase", "18", "either")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("impressions", "12"), ("impressions", 1.5), ("impressions", True), ("spend", "12"), ("spend", (1 << 53) + 1),
        ("spend", False), ("is_deleted", 1), ("date_start", "2026-11-01T00:00:00"), ("date_start", "yesterday!"),
        ("date_start", 7), ("updated_time", "2026-11-01"), ("updated_time", "soon"), ("ad_id", 12), ("ad_id", {"a": 1}),
        ("new_field", [1]), ("new_field", None), ("impressions", str(1 << 64)),
    ],
)  # fmt: skip
def test_what_fits_no_column_is_kept_beside(tmp_path: Path, column: str, value: Any) -> None:
    (row,) = parquet(tmp_path / "x.parquet", [{**ROW, column: value}])
    assert json.loads(row["_unmapped"]) == {column: value}
    assert row.get(column) is None
    assert row["actions"] == json.dumps(ROW["actions"], separators=(",", ":"))


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DAYS = st.dates().map(str) | st.datetimes().map(lambda moment: f"{moment.isoformat()}+00:00")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | FLOATS | st.text() | DAYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60)
@given(rows=st.lists(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "new", "_unmapped"]), JSON), max_size=4))
def test_no_value_is_lost_whatever_comes(rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    found = parquet(tmp_path_factory.mktemp("x") / "x.parquet", rows)
    assert len(found) == len(rows)
    for written, row in zip(rows, found, strict=True):
        unmapped = json.loads(row["_unmapped"]) if row["_unmapped"] else {}
        for name, value in written.items():
            held = row.get(name) if name != "_unmapped" else None
            if name in unmapped:
                assert unmapped[name] == value
            elif value is not None or name not in SCHEMA["properties"]:
                assert _plain(held, name) == _expected(value, name)


def _plain(held: Any, name: str) -> Any:
    if name in ("actions", "targeting", "value"):
        return json.loads(held)
    return held.isoformat() if hasattr(held, "isoformat") else held


def _expected(value: Any, name: str) -> Any:
    if name == "updated_time":
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return value


def test_more_rows_than_a_row_group_holds_all_come(tmp_path: Path) -> None:
    rows = [{"ad_id": str(number)} for number in range(45_000)]
    assert [row["ad_id"] for row in parquet(tmp_path / "x.parquet", rows)] == [row["ad_id"] for row in rows]


@pytest.mark.parametrize("name", ["jsonl", "parquet"])
def test_a_file_without_rows_can_be_read_together_with_others(tmp_path: Path, name: FormatName) -> None:
    form = open_format(name)
    for day, lines in (("2026-11-01", [orjson.dumps(ROW)]), ("2026-11-02", [])):
        path = tmp_path / f"date={day}" / f"q{form.suffix}"
        path.parent.mkdir()
        form.write(lines, SCHEMA, path)
    reader = {"jsonl": "read_json", "parquet": "read_parquet"}[name]
    found = sql(f"SELECT date, spend FROM {reader}('{tmp_path}/**/*{form.suffix}', union_by_name=true)")
    assert [(str(day), spend) for day, spend in found] == [("2026-11-01", 12.34)]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "source_meta_ads.sinks.parquet", raising=False)
    with pytest.raises(ImportError, match=r"parquet: needs pyarrow: pip install 'source-meta-ads\[parquet\]', or use"):
        open_format("parquet")
