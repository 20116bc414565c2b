"""What is a reference, and what it leads to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.secrets.reference import Reference, SecretError, is_reference, parse_reference

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:meta-AbCdEf"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("aws-sm://prod/meta#access_token", Reference("aws-sm", "prod/meta", "access_token")),
        (f"aws-sm://{ARN}#k", Reference("aws-sm", ARN, "k")),
        ("aws-ssm:///meta/token", Reference("aws-ssm", "/meta/token")),
        ("env://META_TOKEN", Reference("env", "META_TOKEN")),
        (" file:///run/secrets/meta#token ", Reference("file", "/run/secrets/meta", "token")),
        ("file:///run/secrets/meta#", Reference("file", "/run/secrets/meta")),
    ],
)
def test_a_reference_names_store_place_and_key(text: str, reference: Reference) -> None:
    assert is_reference(text)
    assert parse_reference(text) == reference


@pytest.mark.parametrize("text", ["", "EAAB123", "https://example.com", "aws-sm:/x", "ENV://X", "vault://x", 5, None])
def test_anything_else_is_a_value_of_its_own(text: object) -> None:
    assert not is_reference(text)


@pytest.mark.parametrize("text", ["env://", "aws-sm://#key", "aws-ssm:///", "file://token.txt", "file://"])
def test_a_reference_to_no_place_says_how_one_is_written(text: str) -> None:
    with pytest.raises(SecretError, match="write") as error:
        parse_reference(text)
    assert text in str(error.value)


@given(st.sampled_from(["aws-sm", "env"]), st.from_regex(r"[A-Za-z][\w/+=.@-]{0,40}", fullmatch=True))
def test_a_reference_is_written_as_it_was_read(scheme: str, place: str) -> None:
    for text in (f"{scheme}://{place}", f"{scheme}://{place}#key"):
        assert str(parse_reference(text)) == text
