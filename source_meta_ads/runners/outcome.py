"""What a run of a connection did, for its manifest, its caller and its metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from source_meta_ads.accounts import Account
from source_meta_ads.sinks.sink import Written

Status = Literal["succeeded", "failed", "stopped", "skipped"]
# Files that a manifest lists one by one: years of a day's file for a hundred accounts.
_MOST_FILES = 50_000


@dataclass
class StreamOutcome:
    """What became of one stream: records read, slices read whole, files written, and how it ended."""

    rows: int = 0
    slices: int = 0
    files: int = 0
    bytes: int = 0
    status: str = "not started"


@dataclass
class Outcome:
    """One run of a connection; filled while it runs."""

    run_id: str
    connection: str
    started_at: datetime
    ended_at: datetime | None = None
    errors: list[str] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    streams: dict[str, StreamOutcome] = field(default_factory=dict)
    files: list[Written] = field(default_factory=list)
    files_left_out: int = 0
    is_stopped: bool = False
    recording: Mapping[str, Any] | None = None
    manifest: str | None = None

    @property
    def status(self) -> Status:
        """How it ended: skipped is a run whose accounts are all held by others."""
        if self.errors:
            return "failed"
        if self.is_stopped:
            return "stopped"
        return "skipped" if self.held and not self.accounts else "succeeded"

    @property
    def rows(self) -> int:
        """Records read, of all streams."""
        return sum(each.rows for each in self.streams.values())

    def fail(self, message: str) -> None:
        """Note an error, once."""
        if message not in self.errors:
            self.errors.append(message)

    def wrote(self, stream: str, written: Written) -> None:
        """Note a file."""
        found = self.streams[stream]
        found.files += 1
        found.bytes += written.bytes
        if len(self.files) < _MOST_FILES:
            self.files.append(written)
        else:
            self.files_left_out += 1

    def summary(self) -> dict[str, Any]:
        """What a caller needs to know, as plain JSON."""
        return {
            "run_id": self.run_id,
            "connection": self.connection,
            "status": self.status,
            "accounts": len(self.accounts),
            "held": dict(self.held),
            "rows": self.rows,
            "files": sum(each.files for each in self.streams.values()),
            "errors": list(self.errors),
            "manifest": self.manifest,
        }

    def as_manifest(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """All of it as plain JSON, the recording of calls, quota, jobs and days included; `plan` without secrets."""
        message = "; ".join(self.errors) or None
        return {
            **(self.recording or {"format": 1}),
            "run_id": self.run_id,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "ended_at": (self.ended_at or self.started_at).isoformat(timespec="seconds"),
            "status": self.status,
            "message": message,
            "connection": self.connection,
            "plan": dict(plan),
            "accounts": [asdict(account) for account in self.accounts],
            "held": dict(self.held),
            "streams": {name: asdict(each) for name, each in self.streams.items()},
            "files": [asdict(each) for each in self.files],
            "files_left_out": self.files_left_out,
        }
