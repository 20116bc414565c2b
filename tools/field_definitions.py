"""Write the field definitions of source_meta_ads from Meta's SDK and our corrections; `--check` only compares."""

from __future__ import annotations

import argparse
import difflib
import importlib
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_FIELDS = _ROOT / "source_meta_ads" / "schemas" / "fields"
_CORRECTIONS = Path(__file__).with_name("field_corrections.toml")
_NESTED = "nested"
_WORD = re.compile(r"\b[A-Z]\w*")

Types = dict[str, str]


class Definitions:
    """The fields of one API version: of every node we read and of every object that lies within one."""

    def __init__(self, corrections: Mapping[str, Any], version: str) -> None:
        self._corrections = corrections
        self._version = version
        self._inline = set(corrections["inline"])
        self._nested: dict[str, Types] = {}

    def files(self) -> Iterator[tuple[str, str]]:
        """Path below the fields folder and text of every file of the version."""
        nodes = {name: self._types(name) for name in self._corrections["nodes"]}
        todo = list(nodes.values())
        while todo:
            for name in _names(todo.pop()):
                if name not in nodes and name not in self._nested and self._is_inline(name):
                    self._nested[name] = self._types(name)
                    todo.append(self._nested[name])
        for name, types in nodes.items():
            yield f"{self._version}/{name}.json", _text(types)
        yield f"{self._version}/{_NESTED}.json", _text(self._nested)

    def _is_inline(self, name: str) -> bool:
        """Whether Meta answers an object of this type in full; a node is only referred to, by its id."""
        if name in self._corrections["shapes"] or name in self._inline:
            return True
        found = _sdk_class(name)
        # The SDK derives what has an id of its own from its CRUD class.
        return found is not None and not any(base.__name__ == "AbstractCrudObject" for base in found.__mro__)

    def _types(self, name: str) -> Types:
        if shape := self._corrections["shapes"].get(name):
            return dict(shape)
        found = _sdk_class(name)
        if found is None:
            raise SystemExit(f"{name} is no class of the SDK")
        types = {field: _with_enums(found, meta_type) for field, meta_type in found._field_types.items()}
        types |= self._corrections["added"].get(name, {})
        difference = self._corrections["versions"].get(self._version, {})
        types |= difference.get("with", {}).get(name, {})
        for meta_type, fields in self._corrections["types"].get(name, {}).items():
            for field in _known(fields, types, name):
                types[field] = meta_type
        for table in (
            self._corrections["removed"],
            self._corrections["parameters"],
            difference.get("without", {}),
        ):
            for field in _known(table.get(name, ()), types, name):
                del types[field]
        return types


def _known(fields: Iterable[str], types: Types, name: str) -> list[str]:
    fields = list(fields)
    if unknown := set(fields) - set(types):
        raise SystemExit(f"field_corrections.toml corrects what {name} has not (any more): {sorted(unknown)}")
    return fields


def _sdk_class(name: str) -> Any:
    try:
        module = importlib.import_module(f"facebook_business.adobjects.{name.lower()}")
    except ModuleNotFoundError:
        return None
    return getattr(module, name, None)


def _with_enums(owner: Any, meta_type: str) -> str:
    """The type, an enum of the class written `enum<Status>` to tell it from an object."""
    return _WORD.sub(lambda match: f"enum<{match[0]}>" if match[0] in vars(owner) else match[0], meta_type)


def _names(types: Types) -> list[str]:
    """Names of the objects that the types mention."""
    return [
        name for each in types.values() for name in _WORD.findall(re.sub(r"enum<\w+>", "", each)) if name != "Object"
    ]


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def _wanted() -> dict[str, str]:
    corrections = tomllib.loads(_CORRECTIONS.read_text("utf-8"))
    versions = [corrections["newest"], *corrections["versions"]]
    return {path: text for version in versions for path, text in Definitions(corrections, version).files()}


def _committed() -> dict[str, str]:
    return {path.relative_to(_FIELDS).as_posix(): path.read_text("utf-8") for path in _FIELDS.rglob("*.json")}


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` say how they differ; 1 if they do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 with a diff if something would")
    check = parser.parse_args(arguments).check
    wanted, committed = _wanted(), _committed()
    changed = sorted(path for path in wanted.keys() | committed.keys() if wanted.get(path) != committed.get(path))
    for path in changed:
        if check:
            before, after = committed.get(path, ""), wanted.get(path, "")
            sys.stdout.writelines(
                difflib.unified_diff(
                    before.splitlines(True), after.splitlines(True), f"committed/{path}", f"sdk/{path}"
                )
            )
        elif path in wanted:
            (_FIELDS / path).parent.mkdir(parents=True, exist_ok=True)
            (_FIELDS / path).write_text(wanted[path], "utf-8")
        else:
            (_FIELDS / path).unlink()
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
