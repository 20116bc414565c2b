"""Secrets out of any text: those known by value, and whatever stands where a secret stands."""

from __future__ import annotations

import json
import logging
import re
import threading
from base64 import b64encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "****"
# Shorter ones decide so few digits that any text might hold them.
_SHORTEST_IN_BASE64 = 8

_WHERE_SECRETS_STAND = re.compile(
    r"""(
        (?:access_token|appsecret_proof|client_secret|fb_exchange_token|input_token)
        (?:["']?\s*[:=]\s*["']?|%3[Dd])
      | Bearer\s+
    )[^\s"'&,;}\])]+""",
    re.VERBOSE,
)


class Redactor:
    """Masks secrets in text; `secrets` are the values it knows."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self.secrets: tuple[str, ...] = ()
        self.forms: tuple[str, ...] = ()
        self._known: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> list[str]:
        """Mask these too from now on; every form of those that are new. Thread-safe."""
        with self._lock:
            self.secrets = tuple(dict.fromkeys([*self.secrets, *(secret for secret in secrets if secret)]))
            forms = {form for secret in self.secrets for form in _forms(secret)}
            new = sorted(forms - set(self.forms))
            # Longest first, so that a secret that starts another leaves no rest of it behind.
            self.forms = tuple(sorted(forms, key=len, reverse=True))
            self._known = re.compile("|".join(re.escape(form) for form in self.forms)) if forms else None
            return new

    def redact(self, text: str) -> str:
        """The text with every secret masked."""
        if known := self._known:
            text = known.sub(MASK, text)
        return _WHERE_SECRETS_STAND.sub(lambda match: match.group(1) + MASK, text)

    def redact_all(self, value: Any) -> Any:
        """A JSON value with every secret masked, in keys too."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            return {self.redact_all(key): self.redact_all(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.redact_all(each) for each in value]
        return value

    def filter(self) -> logging.Filter:
        """A logging filter that masks messages, arguments and stack traces."""
        return _Filter(self)


class _Filter(logging.Filter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record, masked."""
        record.msg, record.args = self._redactor.redact(record.getMessage()), None
        if record.exc_info:
            record.exc_text = self._redactor.redact(logging.Formatter().formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = self._redactor.redact(record.stack_info)
        return True


def _forms(secret: str) -> set[str]:
    """A secret as it may stand in plain text, in a URL, in JSON, and within something written in base 64."""
    plain = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    return plain | {form for shift in range(3) for form in _base64_forms(secret.encode(), shift)}


def _base64_forms(secret: bytes, shift: int) -> set[str]:
    """The digits in base 64 that the secret alone decides, when it begins so many bytes after a group of three."""
    if len(secret) < _SHORTEST_IN_BASE64:
        return set()
    digits = b64encode(b"\0" * shift + secret).decode().rstrip("=")
    certain = digits[-(-shift * 4 // 3) : (shift + len(secret)) * 4 // 3]
    return {certain, certain.replace("+", "-").replace("/", "_")}
