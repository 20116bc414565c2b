"""Where secrets are kept: the environment, files, AWS Secrets Manager, AWS Parameter Store."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from source_meta_ads.secrets.reference import Reference, SecretError

# Secrets are read before anything else is done: a store that doesn't answer must not hold a run for minutes.
_CONNECT_SECONDS = 5
_READ_SECONDS = 10
_TRIES = 3
# What AWS answers to a name that it doesn't have, and to a caller who may not read it.
_UNKNOWN = {"ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound"}
_FORBIDDEN = {
    "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId",
    "InvalidSignatureException", "KMSAccessDeniedException", "UnrecognizedClientException",
}  # fmt: skip

Store = Callable[[Reference], str]


def stores(environ: Mapping[str, str]) -> dict[str, Store]:
    """Scheme → what reads the text at a place. Each raises SecretError; AWS's own client library is loaded on use."""
    return {
        "env": lambda reference: _from_environment(reference, environ),
        "file": _from_file,
        "aws-sm": _from_secrets_manager,
        "aws-ssm": _from_parameter_store,
    }


def _from_environment(reference: Reference, environ: Mapping[str, str]) -> str:
    name = reference.place
    if name not in environ:
        raise SecretError(f"{reference}: the environment has no {name}: set it for the connector, or name another one")
    return environ[name]


def _from_file(reference: Reference) -> str:
    try:
        return Path(reference.place).read_text(encoding="utf-8")
    except OSError as error:
        raise SecretError(f"{reference}: {error.strerror}: name a file that the connector can read") from None
    except UnicodeDecodeError:
        raise SecretError(f"{reference}: is no text: name a file that holds the secret as text") from None


def _from_secrets_manager(reference: Reference) -> str:
    answer = _ask(reference, "secretsmanager", "get_secret_value", SecretId=reference.place)
    text = answer.get("SecretString")
    if text is None:
        text = bytes(answer.get("SecretBinary") or b"").decode("utf-8", "replace")
    return str(text)


def _from_parameter_store(reference: Reference) -> str:
    answer = _ask(reference, "ssm", "get_parameter", Name=reference.place, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


def _ask(reference: Reference, service: str, call: str, **arguments: Any) -> Mapping[str, Any]:
    """The answer of one call to AWS, whose credentials, region and endpoint come from the machine, as always."""
    try:
        boto3 = importlib.import_module("boto3")
    except ImportError:
        raise SecretError(
            f"{reference}: needs AWS's client library: pip install 'source-meta-ads[aws]', or use the image for AWS"
        ) from None
    botocore = importlib.import_module("botocore.exceptions")
    settings = importlib.import_module("botocore.config").Config(
        connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": _TRIES}
    )
    # An ARN says in which region it is: arn:aws:service:region:account:…
    parts = reference.place.split(":")
    region = parts[3] if reference.place.startswith("arn:") and len(parts) > 3 else None
    try:
        client = boto3.Session().client(service, region_name=region or None, config=settings)
        answer: Mapping[str, Any] = getattr(client, call)(**arguments)
    except botocore.NoRegionError:
        advice = "set AWS_DEFAULT_REGION, or write the secret's ARN"
        raise SecretError(f"{reference}: no AWS region is set: {advice}") from None
    except (botocore.NoCredentialsError, botocore.PartialCredentialsError):
        raise SecretError(
            f"{reference}: there are no AWS credentials: give the connector a role or a profile"
        ) from None
    except botocore.ClientError as error:
        raise _refusal(reference, error) from None
    except botocore.BotoCoreError as error:
        raise SecretError(f"{reference}: AWS can't be asked ({type(error).__name__})", is_passing=True) from None
    return answer


def _refusal(reference: Reference, error: Any) -> SecretError:
    """AWS's refusal in our words: its own may quote the request."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _UNKNOWN:
        return SecretError(f"{reference}: AWS has no such secret here ({code}): check the name and the region")
    if code in _FORBIDDEN:
        return SecretError(
            f"{reference}: AWS does not let the connector read it ({code}): allow it in the role's policy"
        )
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    is_passing = status >= 500 or "Throttling" in code
    hint = "run it again later" if is_passing else f"check the name and, in AWS, what {code or 'it'} means"
    return SecretError(f"{reference}: AWS refuses ({code or status}): {hint}", is_passing=is_passing)
