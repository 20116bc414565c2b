"""A plan is right, or what is wrong with it is said in one sentence a value."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from source_meta_ads.runners.plan import Plan, PlanError, StreamPlan, read_plan
from source_meta_ads.sinks.files import FilesError

RIGHT: dict[str, Any] = {
    "connections": [
        {
            "name": "shop",
            "config": {"credentials": {"access_token": "secret-token"}, "start_date": "2026-11-01"},
            "streams": ["ads_insights", {"name": "campaigns", "columns": ["name"], "full_refresh": True}],
        }
    ],
    "output": {"url": "s3://bucket/prefix", "format": "parquet"},
    "registry": "dynamodb://table",
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The right plan with one value changed, or removed for None."""
    raw = copy.deepcopy(RIGHT)
    place: Any = raw
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parents:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return raw


def test_a_plan_says_what_to_read_and_where_to_put_it() -> None:
    plan = Plan.parse(RIGHT)
    (connection,) = plan.connections
    assert connection.streams == (
        StreamPlan(name="ads_insights"),
        StreamPlan(name="campaigns", columns=("name",), full_refresh=True),
    )
    assert (plan.output.url, plan.output.format, plan.registry) == ("s3://bucket/prefix", "parquet", "dynamodb://table")
    assert plan.lease == timedelta(minutes=5)
    assert Plan.parse(changed("output.format", None)).output.format == "jsonl"


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("connections", None, "connections: required, but missing"),
        ("connections", [], "connections: "),
        ("connections.0.name", "a/b", 'connections.0.name: "a/b": String should match pattern'),
        ("connections.0.streams", [], "connections.0.streams: "),
        ("connections.0.streams", ["ads", "ads"], "streams: ads twice: name each stream once"),
        ("connections.0.streams.1.colums", ["x"], "connections.0.streams.1.colums: is not known: check the spelling"),
        ("connections.0.streams.1.columns", [], "connections.0.streams.1.columns: "),
        ("connections.0.config", "x", "connections.0.config: Input should be a"),
        ("connections.0.conf", {}, "connections.0.conf: is not known"),
        ("output.format", "csv", "output.format: \"csv\": Input should be 'jsonl' or 'parquet'"),
        ("output", {}, "output.url: required, but missing"),
        ("registry", None, "registry: required, but missing"),
        ("lease_minutes", 0, "lease_minutes: 0: Input should be greater than or equal to 0.05"),
        ("sink", {}, "sink: is not known: check the spelling, or remove it"),
        ("connections", RIGHT["connections"] * 2, "connections: shop twice: states are kept by name"),
    ],
)
def test_a_wrong_value_is_named(path: str, value: Any, complaint: str) -> None:
    with pytest.raises(PlanError) as raised:
        Plan.parse(changed(path, value))
    assert complaint in str(raised.value)
    assert "secret-token" not in str(raised.value)


def test_a_token_in_the_wrong_place_is_not_shown() -> None:
    with pytest.raises(PlanError) as raised:
        Plan.parse(changed("connections.0.config", "secret-token"))
    assert "secret-token" not in str(raised.value)


@pytest.mark.parametrize("raw", [None, [], "text", 7])
def test_what_is_no_plan_at_all_is_told_what_one_has(raw: object) -> None:
    with pytest.raises(PlanError, match="the plan is no mapping: write connections, output and registry"):
        Plan.parse(raw)


def test_a_plan_is_read_from_a_file_or_a_text_as_yaml_or_json(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(RIGHT), encoding="utf-8")
    expected = Plan.parse(RIGHT)
    for place in (str(path), f"file://{path}", yaml.safe_dump(RIGHT), json.dumps(RIGHT), json.dumps(RIGHT, indent=1)):
        assert read_plan(place) == expected


def test_a_plan_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match=r"plan /nowhere\.yaml: No such file or directory: name a file"):
        read_plan("/nowhere.yaml")
    path = tmp_path / "plan.yaml"
    path.write_text("connections:\n  - name: [\n", encoding="utf-8")
    with pytest.raises(PlanError, match="the plan is no YAML in line 3: expected the node content"):
        read_plan(str(path))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanError, match=r"plan .*plan\.yaml: is no text in UTF-8"):
        read_plan(str(path))


def test_the_plan_in_the_documentation_is_right() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "running.md").read_text(encoding="utf-8")
    plans = [each.partition("```")[0] for each in page.split("```yaml\n")[1:]]
    assert plans
    for text in plans:
        assert read_plan(text).connections
