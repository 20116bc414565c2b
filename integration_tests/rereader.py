"""A connector that reads again and again, and asks for its catalog once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_tests.connector import Connector


class Rereader(Connector):
    """Discovers at the first read only; so a configuration that has since broken can be read with, too."""

    def __init__(self, url: str, config: Mapping[str, Any], haste: float = 1) -> None:
        super().__init__(url, config, haste)
        self._known: dict[str, dict[str, Any]] = {}

    def streams(self) -> dict[str, dict[str, Any]]:
        """Every stream, as it was listed the first time."""
        if not self._known:
            self._known = super().streams()
        return self._known

    def with_config(self, **changes: Any) -> Rereader:
        """The same with other settings, and the same catalog."""
        return self.with_whole_config({**self.config, **changes})

    def with_whole_config(self, config: Mapping[str, Any]) -> Rereader:
        """The same with another configuration, and the same catalog."""
        changed = Rereader(self.url, config, self.haste)
        changed._known = self.streams()
        return changed

    def elsewhere(self, url: str) -> Rereader:
        """The same, called to another address."""
        changed = self.with_config()
        changed.url = url
        return changed
