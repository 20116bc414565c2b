"""The configuration model as the connection specification that Airbyte shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airbyte_cdk.models import ConnectorSpecification

from source_meta_ads.config import Config

_DOCS = "https://developers.facebook.com/docs/marketing-api"


def connector_specification() -> ConnectorSpecification:
    """The spec: draft-07, no `$ref`, no `anyOf`, properties in the model's order, every secret marked."""
    return ConnectorSpecification(
        documentationUrl=_DOCS,
        connectionSpecification=_connection_schema(),
        supportsIncremental=True,
        supported_destination_sync_modes=[],
    )


def _connection_schema() -> dict[str, Any]:
    schema = Config.model_json_schema(by_alias=True)
    flat = _flatten(schema, schema.get("$defs", {}))
    flat.pop("$defs", None)
    for order, definition in enumerate(flat["properties"].values()):
        definition["order"] = order
    # Unknown keys are reported, not refused; and the older top-level token is still a valid configuration.
    flat["additionalProperties"] = True
    flat.pop("required", None)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **flat}


def _flatten(node: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema with references resolved and `X | None` written as X; Airbyte's UI knows neither.

    Its masking of secrets doesn't look into `anyOf` either, so an optional secret would be shown.
    """
    if isinstance(node, list):
        return [_flatten(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if reference := node.get("$ref"):
        target = definitions[reference.rsplit("/", 1)[-1]]
        return _flatten({**target, **{key: value for key, value in node.items() if key != "$ref"}}, definitions)
    if choices := node.get("anyOf"):
        real = [choice for choice in choices if choice.get("type") != "null"]
        if len(real) == 1:
            outer = {key: value for key, value in node.items() if key != "anyOf" and value is not None}
            return _flatten({**real[0], **outer}, definitions)
    flat = {key: _flatten(value, definitions) for key, value in node.items() if key != "discriminator"}
    if "oneOf" in flat:
        flat["type"] = "object"
    if "const" in flat:
        # The UI tells the variants of a oneOf apart by `const` alone.
        flat.pop("default", None)
    if flat.get("default", 0) is None:
        flat.pop("default")
    return flat
