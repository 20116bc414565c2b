"""Secrets that sing: made-up ones, every dress they may go out in, and a look for them in a text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import quote, quote_plus

# Such characters as change their looks in a URL, in JSON and in a repr.
TOKEN = 'EAAcanary+tok/en==|q"uote'
APP_SECRET = 'canary"app\\secret+/='
CLIENT_SECRET = "canary'client&secret%"
SIGNED = {secret: hmac.new(secret.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
          for secret in (APP_SECRET, CLIENT_SECRET)}  # fmt: skip
CANARIES = {
    "token": TOKEN, "app secret": APP_SECRET, "client secret": CLIENT_SECRET,
    "proof by app secret": SIGNED[APP_SECRET], "proof by client secret": SIGNED[CLIENT_SECRET],
}  # fmt: skip


def forms(secret: str) -> dict[str, str]:
    """A secret in every dress it may go out in."""
    once = json.dumps(secret)[1:-1]
    found = {
        "plain": secret,
        "in a URL": quote(secret, safe=""),
        "in a URL, slashes left": quote(secret),
        "in a form": quote_plus(secret),
        "in JSON": once,
        "in JSON in JSON": json.dumps(once)[1:-1],
        "as a repr": repr(secret)[1:-1],
        "in hex": secret.encode().hex(),
    }
    # In base64 a text looks different by what stands before it: its middle does in one of three ways.
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + secret.encode()).decode()
        inner = coded[4:-4] if offset else coded[:-4]
        found[f"in base64, {offset} before"] = inner
        found[f"in URL-safe base64, {offset} before"] = inner.replace("+", "-").replace("/", "_")
    return found


def leaks(text: str) -> list[str]:
    """Which canary stands in a text in which form, and what is around it (the canary itself left out)."""
    found = []
    for name, secret in CANARIES.items():
        for form, looks in forms(secret).items():
            if (place := text.find(looks)) >= 0:
                found.append(f"{name} {form}: …{text[max(0, place - 120) : place]}")
    return found
