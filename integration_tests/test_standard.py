"""Airbyte's own standard tests of the connector, against the sandbox.

The configurations are those of acceptance-test-config.yml. Every advisory of the catalog checks is an error here, as
every warning is (pyproject.toml).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase

from integration_tests.truth import Truth
from source_meta_ads.source import SourceMetaAds

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "test_config_matches_spec": "spec",
    "test_check": "check",
    "test_discover": "discover",
    "test_basic_read": "read",
    "test_fail_read_with_bad_catalog": "read",
}


class TestStandard(SourceTestSuiteBase):
    connector = SourceMetaAds
    connector_name = "source-meta-ads"  # else the name of whatever folder this is checked out to

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        return ROOT


for _name in dir(SourceTestSuiteBase):
    if _name.startswith("test_docker_image_"):
        # These need a container engine; tools/image.sh tries the image where there is one.
        setattr(TestStandard, _name, None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test for the configurations listed under its command, and no other."""
    if "scenario" in metafunc.fixturenames:
        command = COMMANDS[metafunc.function.__name__]
        scenarios = [each for each in TestStandard.get_scenarios() if command in each.commands]
        metafunc.parametrize("scenario", scenarios, ids=[each.id for each in scenarios])


@pytest.fixture(autouse=True)
def sandbox(truth: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_GRAPH_URL", truth.url)


def test_every_command_has_a_configuration() -> None:
    scenarios: list[ConnectorTestScenario] = TestStandard.get_scenarios()
    assert {command for each in scenarios for command in each.commands} == set(COMMANDS.values())
