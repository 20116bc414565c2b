"""The schema of every stream in every version on board: plain draft-07, described, the same in every process."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import pytest

from source_meta_ads.catalog import Chosen, build_streams, declared_key
from source_meta_ads.config import Config
from source_meta_ads.schemas.fields import defined_versions
from source_meta_ads.streams.base import MetaStream

CREDENTIALS = {"auth_type": "Service", "access_token": "none"}
REPORT = {
    "name": "Everything",
    "breakdowns": ["image_asset"],
    "action_breakdowns": ["action_type", "action_reaction"],
    "include_incrementality": True,
    "include_engaged_view": True,
}
IN_ANOTHER_PROCESS = "from unit_tests.test_catalog import digest; print(digest())"
# A value that is of one type here and of another there.
MIXED = {"string", "number", "boolean", "array", "object"}


def config(version: str) -> Config:
    return Config.model_validate({"credentials": CREDENTIALS, "api_version": version, "custom_insights": [REPORT]})


@cache
def streams(version: str) -> dict[str, MetaStream]:
    """Every stream, a report of the user's own among them, by name."""
    return {built.stream.name: built.stream for built in build_streams(config(version), None, lambda _: Chosen())}


@cache
def schemas(version: str) -> dict[str, dict[str, Any]]:
    """The schema of every stream."""
    return {name: dict(stream.get_json_schema()) for name, stream in streams(version).items()}


def parts(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property and every list's elements, with their paths."""
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}.{name}", inner
        yield from parts(inner, f"{path}.{name}")
    if "items" in schema:
        yield f"{path}[]", schema["items"]
        yield from parts(schema["items"], f"{path}[]")


VERSIONS = pytest.mark.parametrize("version", defined_versions())


@cache
def distinct_parts(version: str) -> list[tuple[str, dict[str, Any]]]:
    """Every part of every schema; columns that many reports share once."""
    columns = {
        json.dumps([name, column]): (f"{stream}.{name}", column)
        for stream, schema in schemas(version).items()
        for name, column in schema["properties"].items()
    }
    return [each for path, column in columns.values() for each in [(path, column), *parts(column, path)]]


@VERSIONS
def test_every_schema_is_an_open_object_of_draft_07_with_its_columns_in_order(version: str) -> None:
    for name, schema in schemas(version).items():
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#", name
        assert (schema["type"], schema["additionalProperties"]) == ("object", True), name
        assert list(schema["properties"]) == sorted(schema["properties"]), name
    columns = {path: part for path, part in distinct_parts(version) if path.count(".") == 1 and "[]" not in path}
    jsonschema.Draft7Validator.check_schema({"properties": columns})


@VERSIONS
def test_every_part_is_of_one_nullable_type_that_any_destination_knows(version: str) -> None:
    for path, part in distinct_parts(version):
        assert not {"$ref", "anyOf", "allOf", "oneOf", "enum", "const"} & set(part), path
        null, *kinds = part["type"]
        assert null == "null", path
        assert set(kinds) <= {*MIXED, "integer"}, path
        assert len(kinds) == 1 or set(kinds) == MIXED, path
        assert part.get("additionalProperties", True) is True, path
        assert "format" not in part or kinds == ["string"], path


@VERSIONS
def test_every_property_is_described_nested_ones_too(version: str) -> None:
    told = distinct_parts(version)
    assert [path for path, part in told if not path.endswith("]") and not part.get("description")] == []


@VERSIONS
def test_keys_and_cursors_are_plain_columns(version: str) -> None:
    for name, stream in streams(version).items():
        properties = schemas(version)[name]["properties"]
        for column in declared_key(config(version), name):
            assert properties[column]["type"][1] not in ("object", "array"), name
        if isinstance(stream.cursor_field, str):
            assert properties[stream.cursor_field]["format"] in ("date", "date-time"), name


def digest() -> str:
    """A hash of all schemas of all versions, byte by byte."""
    text = "".join(json.dumps(schema) for version in defined_versions() for schema in schemas(version).values())
    return hashlib.sha256(text.encode()).hexdigest()


def test_schemas_are_the_same_to_the_byte_in_every_process() -> None:
    environ = {**os.environ, "PYTHONHASHSEED": "1"}
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert told.stdout.strip() == digest()


def test_no_stream_of_v26_lacks_a_column_that_it_had_at_v25_but_those_that_meta_removed() -> None:
    old, new = schemas("v25.0"), schemas("v26.0")
    assert old.keys() == new.keys()
    gone = {name for stream in old for name in old[stream]["properties"].keys() - new[stream]["properties"].keys()}
    assert gone == set()


def test_the_catalog_of_all_streams_stays_small_enough_to_travel() -> None:
    assert len(json.dumps(schemas("v26.0"))) < 12_000_000
