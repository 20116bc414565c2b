"""Where secrets are kept, as far as no server is needed; AWS is in integration_tests/test_secret_references.py."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from source_meta_ads.secrets.reference import SecretError, parse_reference
from source_meta_ads.secrets.stores import stores


def test_there_is_a_store_for_every_scheme() -> None:
    from source_meta_ads.secrets.reference import FORMS

    assert stores({}).keys() == FORMS.keys()


def test_the_clients_of_aws_and_of_collectors_are_loaded_on_use_only() -> None:
    code = (
        "import sys, source_meta_ads.secrets.vault, source_meta_ads.telemetry.exporters;"
        "print([name for name in ('boto3', 'botocore', 'opentelemetry') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == "[]"


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(b"\xff\xfe\x00EAABcanary")
    with pytest.raises(SecretError, match="is no text") as error:
        stores({})["file"](parse_reference(f"file://{path}"))
    assert "EAABcanary" not in str(error.value)


class Refusing:
    """A client of AWS that refuses whatever it is asked."""

    def __init__(self, code: str, status: int) -> None:
        answer = {"Error": {"Code": code, "Message": "quotes SecretId"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        self.error = importlib.import_module("botocore.exceptions").ClientError(answer, "GetSecretValue")

    def get_secret_value(self, **_: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("code", "status", "said", "is_passing"),
    [
        ("AccessDeniedException", 400, "allow it in the role's policy", False),
        ("ThrottlingException", 400, "run it again later", True),
        ("InternalServiceError", 500, "run it again later", True),
        ("DecryptionFailure", 400, "in AWS, what DecryptionFailure means", False),
    ],
)
def test_a_refusal_of_aws_is_said_in_our_words(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int, said: str, is_passing: bool
) -> None:
    monkeypatch.setattr(importlib.import_module("boto3").Session, "client", lambda *_, **__: Refusing(code, status))
    with pytest.raises(SecretError, match=said) as error:
        stores({})["aws-sm"](parse_reference("aws-sm://meta#key"))
    assert error.value.is_passing == is_passing
    assert "quotes" not in str(error.value)


def test_without_a_region_or_credentials_what_to_set_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SecretError, match="set AWS_DEFAULT_REGION, or write the secret's ARN"):
        stores({})["aws-ssm"](parse_reference("aws-ssm:///meta"))
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:meta"
    with pytest.raises(SecretError, match="give the connector a role or a profile"):
        stores({})["aws-sm"](parse_reference(f"aws-sm://{arn}#key"))
