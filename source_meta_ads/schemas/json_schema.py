"""Meta's types as JSON Schema, draft-07, in the shapes that every Airbyte destination knows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from source_meta_ads.schemas.fields import Field, is_nested, load_node, reference_names

Schema = dict[str, Any]

_DRAFT = "http://json-schema.org/draft-07/schema#"
_JSON_TYPES = {
    "string": "string",
    "int": "integer",
    "unsigned int": "integer",
    "float": "number",
    "bool": "boolean",
    "date": "string",
    "datetime": "string",
    "list": "array",
    "map": "object",
    "Object": "object",
}
# A value that is of one type here and of another there.
_MIXED = ["null", "string", "number", "boolean", "array", "object"]
_FORMATS: Mapping[str, Schema] = {
    "date": {"format": "date"},
    "datetime": {"format": "date-time", "airbyte_type": "timestamp_with_timezone"},
}
_GENERIC = re.compile(r"(list|map|enum)<(.+)>")


def property_schema(meta_type: str, api_version: str, description: str = "", *, also: Collection[str] = ()) -> Schema:
    """The JSON Schema of a field of Meta's type, always nullable.

    An object that lies within another is spelled out; one that is only referred to, or would contain itself, has its
    `id` alone. Values of an enum are not listed and further properties not forbidden, so that new ones pass. An object
    that there is no definition for is taken for one referred to. `also` names fields within it to show besides its
    default ones, such as the attribution windows and action breakdowns that a report asks for.

    Raises: ValueError for what is neither a plain type, a list, map or enum, nor an object's name.
    """
    return _Types(api_version, frozenset(also)).property(meta_type, description, ())


def record_schema(properties: Mapping[str, Schema]) -> Schema:
    """The JSON Schema of a stream's records, properties in alphabetical order."""
    return {
        "$schema": _DRAFT,
        "type": "object",
        "additionalProperties": True,
        "properties": {name: properties[name] for name in sorted(properties)},
    }


@dataclass(frozen=True)
class _Types:
    """The types of one API version; `within` are the objects that a type is spelled out inside of."""

    api_version: str
    also: frozenset[str]

    def property(self, meta_type: str, description: str, within: tuple[str, ...]) -> Schema:
        schema = self._bare(meta_type, within)
        return {**schema, "description": description} if description else schema

    def _bare(self, meta_type: str, within: tuple[str, ...]) -> Schema:
        if known := _JSON_TYPES.get(meta_type):
            return {"type": ["null", known], **_FORMATS.get(meta_type, {})}
        if meta_type == "mixed":
            return {"type": list(_MIXED)}
        if generic := _GENERIC.fullmatch(meta_type):
            kind, inner = generic.groups()
            if kind == "enum":
                return {"type": ["null", "string"]}
            if kind == "list":
                return {"type": ["null", "array"], "items": self._bare(inner, within)}
            # Keys of a map are data, so there are no properties to name.
            return {"type": ["null", "object"]}
        if not meta_type[:1].isupper():
            raise ValueError(f"{meta_type!r} is no type of Meta's that we know")
        return {
            "type": ["null", "object"],
            "additionalProperties": True,
            "properties": {
                field.name: self.property(field.type, field.description, (*within, meta_type))
                for field in self._fields_of(meta_type, within)
            },
        }

    def _fields_of(self, name: str, within: tuple[str, ...]) -> list[Field]:
        if is_nested(name, self.api_version) and name not in within:
            node = load_node(name, self.api_version)
            return [each for each in node.fields.values() if each.name in self.also or each.name in node.default_names]
        return [_reference_field(each) for each in reference_names(name)]


def _reference_field(name: str) -> Field:
    words = {"id": "ID of the object referred to.", "name": "Its name."}
    return Field(
        name, "datetime" if name.endswith("_time") else "string", words.get(name, f"Its {name.replace('_', ' ')}.")
    )
