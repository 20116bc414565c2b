"""What an upgrade changes, on paper: text, JSON, exit codes, and a clear word for every wrong argument."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from source_meta_ads.commands import execute

STEP = ["drift", "--from", "v25.0", "--to", "v26.0"]
CONFIG = {
    "credentials": {"auth_type": "Service", "access_token": "tok-secret-1"},
    "custom_insights": [{"name": "Sales", "fields": ["impressions", "marketing_messages_website_purchase"]}],
}


@pytest.fixture
def files(tmp_path: Path) -> Any:
    """Writes a file and returns its path."""

    def written(name: str, content: Any) -> str:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return str(path)

    return written


def catalog(name: str, *columns: str) -> dict[str, Any]:
    return {"streams": [{"stream": {"name": name, "json_schema": {"properties": {key: {} for key in columns}}}}]}


def test_without_a_configuration_everything_is_told_and_nothing_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(STEP) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "v25.0 → v26.0, all fields"
    assert out[2].startswith("by our field definitions: ")
    assert "  − AdsInsights: marketing_messages_website_purchase removed (was int)" in out
    assert "  + breakdowns: zip added" in out


def test_what_a_configuration_uses_and_loses_is_exit_code_1(files: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([*STEP, "--config", files("config.json", CONFIG)]) == 1
    out = capsys.readouterr().out
    assert "  − custom_sales: marketing_messages_website_purchase removed (was integer)" in out
    assert "+ campaigns: " in out
    assert "tok-secret-1" not in out


def test_a_catalog_leaves_out_what_it_does_not_select(files: Any, capsys: pytest.CaptureFixture[str]) -> None:
    config = files("config.json", CONFIG)
    assert execute([*STEP, "--config", config, "--catalog", files("c.json", catalog("campaigns", "id"))]) == 0
    assert capsys.readouterr().out == "v25.0 → v26.0, 1 stream\n\nby our field definitions: nothing changes\n"


def test_json_has_the_same(files: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = files("c.json", catalog("custom_sales", "impressions", "marketing_messages_website_purchase"))
    assert execute([*STEP, "--config", files("config.json", CONFIG), "--catalog", path, "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "from": "v25.0",
        "to": "v26.0",
        "by": "field definitions",
        "streams": ["custom_sales"],
        "changes": [
            {
                "where": "custom_sales", "field": "marketing_messages_website_purchase", "kind": "removed",
                "before": "integer", "breaks": True,
            }
        ],
        "live": None,
        "notes": {},
        "breaks": True,
    }  # fmt: skip


def test_versions_without_definitions_are_told_of_by_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["drift", "--from", "v21.0", "--to", "v22.0"]) == 0
    out = capsys.readouterr().out
    assert "by our compatibility matrix" in out
    assert "  − AdCreative, AdSet: instagram_actor_id removed" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "v26.0", "--to", "v25.0"], ["v25.0 does not come after v26.0"]),
        (["--from", "26", "--to", "v26.0"], ["'26'", "use v26.0"]),
        (["--from", "v26.0", "--to", "v27.0"], ["v27.0", "--live"]),
        (["--from", "v25.0", "--to", "v26.0", "--live"], ["--live", "--config"]),
        (["--from", "v25.0", "--to", "v26.0", "--config", "/nowhere/c.json"], ["/nowhere/c.json", "can be read"]),
    ],
)
def test_a_wrong_argument_is_exit_code_2_and_says_what_to_write(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["drift", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert all(word in said.err for word in words), said.err


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--config", "{", ["is no JSON"]),
        ("--config", [], ["is no configuration"]),
        ("--config", {"credentials": {}}, ["credentials.access_token"]),
        ("--catalog", {"streams": {}}, ["is no configured catalog"]),
        ("--catalog", {"a": 1}, ["is no configured catalog", "streams"]),
        ("--catalog", catalog("custom_x", "id"), ["custom_x", "--config"]),
    ],
)
def test_a_wrong_file_is_exit_code_2_and_says_what_is_wrong(
    option: str, content: Any, words: list[str], files: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute([*STEP, option, files("file.json", content)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert all(word in said.err for word in words), said.err
