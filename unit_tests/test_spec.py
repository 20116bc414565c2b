"""The connection specification, by the rules of Airbyte's acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from source_meta_ads.config import Config
from source_meta_ads.spec import connector_specification

FORBIDDEN = {
    "anyOf", "patternProperties", "prefixItems", "allOf", "if", "then", "else", "dependentSchemas",
    "dependentRequired", "not", "$ref", "$defs", "discriminator",
}  # fmt: skip
SECRET_NAMES = {"access_token", "client_secret", "app_secret"}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return dict(connector_specification().connectionSpecification)


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in the schema, with its path; names of properties are not schemas."""
    if isinstance(node, list):
        for each in node:
            yield from nodes(each, path)
    if not isinstance(node, dict):
        return
    yield path, node
    for key, value in node.items():
        if key == "properties":
            for name, each in value.items():
                yield from nodes(each, f"{path}.{name}")
        elif key in ("items", "oneOf"):
            yield from nodes(value, f"{path}.{key}")


def test_it_is_valid_draft_07(schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)


def test_no_keyword_is_used_that_airbyte_can_not_show(schema: dict[str, Any]) -> None:
    assert [(path, set(node) & FORBIDDEN) for path, node in nodes(schema) if set(node) & FORBIDDEN] == []


def test_every_property_has_one_type_a_title_and_a_description(schema: dict[str, Any]) -> None:
    for path, node in nodes(schema):
        if path and not path.endswith((".items", ".oneOf")) and "const" not in node:
            assert isinstance(node.get("type"), str), path
            assert node.get("title"), path
            assert node.get("description"), path


def test_every_secret_is_marked_and_nothing_else(schema: dict[str, Any]) -> None:
    marked = {path.rsplit(".", 1)[-1] for path, node in nodes(schema) if node.get("airbyte_secret")}
    assert marked == SECRET_NAMES
    unmarked = [path for path, node in nodes(schema) if path.rsplit(".", 1)[-1] in SECRET_NAMES and "type" in node
                and not node.get("airbyte_secret")]  # fmt: skip
    assert unmarked == []


def test_the_ways_to_authenticate_are_told_apart_by_one_constant(schema: dict[str, Any]) -> None:
    credentials = schema["properties"]["credentials"]
    assert credentials["type"] == "object"
    constants = [each["properties"]["auth_type"] for each in credentials["oneOf"]]
    assert [each["const"] for each in constants] == ["Client", "Service"]
    assert all("default" not in each for each in constants)


def test_every_setting_is_there_in_the_models_order(schema: dict[str, Any]) -> None:
    assert list(schema["properties"]) == list(Config.model_fields)
    assert [each["order"] for each in schema["properties"].values()] == list(range(len(Config.model_fields)))


def test_unknown_and_older_keys_pass_the_schema(schema: dict[str, Any]) -> None:
    jsonschema.validate({"access_token": "tok", "account_id": "1", "whatever": 1}, schema)


def test_a_pasted_configuration_of_the_official_connector_is_valid(schema: dict[str, Any]) -> None:
    official = {
        "account_ids": ["111111111111111"],
        "credentials": {"auth_type": "Service", "access_token": "tok"},
        "start_date": "2026-01-01T00:00:00Z",
        "end_date": "2026-02-01T00:00:00Z",
        "campaign_statuses": ["ACTIVE", "PAUSED"],
        "fetch_thumbnail_images": False,
        "default_ads_insights_action_breakdowns": ["action_type"],
        "custom_insights": [
            {
                "name": "by_country", "level": "campaign", "fields": ["spend"], "breakdowns": ["country"],
                "action_breakdowns": [], "action_report_time": "mixed", "time_increment": 1,
                "insights_lookback_window": 28, "insights_job_timeout": 60,
            }
        ],
        "page_size": 100,
        "insights_lookback_window": 28,
        "insights_job_timeout": 60,
        "action_breakdowns_allow_empty": True,
    }  # fmt: skip
    jsonschema.validate(official, schema)
    assert Config.parse(official).unknown_keys == []


def test_every_object_list_and_choice_says_what_it_holds(schema: dict[str, Any]) -> None:
    for path, node in nodes(schema):
        if node.get("type") == "object":
            assert node.get("properties") or node.get("oneOf"), f"{path} is an empty object"
        if node.get("type") == "array":
            items = node["items"]
            assert items.get("enum") or items["type"] in ("object", "string", "number", "integer"), path
        if "enum" in node:
            assert len(node["enum"]) == len(set(node["enum"])), path
        for variant in node.get("oneOf", ()):
            assert variant["properties"], path


def test_the_variants_of_a_choice_share_one_constant_and_no_other(schema: dict[str, Any]) -> None:
    for path, node in nodes(schema):
        if "oneOf" in node:
            constants = [
                {name for name, each in kind["properties"].items() if "const" in each} for kind in node["oneOf"]
            ]
            assert len(set.intersection(*constants)) == len(set.union(*constants)) == 1, path


def test_dates_have_a_format(schema: dict[str, Any]) -> None:
    for path, node in nodes(schema):
        if path.endswith("_date"):
            assert node["format"] in ("date", "date-time"), path
