"""The connector's page has what Airbyte asks of one. Its links: test_docs.py."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADINGS = (
    "Prerequisites", "Setup guide", "Supported sync modes", "Supported streams", "Performance considerations",
    "Troubleshooting", "Reference", "Changelog",
)  # fmt: skip


def test_the_connectors_page_has_airbytes_headings_in_order() -> None:
    found = re.findall(r"^## (.+)$", (ROOT / "docs/source-meta-ads.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(found) == HEADINGS


def test_the_changelogs_name_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"| {version} | " in (ROOT / "docs/source-meta-ads.md").read_text(encoding="utf-8")
    assert version in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
