"""The house keeps its shape: imports go downwards, files and functions stay small, the sandbox stays independent."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "source_meta_ads"

# From the ground up; what shares a line never imports each other. A new folder or file needs its line here.
LAYERS = (
    ("telemetry", "clock", "aws", "stdout"),
    ("graph", "secrets", "account_filter", "authentication"),
    ("accounts", "schemas", "manifest"),
    ("insights",),
    ("streams",),
    ("config",),
    ("credentials",),
    ("connection", "spec", "catalog"),
    ("token_health", "closing", "pulse"),
    ("check", "probe", "registration", "upgrade", "files"),
    ("source",),
    # Beside the core, which never imports them: what runs it without an Airbyte platform.
    ("registry", "sinks", "reporting", "migration"),
    ("runners",),
    ("commands",),
    ("run",),
)
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
# Time and chance come from the clock, so that tests can run on a simulated one.
CLOCK_ONLY = {"random", "time"}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every module that a file imports, with the line, those under `if TYPE_CHECKING` and inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            # `from package import module` names a module too.
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def unit_of(module: str) -> str | None:
    """The part of the house that a dotted module belongs to; None for what is not ours."""
    parts = module.split(".")
    return parts[1] if parts[0] == PACKAGE and len(parts) > 1 else None


def upward_imports(package: Path) -> list[str]:
    """Imports that don't go downwards, relative ones, and parts of the house that have no place in LAYERS."""
    rank = {unit: height for height, units in enumerate(LAYERS) for unit in units}
    wrong = []
    for path in sorted(package.rglob("*.py")):
        where = path.relative_to(package)
        importer = where.parts[0].removesuffix(".py")
        if importer != "__init__" and importer not in rank:
            wrong.append(f"{where}: {importer} has no place in LAYERS")
            continue
        for line, module in imports(path):
            imported = unit_of(module)
            if module.startswith("."):
                wrong.append(f"{where}:{line}: relative import of {module}")
            elif imported is not None and imported != importer and rank.get(imported, 99) >= rank.get(importer, -1):
                wrong.append(f"{where}:{line}: {importer} imports {imported}")
    return wrong


def foreign_imports(folder: Path, forbidden: set[str], allowed_in: str | None = None) -> list[str]:
    """Imports of modules that a folder may not know."""
    return [
        f"{path.relative_to(folder)}:{line}: imports {module}"
        for path in sorted(folder.rglob("*.py"))
        if str(path.relative_to(folder)) != allowed_in
        for line, module in imports(path)
        if module.split(".")[0] in forbidden
    ]


def oversized(folder: Path) -> list[str]:
    """Files and functions that have grown too long."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(folder)
        if (lines := len(text.splitlines())) > MAX_FILE_LINES:
            found.append(f"{where}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    found.append(f"{where}:{node.lineno}: {node.name} has {length} lines")
    return found


def test_imports_go_downwards() -> None:
    assert upward_imports(ROOT / PACKAGE) == []


def test_the_sandbox_imports_nothing_of_the_connector() -> None:
    assert foreign_imports(ROOT / "integration_tests" / "sandbox", {PACKAGE}) == []


def test_only_the_clock_knows_time_and_chance() -> None:
    assert foreign_imports(ROOT / PACKAGE, CLOCK_ONLY, allowed_in="clock.py") == []


@pytest.mark.parametrize("folder", [PACKAGE, "integration_tests/sandbox"])
def test_files_and_functions_stay_small(folder: str) -> None:
    assert oversized(ROOT / folder) == []


# The checks themselves, on trees made for them.


def tree(root: Path, **files: str) -> Path:
    """A package with some files; `__` in a name stands for a slash."""
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("where", "statement", "complaint"),
    [
        ("graph__client", "from source_meta_ads.streams.base import X", "graph/client.py:1: graph imports streams"),
        ("graph__client", "import source_meta_ads.config", "graph/client.py:1: graph imports config"),
        ("graph__client", "from source_meta_ads import run", "graph/client.py:1: graph imports run"),
        ("accounts", "from source_meta_ads.schemas.fields import X", "accounts.py:1: accounts imports schemas"),
        ("schemas__fields", "from source_meta_ads.accounts import X", "schemas/fields.py:1: schemas imports accounts"),
        ("clock", "from source_meta_ads.telemetry import meter", "clock.py:1: clock imports telemetry"),
        ("streams__base", "def f():\n    import source_meta_ads.config", "streams/base.py:2: streams imports config"),
        ("graph__client", "from . import errors", "graph/client.py:1: relative import of ..errors"),
        ("source", "from source_meta_ads.attic import X", "source.py:1: source imports attic"),
        ("attic", "import json", "attic.py: attic has no place in LAYERS"),
    ],
)
def test_a_wrong_import_is_named(tmp_path: Path, where: str, statement: str, complaint: str) -> None:
    assert upward_imports(tree(tmp_path, **{where: statement})) == [complaint]


def test_downward_imports_and_those_of_a_neighbour_are_fine(tmp_path: Path) -> None:
    package = tree(
        tmp_path,
        run="from source_meta_ads.source import X\nimport json",
        streams__entity="from source_meta_ads.streams.base import X\nfrom source_meta_ads.graph import errors",
    )
    assert upward_imports(package) == []


def test_a_foreign_import_is_named_except_where_allowed(tmp_path: Path) -> None:
    package = tree(tmp_path, clock="import time", graph__client="from time import sleep", run="import timeit")
    assert foreign_imports(package, {"time"}, allowed_in="clock.py") == ["graph/client.py:1: imports time.sleep"]


def test_a_long_file_and_a_long_function_are_named(tmp_path: Path) -> None:
    function = "def f():\n" + "    x = 1\n" * MAX_FUNCTION_LINES
    package = tree(tmp_path, long="x = 1\n" * (MAX_FILE_LINES + 1), fits="x = 1\n" * MAX_FILE_LINES, function=function)
    assert oversized(package) == ["function.py:1: f has 61 lines", "long.py: 301 lines"]
