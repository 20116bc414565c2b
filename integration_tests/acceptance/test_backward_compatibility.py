"""What worked with the last release works: its configurations are valid, its catalogs and states go on."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import released

OLD_SPEC: dict[str, Any] = released.read("spec")
OLD_CATALOG: dict[str, dict[str, Any]] = released.read("catalog")

# Strings that a setting takes; anything else is refused by its pattern or by Meta, not by the specification.
STRINGS = {"api_version": ["v25.0", "v26.0"], "date": ["2026-01-31", "2025-12-01"]}


def values(schema: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """Values that a schema of the specification allows."""
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "oneOf" in schema:
        return st.one_of(*(values(each) for each in schema["oneOf"]))
    kind = schema["type"]
    if kind == "object":
        required = set(schema.get("required", ())) | {
            key for key, each in schema["properties"].items() if "const" in each
        }
        fields = {key: values(each, key) for key, each in schema["properties"].items()}
        return st.fixed_dictionaries(
            {key: each for key, each in fields.items() if key in required},
            optional={key: each for key, each in fields.items() if key not in required},
        )
    if kind == "array":
        return st.lists(values(schema["items"]), min_size=schema.get("minItems", 0), max_size=3, unique_by=repr)
    if kind == "integer":
        return st.integers(schema.get("minimum", 1), schema.get("maximum", 1000))
    if kind == "boolean":
        return st.booleans()
    if name in STRINGS or "format" in schema:
        return st.sampled_from(STRINGS.get(name, STRINGS["date"]))
    return st.text("abcxyz_123", min_size=schema.get("minLength", 1), max_size=8)


@settings(max_examples=100)
@given(values(OLD_SPEC))
def test_a_configuration_of_the_last_release_is_valid(config: dict[str, Any]) -> None:
    jsonschema.validate(config, OLD_SPEC)
    jsonschema.validate(config, released.spec())


def narrowed(old: dict[str, Any], new: dict[str, Any] | None, path: str = "") -> list[str]:
    """Where a schema allows less than it did."""
    if new is None:
        return [f"{path} is gone"]
    found = []
    if old.get("type") != new.get("type"):
        found.append(f"{path}: type {old.get('type')} → {new.get('type')}")
    if lost := sorted(set(old.get("enum", ())) - set(new.get("enum", old.get("enum", ())))):
        found.append(f"{path}: no longer {', '.join(map(str, lost))}")
    if asked := sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        found.append(f"{path}: newly required: {', '.join(asked)}")
    for name, each in old.get("properties", {}).items():
        found += narrowed(each, new.get("properties", {}).get(name), f"{path}.{name}")
    if "items" in old:
        found += narrowed(old["items"], new.get("items"), f"{path}[]")
    for number, each in enumerate(old.get("oneOf", ())):
        kinds = new.get("oneOf", [])
        found += narrowed(each, kinds[number] if number < len(kinds) else None, f"{path}.oneOf[{number}]")
    return found


def test_the_specification_allows_all_it_did() -> None:
    assert narrowed(OLD_SPEC, released.spec()) == []


def test_no_stream_column_key_cursor_or_mode_of_the_last_release_is_gone() -> None:
    new = released.catalog()
    for name, old in OLD_CATALOG.items():
        assert name in new
        assert new[name]["key"] == old["key"], name
        assert new[name]["cursor"] == old["cursor"], name
        assert set(old["modes"]) <= set(new[name]["modes"]), name
        for column, types in old["columns"].items():
            assert new[name]["columns"].get(column) == types, f"{name}.{column}"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"properties": {}}, ".start_date is gone"),
        ({"properties": {"start_date": {"type": "integer"}}}, ".start_date: type string → integer"),
        ({"properties": {"start_date": {"type": "string"}}, "required": ["x"]}, ": newly required: x"),
    ],
)
def test_a_narrower_specification_is_found(change: dict[str, Any], complaint: str) -> None:
    old = {"type": "object", "properties": {"start_date": {"type": "string"}}}
    assert complaint in narrowed(old, {**old, **change})
