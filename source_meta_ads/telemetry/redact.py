"""Secrets out of any text: those known by value, and whatever stands where a secret stands."""

from __future__ import annotations

import json
import logging
import re
from base64 import b64encode
from collections.abc import Iterable
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
        self.secrets = tuple(dict.fromkeys(secret for secret in secrets if secret))
        forms = {form for secret in self.secrets for form in _forms(secret)}
        self.forms = tuple(sorted(forms, key=len, reverse=True))
        # Longest first, so that a secret that starts another leaves no rest of it behind.
        self._known = re.compile("|".join(re.escape(form) for form in self.forms)) if forms else None

    def redact(self, text: str) -> str:
        """The text with every secret masked."""
        if self._known:
            text = self._known.sub(MASK, text)
        return _WHERE_SECRETS_STAND.sub(lambda match: match.group(1) + MASK, text)

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
