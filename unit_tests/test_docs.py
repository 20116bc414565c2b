"""What the documents say is what the code does: pages made from it are fresh, and everything has its place in them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from source_meta_ads.graph.errors import GraphError

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def test_the_pages_made_from_the_code_are_fresh() -> None:
    tool = ROOT / "tools" / "docs.py"
    run = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_every_class_of_error_is_explained() -> None:
    page = text("docs/errors.md")
    assert [each.__name__ for each in GraphError.__subclasses__() if each.__name__ not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    content = (ROOT / page).read_text("utf-8")
    targets = re.findall(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)", content)
    for target, anchor in targets:
        found = (ROOT / page.parent / target) if target else ROOT / page
        assert found.exists(), f"{page}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_the_commands_that_the_readme_shows_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    shown = set(re.findall(r"make ([a-z-]+)", text("README.md") + text("CONTRIBUTING.md")))
    assert shown
    assert shown <= targets


def test_the_readme_needs_nothing_outside_the_repository() -> None:
    for page in PAGES:
        assert "shared/" not in (ROOT / page).read_text("utf-8")
