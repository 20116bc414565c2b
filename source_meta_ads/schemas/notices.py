"""What has drifted in a run, told once a field: a log line, a count, a record in the log."""

from __future__ import annotations

import json
import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from source_meta_ads.schemas.drift import Change, SchemaLog
from source_meta_ads.telemetry.meter import Meter

Policy = Literal["ignore", "warn", "fail"]

# Fields told of a stream; a map that we take for an object could have any number.
_MOST_TOLD = 100


class Notices:
    """The drifts of a run. Thread-safe; one is made a run.

    `policy`: with `ignore` nothing is told; with `fail` a stream that drifted is to end as failed, after all its rows.
    """

    def __init__(
        self,
        policy: Policy,
        api_version: str,
        now: Callable[[], datetime],
        *,
        meter: Meter,
        logger: logging.Logger,
        log: SchemaLog | None = None,
    ) -> None:
        self._policy, self._api_version, self._now = policy, api_version, now
        self._meter, self._logger, self._log = meter, logger, log
        self._lock = threading.Lock()
        self._told: defaultdict[str, dict[tuple[str, str], Change]] = defaultdict(dict)

    @property
    def are_wanted(self) -> bool:
        """Whether drift is looked for at all."""
        return self._policy != "ignore"

    def tell(self, stream: str, change: Change, since: str | None = None) -> None:
        """Report a change of a stream's field, unless it was before. `since`: the API version compared with."""
        if not self.are_wanted:
            return
        with self._lock:
            told = self._told[stream]
            if (change.field, change.kind) in told or len(told) >= _MOST_TOLD:
                return
            told[change.field, change.kind] = change
        version = f"API {since} → {self._api_version}" if since else f"API {self._api_version}"
        level = logging.WARNING if change.is_breaking or change.kind == "unknown" else logging.INFO
        self._logger.log(level, f"drift: {stream}, {version}: {change}")
        self._meter.drift(stream, change.kind)
        self._record(stream, {"stream": stream, **change.as_json(), "api_version": self._api_version, "since": since})

    def failure_of(self, stream: str) -> str | None:
        """Why a stream that has been read whole is to end as failed; None where it isn't."""
        with self._lock:
            found = [change for change in self._told.get(stream, {}).values() if change.kind != "added"]
        if self._policy != "fail" or not found:
            return None
        return (
            f"schema_drift is `fail` and {len(found)} fields drifted: {'; '.join(map(str, found[:20]))}. All rows were "
            "emitted and the state stands: see docs/drift.md, or set schema_drift to `warn`"
        )

    def _record(self, stream: str, record: dict[str, Any]) -> None:
        record = {key: value for key, value in record.items() if value is not None}
        record["at"] = self._now().isoformat(timespec="seconds")
        self._logger.info(f"drift record: {json.dumps(record, ensure_ascii=False)}")
        if self._log is None:
            return
        try:
            self._log.note(stream, record)
        except OSError as error:
            self._logger.warning(f"{stream}: the drift record was not kept, the registry can't be reached: {error}")
