"""On AWS, as far as a moto server is AWS: secret, plan, states, schemas and rows all there, by every runner."""

from __future__ import annotations

import io
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from integration_tests import runner_world
from integration_tests.runner_world import Held, plan, wrong
from integration_tests.truth import Truth
from source_meta_ads.registry.store import open_store
from source_meta_ads.run import run
from source_meta_ads.runners import fargate, lambda_handler
from unit_tests.aws_double import aws_double, boto3, new_bucket, new_table

WORLD = runner_world.WORLD
NAMES = [each["name"] for each in runner_world.STREAMS]


class Context:
    """An invocation with all of its time before it."""

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with aws_double() as url:
        boto3.client("secretsmanager").create_secret(Name="meta", SecretString=json.dumps({"token": "tok-all"}))
        yield url


@pytest.fixture
def log_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    root.handlers[:] = before


def as_command(place: str) -> int:
    with pytest.raises(SystemExit) as ended:
        run(["run", "--plan", place])
    return int(ended.value.code or 0)


def as_task(place: str) -> int:
    return fargate.main({**os.environ, "META_ADS_PLAN": place}, io.StringIO())


def as_function(place: str) -> int:
    return 0 if lambda_handler.handler({"plan": place}, Context())["is_done"] else 1


def put(url: str, name: str, content: str) -> str:
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=content.encode())
    return f"{url}/{name}"


def fetched(url: str, folder: Path) -> Path:
    """What is below a prefix of a bucket, as files."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    client = boto3.client("s3")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for each in page.get("Contents", []):
            path = folder / each["Key"].removeprefix(f"{prefix}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read())
    return folder


@pytest.mark.usefixtures("aws", "log_as_before")
@pytest.mark.parametrize(
    ("runner", "registry"), [(as_command, new_table), (as_task, new_table), (as_function, new_bucket)]
)
def test_a_plan_with_everything_on_aws_brings_the_tables_to_the_truth(
    truth: Truth,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    runner: Callable[[str], int],
    registry: Callable[[], str],
) -> None:
    monkeypatch.setenv("META_GRAPH_URL", truth.url)
    bucket, where = new_bucket(), registry()
    secret = {"auth_type": "Service", "access_token": "aws-sm://meta#token"}
    raw = plan(f"{bucket}/rows", where, form="parquet", credentials=secret)
    place = put(bucket, "plan.yaml", yaml.safe_dump(raw))
    for days in (0, 2):
        truth.advance_days(days)
        assert runner(place) == 0
    folder = fetched(f"{bucket}/rows", tmp_path / "rows")
    assert wrong(Held(folder, "parquet"), truth, NAMES) == []
    keys = open_store(where).keys("")
    assert {key.split("/")[0] for key in keys} == {"state", "schema", "lease"}
    assert {key.rpartition("/")[2] for key in keys if key.startswith("schema/shop/")} == set(NAMES)
    assert len(list((folder / "runs").glob("*.json"))) == 2
    told = "".join(capsys.readouterr()) + "".join(path.read_text(encoding="utf-8") for path in folder.glob("runs/*"))
    assert "tok-all" not in told


@pytest.mark.usefixtures("log_as_before")
def test_a_function_s_metrics_are_lines_that_cloudwatch_takes(
    aws: str, truth: Truth, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("META_GRAPH_URL", truth.url)
    raw = plan(new_bucket(), new_table(), streams=["campaigns"])
    answer = lambda_handler.handler({"plan": raw}, Context())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert lines
    assert {line["run_id"] for line in lines} == {answer["runs"][0]["run_id"]}
    for line in lines:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "MetaAds"
        assert all(isinstance(line[metric["Name"]], (int, float)) for metric in directive["Metrics"])
        assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 3600
    (ended,) = [line for line in lines if "meta_ads.runs" in line]
    assert (ended["status"], ended["meta_ads.runs"]) == ("succeeded", 1)
    assert {line["meta_ads.rows"] for line in lines if line.get("stream") == "campaigns"} == {3}


@pytest.mark.usefixtures("log_as_before")
def test_a_plan_that_is_not_there_is_named(aws: str, capsys: pytest.CaptureFixture[str]) -> None:
    bucket = new_bucket()
    assert as_task(f"{bucket}/none.yaml") == 1
    assert f"plan {bucket}/none.yaml: there is no such object: put the plan there" in capsys.readouterr().err
    with pytest.raises(OSError, match=r"none\.yaml: there is no such object"):
        as_function(f"{bucket}/none.yaml")
