"""A new API version is one command: its fields come from the SDK, the older ones stay what they were."""

from __future__ import annotations

import shutil
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml
from facebook_business.adobjects.campaign import Campaign

from source_meta_ads.manifest import parse
from tools.api_version import ROOT, Files, add, changes, refreshed, streams_of

KEPT = ("source_meta_ads/manifest.yaml", "source_meta_ads/graph/versions.toml", "tools/field_corrections.toml",
        "metadata.yaml")  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A copy of the files that name versions."""
    shutil.copytree(ROOT / "source_meta_ads" / "schemas" / "fields", tmp_path / "source_meta_ads/schemas/fields")
    for name in KEPT:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return Files(tmp_path)


@pytest.fixture
def sdk_27(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a next SDK may say of campaigns: one field less, one more, one of another type."""
    types = {**Campaign._field_types, "mood": "string", "buying_type": "list<string>"}
    del types["is_pca_unified"]
    monkeypatch.setattr(Campaign, "_field_types", types)


def test_a_version_is_added_everywhere_and_the_older_ones_keep_their_fields(files: Files, sdk_27: None) -> None:
    before = {version: files.types(version) for version in ("v25.0", "v26.0")}
    add(files, "v27.0", date(2027, 1, 20))
    assert {version: files.types(version) for version in before} == before
    newest = files.types("v27.0") or {}
    found = changes(before["v26.0"] or {}, newest)
    assert found == {
        "added": {"Campaign": ["mood"]},
        "removed": {"Campaign": ["is_pca_unified"]},
        "retyped": {"Campaign": {"buying_type": ["string", "list<string>"]}},
    }
    assert tomllib.loads(files.versions.read_text("utf-8"))["default"] == "v27.0"
    assert files.dates()[-1] == {"name": "v27.0", "released": date(2027, 1, 20)}
    assert "    - graph-api:v26.0\n    - graph-api:v27.0\n" in files.metadata.read_text("utf-8")
    text = refreshed(files, streams_of())
    row = parse(yaml.safe_load(text)).compatibility[-1]
    assert (row.version, row.status, row.fields.model_dump()) == (
        "v27.0",
        "current",
        {**found, "retyped": {"Campaign": {"buying_type": ("string", "list<string>")}}},
    )


def test_adding_two_versions_keeps_all_older_ones(files: Files, sdk_27: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {version: files.types(version) for version in ("v25.0", "v26.0")}
    add(files, "v27.0", date(2027, 1, 20))
    before["v27.0"] = files.types("v27.0")
    types = {name: each for name, each in Campaign._field_types.items() if name != "mood"}
    monkeypatch.setattr(Campaign, "_field_types", types)
    add(files, "v28.0", date(2027, 6, 1))
    assert {version: files.types(version) for version in before} == before
    assert "mood" not in (files.types("v28.0") or {})["Campaign"]


@pytest.mark.parametrize("version", ["v26.0", "v25.0", "27", "v27", "v27.1"])
def test_what_is_no_later_version_is_refused_and_nothing_is_written(files: Files, version: str) -> None:
    before = files.corrections.read_text("utf-8")
    with pytest.raises(SystemExit, match=r"write it like v27\.0"):
        add(files, version, date(2027, 1, 20))
    assert files.corrections.read_text("utf-8") == before


def test_refreshing_what_is_fresh_changes_nothing_and_history_is_kept(files: Files) -> None:
    text = files.manifest.read_text("utf-8")
    assert refreshed(files, streams_of()) == text
    assert "instagram_actor_id" in text
