"""One command's secrets: references resolved once, kept in memory, and asked for again when Meta refuses a token."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from source_meta_ads.secrets.reference import Reference, SecretError, is_reference, parse_reference
from source_meta_ads.secrets.stores import stores

# Where a reference may stand: under `credentials`, and at the top for the keys that older configurations had there.
_CREDENTIALS = "credentials"
_LOOSE = ("access_token", "client_id", "client_secret")
_MOST_KEYS_NAMED = 20


class Vault:
    """Resolves references in configurations. Thread-safe; keeps what it has read until `forget`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._stores = stores(environ)
        self._lock = threading.Lock()
        self._texts: dict[str, str] = {}
        self._values: dict[str, None] = {}

    @property
    def values(self) -> list[str]:
        """Every value that a reference led to so far, oldest first: what no log may show."""
        with self._lock:
            return list(self._values)

    def resolve(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration with each reference replaced by what it leads to; a new object.

        Raises: SecretError naming the configuration key and the reference: one that leads nowhere, one that stands
        where none may, or any on a platform that others share, whose own environment and roles are none of theirs.
        """
        resolved = {key: self._top(key, value) for key, value in config.items()}
        credentials = config.get(_CREDENTIALS)
        if isinstance(credentials, Mapping):
            resolved[_CREDENTIALS] = {
                key: self._value(f"{_CREDENTIALS}.{key}", value) if is_reference(value) else value
                for key, value in credentials.items()
            }
        return resolved

    def forget(self) -> None:
        """Have the next `resolve` ask the stores again."""
        with self._lock:
            self._texts.clear()

    def _top(self, key: str, value: Any) -> Any:
        if key == _CREDENTIALS or not _holds_reference(value):
            return value
        if key in _LOOSE:
            return self._value(key, value)
        raise SecretError(
            f"{key}: references ({str(value)[:60]}) are for credentials only: write the value itself here"
        )

    def _value(self, where: str, value: str) -> str:
        try:
            if self._environ.get("DEPLOYMENT_MODE", "").lower() == "cloud":
                raise SecretError(f"{value}: references can't be used on Airbyte Cloud: enter the secret itself")
            reference = parse_reference(value)
            with self._lock:
                if reference.document not in self._texts:
                    self._texts[reference.document] = self._stores[reference.scheme](reference).strip()
                found = _pick(reference, self._texts[reference.document])
                self._values[found] = None
        except SecretError as error:
            raise SecretError(f"{where}: {error}", is_passing=error.is_passing) from None
        return found


def _holds_reference(value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds_reference(each) for each in value)
    if isinstance(value, Mapping):
        return any(_holds_reference(each) for each in value.values())
    return is_reference(value)


def _pick(reference: Reference, text: str) -> str:
    """The text itself, or the value of one key where it is a JSON object."""
    document = _object(text)
    if reference.key is None:
        if document is not None:
            raise SecretError(
                f"{reference}: holds several values ({_named(document)}): add the key, as in #access_token"
            )
        found = text
    elif document is None:
        raise SecretError(f"{reference}: what is there is no JSON object: leave out #{reference.key}")
    elif reference.key not in document:
        raise SecretError(f"{reference}: has no key {reference.key!r} ({_named(document)}): name one that it has")
    else:
        value = document[reference.key]
        found = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not found:
        raise SecretError(f"{reference}: is empty, or no text: put the secret there")
    return found


def _object(text: str) -> dict[str, Any] | None:
    try:
        parsed = json.loads(text)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _named(document: Mapping[str, Any]) -> str:
    names = sorted(document)
    more = len(names) - _MOST_KEYS_NAMED
    return (
        f"keys: {', '.join(names[:_MOST_KEYS_NAMED])}{f' and {more} more' if more > 0 else ''}" if names else "no keys"
    )
