"""Which API versions there are, until when Meta serves them, and what to tell of one that is to end."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from typing import Any, Literal

Status = Literal["current", "supported", "deprecated", "expired", "unreleased", "unknown"]

_FORM = re.compile(r"^v(\d+)\.(\d+)$")
# Meta keeps a version for ads at least so long after the next one is out.
_PROMISED = timedelta(days=90)


@dataclass(frozen=True)
class Version:
    """One API version. Expiry dates are None where Meta announced none; `is_known` False for one newer than ours."""

    name: str
    released: date | None = None
    graph_expiry: date | None = None
    marketing_expiry: date | None = None
    is_known: bool = True

    def is_expired(self, on: date) -> bool:
        """Whether Marketing API calls of this version are no longer served as such on a day."""
        return self.marketing_expiry is not None and on >= self.marketing_expiry

    def status(self, on: date) -> Status:
        """What the version is on a day: an announced end makes it deprecated, a newer version only supported."""
        if not self.is_known:
            return "unknown"
        if self.released and on < self.released:
            return "unreleased"
        if self.is_expired(on):
            return "expired"
        if self.marketing_expiry:
            return "deprecated"
        return "supported" if self.successor(on) else "current"

    def successor(self, on: date) -> Version | None:
        """The version that came after this one, if it is out on a day."""
        later = [each for each in versions() if each.number > self.number and each.released and each.released <= on]
        return later[0] if later else None

    @property
    def number(self) -> tuple[int, int]:
        """Major and minor, to order versions by."""
        return number_of(self.name)

    def warning(self, on: date) -> str | None:
        """What to tell who uses the version on a day, with the date and what to do; None for a version in order."""
        text = self._state_of_things(on)
        if text is None:
            return None
        upgrade = f"set api_version to {DEFAULT_VERSION}"
        if not self.is_known:
            return f"api_version {self.name}: {text}: update the connector, or {upgrade}"
        tells = f"`source-meta-ads drift --from {self.name} --to {DEFAULT_VERSION}` tells what changes"
        return f"api_version {self.name}: {text}: {upgrade}; {tells}"

    def _state_of_things(self, on: date) -> str | None:
        status, after = self.status(on), self.successor(on)
        if status == "unknown":
            return f"this release knows nothing of it and takes it for {versions()[-1].name}"
        if status == "expired":
            return (
                f"Meta stopped serving it for ads on {self.marketing_expiry}; calls are answered by another version "
                "or refused"
            )
        if status == "deprecated" and self.marketing_expiry:
            days = (self.marketing_expiry - on).days
            return f"Meta stops serving it for ads on {self.marketing_expiry}, in {days} days"
        if status == "supported" and after and after.released and on >= (until := after.released + _PROMISED):
            return (
                f"{after.name} is out since {after.released}, and Meta promised the one before until {until} only; no "
                "end is announced yet"
            )
        return None


@functools.cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("versions.toml").read_text("utf-8"))


DEFAULT_VERSION: str = _data()["default"]


@functools.cache
def versions() -> tuple[Version, ...]:
    """Every version we know, oldest first."""
    return tuple(Version(**row) for row in _data()["version"])


def find(name: str) -> Version:
    """The version of that name; one newer than all we know is let through as unknown.

    Raises: ValueError for a malformed name, or one that Meta never released for ads, saying what to use.
    """
    known = {version.name: version for version in versions()}
    if name in known:
        return known[name]
    if _FORM.match(name) and number_of(name)[0] > max(number_of(each)[0] for each in known):
        return Version(name, is_known=False)
    raise ValueError(f"{name!r} is no Marketing API version we know: use {DEFAULT_VERSION}")


def number_of(name: str) -> tuple[int, int]:
    """Major and minor of a version's name. Raises: ValueError for what is none."""
    match = _FORM.match(name)
    if match is None:
        raise ValueError(f"{name!r} is no API version: write it like {DEFAULT_VERSION}")
    return int(match.group(1)), int(match.group(2))
