"""Files as source-facebook-marketing 6.1.9 has them: its catalog, and states of each of its forms."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# What its discover printed, without descriptions; tools/official_catalog.py asks it again.
CATALOG = Path(__file__).with_name("official_catalog.json.gz")


def streams() -> dict[str, dict[str, Any]]:
    """Every stream of its catalog, by name."""
    content = json.loads(gzip.decompress(CATALOG.read_bytes()))
    return {stream["name"]: stream for stream in content["streams"]}


def configured(names: Sequence[str] | None = None) -> dict[str, Any]:
    """Its configured catalog, incremental where it can be."""
    known = streams()
    return {"streams": [_configured(known[name]) for name in names or known]}


def _configured(stream: Mapping[str, Any]) -> dict[str, Any]:
    incremental = "incremental" in stream["supported_sync_modes"]
    return {
        "stream": stream,
        "sync_mode": "incremental" if incremental else "full_refresh",
        "destination_sync_mode": "append_dedup" if incremental else "overwrite",
        "cursor_field": stream.get("default_cursor_field") or [],
        "primary_key": stream.get("source_defined_primary_key") or [],
    }


def message(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """One stream's state as Airbyte keeps it."""
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": dict(state)}}


def insights_state(cursors: Mapping[str, str], beyond: Sequence[str] = ()) -> dict[str, Any]:
    """A report's state of several accounts; `beyond` are days done after the cursor."""
    return {
        **{account: {"date_start": cursor, "slices": list(beyond)} for account, cursor in cursors.items()},
        "time_increment": 1,
    }


def old_insights_state(cursor: str) -> dict[str, Any]:
    """A report's state of one account, as older versions wrote it."""
    return {"date_start": cursor, "slices": [], "time_increment": 1}


def object_state(cursors: Mapping[str, str], statuses: Sequence[str] = ()) -> dict[str, Any]:
    """An object stream's state of several accounts."""
    return {account: {"updated_time": cursor, "filter_statuses": list(statuses)} for account, cursor in cursors.items()}
