"""The pages in docs/ have what Airbyte asks of a connector's page, and every link in them leads somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
HEADINGS = (
    "Prerequisites", "Setup guide", "Supported sync modes", "Supported streams", "Performance considerations",
    "Troubleshooting", "Reference", "Changelog",
)  # fmt: skip
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """What a link can point at within a page, by the rules of the sites that show it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    """Links of a page that lead nowhere; those to other sites are not followed."""
    found = []
    for link in _LINK.findall(re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](#here) [b](#there) [c](no.md) [d](https://example.com)\n", encoding="utf-8")
    assert broken(page) == ["#there", "no.md"]


def test_the_connectors_page_has_airbytes_headings_in_order() -> None:
    found = re.findall(r"^## (.+)$", (ROOT / "docs/source-meta-ads.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(found) == HEADINGS


def test_the_changelogs_name_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"| {version} | " in (ROOT / "docs/source-meta-ads.md").read_text(encoding="utf-8")
    assert version in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
