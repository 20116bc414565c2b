"""What of source-facebook-marketing's ad objects is missing or of another type here, with the reason of each."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

Reasons = Mapping[str, str]


@dataclass(frozen=True)
class Differences:
    """Reasons, each a clause without a full stop: of missing streams by name, of columns by stream and name."""

    absent_streams: Reasons
    absent_columns: Mapping[str, Reasons]
    retyped_columns: Mapping[str, Reasons]


@functools.cache
def load_differences() -> Differences:
    """How our ad objects differ from those of source-facebook-marketing 6.1.9; what isn't named is the same."""
    told = tomllib.loads(resources.files(__package__).joinpath("official.toml").read_text("utf-8"))
    return Differences(
        absent_streams=MappingProxyType(told["absent"]["streams"]),
        absent_columns=_by_stream(told["absent"]["columns"]),
        retyped_columns=_by_stream(told["retyped"]),
    )


def _by_stream(tables: Mapping[str, dict[str, str]]) -> Mapping[str, Reasons]:
    return MappingProxyType({stream: MappingProxyType(reasons) for stream, reasons in tables.items()})
