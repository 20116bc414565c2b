"""What a user may say of a stream otherwise than its declaration: its key, and a cursor where it has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from source_meta_ads.insights.breakdown_table import nearest
from source_meta_ads.streams.declaration import Entity

_Key = Annotated[list[str], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]


class StreamOverride(BaseModel):
    """One stream's key or cursor, as the user wants it."""

    model_config = ConfigDict(title="Stream override", extra="forbid", frozen=True)

    name: str = Field(min_length=1, title="Stream", description="The stream's name, as the catalog has it.")
    primary_key: _Key = Field(
        default_factory=list,
        title="Primary key",
        description="Top-level columns that tell one record from any other. Empty: as declared.",
    )
    cursor_field: str | None = Field(
        None,
        title="Cursor",
        description="A date-time column to order records by, for an ad object that has no cursor of its own: it can be "
        "read incrementally then, whole at every sync, since Meta can't filter it.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.primary_key and not self.cursor_field:
            raise ValueError("it changes nothing: give a primary_key or a cursor_field, or leave it out")
        if len(set(self.primary_key)) < len(self.primary_key):
            raise ValueError("primary_key names a column twice: leave one out")
        return self

    def problem(self, schema: Mapping[str, Any], entity: Entity | None) -> str | None:
        """Why it doesn't fit the stream, None where it does; `entity` is None for a report."""
        columns: Mapping[str, Any] = schema["properties"]
        for name in [*self.primary_key, *([self.cursor_field] if self.cursor_field else [])]:
            if name not in columns:
                return f"{name!r} is no column of it: {nearest(name, list(columns))}"
        for name in self.primary_key:
            kinds = set(columns[name]["type"]) - {"null"}
            if kinds & {"object", "array"}:
                return f"{name!r} is an {kinds.pop()}: a key is made of plain columns"
        if self.cursor_field is None:
            return None
        if entity is None:
            return "a report is read by date_start: its cursor can't be another"
        if entity.cursor_field:
            return f"Meta orders or filters it by {entity.cursor_field}: its cursor can't be another"
        if columns[self.cursor_field].get("format") != "date-time":
            moments = sorted(name for name, each in columns.items() if each.get("format") == "date-time")
            return f"cursor_field {self.cursor_field!r} is no date-time: use {' or '.join(moments) or 'none'}"
        return None

    def key_of(self, declared: tuple[str, ...]) -> tuple[str, ...]:
        """The key that holds, given the declared one."""
        return tuple(self.primary_key) or declared
