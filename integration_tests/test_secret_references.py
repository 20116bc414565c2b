"""Credentials that are kept elsewhere: found, explained where they are not, followed when they are rotated."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.canaries import APP_SECRET, TOKEN, leaks
from integration_tests.connector import Connector, Output
from integration_tests.truth import EDGES, Truth, differences
from unit_tests.aws_double import aws_double

boto3: Any = importlib.import_module("boto3")
ROTATED = "EAArotated+canary/token=="
WORLD: dict[str, Any] = {
    "seed": 5,
    "clock": {"now": "2026-11-24T15:01:00Z"},
    "jobs": {"seconds": [0.0, 0.05]},
    "tokens": [
        {"token": token, "app_id": "7777", "app_secret": APP_SECRET, "require_proof": True, "scopes": ["ads_read"]}
        for token in (TOKEN, ROTATED)
    ],
    "accounts": [
        {"id": each, "campaigns": 2, "adsets_per_campaign": 2, "ads_per_adset": 2} for each in ("1001", "1002")
    ],
}
SECRET = {"access_token": TOKEN, "app_secret": APP_SECRET, "app_id": "7777"}
STREAMS = ("campaigns", "ads", "ads_insights")


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Secrets Manager and Parameter Store, with the secret in both."""
    with aws_double():
        boto3.client("secretsmanager").create_secret(Name="prod/meta", SecretString=json.dumps(SECRET))
        boto3.client("ssm").put_parameter(Name="/meta/token", Value=TOKEN, Type="SecureString")
        yield str(boto3.client("secretsmanager").describe_secret(SecretId="prod/meta")["ARN"])


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The secret as a file."""
    path = tmp_path / "meta.json"
    path.write_text(json.dumps(SECRET), encoding="utf-8")
    return path


def connector(truth: Truth, **credentials: Any) -> Connector:
    given = {"auth_type": "Service", "app_secret": APP_SECRET, **credentials}
    return Connector(truth.url, {"credentials": given, "start_date": "2026-11-20"})


def verdict(output: Output) -> tuple[str, str]:
    assert leaks(output.text) == []
    status = output.of("connectionStatus")[0]
    return status["status"], status.get("message", "")


def test_secrets_are_read_from_secrets_manager_by_name_and_by_arn(truth: Truth, aws: str) -> None:
    for place in ("prod/meta", aws):
        given = {name: f"aws-sm://{place}#{name}" for name in SECRET}
        assert verdict(connector(truth, **given).check())[0] == "SUCCEEDED"


def test_a_secret_is_read_from_parameter_store(truth: Truth, aws: str) -> None:
    assert verdict(connector(truth, access_token="aws-ssm:///meta/token").check())[0] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("aws-sm://prod/nothing#access_token", "AWS has no such secret here (ResourceNotFoundException)"),
        ("aws-sm://prod/meta#token", "has no key 'token' (keys: access_token, app_id, app_secret)"),
        ("aws-sm://prod/meta", "several values (keys: access_token, app_id, app_secret): add the key"),
        ("aws-ssm:///meta/nothing", "AWS has no such secret here (ParameterNotFound)"),
        ("env://META_TOKEN_THAT_IS_NOT_SET", "set it for the connector"),
        ("file:///nowhere", "name a file"),
        ("file://relative", "names no place"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named_with_what_to_do(
    truth: Truth, aws: str, reference: str, said: str
) -> None:
    status, message = verdict(connector(truth, access_token=reference).check())
    assert status == "FAILED"
    assert f"credentials.access_token: {reference}: " in message
    assert said in message
    assert truth.journal() == []


def test_a_store_that_cannot_be_reached_is_a_passing_failure(
    truth: Truth, aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    output = connector(truth, access_token="aws-ssm:///meta/token").check()
    assert output.exit_code == 1
    trace = output.of("trace")[0]
    assert trace["error"]["failure_type"] == "transient_error"
    assert "AWS can't be asked (EndpointConnectionError)" in trace["error"]["message"]


def test_without_the_client_library_the_extra_is_named(truth: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert "source-meta-ads[aws]" in verdict(connector(truth, access_token="aws-sm://x#y").check())[1]


def test_discover_asks_no_store(truth: Truth) -> None:
    assert "campaigns" in connector(truth, access_token="aws-sm://unreachable#key").streams()


def rotating(truth: Truth, kept: Path, from_call: int) -> Callable[[], Output]:
    """A read during which the token is rotated: the old one is refused from a call on, the file has the new one."""
    reader = connector(truth, **{name: f"file://{kept}#{name}" for name in SECRET})
    reader.streams()
    truth.set_faults({"kind": "token_expires", "token": TOKEN, "nth": from_call})
    vault = _Rotation(kept)
    return lambda: vault.during(lambda: reader.read(STREAMS))


class _Rotation:
    """Has the file changed as soon as it was read once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def during(self, read: Callable[[], Output]) -> Output:
        original, path = Path.read_text, self._path
        text = json.dumps({**SECRET, "access_token": ROTATED})

        def read_text(this: Path, *arguments: Any, **options: Any) -> str:
            found = original(this, *arguments, **options)
            if this == path:
                path.write_text(text, encoding="utf-8")
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "read_text", read_text)
            return read()


@pytest.mark.parametrize("from_call", [2, 5, 12])
def test_a_token_rotated_while_a_read_is_under_way_costs_no_row(truth: Truth, kept: Path, from_call: int) -> None:
    output = rotating(truth, kept, from_call)()
    assert output.errors == []
    assert output.exit_code == 0
    accounts = ["1001", "1002"]
    for stream in ("campaigns", "ads"):
        held = output.records(stream)
        assert differences(held, truth.objects(EDGES[stream], accounts), ["id"], ["id", "name"]) == []
    assert output.records("ads_insights")
    assert leaks(output.text) == []
    assert ROTATED not in output.text
    assert "its store has another one by now" in output.text
    refused = [call for call in truth.journal() if call["code"] == 190]
    assert len(refused) <= 12


def test_a_token_that_was_not_rotated_is_refused_with_the_usual_words(truth: Truth, kept: Path) -> None:
    reader = connector(truth, access_token=f"file://{kept}#access_token")
    reader.streams()
    truth.set_faults({"kind": "token_expires", "token": TOKEN, "nth": 3})
    output = reader.read(["campaigns"])
    assert output.exit_code == 1
    assert "(#190/463)" in output.errors[-1]
    assert leaks(output.text) == []


def test_a_store_that_is_gone_by_then_leaves_the_refusal_standing(truth: Truth, kept: Path) -> None:
    reader = connector(truth, access_token=f"file://{kept}#access_token")
    reader.streams()
    truth.set_faults({"kind": "token_expires", "token": TOKEN, "nth": 3})
    original = Path.read_text
    with pytest.MonkeyPatch.context() as patch:

        def read_text(this: Path, *arguments: Any, **options: Any) -> str:
            found = original(this, *arguments, **options)
            if this == kept:
                kept.unlink()
            return found

        patch.setattr(Path, "read_text", read_text)
        output = reader.read(["campaigns"])
    assert output.exit_code == 1
    assert "(#190/463)" in output.errors[-1]
    assert "its store was asked for another one: " in output.text
    assert leaks(output.text) == []
