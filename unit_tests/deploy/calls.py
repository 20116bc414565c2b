"""The calls of AWS that the code makes, found in the code itself."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from source_meta_ads.registry.store import VersionLog
from unit_tests.deploy.templates import ROOT

_PACKAGE = ROOT / "source_meta_ads"
_SESSION: Any = importlib.import_module("botocore.session").get_session()
_SERVICES = frozenset(_SESSION.get_available_services())
# Calls whose permission has another name.
_NAMED_OTHERWISE = {"s3:ListObjectsV2": "s3:ListBucket"}


def modules() -> list[Path]:
    """The modules that ask AWS for something."""
    found = []
    for path in sorted(_PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        if path != _PACKAGE / "aws.py" and any(_is_client(node) for node in ast.walk(tree)):
            found.append(path)
    return found


@cache
def actions(*, of_people: bool) -> frozenset[str]:
    """The permissions that the code's calls need: those of runs, or with those that only people cause."""
    return frozenset(action for path in modules() for action in _actions(path, of_people=of_people))


def _actions(path: Path, *, of_people: bool) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    services = {text for node in ast.walk(tree) if (text := _text(node)) in _SERVICES}
    assert services, f"{path} asks AWS, but of which service can't be seen"
    for service in services:
        operations = _operations(service)
        for node in _statements(tree, of_people=of_people):
            name = _text(node) or (node.attr if isinstance(node, ast.Attribute) else "")
            if name in operations:
                action = f"{service}:{operations[name]}"
                yield _NAMED_OTHERWISE.get(action, action)


def _statements(tree: ast.AST, *, of_people: bool) -> Iterator[ast.AST]:
    """Everything below a node but, for runs, the methods that a log has for people."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and not of_people and _is_for_people(node.name):
            continue
        yield node
        yield from _statements(node, of_people=of_people)


def _is_for_people(method: str) -> bool:
    return "for people, not for runs" in (getattr(getattr(VersionLog, method, None), "__doc__", None) or "")


@cache
def _operations(service: str) -> dict[str, str]:
    """A service's operations by the name that a client's method has."""
    xform_name = importlib.import_module("botocore").xform_name
    return {xform_name(name): name for name in _SESSION.get_service_model(service).operation_names}


def _is_client(node: ast.AST) -> bool:
    """Whether a node makes a client: `aws.client(...)` or `boto3...client(...)`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "client"


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
