"""Who comes from source-facebook-marketing, or has dbt models built on it, finds every column or the reason why not."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from source_meta_ads.catalog import Chosen, build_streams
from source_meta_ads.config import Config
from source_meta_ads.schemas.official import load_differences
from source_meta_ads.streams.base import MetaStream

HERE = Path(__file__).parent
OFFICIAL: Mapping[str, Mapping[str, Any]] = tomllib.loads((HERE / "official_columns.toml").read_text("utf-8"))
DBT: Mapping[str, Mapping[str, str]] = tomllib.loads((HERE / "dbt_columns.toml").read_text("utf-8"))
VERSIONS = ("v25.0", "v26.0")
DIFFERENCES = load_differences()


@cache
def streams(version: str = "v26.0") -> Mapping[str, MetaStream]:
    config = Config.parse({"credentials": {"auth_type": "Service", "access_token": "t"}, "api_version": version})
    return {built.stream.name: built.stream for built in build_streams(config, None, lambda _: Chosen())}


def columns(stream: str, version: str = "v26.0") -> Mapping[str, Mapping[str, Any]]:
    properties: Mapping[str, Mapping[str, Any]] = streams(version)[stream].get_json_schema()["properties"]
    return properties


def kind(schema: Mapping[str, Any]) -> str:
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    (only,) = set(types) - {"null"}
    return str(schema.get("format") or only)


def at(properties: Mapping[str, Mapping[str, Any]], path: str) -> Mapping[str, Any]:
    """The schema at a path such as `link_data.child_attachments[].link`."""
    first, _, rest = path.partition(".")
    schema = properties[first.removesuffix("[]")]
    if first.endswith("[]"):
        schema = schema["items"]
    return at(schema["properties"], rest) if rest else schema


THERE = [each for each in OFFICIAL if each not in DIFFERENCES.absent_streams]
CELLS = [(stream, name, theirs) for stream in THERE for theirs, names in OFFICIAL[stream]["columns"].items()
         for name in names]  # fmt: skip


def test_every_stream_is_there_or_its_absence_is_explained() -> None:
    assert set(OFFICIAL) - set(streams()) == set(DIFFERENCES.absent_streams)


@pytest.mark.parametrize("stream", THERE)
def test_keys_and_cursors_are_theirs(stream: str) -> None:
    ours = streams()[stream]
    key = ours.primary_key
    assert ([key] if isinstance(key, str) else list(key or ())) == OFFICIAL[stream]["primary_key"]
    assert (ours.cursor_field or "") == OFFICIAL[stream]["cursor"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("stream", THERE)
def test_every_column_is_there_or_its_absence_is_explained(stream: str, version: str) -> None:
    theirs = {name for names in OFFICIAL[stream]["columns"].values() for name in names}
    assert theirs - set(columns(stream, version)) == set(DIFFERENCES.absent_columns.get(stream, {}))


@pytest.mark.parametrize("stream", THERE)
def test_a_column_has_their_type_or_the_other_one_is_explained(stream: str) -> None:
    others = {
        name
        for each, name, theirs in CELLS
        if each == stream and name in columns(stream) and kind(columns(stream)[name]) != theirs
    }
    assert others == set(DIFFERENCES.retyped_columns.get(stream, {}))


def test_every_difference_names_the_type_that_they_have() -> None:
    theirs = {(stream, name): kind for stream, name, kind in CELLS}
    for stream, reasons in DIFFERENCES.retyped_columns.items():
        for name, reason in reasons.items():
            assert reason.endswith(f"({theirs[stream, name]})")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("stream", "path"), [(stream, path) for stream, paths in DBT.items() for path in paths])
def test_every_column_that_dbt_packages_read_is_there_and_typed(stream: str, path: str, version: str) -> None:
    assert kind(at(columns(stream, version), path)) == DBT[stream][path]
