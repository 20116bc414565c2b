"""The names that a report may use: each a string out of a list that is data, with a hint at the nearest one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from source_meta_ads.insights.breakdown_table import nearest, table
from source_meta_ads.schemas.fields import defined_versions, load_node


@dataclass(frozen=True)
class _OneOf:
    """Pydantic's annotation of a string out of `names`, which are its `enum`; those in `also` are let through."""

    what: str
    names: Callable[[], Iterable[str]]
    also: Callable[[], Collection[str]] = tuple

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._known, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.names())}

    def _known(self, value: str) -> str:
        if value not in self.names() and value not in self.also():
            raise ValueError(f"no such {self.what}: {nearest(value, self.names())}")
        return value


def _fields() -> list[str]:
    """Fields of insights in any version we know: which ones the configured version has is `check_report`'s matter."""
    return sorted({name for version in defined_versions() for name in load_node("AdsInsights", version).fields})


def _taken_for_fields() -> set[str]:
    """Breakdowns are no fields, but stand among them in many a configuration; `check_report` says what to do."""
    return {*table().breakdowns, *table().fields.never_asked}


LevelName = Annotated[str, _OneOf("level", lambda: table().levels)]
FieldName = Annotated[str, _OneOf("field", _fields, also=_taken_for_fields)]
BreakdownName = Annotated[str, _OneOf("breakdown", lambda: table().breakdowns)]
ActionBreakdownName = Annotated[str, _OneOf("action breakdown", lambda: table().action_breakdowns)]
WindowName = Annotated[str, _OneOf("attribution window", lambda: table().attribution_windows.names)]
OperatorName = Annotated[str, _OneOf("operator", lambda: table().filtering_operators)]
