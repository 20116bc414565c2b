"""API versions: which are live for the Marketing API at the clock's present, and what becomes of the others.

Meta: docs/graph-api/changelog/versions (read 2026-11)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import orjson

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.error_table import named
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.world import World

_DATA = Path(__file__).parent / "data" / "versions.json"
FORM = re.compile(r"^v\d+(\.\d+)?$")
# Of Graph itself, not of the Marketing API: these work without a version.
_VERSIONLESS = frozenset({"debug_token", "oauth", "me"})
WARNING = "X-Ad-Api-Version-Warning"


@dataclass(frozen=True, slots=True)
class Version:
    """A version with its dates; `ends` is None while Meta has not announced an end."""

    name: str
    begins: datetime
    ends: datetime | None


@cache
def known_versions() -> tuple[Version, ...]:
    """Every version, oldest first."""
    rows = orjson.loads(_DATA.read_bytes())
    return tuple(
        Version(row["version"], _day(row["released"]), _day(row["ads_expiry"]) if row["ads_expiry"] else None)
        for row in rows
    )


class Versions:
    """Settles the version that a call is answered in."""

    def __init__(self, world: World) -> None:
        self._world = world
        scenario = world.scenario
        self._known = {version.name: version for version in known_versions()}
        self._known |= {name: Version(name, each.released, None) for name, each in scenario.futures.items()}
        for name, ends in scenario.expire.items():
            if name not in self._known:
                raise ValueError(f"versions.expire.{name}: there is no such version")
            self._known[name] = replace(self._known[name], ends=ends)

    def newest(self) -> str:
        """The newest version released by now."""
        now = self._world.clock.now()
        return max((each for each in self._known.values() if each.begins <= now), key=lambda each: each.begins).name

    def settle(self, call: Call) -> dict[str, str]:
        """Set the version that holds for a call; the headers that tell of an upgrade.

        Raises:
            Refusal: 2500 for a version that does not exist, 2635 for one that is over.
        """
        if not call.version:
            call.version = self.newest()
            if call.parts and call.parts[0] not in _VERSIONLESS:
                raise self._gone()
            return {}
        asked = call.version if "." in call.version else f"{call.version}.0"
        version = self._known.get(asked)
        now = self._world.clock.now()
        if version is None or version.begins > now:
            wrong = call.version
            call.version = self.newest()
            raise Refusal(2500, f"Unknown path components: /{wrong}")
        call.version = asked
        if version.ends is None or now < version.ends:
            return {}
        if not self._world.scenario.auto_upgrade:
            raise self._gone()
        living = (each for each in self._known.values() if each.begins <= now and (not each.ends or now < each.ends))
        call.version = min(living, key=lambda each: each.begins).name
        return {WARNING: f"The call has been auto-upgraded to {call.version} as {asked} has been deprecated"}

    def _gone(self) -> Refusal:
        return named("version_gone").refusal()


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
