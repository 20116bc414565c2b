"""Meta's field definitions: what fields an object has in an API version, their types, and which are columns."""

from __future__ import annotations

import functools
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

_FORM = re.compile(r"v(\d+)\.(\d+)")
# Objects that lie within others, of which there are many and small, share one file a version.
_NESTED = "nested"
_QUESTIONS = {"is": "Whether it is", "has": "Whether it has", "can": "Whether it can"}


@dataclass(frozen=True)
class Field:
    """A field of an object; `type` in Meta's spelling, such as `unsigned int` or `list<AdsActionStats>`."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Node:
    """An object of Meta's, its fields and those that are columns without being asked for, both by name.

    `is_nested` is for an object that exists only within others, such as a targeting or a row's action counts.
    """

    name: str
    fields: Mapping[str, Field]
    default_names: tuple[str, ...]
    is_nested: bool = False


@functools.cache
def load_node(node: str, api_version: str) -> Node:
    """The definition of an object in an API version, such as `load_node("Campaign", "v26.0")`.

    A version newer than all that we have definitions for has the newest one's, an older one the oldest's, and one in
    between those of the version before it.

    Raises: ValueError for an object without a definition or a malformed version.
    """
    version = _defined_version(api_version)
    nested = _nested(version)
    if node in nested:
        types: Mapping[str, str] = nested[node]
    else:
        file = _folder().joinpath(version, f"{node}.json")
        if not (node.isidentifier() and node[0].isupper()) or not file.is_file():
            raise ValueError(f"no definition of {node!r} in API {version}")
        types = json.loads(file.read_text("utf-8"))
    fields = {name: Field(name, types[name], _description(node, name)) for name in sorted(types)}
    columns = _defaults()["columns"].get(node)
    left_out = _defaults()["without"].get(node, {})
    shown = tuple(name for name in fields if name not in left_out and (columns is None or name in columns))
    return Node(node, MappingProxyType(fields), shown, is_nested=node in nested)


@functools.cache
def defined_objects(api_version: str) -> Mapping[str, Mapping[str, str]]:
    """Every object that a version has a definition of, nested ones among them, with its fields' types by name.

    Raises: ValueError for a version without definitions of its own.
    """
    if api_version not in defined_versions():
        raise ValueError(f"no field definitions of {api_version}: there are those of {', '.join(defined_versions())}")
    files = (path for path in _folder().joinpath(api_version).iterdir() if path.name.endswith(".json"))
    objects = {path.name.removesuffix(".json"): json.loads(path.read_text("utf-8")) for path in files}
    nested = objects.pop(_NESTED)
    return MappingProxyType(dict(sorted({**objects, **nested}.items())))


def is_nested(name: str, api_version: str) -> bool:
    """Whether Meta answers an object of this type in full where another one holds it, not by its id alone."""
    return name in _nested(_defined_version(api_version))


def reference_names(name: str) -> tuple[str, ...]:
    """What is known of an object that another one only refers to: its id, for some also a name."""
    return tuple(_defaults()["references"].get(name, ("id",)))


@functools.cache
def defined_versions() -> tuple[str, ...]:
    """The API versions that there are definitions for, oldest first."""
    return tuple(sorted((entry.name for entry in _folder().iterdir() if entry.is_dir()), key=_order))


def _folder() -> Traversable:
    return resources.files(__package__).joinpath("fields")


def _order(version: str) -> tuple[int, ...]:
    match = _FORM.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is no API version: write it like v26.0")
    return tuple(int(part) for part in match.groups())


def _defined_version(api_version: str) -> str:
    wanted = _order(api_version)
    older = [version for version in defined_versions() if _order(version) <= wanted]
    return older[-1] if older else defined_versions()[0]


@functools.cache
def _nested(version: str) -> Mapping[str, Mapping[str, str]]:
    types = json.loads(_folder().joinpath(version, f"{_NESTED}.json").read_text("utf-8"))
    return MappingProxyType(types)


@functools.cache
def _defaults() -> Mapping[str, Any]:
    return _toml("defaults.toml")


@functools.cache
def _descriptions() -> Mapping[str, Mapping[str, str]]:
    return _toml("descriptions.toml")


def _toml(name: str) -> Mapping[str, Any]:
    return MappingProxyType(tomllib.loads(resources.files(__package__).joinpath(name).read_text("utf-8")))


def _description(node: str, name: str) -> str:
    """What the data says of the field, else its name in words: `cost_per_unique_click`, "Cost per unique click."."""
    written = _descriptions()
    for table in (node, "any"):
        if text := written.get(table, {}).get(name):
            return text
    words = [written["words"].get(word, word) for word in re.split(r"[_.\s]+", name) if word]
    if len(words) > 1 and words[0] in _QUESTIONS:
        words[0] = _QUESTIONS[words[0]]
    sentence = " ".join(words)
    # Not capitalize(): it would lower what [words] spells in capitals.
    return f"{sentence[:1].upper()}{sentence[1:]}."
