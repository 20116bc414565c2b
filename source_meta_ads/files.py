"""The files that Airbyte hands over: what can't be read in them is said in one sentence."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from airbyte_cdk.models import AirbyteStateMessage, ConfiguredAirbyteCatalog
from airbyte_cdk.sources.source import Source
from serpyco_rs import SchemaValidationError

from source_meta_ads.streams.failure import Failure


class ReadableFiles(Source):
    """A source whose configuration, catalog and state files fail by name."""

    @staticmethod
    def _read_json_file(file_path: str) -> Any:
        try:
            return json.loads(Path(file_path).read_text(encoding="utf-8"))
        except OSError as error:
            raise Failure(f"{file_path}: {error.strerror}: name a file that can be read") from None
        except ValueError as error:
            raise Failure(f"{file_path}: not JSON: {error}") from None

    @staticmethod
    def read_config(config_path: str) -> MutableMapping[str, Any]:
        """The configuration. Raises: Failure where it is no JSON object."""
        content = ReadableFiles._read_json_file(config_path)
        if not isinstance(content, MutableMapping):
            raise Failure(f"{config_path}: a configuration is a JSON object, this is {type(content).__name__}")
        return content

    @classmethod
    def read_catalog(cls, catalog_path: str) -> ConfiguredAirbyteCatalog:
        """The configured catalog. Raises: Failure that says what is missing in it."""
        try:
            return super().read_catalog(catalog_path)
        except SchemaValidationError as error:
            raise Failure(
                f"{catalog_path}: not a configured catalog: {_first(error)}: each entry of streams has a stream as "
                "discover prints it, a sync_mode and a destination_sync_mode"
            ) from None

    @classmethod
    def read_state(cls, state_path: str) -> list[AirbyteStateMessage]:
        """The state messages. Raises: Failure that says what is wrong with them."""
        if state_path:
            cls._read_json_file(state_path)
        try:
            return super().read_state(state_path)
        except (SchemaValidationError, ValueError, TypeError) as error:
            detail = _first(error) if isinstance(error, SchemaValidationError) else "another form"
            raise Failure(
                f"{state_path}: not a state: {detail}: it is a list of the state messages of a read"
            ) from None


def _first(error: SchemaValidationError) -> str:
    """The first thing that is wrong, and where."""
    found = error.errors[0]
    return f"{found.instance_path or 'the whole'}: {found.message}"
