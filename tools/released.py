"""Keeps what the last release said of itself, so that tests can hold the next one to it.

python tools/released.py        # on release: write spec and catalog of the code as it is now
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from source_meta_ads.source import SourceMetaAds  # noqa: E402 # the package is found from anywhere
from source_meta_ads.spec import connector_specification  # noqa: E402

FOLDER = ROOT / "integration_tests" / "acceptance" / "released"
CONFIG = {"credentials": {"auth_type": "Service", "access_token": "none"}}


def spec() -> dict[str, Any]:
    """The connection specification as it is now."""
    return dict(connector_specification().connectionSpecification)


def catalog() -> dict[str, dict[str, Any]]:
    """Every stream as it is now, by name: key, cursor, and the types of its columns."""
    described = {}
    for stream in SourceMetaAds().streams(CONFIG):
        airbyte = stream.as_airbyte_stream()
        described[airbyte.name] = {
            "key": [part[0] for part in airbyte.source_defined_primary_key or []],
            "cursor": airbyte.default_cursor_field or [],
            "modes": [mode.value for mode in airbyte.supported_sync_modes],
            "columns": dict(sorted(_types(airbyte.json_schema, ""))),
        }
    return described


def read(name: str) -> Any:
    """What the last release said: `spec` or `catalog`."""
    return json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))


def _types(schema: dict[str, Any], path: str, depth: int = 2) -> list[tuple[str, list[str]]]:
    """The types of the columns, and of what lies directly in them."""
    found: list[tuple[str, list[str]]] = []
    if not depth:
        return found
    for name, each in (schema.get("properties") or {}).items():
        found += [(f"{path}{name}", sorted(_list(each["type"]))), *_types(each, f"{path}{name}.", depth - 1)]
    if isinstance(items := schema.get("items"), dict):
        found += [(f"{path}[]", sorted(_list(items["type"]))), *_types(items, f"{path}[].", depth - 1)]
    return found


def _list(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def main() -> None:
    """Write both files."""
    FOLDER.mkdir(exist_ok=True)
    for name, said in (("spec", spec()), ("catalog", catalog())):
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        print(f"{name}: {len(text)} characters")


if __name__ == "__main__":
    main()
