"""What the documents say is what the code does: pages made from it are fresh, and everything has its place in them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from source_meta_ads.catalog import Chosen, build_streams
from source_meta_ads.commands import COMMANDS
from source_meta_ads.config import Config
from source_meta_ads.graph.errors import GraphError
from source_meta_ads.streams.entities import ENTITIES

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


def test_every_stream_has_its_place_with_every_column() -> None:
    page = text("docs/streams.md")
    parts = re.split(r"^#{3,4} ", page, flags=re.MULTILINE)
    by_name = {part.split("\n", 1)[0]: part for part in parts}
    config = Config.model_validate({"credentials": {"auth_type": "Service", "access_token": "none"}})
    entities = {entity.name for entity in ENTITIES}
    for built in build_streams(config, None, lambda _: Chosen()):
        name = built.stream.name
        shown = by_name[name] + ("" if name in entities else by_name["Columns of every report"])
        columns = built.stream.get_json_schema()["properties"]
        assert [each for each in columns if f"| `{each}` | " not in shown] == [], name


def test_the_diagram_is_of_streams_that_there_are() -> None:
    (diagram,) = re.findall(r"```mermaid\nerDiagram\n(.*?)```", text("docs/streams.md"), re.DOTALL)
    relations = re.findall(r"^    (\w+) \|\|--o\{ (\w+) : (\w+)$", diagram, re.MULTILINE)
    known = {entity.name for entity in ENTITIES} | {
        f"{level}_reports" for level in ("ad", "adset", "campaign", "account")
    }
    assert {end for source, target, _ in relations for end in (source, target)} <= known
    assert {("campaigns", "ad_sets", "campaign_id"), ("ads", "ad_reports", "ad_id")} <= set(relations)
    assert len(relations) == diagram.count("||--o{")


def test_every_command_is_explained() -> None:
    pages = "\n".join((ROOT / page).read_text("utf-8") for page in PAGES)
    assert [name for name in COMMANDS if f"source-meta-ads {name}" not in pages] == []


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
