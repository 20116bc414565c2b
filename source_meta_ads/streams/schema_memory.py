"""What a stream's state says of its schema, so that the next sync can tell what has changed since; all in one key.

`{"1001": {…}, "schema": {"api_version": "v26.0", "fingerprint": "9c0f…", "query": "71d2…", "usual": "3ff8…"}}`
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from source_meta_ads.streams.progress import Slice, State, StateProgress

# Beside the accounts, whose keys are digits.
STATE_KEY = "schema"


@dataclass(frozen=True)
class Memory:
    """A schema's fingerprint, the API version and the query that it was of, and which columns usually came.

    `usual` has a bit for each of the schema's columns in alphabetical order, the first one lowest, in hexadecimal.
    """

    api_version: str
    fingerprint: str
    query: str
    usual: str = "0"

    @classmethod
    def of(cls, state: Mapping[str, Any] | None) -> Memory | None:
        """What a stream's state remembers; None where it remembers nothing, or nothing readable."""
        saved = (state or {}).get(STATE_KEY)
        if not isinstance(saved, Mapping):
            return None
        parts = {name: saved.get(name) for name in ("api_version", "fingerprint", "query", "usual")}
        texts = {name: part for name, part in parts.items() if isinstance(part, str)}
        return cls(**texts) if texts.keys() == parts.keys() else None

    def as_json(self) -> dict[str, str]:
        """What the state's key holds."""
        return {
            "api_version": self.api_version,
            "fingerprint": self.fingerprint,
            "query": self.query,
            "usual": self.usual,
        }

    def usual_of(self, columns: Collection[str]) -> frozenset[str]:
        """The columns that usually came, out of those of the schema that is remembered; none of a wrong mask."""
        try:
            mask = int(self.usual, 16)
        except ValueError:
            return frozenset()
        return frozenset(name for place, name in enumerate(sorted(columns)) if mask >> place & 1)


def mask_of(usual: Collection[str], columns: Collection[str]) -> str:
    """The mask that `Memory.usual_of` reads."""
    return f"{sum(1 << place for place, name in enumerate(sorted(columns)) if name in usual):x}"


class Remembering:
    """A stream's progress that writes what there is to remember of the schema with every slice."""

    def __init__(self, progress: StateProgress, memory: Callable[[], Memory]) -> None:
        self._progress = progress
        self._memory = memory

    def misfit(self, state: Mapping[str, Any]) -> str | None:
        """As the stream's own progress says."""
        return self._progress.misfit(state)

    def observe(self, record: Mapping[str, Any], account_slice: Slice) -> None:
        """Hand the record on."""
        self._progress.observe(record, account_slice)

    def close(self, state: State, account_slice: Slice) -> None:
        """Write the slice into the state, and the schema that it was read with."""
        self._progress.close(state, account_slice)
        state[STATE_KEY] = self._memory().as_json()
