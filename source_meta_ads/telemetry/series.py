"""Counts over time in a bounded number of equal spans, whatever time a run takes."""

from __future__ import annotations

import threading
from typing import Any

# At this many spans each is made twice as long, two becoming one: a chart shows no more.
_MOST_SPANS = 240
_FIRST_SPAN_SECONDS = 1
_MOST_NAMES = 40
_OTHERS = "other"


class Series:
    """Amounts by name and time since the start. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._span_seconds = _FIRST_SPAN_SECONDS
        self._amounts: dict[str, dict[int, float]] = {}

    def add(self, name: str, at_seconds: float, amount: float = 1) -> None:
        """Add an amount at a time, in seconds since the start; negative times count as the start."""
        with self._lock:
            while (span := int(max(0.0, at_seconds) // self._span_seconds)) >= _MOST_SPANS:
                self._widen()
            if name not in self._amounts and len(self._amounts) >= _MOST_NAMES:
                name = _OTHERS
            spans = self._amounts.setdefault(name, {})
            spans[span] = spans.get(span, 0) + amount

    def as_json(self) -> dict[str, Any]:
        """`span_seconds`, and of each name its [span, amount] pairs in order."""
        with self._lock:
            amounts = {
                name: [[span, round(spans[span], 3)] for span in sorted(spans)]
                for name, spans in sorted(self._amounts.items())
            }
            return {"span_seconds": self._span_seconds, "amounts": amounts}

    def _widen(self) -> None:
        self._span_seconds *= 2
        for name, spans in self._amounts.items():
            wider: dict[int, float] = {}
            for span, amount in spans.items():
                wider[span // 2] = wider.get(span // 2, 0) + amount
            self._amounts[name] = wider
