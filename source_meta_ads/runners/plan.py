"""A plan: what to read for whom, where to put it, and where to remember how far it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from source_meta_ads.sinks.files import BucketFiles, FilesError
from source_meta_ads.sinks.formats import FormatName

_NAME = r"^[A-Za-z0-9_.-]+$"
_MOST_SHOWN = 60


class PlanError(ValueError):
    """A plan that can't be run; the message says which value, why, and what to write instead."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StreamPlan(_Strict):
    """One stream to read. Without `columns` all default ones; `full_refresh`: all of it, each time."""

    name: str = Field(min_length=1)
    columns: tuple[str, ...] | None = Field(None, min_length=1)
    full_refresh: bool = False


class ConnectionPlan(_Strict):
    """A configuration and the streams to read with it; `name` is what states are kept under: leave it as it is."""

    name: str = Field(pattern=_NAME)
    config: Mapping[str, Any]
    streams: tuple[StreamPlan, ...] = Field(min_length=1)

    @field_validator("streams", mode="before")
    @classmethod
    def _names_will_do(cls, value: object) -> object:
        """A stream may be just its name."""
        if isinstance(value, (list, tuple)):
            return [{"name": each} if isinstance(each, str) else each for each in value]
        return value

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [each.name for each in self.streams]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"streams: {', '.join(twice)} twice: name each stream once")
        return self


class OutputPlan(_Strict):
    """Where files go, and their form."""

    url: str = Field(min_length=1)
    format: FormatName = "jsonl"


class Plan(_Strict):
    """All of it. `lease_minutes`: how long a run that died keeps others from its accounts."""

    connections: tuple[ConnectionPlan, ...] = Field(min_length=1)
    output: OutputPlan
    registry: str = Field(min_length=1)
    lease_minutes: float = Field(5, ge=0.05, le=1440)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [each.name for each in self.connections]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"connections: {', '.join(twice)} twice: states are kept by name, so give each its own")
        return self

    @property
    def lease(self) -> timedelta:
        """How long a run counts as alive after its last sign of life."""
        return timedelta(minutes=self.lease_minutes)

    @classmethod
    def parse(cls, raw: object) -> Plan:
        """The plan. Raises: PlanError with one sentence a bad value; what stands in a configuration is not shown."""
        if not isinstance(raw, Mapping):
            raise PlanError("the plan is no mapping: write connections, output and registry, as in docs/running.md")
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise PlanError("; ".join(dict.fromkeys(_sentence(each) for each in error.errors()))) from None


def read_plan(place: str) -> Plan:
    """The plan that a text is, or that a path or an `s3://` URL leads to: YAML or JSON.

    Raises: PlanError; OSError where it can't be read.
    """
    text = place if _is_text(place) else _text_at(place)
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise PlanError(f"the plan is no YAML{where}: {getattr(error, 'problem', None) or 'unreadable'}") from None
    return Plan.parse(raw)


def _is_text(place: str) -> bool:
    return "\n" in place or place.lstrip().startswith("{")


def _text_at(place: str) -> str:
    parts = urlsplit(place)
    if parts.scheme == "s3":
        folder, _, name = parts.path.strip("/").rpartition("/")
        content = BucketFiles(parts.netloc, folder).read(name)
        if content is None:
            raise FilesError(f"plan {place}: there is no such object: put the plan there, or name another one")
        return content.decode("utf-8", "replace")
    try:
        return Path(place.removeprefix("file://")).read_text(encoding="utf-8")
    except OSError as error:
        raise FilesError(f"plan {place}: {error.strerror}: name a file that can be read") from None
    except UnicodeDecodeError:
        raise PlanError(f"plan {place}: is no text in UTF-8") from None


def _sentence(error: Mapping[str, Any]) -> str:
    path = [str(part) for part in error["loc"]]
    where = ".".join(path) or "plan"
    reason = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "missing":
        return f"{where}: required, but missing"
    if error["type"] == "extra_forbidden":
        return f"{where}: is not known: check the spelling, or remove it"
    if reason.startswith(("streams:", "connections:")):
        return reason
    value = error.get("input")
    shown = isinstance(value, (str, int, float)) and "config" not in path
    return f"{where}: {json.dumps(value)[:_MOST_SHOWN]}: {reason}" if shown else f"{where}: {reason}"
