from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from source_meta_ads.graph.versions import DEFAULT_VERSION
from source_meta_ads.schemas import fields
from source_meta_ads.schemas.fields import defined_versions, is_nested, load_node, reference_names

_ROOT = Path(__file__).parents[2]
_DATA = _ROOT / "source_meta_ads" / "schemas"
_DEFAULTS = tomllib.loads((_DATA / "defaults.toml").read_text("utf-8"))
_DESCRIPTIONS = tomllib.loads((_DATA / "descriptions.toml").read_text("utf-8"))
_NODES = sorted(path.stem for path in (_DATA / "fields" / "v26.0").glob("*.json") if path.stem != "nested")
_NESTED = sorted(json.loads((_DATA / "fields" / "v25.0" / "nested.json").read_text("utf-8")))


def _json_type(node: str, name: str) -> str:
    return load_node(node, "v26.0").fields[name].type


def test_the_data_is_what_the_sdk_and_our_corrections_say() -> None:
    tool = _ROOT / "tools" / "field_definitions.py"
    run = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_default_api_version_has_definitions_of_its_own() -> None:
    assert DEFAULT_VERSION in defined_versions()


def test_a_node_is_read_once() -> None:
    assert load_node("Campaign", "v26.0") is load_node("Campaign", "v26.0")


@pytest.mark.parametrize(("version", "like"), [("v27.0", "v26.0"), ("v100.0", "v26.0"), ("v9.0", "v25.0")])
def test_a_version_without_definitions_has_those_of_the_nearest(version: str, like: str) -> None:
    assert load_node("AdsInsights", version) == load_node("AdsInsights", like)


@pytest.mark.parametrize("node", ["Nothing", "", "../defaults", "nested"])
def test_an_unknown_object_is_refused(node: str) -> None:
    with pytest.raises(ValueError, match="no definition"):
        load_node(node, "v26.0")


def test_a_malformed_version_is_refused() -> None:
    with pytest.raises(ValueError, match="26"):
        load_node("Campaign", "26")


def test_fields_that_came_with_v26_are_not_asked_of_v25() -> None:
    assert "opportunity_score_weight" in load_node("AdAccount", "v26.0").fields
    assert "opportunity_score_weight" not in load_node("AdAccount", "v25.0").fields
    assert "1d_sequenced" not in load_node("AdsActionStats", "v25.0").fields


def test_fields_that_went_with_v26_are_still_there_in_v25() -> None:
    assert "marketing_messages_website_purchase" in load_node("AdsInsights", "v25.0").fields
    assert "marketing_messages_website_purchase" not in load_node("AdsInsights", "v26.0").fields


@pytest.mark.parametrize("version", defined_versions())
def test_what_cannot_be_read_is_no_field(version: str) -> None:
    assert not {"labels", "location", "age_targeting"} & set(load_node("AdsInsights", version).fields)
    assert not {"execution_options", "adbatch"} & set(load_node("Campaign", version).fields)
    assert "bytes" not in load_node("AdImage", version).fields


def test_insights_figures_are_typed() -> None:
    assert _json_type("AdsInsights", "impressions") == "int"
    assert _json_type("AdsInsights", "spend") == "float"
    assert _json_type("AdsInsights", "ad_id") == "string"
    assert _json_type("AdsInsights", "quality_ranking") == "string"
    assert _json_type("AdsInsights", "date_start") == "date"
    assert _json_type("AdsInsights", "actions") == "list<AdsActionStats>"


@pytest.mark.parametrize(("node", "name"), [("Campaign", "daily_budget"), ("AdSet", "lifetime_budget")])
def test_budgets_stay_strings_of_minor_units(node: str, name: str) -> None:
    assert _json_type(node, name) == "string"


@pytest.mark.parametrize("version", defined_versions())
@pytest.mark.parametrize("node", [*_NODES, *_NESTED])
def test_every_id_is_a_string(node: str, version: str) -> None:
    # Two small numbers that Meta calls an id.
    numbers = {"timezone_id", "vertical_id"}
    ids = [each for each in load_node(node, version).fields.values() if re.search(r"(^|_)id$", each.name)]
    assert not [each for each in ids if each.type not in ("string", "list<string>") and each.name not in numbers]


@pytest.mark.parametrize("version", defined_versions())
@pytest.mark.parametrize("node", _DEFAULTS["columns"])
def test_every_default_column_is_a_field(node: str, version: str) -> None:
    assert set(load_node(node, version).default_names) == set(_DEFAULTS["columns"][node])


@pytest.mark.parametrize("version", defined_versions())
@pytest.mark.parametrize("node", [each for each in _NODES if each not in _DEFAULTS["columns"]])
def test_a_node_without_a_list_shows_all_its_fields_but_those_left_out_with_a_reason(node: str, version: str) -> None:
    definition = load_node(node, version)
    assert set(definition.fields) - set(definition.default_names) == set(_DEFAULTS["without"].get(node, {}))


@pytest.mark.parametrize("node", _DEFAULTS["without"])
def test_what_is_left_out_is_a_field_with_a_reason(node: str) -> None:
    left_out = _DEFAULTS["without"][node]
    assert set(left_out) <= set(load_node(node, "v26.0").fields)
    assert all(left_out.values())


@pytest.mark.parametrize("node", [each for each in _DEFAULTS["columns"] if not each.endswith("Stats")])
def test_every_default_column_is_described_in_words_of_ours(node: str) -> None:
    written = _DESCRIPTIONS["any"] | _DESCRIPTIONS.get(node, {})
    assert not set(load_node(node, "v26.0").default_names) - set(written)


@pytest.mark.parametrize("node", [each for each in _DESCRIPTIONS if each not in ("any", "words")])
def test_every_description_is_of_a_field(node: str) -> None:
    assert not set(_DESCRIPTIONS[node]) - set(load_node(node, "v26.0").fields)


def test_a_field_without_a_description_gets_one_from_its_name() -> None:
    described = {name: field.description for name, field in load_node("AdsInsights", "v26.0").fields.items()}
    assert described["cost_per_unique_conversion"] == "Cost per unique conversion."
    assert (
        load_node("Campaign", "v26.0")
        .fields["has_secondary_skadnetwork_reporting"]
        .description.startswith("Whether it has ")
    )


def test_an_object_within_another_is_told_from_one_referred_to() -> None:
    assert is_nested("Targeting", "v26.0")
    assert not is_nested("Campaign", "v26.0")
    assert reference_names("Campaign") == ("id",)
    assert reference_names("AdLabel") == ("id", "name", "created_time", "updated_time")


def test_a_definition_cannot_be_changed_by_a_caller() -> None:
    with pytest.raises(TypeError):
        load_node("Campaign", "v26.0").fields["new"] = fields.Field("new", "string", "")  # type: ignore[index]
