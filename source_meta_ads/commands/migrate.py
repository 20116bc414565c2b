"""`source-meta-ads migrate`: what changes for a connection of source-facebook-marketing, and its files converted."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from source_meta_ads.config import ConfigError
from source_meta_ads.migration.note import Note
from source_meta_ads.migration.settings import convert_config
from source_meta_ads.migration.states import convert_state
from source_meta_ads.migration.streams import convert_catalog

_HEADINGS = {
    "lost": "Not there any more; look whether you need it",
    "changed": "There in another form",
    "told": "Good to know",
}
# Readable by its owner alone, since a configuration holds secrets.
_PRIVATE = 0o600


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--config", type=Path, required=True, help="configuration of source-facebook-marketing")
    parser.add_argument("--catalog", type=Path, help="its configured catalog")
    parser.add_argument("--state", type=Path, help="its state")
    parser.add_argument("--output", type=Path, help="folder to write config.json, catalog.json and state.json to")
    parser.add_argument("--json", action="store_true", help="print the differences as JSON")
    parser.epilog = "Exit code 0: nothing is lost. 1: something is, see what is printed. 2: a file can't be used."


def execute(arguments: argparse.Namespace) -> int:
    """Print the differences, write the converted files where asked to; 0, 1 or 2 as the help says."""
    try:
        files, notes = _converted(arguments)
    except (OSError, ValueError, ConfigError) as error:
        print(_sentence(error), file=sys.stderr)
        return 2
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = arguments.output / name
            path.touch(mode=_PRIVATE)
            path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(_as_json(notes) if arguments.json else _as_text(notes, arguments.output, files))
    return int(any(note.weight == "lost" for each in notes.values() for note in each))


def _converted(arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, list[Note]]]:
    raw, config, about_config = convert_config(_read(arguments.config))
    files: dict[str, Any] = {"config.json": raw}
    notes = {"config": about_config}
    kept = None
    if arguments.catalog:
        files["catalog.json"], notes["catalog"] = convert_catalog(_read(arguments.catalog), config)
        kept = {each["stream"]["name"] for each in files["catalog.json"]["streams"]}
    if arguments.state:
        files["state.json"], notes["state"] = convert_state(_read(arguments.state), config, kept)
    return files, notes


def _read(path: Path) -> Any:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not JSON: {error}") from None
    if not isinstance(content, (dict, list)):
        raise ValueError(f"{path}: a JSON object is needed, this is {type(content).__name__}")
    return content


def _sentence(error: Exception) -> str:
    if isinstance(error, ConfigError):
        return f"configuration: {error.message}"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}: name a file that can be read"
    return str(error)


def _as_json(notes: dict[str, list[Note]]) -> str:
    return json.dumps({part: [note.as_json() for note in each] for part, each in notes.items()}, indent=2)


def _as_text(notes: dict[str, list[Note]], output: Path | None, files: dict[str, Any]) -> str:
    lines = []
    for weight, heading in _HEADINGS.items():
        found = [(part, note) for part, each in notes.items() for note in each if note.weight == weight]
        if found:
            lines += [f"{heading}:", *(f"  {part:8} {note.subject}: {note.text}" for part, note in found), ""]
    if not any(notes.values()):
        lines += ["Everything goes on as it is.", ""]
    written = ", ".join(str(output / name) for name in files) if output else ""
    lines.append(f"Written: {written}" if written else "Nothing written: name a folder with --output.")
    return "\n".join(lines)
