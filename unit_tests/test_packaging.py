"""The files that say the same thing say the same: version, base image, entrypoint, license, dependencies."""

from __future__ import annotations

import json
import re
import tomllib
import uuid
from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from jsonschema import Draft7Validator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from source_meta_ads.graph.versions import DEFAULT_VERSION, versions
from source_meta_ads.insights.reports import built_in_reports
from source_meta_ads.streams.entities import ENTITIES

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-runner.lock")
# In parts, so that this file names none itself.
PACKAGE_HOSTS = tuple(
    ".".join(parts)
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs", "org"), ("proxy", "golang", "org"))
)
LEFT_OUT = {"build", "demo-output", "dist"}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(text("pyproject.toml"))["project"]
    return found


def metadata() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text("metadata.yaml"))["data"]
    return found


def in_dockerfile(pattern: str) -> str:
    (found,) = re.findall(pattern, text("Dockerfile"), re.MULTILINE)
    return str(found)


def pins(lock: str) -> dict[str, str]:
    """Name → exact version of a lock; a package pinned by Python version keeps its last pin."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def project_files(root: Path) -> Iterator[Path]:
    """The files of the project, without what is made or installed beside them."""
    for path in sorted(root.iterdir()):
        if path.is_dir():
            hidden = path.name.startswith(".") and path.name != ".ci"
            if not hidden and path.name not in LEFT_OUT | {"__pycache__"} and path.suffix != ".egg-info":
                yield from project_files(path)
        else:
            yield path


def naming(root: Path, hosts: tuple[str, ...]) -> list[str]:
    """The files that name one of the hosts."""
    wanted = [host.encode() for host in hosts]
    return [str(each.relative_to(root)) for each in project_files(root) if any(h in each.read_bytes() for h in wanted)]


def test_the_version_is_the_same_everywhere() -> None:
    (newest, *_) = re.findall(r"^## \[([^\]]+)\]", text("CHANGELOG.md"), re.MULTILINE)
    versions_found = {
        "pyproject.toml": project()["version"],
        "metadata.yaml": metadata()["dockerImageTag"],
        "Dockerfile": in_dockerfile(r'io\.airbyte\.version="([^"]+)"'),
        "CHANGELOG.md": newest,
    }
    assert len(set(versions_found.values())) == 1, versions_found


def test_the_image_is_built_on_the_base_that_the_metadata_names_by_digest() -> None:
    base = in_dockerfile(r"^ARG BASE_IMAGE=(\S+)$")
    assert base == metadata()["connectorBuildOptions"]["baseImage"]
    assert re.fullmatch(r"docker\.io/airbyte/python-connector-base:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", base)


def test_the_image_says_its_entrypoint_and_name_as_they_are() -> None:
    entrypoint = json.loads(in_dockerfile(r"^ENTRYPOINT (\[.*\])$"))
    assert in_dockerfile(r'^ENV AIRBYTE_ENTRYPOINT="([^"]+)"$').split() == entrypoint
    assert in_dockerfile(r'io\.airbyte\.name="([^"]+)"') == metadata()["dockerRepository"]


def test_the_image_is_not_root_and_needs_no_special_builder() -> None:
    instructions = text("Dockerfile")
    assert re.findall(r"^USER (\S+)", instructions, re.MULTILINE)[-1] == "1000:1000"
    assert not re.search(r"<<|^RUN --|^# *syntax", instructions, re.MULTILINE)


def test_nothing_enters_the_image_but_what_it_needs() -> None:
    first, *rest = [line for line in text(".dockerignore").splitlines() if line and not line.startswith("#")]
    assert first == "*"
    let_in = {line.removeprefix("!") for line in rest if line.startswith("!")}
    copied = set(
        re.findall(r"[\w.-]+", " ".join(re.findall(r"^COPY (?!--)(.*) \S+$", text("Dockerfile"), re.MULTILINE)))
    )
    assert let_in == copied


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_dependency_by_hash_and_names_no_host(name: str) -> None:
    lock = text(name)
    held = pins(lock)
    for requirement in map(Requirement, project()["dependencies"]):
        assert requirement.specifier.contains(held[canonicalize_name(requirement.name)]), requirement
    assert "://" not in lock
    assert not re.search(r"^-", lock, re.MULTILINE)
    packages = re.split(r"\n(?=\S)", lock.split("make lock\n")[1])
    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []


def test_the_other_locks_add_to_the_runtime_lock_without_changing_it() -> None:
    runtime, dev, runner = (pins(text(name)) for name in LOCKS)
    assert {name: dev.get(name) for name in runtime} == runtime == {name: runner.get(name) for name in runtime}
    for requirement in map(Requirement, project()["optional-dependencies"]["dev"]):
        if requirement.name == project()["name"]:
            continue
        assert requirement.specifier.contains(dev[canonicalize_name(requirement.name)]), requirement


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert naming(ROOT, PACKAGE_HOSTS) == []


def test_a_file_that_names_a_host_is_found(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "installed.txt").write_text("https://host.example/simple", encoding="utf-8")
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text("curl https://host.example/simple", encoding="utf-8")
    assert naming(tmp_path, ("host.example",)) == [".ci/run"]


def test_the_license_is_mit_in_every_place() -> None:
    assert text("LICENSE").startswith("MIT License\n")
    assert project()["license"] == metadata()["license"] == "MIT"


def test_the_icon_is_a_square_svg() -> None:
    icon = ElementTree.fromstring(text("icon.svg"))
    left, top, width, height = (float(each) for each in icon.attrib["viewBox"].split())
    assert icon.tag == "{http://www.w3.org/2000/svg}svg"
    assert (left, top) == (0, 0)
    assert width == height == float(icon.attrib["width"]) == float(icon.attrib["height"])


def test_the_metadata_says_what_the_registry_asks_for() -> None:
    data = metadata()
    uuid.UUID(data["definitionId"])
    assert data["connectorType"] == "source"
    assert {"language:python", "cdk:python"} <= set(data["tags"])
    assert data["allowedHosts"]["hosts"] == ["graph.facebook.com"]
    assert data["remoteRegistries"]["pypi"] == {"enabled": False, "packageName": project()["name"]}
    assert (ROOT / data["icon"]).exists()


def test_the_metadata_tags_the_api_versions_served_on_the_release_date() -> None:
    data = metadata()
    tagged = [tag.removeprefix("graph-api:") for tag in data["tags"] if tag.startswith("graph-api:")]
    assert tagged == [each.name for each in versions() if not each.is_expired(data["releaseDate"])]


def test_suggested_streams_exist() -> None:
    known = {entity.name for entity in ENTITIES} | {report.name for report in built_in_reports(DEFAULT_VERSION)}
    suggested = set(metadata()["suggestedStreams"]["streams"])
    assert suggested <= known
    # What needs a permission of its own is read only where somebody chose it.
    assert not [entity.name for entity in ENTITIES if entity.name in suggested and not entity.default_on]


def plain(value: Any) -> Any:
    """YAML as JSON has it: dates as text."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def without_ids(schema: Any, is_root: bool = True) -> Any:
    """A published schema whose references all start at its root, although the parts that were put into it have ids."""
    if isinstance(schema, list):
        return [without_ids(each, is_root=False) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_ids(each, is_root=False) for key, each in schema.items() if is_root or key != "$id"}


def test_the_metadata_fits_airbytes_schema() -> None:
    package = resources.files("airbyte_connector_models") / "metadata" / "v0" / "ConnectorMetadataDefinitionV0.json"
    validator = Draft7Validator(without_ids(json.loads(package.read_text(encoding="utf-8"))))
    whole = plain(yaml.safe_load(text("metadata.yaml")))
    assert [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(whole)] == []
    assert next(validator.iter_errors({**whole, "data": {**whole["data"], "connectorType": "sauce"}}), None)
