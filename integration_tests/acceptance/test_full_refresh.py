"""Reads of all streams from nothing, by the rules of Airbyte's acceptance tests."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from integration_tests.acceptance.conftest import key_of
from integration_tests.connector import Connector, Output, printed

Catalog = dict[str, dict[str, Any]]
# Kinds of object that this world's account has none of.
WITHOUT_ROWS: frozenset[str] = frozenset()


def keys(output: Output, name: str, stream: dict[str, Any]) -> set[Any]:
    """The keys of a stream's records, or the records themselves where it has none."""
    parts = key_of(stream)
    return {
        tuple(str(record.get(part)) for part in parts) if parts else repr(sorted(record.items()))
        for record in output.records(name)
    }


def test_every_stream_is_read_and_has_records(first: Output, catalog: Catalog) -> None:
    assert (first.exit_code, first.errors) == (0, [])
    empty = {name for name in catalog if not first.records(name)}
    assert empty == WITHOUT_ROWS


def test_records_fit_their_schema_and_have_no_other_column(first: Output, catalog: Catalog) -> None:
    for name, stream in catalog.items():
        validator = jsonschema.Draft7Validator(
            stream["json_schema"], format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
        )
        columns = set(stream["json_schema"]["properties"])
        records = first.records(name)
        assert all(set(record) <= columns for record in records), name
        # Validating takes a hundred times as long as reading: every so many will do where there are many.
        for record in records[:: max(1, len(records) // 40)]:
            assert [error.message for error in validator.iter_errors(record)] == [], name


def test_no_part_of_a_key_is_null(first: Output, catalog: Catalog) -> None:
    for name, stream in catalog.items():
        for record in first.records(name):
            assert all(record.get(part) is not None for part in key_of(stream)), (name, record)


def test_no_key_comes_twice(first: Output, catalog: Catalog) -> None:
    for name, stream in catalog.items():
        if key_of(stream):
            assert len(keys(first, name, stream)) == len(first.records(name)), name


def test_a_second_read_holds_the_keys_of_the_first_and_is_emitted_later(
    first: Output, second: Output, catalog: Catalog
) -> None:
    for name, stream in catalog.items():
        assert keys(first, name, stream) <= keys(second, name, stream), name
    emitted = [max(each["emitted_at"] for each in output.of("record")) for output in (first, second)]
    assert emitted[0] < emitted[1]


def test_statuses_come_in_order(first: Output, catalog: Catalog) -> None:
    for name in catalog:
        assert first.statuses(name) == (["STARTED", "RUNNING", "COMPLETE"] if first.records(name) else
                                        ["STARTED", "COMPLETE"]), name  # fmt: skip


def test_states_count_the_records_they_cover(first: Output, incremental: Output, catalog: Catalog) -> None:
    for output in (first, incremental):
        for name in {record["stream"] for record in output.of("record")}:
            states = [each for each in output.of("state") if each["stream"]["stream_descriptor"]["name"] == name]
            counted = sum(each["sourceStats"]["recordCount"] for each in states)
            assert counted == len(output.records(name)), name


@pytest.mark.parametrize("catalog_text", ['{"streams": [{"stream": {"name": "nowhere"}}]}', "not json"])
def test_a_catalog_that_can_not_be_read_ends_with_an_error(
    airbyte: Connector, catalog_text: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text('{"credentials": {"access_token": "tok"}}', encoding="utf-8")
    (tmp_path / "catalog.json").write_text(catalog_text, encoding="utf-8")
    monkeypatch.setenv("META_GRAPH_URL", airbyte.url)
    output = printed(["read", "--config", str(tmp_path / "config.json"), "--catalog", str(tmp_path / "catalog.json")])
    assert output.exit_code == 1
    assert output.errors
