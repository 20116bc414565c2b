"""Asks source-facebook-marketing itself which streams, keys, cursors and columns it has.

    python tools/official_catalog.py     # installs it into a folder of its own, writes integration_tests/migration/…

Needs uv and Python 3.11. Descriptions are left out; names and types are what migration is tested against.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

RELEASE = "airbyte-source-facebook-marketing==6.1.9"
TARGET = Path(__file__).resolve().parent.parent / "integration_tests" / "migration" / "official_catalog.json.gz"
# Nothing is called: discover needs a configuration, but no account.
CONFIG = {
    "account_ids": ["1"],
    "credentials": {"auth_type": "Service", "access_token": "none"},
    "start_date": "2026-01-01T00:00:00Z",
}
KEPT = ("name", "supported_sync_modes", "default_cursor_field", "source_defined_primary_key", "source_defined_cursor")


def discovered(folder: Path) -> list[dict[str, Any]]:
    """Its streams, as its own discover prints them."""
    uv = str(Path(sys.executable).parent / "uv")
    bin_folder = folder / "venv" / "bin"
    subprocess.run([uv, "venv", "--quiet", "--python", "3.11", str(folder / "venv")], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(bin_folder / "python"), RELEASE], check=True)
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    command = [str(bin_folder / "source-facebook-marketing"), "discover", "--config", str(folder / "config.json")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (catalog,) = [each["catalog"] for each in map(json.loads, printed.splitlines()) if each["type"] == "CATALOG"]
    streams: list[dict[str, Any]] = catalog["streams"]
    return streams


def without_words(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema's types alone."""
    kept: dict[str, Any] = {key: schema[key] for key in ("type", "format", "airbyte_type") if key in schema}
    if properties := schema.get("properties"):
        kept["properties"] = {name: without_words(each) for name, each in sorted(properties.items())}
    if isinstance(items := schema.get("items"), dict):
        kept["items"] = without_words(items)
    return kept


def main() -> None:
    """Write the fixture."""
    with tempfile.TemporaryDirectory() as folder:
        streams = discovered(Path(folder))
    described = [
        {**{key: each[key] for key in KEPT if key in each}, "json_schema": without_words(each["json_schema"])}
        for each in streams
    ]
    text = json.dumps({"source": RELEASE, "streams": described}, separators=(",", ":"), sort_keys=True)
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(described)} streams → {TARGET.name}")


if __name__ == "__main__":
    main()
