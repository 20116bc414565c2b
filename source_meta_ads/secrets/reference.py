"""A reference to a secret: `aws-sm://name#key`, `aws-ssm:///path`, `env://NAME`, `file:///path#key`."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Scheme → how a reference of it is written; also the list of what there is.
FORMS = {
    "aws-sm": "aws-sm://name#key (AWS Secrets Manager: a name or an ARN)",
    "aws-ssm": "aws-ssm:///path (AWS Systems Manager Parameter Store)",
    "env": "env://NAME (an environment variable)",
    "file": "file:///path or file:///path#key (a file)",
}
_REFERENCE = re.compile(rf"^({'|'.join(FORMS)})://([^#]*)(?:#(.*))?$", re.DOTALL)


class SecretError(Exception):
    """A reference that leads to no secret; the message names the reference and what to change, never a value.

    `is_passing`: the same reference may lead somewhere in a minute.
    """

    def __init__(self, message: str, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing


@dataclass(frozen=True)
class Reference:
    """Where a secret is: a store (`scheme`), a place in it, and perhaps one key of the JSON object found there."""

    scheme: str
    place: str
    key: str | None = None

    def __str__(self) -> str:
        return f"{self.document}#{self.key}" if self.key else self.document

    @property
    def document(self) -> str:
        """The reference without its key: what is asked of a store once, however many keys are read from it."""
        return f"{self.scheme}://{self.place}"


def is_reference(value: object) -> bool:
    """Whether a configuration value is a reference, well written or not."""
    return isinstance(value, str) and _REFERENCE.match(value.strip()) is not None


def parse_reference(value: str) -> Reference:
    """The reference that a value is. Raises: SecretError where it names no place."""
    match = _REFERENCE.match(value.strip())
    if match is None:
        raise SecretError(f"not a reference: write one of {', '.join(FORMS.values())}")
    scheme, place, key = match.groups()
    if not place.strip("/") or (scheme == "file" and not place.startswith("/")):
        raise SecretError(f"{value.strip()}: names no place: write {FORMS[scheme]}")
    return Reference(scheme, place, key or None)
