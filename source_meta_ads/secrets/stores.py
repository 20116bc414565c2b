"""Where secrets are kept: the environment, files, AWS Secrets Manager, AWS Parameter Store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from source_meta_ads import aws
from source_meta_ads.secrets.reference import Reference, SecretError

# Secrets are read before anything else is done: a store that doesn't answer must not hold a run for minutes.
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
    # An ARN says in which region it is: arn:aws:service:region:account:…
    parts = reference.place.split(":")
    region = parts[3] if reference.place.startswith("arn:") and len(parts) > 3 else None
    try:
        client = aws.client(
            service,
            str(reference),
            region or None,
            read_seconds=_READ_SECONDS,
            tries=_TRIES,
            or_else="write the secret's ARN",
        )
    except aws.AwsError as error:
        raise SecretError(str(error)) from None
    refusal, trouble = aws.errors()
    try:
        answer: Mapping[str, Any] = getattr(client, call)(**arguments)
    except refusal as error:
        raise _refusal(reference, error) from None
    except trouble as error:
        if aws.is_without_credentials(error):
            raise SecretError(str(aws.failed(error, str(reference)))) from None
        raise SecretError(f"{reference}: AWS can't be asked ({type(error).__name__})", is_passing=True) from None
    return answer


def _refusal(reference: Reference, error: Any) -> SecretError:
    """AWS's refusal in our words: its own may quote the request."""
    code = aws.code_of(error)
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
