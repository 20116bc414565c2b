"""The catalog, by the rules of Airbyte's acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integration_tests.connector import Connector

Catalog = dict[str, dict[str, Any]]
SCALARS = {"string", "integer", "number", "boolean"}
SUPPORTED = SCALARS | {"null", "object", "array"}
FORMATS: dict[str, set[str | None]] = {
    "date": {None},
    "date-time": {"timestamp_with_timezone", "timestamp_without_timezone"},
}


def schemas(node: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema and every schema in it, with its path."""
    yield path, node
    for name, each in (node.get("properties") or {}).items():
        yield from schemas(each, f"{path}.{name}")
    if isinstance(node.get("items"), dict):
        yield from schemas(node["items"], f"{path}[]")


def types_of(node: dict[str, Any]) -> set[str]:
    found = node.get("type", [])
    return {found} if isinstance(found, str) else set(found)


def test_there_is_one_catalog_with_streams_of_different_names(airbyte: Connector) -> None:
    (catalog,) = airbyte.discover().of("catalog")
    names = [stream["name"] for stream in catalog["streams"]]
    assert len(names) == len(set(names)) > 20


def test_every_stream_says_how_it_can_be_read(catalog: Catalog) -> None:
    for name, stream in catalog.items():
        assert "full_refresh" in stream["supported_sync_modes"], name
        has_cursor = bool(stream.get("default_cursor_field"))
        assert has_cursor == ("incremental" in stream["supported_sync_modes"]), name


def test_cursors_and_keys_are_columns_and_keys_are_scalars(catalog: Catalog) -> None:
    for name, stream in catalog.items():
        columns = stream["json_schema"]["properties"]
        for cursor in stream.get("default_cursor_field") or []:
            assert cursor in columns, name
        for (part,) in stream.get("source_defined_primary_key") or []:
            assert types_of(columns[part]) - {"null"} <= SCALARS, f"{name}.{part}"


def test_every_type_is_one_that_destinations_know(catalog: Catalog) -> None:
    for name, stream in catalog.items():
        for path, node in schemas(stream["json_schema"], name):
            assert types_of(node), path
            assert types_of(node) <= SUPPORTED, path
            # Within a column, which is JSON to a destination, a value may be of several types, as Meta's are.
            assert len(types_of(node) - {"null"}) == 1 or path.count(".") > 1, path
            if "format" in node:
                assert node.get("airbyte_type") in FORMATS[node["format"]], path


def test_no_keyword_is_used_that_destinations_do_not_know(catalog: Catalog) -> None:
    forbidden = {"$ref", "allOf", "anyOf", "oneOf", "not", "definitions", "$defs"}
    for name, stream in catalog.items():
        for path, node in schemas(stream["json_schema"], name):
            assert not forbidden & set(node), path
            assert node.get("additionalProperties", True) is True, path


def test_every_column_is_nullable_and_described(catalog: Catalog) -> None:
    for name, stream in catalog.items():
        for column, node in stream["json_schema"]["properties"].items():
            assert "null" in types_of(node), f"{name}.{column}"
            assert node.get("description"), f"{name}.{column}"
