"""Every call so far: what was asked, and how it ended."""

from __future__ import annotations

from typing import Any

from integration_tests.sandbox.call import Call


class Journal:
    """The calls, oldest first; kept in memory, the oldest half let go beyond a million."""

    MOST = 1_000_000

    def __init__(self) -> None:
        self._calls: list[dict[str, Any]] = []
        self._gone = 0

    def __len__(self) -> int:
        return self._gone + len(self._calls)

    def add(self, at: str, call: Call, status: int) -> None:
        """Write down a call that was answered."""
        self._calls.append({
            "n": len(self) + 1,
            "at": at,
            "method": call.method,
            "edge": call.edge,
            "path": "/".join((call.version, *call.parts)),
            "account_id": call.account_id,
            "status": status,
            "code": call.code,
            "subcode": call.subcode,
            "rows": call.rows,
            "points": call.points,
            "blocked": call.blocked,
            "token_in": call.token_in,
            "version": call.version,
        })  # fmt: skip
        if len(self._calls) > self.MOST:
            dropped = self.MOST // 2
            del self._calls[:dropped]
            self._gone += dropped

    def since(self, number: int) -> list[dict[str, Any]]:
        """The calls after number `number`."""
        return self._calls[max(0, number - self._gone) :]
