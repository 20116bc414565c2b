"""Partitions are replaced whole, and nothing of an earlier query is left beside."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_meta_ads.sinks.files import open_files
from source_meta_ads.sinks.formats import open_format
from source_meta_ads.sinks.sink import Partition, Sink
from source_meta_ads.sinks.spool import Buffer, Spool

SCHEMA = {"properties": {"id": {"type": "string"}}}
DAY = date(2026, 11, 1)


def sink_at(folder: Path, *streams: str) -> Sink:
    sink = Sink(open_files(str(folder)), open_format("jsonl"))
    for stream in streams:
        sink.prepare(stream, "1001")
    return sink


def buffer(folder: Path, *ids: str) -> Buffer:
    folder.mkdir(exist_ok=True)
    made = Spool(folder).buffer(["id"])
    for each in ids:
        made.add({"id": each, "spend": 1.5})
    return made


def held(folder: Path) -> dict[str, list[str]]:
    """The ids in each file below a folder."""
    lines = {path: gzip.decompress(path.read_bytes()).splitlines() for path in sorted(folder.rglob("*.jsonl.gz"))}
    return {path.relative_to(folder).as_posix(): [json.loads(line)["id"] for line in lines[path]] for path in lines}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_a_day_is_a_file_that_says_whose_it_is(out: Path, spool: Path) -> None:
    sink = sink_at(out, "ads_insights")
    written = sink.replace(Partition("ads_insights", "1001", "abc", date=DAY), buffer(spool, "1", "2"), SCHEMA)
    assert written
    name = "stream=ads_insights/account_id=1001/date=2026-11-01/abc.jsonl.gz"
    assert (written.name, written.rows, written.spend) == (name, 2, 3.0)
    assert written.bytes == (out / name).stat().st_size
    assert held(out) == {name: ["1", "2"]}


def test_a_day_is_replaced_whole(out: Path, spool: Path) -> None:
    for ids in (["1", "2"], ["3"]):
        sink = sink_at(out, "ads_insights")
        sink.replace(Partition("ads_insights", "1001", "abc", date=DAY), buffer(spool, *ids), SCHEMA)
    assert list(held(out).values()) == [["3"]]


def test_a_day_that_has_no_rows_any_more_becomes_a_file_without_rows(out: Path, spool: Path) -> None:
    partition = Partition("ads_insights", "1001", "abc", date=DAY)
    sink_at(out, "ads_insights").replace(partition, buffer(spool, "1"), SCHEMA)
    again = sink_at(out, "ads_insights")
    assert again.days("ads_insights", "1001") == {DAY}
    written = again.replace(partition, None, SCHEMA)
    assert written
    assert (written.rows, written.spend) == (0, None)
    assert list(held(out).values()) == [[]]


def test_a_day_that_never_had_rows_gets_no_file(out: Path) -> None:
    sink = sink_at(out, "ads_insights")
    assert sink.replace(Partition("ads_insights", "1001", "abc", date=DAY), None, SCHEMA) is None
    assert held(out) == {}


def test_rows_of_an_earlier_query_or_form_go_when_the_day_is_read_again(out: Path, spool: Path) -> None:
    other_day = date(2026, 11, 2)
    first = sink_at(out, "ads_insights")
    for day in (DAY, other_day):
        first.replace(Partition("ads_insights", "1001", "old", date=day), buffer(spool, "1"), SCHEMA)
    (out / "stream=ads_insights/account_id=1001/date=2026-11-01/old.parquet").write_bytes(b"PAR1")
    sink_at(out, "ads_insights").replace(Partition("ads_insights", "1001", "new", date=DAY), buffer(spool, "2"), SCHEMA)
    assert held(out) == {
        "stream=ads_insights/account_id=1001/date=2026-11-01/new.jsonl.gz": ["2"],
        "stream=ads_insights/account_id=1001/date=2026-11-02/old.jsonl.gz": ["1"],
    }
    assert list(out.rglob("*.parquet")) == []


def test_changes_stand_beside_each_other_and_a_snapshot_for_all(out: Path, spool: Path) -> None:
    sink = sink_at(out, "ads")
    for version in (1, 2):
        sink.replace(Partition("ads", "1001", "abc", version=version), buffer(spool, str(version)), SCHEMA)
    folder = "stream=ads/account_id=1001"
    assert held(out) == {
        f"{folder}/version=0000000001/abc.jsonl.gz": ["1"],
        f"{folder}/version=0000000002/abc.jsonl.gz": ["2"],
    }
    sink.replace(Partition("ads", "1001", "abc"), buffer(spool, "3"), SCHEMA)
    assert held(out) == {f"{folder}/version=0000000000/abc.jsonl.gz": ["3"]}
    sink.replace(Partition("ads", "1001", "abc", version=3), buffer(spool, "4"), SCHEMA)
    assert list(held(out).values()) == [["3"], ["4"]]


def test_streams_and_accounts_are_apart(out: Path, spool: Path) -> None:
    sink = sink_at(out, "ads", "campaigns")
    sink.prepare("ads", "1002")
    for stream, account in (("ads", "1001"), ("campaigns", "1001"), ("ads", "1002")):
        sink.replace(Partition(stream, account, "abc"), buffer(spool, stream + account), SCHEMA)
    assert sorted(map(str, held(out).values())) == ["['ads1001']", "['ads1002']", "['campaigns1001']"]


def test_a_name_with_a_slash_in_it_stays_one_folder(out: Path, spool: Path) -> None:
    sink = sink_at(out, "custom a/b=c")
    sink.replace(Partition("custom a/b=c", "1001", "abc"), buffer(spool, "1"), SCHEMA)
    assert list(held(out)) == ["stream=custom%20a%2Fb%3Dc/account_id=1001/version=0000000000/abc.jsonl.gz"]


STEPS = st.lists(st.tuples(st.sampled_from(["old", "new"]), st.integers(1, 3), st.lists(st.integers(0, 3))), max_size=8)


@settings(max_examples=25)
@given(steps=STEPS)
def test_whatever_is_written_in_whatever_order_a_day_holds_its_newest_rows(
    steps: list[tuple[str, int, list[int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("sink")
    model: dict[date, list[Any]] = {}
    for query, number, ids in steps:
        day, rows = date(2026, 11, number), [str(each) for each in dict.fromkeys(reversed(ids))][::-1]
        partition = Partition("r", "1001", query, date=day)
        sink_at(root / "out", "r").replace(partition, buffer(root / "spool", *map(str, ids)) if ids else None, SCHEMA)
        if rows or day in model:
            model[day] = rows
    found = held(root / "out")
    assert sorted(found.values()) == sorted(model.values())
    assert len(found) == len(model)
