"""The registered schemas of a connection's streams, and what has drifted of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from source_meta_ads.registry.store import VersionLog
from source_meta_ads.schemas.drift import SchemaEntry

_MOST_TRIES = 50


class RegisteredSchemas:
    """A `SchemaLog` on a registry: `schema/<connection>/<stream>` and `drift/<connection>/<stream>`. Thread-safe."""

    def __init__(self, log: VersionLog, connection: str) -> None:
        self._log, self._connection = log, connection
        self._lock = threading.Lock()
        self._seen: dict[str, int] = {}

    def latest(self, stream: str) -> SchemaEntry | None:
        """The stream's newest entry, None before the first. Raises: OSError."""
        version = self._log.latest(self._schema_key(stream))
        with self._lock:
            self._seen[stream] = version.number if version else 0
        return SchemaEntry(**version.document) if version else None

    def append(self, stream: str, entry: SchemaEntry) -> bool:
        """Add the entry after the one that `latest` gave; False when another run has done so. Raises: OSError."""
        with self._lock:
            seen = self._seen.get(stream)
        if seen is None:
            self.latest(stream)
            with self._lock:
                seen = self._seen[stream]
        is_added = self._log.create(self._schema_key(stream), seen + 1, asdict(entry))
        if is_added:
            with self._lock:
                self._seen[stream] = seen + 1
        return is_added

    def note(self, stream: str, drift: Mapping[str, Any]) -> None:
        """Append a drift record, whoever else appends one. Raises: OSError."""
        key = f"drift/{self._connection}/{stream}"
        for _ in range(_MOST_TRIES):
            latest = self._log.latest(key)
            if self._log.create(key, latest.number + 1 if latest else 1, drift):
                return
        raise TimeoutError(f"{key}: too many runs append to it at once")

    def _schema_key(self, stream: str) -> str:
        return f"schema/{self._connection}/{stream}"
