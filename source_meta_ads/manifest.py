"""The connector's manifest as a model: what manifest.yaml has to say, and reading it."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import date
from importlib import resources
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_ID = r"^conn::[a-z_]+::[a-z_]+::[a-z_]+::[a-z_]+::[a-z_]+$"
_VERSION = r"^v\d+\.\d+$"
_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+")


class _Part(BaseModel):
    """A part of the manifest; a key that means nothing is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Taxonomy(_Part):
    """Where the connector stands among all others; its id is made of it."""

    party: Literal["first_party", "third_party"]
    category: str
    provider: str
    product: str
    protocol: Literal["rest", "graphql", "grpc", "sql", "file"]


class NetworkPattern(_Part):
    """A way out of a private network, and the hosts that have to be let through; `when`: only with this setting."""

    pattern: Literal["nat_allowlist"]
    hosts: list[str] = Field(min_length=1)
    when: str | None = None

    @field_validator("hosts")
    @classmethod
    def _bare_names(cls, hosts: list[str]) -> list[str]:
        if wrong := [host for host in hosts if not _HOST.fullmatch(host)]:
            raise ValueError(f"{wrong[0]!r} is no host name: write it without scheme, path and port")
        return hosts


class Runtime(_Part):
    """What runs it beside Airbyte, and what it talks to there."""

    supported_runners: list[Literal["lambda", "fargate"]] = Field(min_length=1)
    network_patterns: list[NetworkPattern] = Field(min_length=1)


class Strategies(_Part):
    """Where a stream's key and cursor come from; `…_or_config` may be overridden by the user."""

    key_strategy: Literal["source_declared", "source_declared_or_config", "config"]
    cursor_strategy: Literal["date_range", "source_declared", "source_declared_or_config", "none"]


class Streams(_Part):
    """Where the list of streams comes from, and their keys and cursors: of reports by default, and of ad objects."""

    strategy: Literal["discovery", "config", "discovery_or_config"]
    defaults: Strategies
    entities: Strategies


class Bounds(_Part):
    """What a setting is by default and may be."""

    default: int | None = None
    least: int | None = None
    most: int | None = None


class Quota(_Part):
    """Calls an hour by access tier, and how many more each of something adds."""

    limited: int
    full: int
    each: int
    of: str
    most: int | None = None


class Limits(_Part):
    """What the connector works within: Meta's limits and its own."""

    retention_months: int
    lookback_days: Bounds
    page_size_most: int
    batch_items_most: int
    workers: Bounds
    report_job_minutes: Bounds
    rate_limit_wait_minutes: Bounds
    calls_per_hour: dict[str, Quota]


class OutOfCycle(_Part):
    """A change that Meta made for every version on one day."""

    date: date
    change: str


class Catalog(_Part):
    """The names of all streams: ad objects, and reports of the newest version."""

    entities: list[str]
    reports: list[str]


class Names(_Part):
    """Values that came and went, of breakdowns and the like."""

    added: list[str] = Field(default_factory=list)
    removed: list[str] = Field(default_factory=list)


class FieldChanges(_Part):
    """Fields that came, went or changed their type (before, after), by object."""

    added: dict[str, list[str]] = Field(default_factory=dict)
    removed: dict[str, list[str]] = Field(default_factory=dict)
    retyped: dict[str, dict[str, tuple[str, str]]] = Field(default_factory=dict)


class VersionRow(_Part):
    """An API version of the compatibility matrix: its dates, and what it changed against the one before.

    `status` is that of the day the row was written; ask `Version.status` for today's.
    """

    version: str = Field(pattern=_VERSION)
    released: date
    graph_expiry: date | None = None
    marketing_expiry: date | None = None
    status: Literal["current", "supported", "deprecated", "expired"]
    fields: FieldChanges = Field(default_factory=FieldChanges)
    breakdowns: Names = Field(default_factory=Names)
    action_breakdowns: Names = Field(default_factory=Names)
    attribution_windows: Names = Field(default_factory=Names)


class Manifest(_Part):
    """The whole manifest."""

    id: str = Field(pattern=_ID)
    manifest_version: Literal["1.0"]
    taxonomy: Taxonomy
    runtime: Runtime
    streams: Streams
    limits: Limits
    out_of_cycle: list[OutOfCycle]
    as_of: date
    catalog: Catalog
    compatibility: list[VersionRow] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        parts = self.taxonomy
        made = "::".join(["conn", parts.party, parts.category, parts.provider, parts.product, parts.protocol])
        if made != self.id:
            raise ValueError(f"id {self.id} is not what the taxonomy makes: {made}")
        return self

    @model_validator(mode="after")
    def _versions_in_order(self) -> Self:
        released = [row.released for row in self.compatibility]
        if released != sorted(set(released)):
            raise ValueError("compatibility: each version has to be released after the one before it")
        return self


def parse(raw: Mapping[str, Any]) -> Manifest:
    """The manifest of what was read from YAML. Raises: pydantic's ValidationError naming each wrong value."""
    return Manifest.model_validate(raw)


@functools.cache
def manifest() -> Manifest:
    """This connector's manifest."""
    return parse(yaml.safe_load(resources.files(__package__).joinpath("manifest.yaml").read_text("utf-8")))
