"""Rows that wait: as many in memory as are allowed, the newest of each key, nothing else lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.sinks.spool import Buffer, Spool

SPEND = st.none() | st.integers(0, 9)
ROWS = st.lists(
    st.fixed_dictionaries({"id": st.integers(0, 5), "day": st.sampled_from("ab"), "spend": SPEND}), max_size=40
)


def rows_of(buffer: Buffer) -> list[dict[str, Any]]:
    return [json.loads(line) for line in buffer.lines()]


@pytest.mark.parametrize("most_bytes", [0, 60, 10_000])
@given(rows=ROWS)
def test_the_newest_row_of_each_key_is_kept_in_order(
    rows: list[dict[str, Any]], most_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    buffer = Spool(tmp_path_factory.mktemp("spool"), most_bytes).buffer(["id", "day"])
    for row in rows:
        buffer.add(row)
    newest = {(row["id"], row["day"]): place for place, row in enumerate(rows)}
    expected = [rows[place] for place in sorted(newest.values())]
    assert rows_of(buffer) == rows_of(buffer) == expected
    assert len(buffer) == len(expected)
    spends = [row["spend"] for row in expected if row["spend"] is not None]
    assert buffer.spend == (sum(spends) if spends else None)


@given(rows=ROWS)
def test_without_a_key_every_row_is_kept(rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    buffer = Spool(tmp_path_factory.mktemp("spool"), 100).buffer([])
    for row in rows:
        buffer.add(row)
    assert rows_of(buffer) == rows


def test_memory_is_bounded_over_all_buffers_together(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1_000)
    buffers = [spool.buffer(["id"]) for _ in range(10)]
    for number in range(500):
        buffers[number % 10].add({"id": number, "text": "x" * 20})
        in_memory = sum(len(line) for buffer in buffers for line in buffer._lines)
        assert in_memory <= 1_000 + 60
    assert len(list(tmp_path.iterdir())) == 10
    assert [row["id"] for buffer in buffers for row in rows_of(buffer)] == [
        number for each in range(10) for number in range(each, 500, 10)
    ]
    for buffer in buffers:
        buffer.drop()
    assert list(tmp_path.iterdir()) == []


def test_keys_of_other_types_are_other_keys(tmp_path: Path) -> None:
    buffer = Spool(tmp_path).buffer(["id"])
    keys = ["1", 1, None, "None", "null", 1 << 70, "a" * 100, "a" * 101, True]
    for key in keys:
        buffer.add({"id": key})
    assert len(buffer) == len(keys)


def test_an_integer_that_readers_would_round_is_written_as_text(tmp_path: Path) -> None:
    buffer = Spool(tmp_path).buffer([])
    buffer.add({"id": "1", "large": 1 << 64, "nested": [{"n": -(1 << 70), "fits": (1 << 63) - 1}], "is": True})
    assert rows_of(buffer) == [
        {"id": "1", "large": str(1 << 64), "nested": [{"n": str(-(1 << 70)), "fits": (1 << 63) - 1}], "is": True}
    ]


def test_texts_with_every_kind_of_line_end_stay_one_line(tmp_path: Path) -> None:
    text = "a\nb\r\u2028c\u0085d\x0b"
    buffer = Spool(tmp_path, 0).buffer([])
    buffer.add({"text": text})
    buffer.add({"text": "e"})
    assert [row["text"] for row in rows_of(buffer)] == [text, "e"]
