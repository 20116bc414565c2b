"""Which run, account and call a log line is about, at the end of its text: Airbyte's log format keeps nothing else.

retrying in 1.4 s (try 1 of 6): … [run=20261124-9f3a1c account=act_1 query=5f0c2a9be1d4]
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import uuid
from collections.abc import Mapping
from datetime import datetime

# Where pages begin and end, and what proves who asks, is no part of what is asked.
_NOT_ASKED = {"after", "before", "limit", "access_token", "appsecret_proof", "client_secret", "fb_exchange_token",
              "input_token"}  # fmt: skip
_ACCOUNT = re.compile(r"\bact_(\d+)\b")


def new_run_id(now: datetime) -> str:
    """A name for a run that sorts by time: `20261124-150100-9f3a1c`."""
    return f"{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"


def query_hash(account_id: str | None, edge: str, version: str, params: Mapping[str, str]) -> str:
    """Twelve hex digits for what a call asks: the same for each page, each try and each run, with any token."""
    asked = {name: value for name, value in params.items() if name not in _NOT_ASKED}
    text = json.dumps([account_id, edge, version, asked], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


class RunLogger(logging.Logger):
    """A logger of one run, whose lines end with the run's id and with what they are about.

    `extra={"account": …, "query": …}` says it; without, an ad account that the text names is taken. It hands on to the
    logger it was made of, whose level and handlers hold.
    """

    def __init__(self, parent: logging.Logger, run_id: str) -> None:
        super().__init__(parent.name)
        # Not by getLogger: a name there would outlive the run.
        self.parent = parent
        self.run_id = run_id
        self.addFilter(_Suffix(run_id))


class _Suffix(logging.Filter):
    """Puts run, account and query at the end of a record's text."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        text = record.getMessage()
        account = record.__dict__.get("account")
        if account is None:
            named = set(_ACCOUNT.findall(text))
            account = named.pop() if len(named) == 1 else None
        parts = [f"run={self._run_id}"]
        parts += [f"account=act_{account}"] if account else []
        parts += [f"query={query}"] if (query := record.__dict__.get("query")) else []
        record.msg, record.args = f"{text} [{' '.join(parts)}]", None
        return True
