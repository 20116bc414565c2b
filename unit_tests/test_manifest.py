"""The manifest says what metadata.yaml, the spec and the code say, and one that doesn't is refused."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from pydantic import ValidationError

from source_meta_ads.graph.batch import MOST_ITEMS
from source_meta_ads.graph.endpoint import META_URL
from source_meta_ads.graph.versions import versions
from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.insights.reports import built_in_reports
from source_meta_ads.manifest import manifest, parse
from source_meta_ads.schemas.fields import defined_objects, defined_versions
from source_meta_ads.spec import connector_specification
from source_meta_ads.streams import thumbnails
from source_meta_ads.streams.entities import ENTITIES

ROOT = Path(__file__).parents[1]
RAW = yaml.safe_load((ROOT / "source_meta_ads" / "manifest.yaml").read_text("utf-8"))
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text("utf-8"))["data"]
SETTINGS: dict[str, Any] = connector_specification().connectionSpecification["properties"]


def test_its_end_is_what_the_tool_writes() -> None:
    tool = ROOT / "tools" / "api_version.py"
    run = subprocess.run([sys.executable, str(tool), "refresh", "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_it_is_who_it_has_to_be() -> None:
    assert (manifest().id, manifest().manifest_version) == ("conn::third_party::ads::meta::marketing::rest", "1.0")
    assert manifest().runtime.supported_runners == ["lambda", "fargate"]
    assert manifest().streams.strategy == "discovery_or_config"
    assert manifest().streams.defaults.key_strategy == "source_declared_or_config"
    assert manifest().streams.defaults.cursor_strategy == "date_range"


def test_hosts_are_those_of_the_code_and_of_metadata() -> None:
    patterns = manifest().runtime.network_patterns
    always = {host for each in patterns if each.when is None for host in each.hosts}
    assert always == {urlsplit(META_URL).hostname}
    assert always <= set(METADATA["allowedHosts"]["hosts"])
    (pictures,) = [each for each in patterns if each.when]
    assert pictures.hosts == [f"*.{domain}" for domain in thumbnails._CDNS]
    assert SETTINGS[str(pictures.when)]["type"] == "boolean"


def test_no_other_host_stands_in_the_code() -> None:
    known = {"graph.facebook.com", "developers.facebook.com", "json-schema.org", "127.0.0.1"}
    found = {
        host
        for path in (ROOT / "source_meta_ads").rglob("*.py")
        for host in re.findall(r"https?://([\w.-]+\.\w+)", path.read_text("utf-8"))
    }
    assert found <= known


def test_streams_are_those_of_the_code() -> None:
    newest = versions()[-1].name
    assert manifest().catalog.entities == [entity.name for entity in ENTITIES]
    assert manifest().catalog.reports == [report.stream_name for report in built_in_reports(newest)]
    suggested = METADATA["suggestedStreams"]["streams"]
    assert set(suggested) <= {*manifest().catalog.entities, *manifest().catalog.reports}


def test_what_may_be_overridden_can_be() -> None:
    override = SETTINGS["stream_overrides"]["items"]["properties"]
    for strategies in (manifest().streams.defaults, manifest().streams.entities):
        assert strategies.key_strategy.endswith("_or_config") <= ("primary_key" in override)
        assert strategies.cursor_strategy.endswith("_or_config") <= ("cursor_field" in override)
    assert "custom_insights" in SETTINGS


def test_limits_are_those_of_the_spec_and_the_code() -> None:
    limits = manifest().limits
    assert limits.retention_months == table().retention_months
    assert limits.batch_items_most == MOST_ITEMS
    assert limits.page_size_most == SETTINGS["page_size"]["maximum"]
    for bounds, name in (
        (limits.workers, "num_workers"),
        (limits.lookback_days, "insights_lookback_window"),
        (limits.report_job_minutes, "insights_job_timeout"),
        (limits.rate_limit_wait_minutes, "rate_limit_timeout"),
    ):
        assert (bounds.default, bounds.most) == (SETTINGS[name]["default"], SETTINGS[name]["maximum"])
        assert bounds.least in (None, SETTINGS[name]["minimum"])


def test_the_matrix_has_the_dates_that_calls_are_judged_by() -> None:
    rows = [(row.version, row.released, row.graph_expiry, row.marketing_expiry) for row in manifest().compatibility]
    assert rows == [(each.name, each.released, each.graph_expiry, each.marketing_expiry) for each in versions()]
    assert str(manifest().as_of) == str(METADATA["releaseDate"])
    assert [row.status for row in manifest().compatibility] == [each.status(manifest().as_of) for each in versions()]
    served = [row.version for row in manifest().compatibility if row.status != "expired"]
    assert [tag.removeprefix("graph-api:") for tag in METADATA["tags"] if tag.startswith("graph-api:")] == served


def test_the_matrix_and_the_field_definitions_tell_the_same_of_v26() -> None:
    old, new = (defined_objects(version) for version in defined_versions()[-2:])
    (row,) = [each for each in manifest().compatibility if each.version == defined_versions()[-1]]
    for node in old.keys() & new.keys():
        assert set(row.fields.added.get(node, ())) == new[node].keys() - old[node].keys()
        assert set(row.fields.removed.get(node, ())) == old[node].keys() - new[node].keys()
    assert row.fields.added["AdsInsights"]


def test_the_matrix_knows_what_the_changelog_told() -> None:
    rows = {row.version: row for row in manifest().compatibility}
    assert "labels" in rows["v19.0"].fields.removed["AdsInsights"]
    assert "instagram_actor_id" in rows["v22.0"].fields.removed["AdCreative"]
    assert "comscore_market" in rows["v23.0"].breakdowns.added
    since = table().breakdowns["comscore_market"].since_version
    assert f"v{since}.0" == "v23.0"


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        (("id",), "conn::third_party::ads::meta::marketing::graphql", "taxonomy"),
        (("id",), "meta", "id"),
        (("manifest_version",), "2.0", "manifest_version"),
        (("runtime", "supported_runners"), ["cron"], "supported_runners"),
        (("runtime", "network_patterns", 0, "hosts"), ["https://graph.facebook.com/v26.0"], "no host name"),
        (("runtime", "network_patterns", 0, "hosts"), [], "hosts"),
        (("streams", "defaults", "key_strategy"), "guess", "key_strategy"),
        (("limits", "retention"), 37, "retention"),
        (("compatibility", 0, "version"), "18", "version"),
        (("compatibility", 1, "released"), "2020-01-01", "released after"),
        (("compatibility", 0, "status"), "fine", "status"),
    ],
    ids=str,
)
def test_a_manifest_that_says_something_else_is_refused(path: tuple[Any, ...], value: Any, word: str) -> None:
    raw = copy.deepcopy(RAW)
    place = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ValidationError, match=word):
        parse(raw)


def test_it_is_plain_yaml_that_reads_back() -> None:
    assert parse(json.loads(manifest().model_dump_json())) == manifest()
