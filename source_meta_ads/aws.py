"""Clients of AWS, loaded on use, and what their errors mean in a sentence."""

from __future__ import annotations

import importlib
from typing import Any

_CONNECT_SECONDS = 5
_READ_SECONDS = 60
_TRIES = 5
_MISSING = {"NoSuchBucket", "NoSuchKey", "ResourceNotFoundException", "404"}
_FORBIDDEN = {"AccessDenied", "AccessDeniedException", "403", "UnrecognizedClientException", "ExpiredToken",
              "ExpiredTokenException", "InvalidAccessKeyId", "SignatureDoesNotMatch"}  # fmt: skip


class AwsError(OSError):
    """AWS can't be asked, or refuses; the message says for what and what to change."""


def client(
    service: str,
    purpose: str,
    region: str | None = None,
    *,
    read_seconds: int = _READ_SECONDS,
    tries: int = _TRIES,
    or_else: str = "add ?region=… to the URL",
) -> Any:
    """A client of an AWS service; credentials, region and endpoint (`AWS_ENDPOINT_URL`) are the machine's own.

    `purpose` is what it is for, as the user wrote it: a URL; `or_else` what else says a region. A client may be used by
    several threads.
    Raises: AwsError where the library is not installed, or there is no region.
    """
    try:
        boto3 = importlib.import_module("boto3")
    except ImportError:
        raise AwsError(
            f"{purpose}: needs AWS's client library: pip install 'source-meta-ads[aws]', or use the image for AWS"
        ) from None
    settings = importlib.import_module("botocore.config").Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": tries},
        max_pool_connections=32,
    )
    try:
        return boto3.Session().client(service, region_name=region, config=settings)
    except importlib.import_module("botocore.exceptions").NoRegionError:
        raise AwsError(f"{purpose}: no AWS region is set: set AWS_DEFAULT_REGION, or {or_else}") from None


def errors() -> tuple[type[Exception], type[Exception]]:
    """What a call may raise: an answer that is a refusal, and anything that kept an answer from coming."""
    module = importlib.import_module("botocore.exceptions")
    return module.ClientError, module.BotoCoreError


def code_of(error: Exception) -> str:
    """AWS's code of a refusal, such as `PreconditionFailed`; empty for an error without one."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def is_without_credentials(error: Exception) -> bool:
    """Whether a call failed because the machine has no credentials, or only some of them."""
    return type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError")


def failed(error: Exception, purpose: str) -> AwsError:
    """An error of a call in our words."""
    code = code_of(error)
    if code in _MISSING:
        return AwsError(f"{purpose}: AWS has no such thing ({code}): create it, or check the name and the region")
    if code in _FORBIDDEN:
        return AwsError(f"{purpose}: AWS does not allow it ({code}): check the credentials and the role's policy")
    if code:
        return AwsError(f"{purpose}: AWS refuses ({code}): {error}")
    if is_without_credentials(error):
        return AwsError(f"{purpose}: there are no AWS credentials: give the connector a role or a profile")
    return AwsError(f"{purpose}: AWS can't be asked ({type(error).__name__}): {error}")
