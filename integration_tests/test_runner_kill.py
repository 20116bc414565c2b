"""Killed at any moment between lease, files and states, a runner's tables end as the truth once a run comes through."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests import runner_world
from integration_tests.runner_world import Held, plan, wrong
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import Truth
from unit_tests.aws_double import aws_double, boto3, new_bucket, new_table

ROOT = Path(__file__).resolve().parent.parent
# Figures that Meta corrects for three days only, so that no later run reads again, and mends, what one has lost.
FIELDS = ("impressions", "clicks", "spend", "ad_name")
LOOKBACK_DAYS = 4
STREAMS: list[Any] = [
    {"name": "ads_insights", "columns": FIELDS},
    {"name": "campaigns", "columns": ["name", "is_deleted"]},
    {"name": "ad_creatives", "columns": ["name"]},
]
NAMES = [str(each["name"]) for each in STREAMS]
# Fifty kills in all: most of them here, where a run is quick, the rest where every step is a call.
CHAINS = {"here": 38, "aws": 12}


@pytest.fixture
def aws() -> Iterator[str]:
    with aws_double() as url:
        yield url


@pytest.fixture
def truths() -> Iterator[dict[str, Truth]]:
    handles = {name: serve_in_thread(copy.deepcopy(runner_world.WORLD)) for name in CHAINS}
    yield {name: Truth(handle.url) for name, handle in handles.items()}
    for handle in handles.values():
        handle.stop()


def chain(name: str, truth: Truth, raw: dict[str, Any], folder: Path) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    arguments = [truth.url, json.dumps(raw), f"kill {name}", str(CHAINS[name])]
    return subprocess.Popen(
        [sys.executable, "-m", "integration_tests.killed_runs", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def fetched(url: str, folder: Path) -> Held:
    """The objects of a bucket as files."""
    bucket = url.removeprefix("s3://").partition("/")[0]
    client = boto3.client("s3")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="some/prefix/stream="):
        for each in page.get("Contents", []):
            path = folder / each["Key"].removeprefix("some/prefix/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read())
    return Held(folder, "parquet")


def test_killed_at_fifty_points_and_run_again_the_tables_equal_the_truth(
    aws: str, truths: dict[str, Truth], tmp_path: Path
) -> None:
    bucket = new_bucket()
    lookback: dict[str, Any] = {"insights_lookback_window": LOOKBACK_DAYS}
    plans = {
        "here": plan(str(tmp_path / "out"), f"file://{tmp_path}/registry", streams=STREAMS, **lookback),
        "aws": plan(bucket, new_table(), form="parquet", streams=STREAMS[:2], **lookback),
    }
    running = {name: chain(name, truths[name], raw, tmp_path / name) for name, raw in plans.items()}
    died = {}
    for name, process in running.items():
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0, name
        died[name] = json.loads(out)
        assert sum(died[name].values()) == CHAINS[name]
    assert {"lease", "file", "state", "manifest"} <= died["here"].keys()
    assert wrong(Held(tmp_path / "out"), truths["here"], NAMES, fields=FIELDS) == []
    assert wrong(fetched(bucket, tmp_path / "fetched"), truths["aws"], NAMES[:2], fields=FIELDS) == []
    assert not [path for path in (tmp_path / "out").rglob(".draft-*") if "runs" not in path.parts]
