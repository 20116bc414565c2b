"""Which API versions there are and until when Meta serves them."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

_FORM = re.compile(r"^v(\d+)\.(\d+)$")


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
    match = _FORM.match(name)
    if match and int(match.group(1)) > max(int(each.removeprefix("v").split(".")[0]) for each in known):
        return Version(name, is_known=False)
    raise ValueError(f"{name!r} is no Marketing API version we know: use {DEFAULT_VERSION}")
