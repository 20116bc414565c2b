from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from source_meta_ads.schemas.fields import defined_versions, load_node
from source_meta_ads.schemas.json_schema import property_schema, record_schema

_VERSION = "v26.0"
_NODES = ["Ad", "AdAccount", "AdCreative", "AdSet", "AdsInsights", "Campaign", "CustomAudience"]


def _stream(node: str, version: str) -> dict[str, Any]:
    fields = load_node(node, version).fields
    return record_schema(
        {name: property_schema(field.type, version, field.description) for name, field in fields.items()}
    )


def _parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for inner in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        yield from _parts(inner)


@pytest.mark.parametrize(
    ("meta_type", "schema"),
    [
        ("string", {"type": ["null", "string"]}),
        ("bool", {"type": ["null", "boolean"]}),
        ("int", {"type": ["null", "integer"]}),
        ("unsigned int", {"type": ["null", "integer"]}),
        ("float", {"type": ["null", "number"]}),
        ("date", {"type": ["null", "string"], "format": "date"}),
        (
            "datetime",
            {"type": ["null", "string"], "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
        ),
        ("Object", {"type": ["null", "object"]}),
        ("map<string, int>", {"type": ["null", "object"]}),
        ("list", {"type": ["null", "array"]}),
        ("list<string>", {"type": ["null", "array"], "items": {"type": ["null", "string"]}}),
        (
            "list<list<int>>",
            {
                "type": ["null", "array"],
                "items": {"type": ["null", "array"], "items": {"type": ["null", "integer"]}},
            },
        ),
        ("list<enum<Status>>", {"type": ["null", "array"], "items": {"type": ["null", "string"]}}),
    ],
)
def test_each_type_of_metas_has_its_json_schema(meta_type: str, schema: dict[str, Any]) -> None:
    assert property_schema(meta_type, _VERSION) == schema


def test_a_word_that_is_no_type_is_refused() -> None:
    with pytest.raises(ValueError, match="strng"):
        property_schema("strng", _VERSION)


def test_a_description_is_kept() -> None:
    assert property_schema("bool", _VERSION, "Whether.") == {"type": ["null", "boolean"], "description": "Whether."}


def test_figures_of_an_action_count_are_numbers_and_its_breakdown_keys_strings() -> None:
    properties = property_schema("list<AdsActionStats>", _VERSION)["items"]["properties"]
    types = {name: part["type"][1] for name, part in properties.items()}
    assert types["value"] == types["7d_click"] == types["1d_ev"] == types["incrementality"] == "number"
    assert types["action_type"] == types["action_device"] == types["action_target_id"] == "string"


def test_a_key_of_an_action_count_that_is_asked_for_is_shown_besides_the_usual_ones() -> None:
    asked = {"28d_view_all_conversions", "conversion_destination"}
    usual = property_schema("list<AdsActionStats>", _VERSION)["items"]["properties"]
    more = property_schema("list<AdsActionStats>", _VERSION, also=asked)["items"]["properties"]
    assert set(more) - set(usual) == asked
    assert more["28d_view_all_conversions"]["type"] == ["null", "number"]
    assert more["conversion_destination"]["type"] == ["null", "string"]


def test_every_attribution_window_is_a_number() -> None:
    fields = load_node("AdsActionStats", _VERSION).fields
    windows = [field for name, field in fields.items() if name[0].isdigit() or name.startswith(("skan", "incremental"))]
    assert len(windows) > 30
    assert {field.type for field in windows} == {"float"}


def test_a_histogram_holds_integers() -> None:
    value = property_schema("list<AdsHistogramStats>", _VERSION)["items"]["properties"]["value"]
    assert value["items"] == {"type": ["null", "integer"]}


def test_an_object_within_another_is_spelled_out_with_descriptions() -> None:
    targeting = property_schema("Targeting", _VERSION)["properties"]
    assert targeting["age_min"]["type"] == ["null", "integer"]
    assert targeting["geo_locations"]["properties"]["cities"]["items"]["properties"]["name"]["description"]


def test_an_object_referred_to_has_its_id_alone() -> None:
    assert list(property_schema("AdSet", _VERSION)["properties"]) == ["id"]
    assert list(property_schema("NewThing", _VERSION)["properties"]) == ["id"]
    assert set(property_schema("Business", _VERSION)["properties"]) == {"id", "name"}


@pytest.mark.parametrize("version", defined_versions())
@pytest.mark.parametrize("node", _NODES)
def test_every_part_of_a_stream_is_nullable_open_and_plain(node: str, version: str) -> None:
    schema = _stream(node, version)
    for part in _parts(schema):
        assert part["type"] == "object" or (part["type"][0] == "null" and len(part["type"]) == 2)
        assert part.get("additionalProperties", True) is True
        assert not {"$ref", "anyOf", "allOf", "oneOf", "enum"} & set(part)
    for part in _parts(schema):
        assert all(inner.get("description") for inner in part.get("properties", {}).values())


def test_a_record_schema_is_the_same_text_whatever_the_order_of_its_columns() -> None:
    columns = {"b": property_schema("int", _VERSION), "a": property_schema("Business", _VERSION)}
    backwards = dict(reversed(columns.items()))
    assert json.dumps(record_schema(columns)) == json.dumps(record_schema(backwards))
    assert record_schema(columns)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_the_schema_of_all_default_columns_of_insights_stays_small() -> None:
    """Some twenty streams repeat it, and an Airbyte catalog travels whole."""
    node = load_node("AdsInsights", _VERSION)
    columns = {name: property_schema(node.fields[name].type, _VERSION) for name in node.default_names}
    assert len(json.dumps(record_schema(columns))) < 150_000


def test_a_value_of_changing_type_takes_every_type() -> None:
    assert set(property_schema("mixed", "v26.0")["type"]) == {
        "null", "string", "number", "boolean", "array", "object",
    }  # fmt: skip
