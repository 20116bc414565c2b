"""Schemas that drift are told exactly: between two syncs, and while rows come, announced by Meta or not."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from integration_tests.connector import Connector, Output, configure
from integration_tests.truth import Truth, keyed
from source_meta_ads.commands import execute
from source_meta_ads.registry.store import open_store
from source_meta_ads.schemas import fields
from source_meta_ads.schemas.drift import SchemaEntry, SchemaLog, fingerprint
from source_meta_ads.source import SourceMetaAds

WORLD = {
    "seed": 7,
    "clock": {"now": "2026-11-24T15:01:00Z"},
    "jobs": {"seconds": [0.0, 0.1]},
    "tokens": [{"token": "tok-all", "accounts": ["1001"], "scopes": ["ads_read", "business_management"]}],
    "accounts": [
        {
            "id": "1001", "name": "West", "timezone": "America/Los_Angeles", "currency": "USD",
            "campaigns": 40, "adsets_per_campaign": 1, "ads_per_adset": 1, "creatives": 2, "audiences": 1,
        },
    ],
}  # fmt: skip
CONFIG = {"credentials": {"auth_type": "Service", "access_token": "tok-all"}, "start_date": "2026-11-20"}
DRIFT = {
    "kind": "drift",
    "edge": "campaigns",
    "add": {"brand_new": {"type": "object", "value": {"level": "HIGH"}}},
    "remove": ["objective"],
    "retype": {"daily_budget": "object", "start_time": "array"},
}


@pytest.fixture
def truth(sandboxes: Callable[..., Truth]) -> Truth:
    return sandboxes()


@pytest.fixture
def connector(truth: Truth) -> Connector:
    return Connector(truth.url, CONFIG)


def drifts(output: Output) -> dict[str, tuple[str, str]]:
    """What the drift records of a run say: (kind, types) by stream and field; each is told once."""
    records = told(output, "drift record: ")
    found = {
        f"{each['stream']}.{each['field']}": (each["kind"], f"{each.get('before')} → {each.get('after')}")
        for each in records
    }
    assert len(found) == len(records)
    return found


def warnings(output: Output) -> list[str]:
    return [log["message"] for log in output.of("log") if log["level"] == "WARN"]


def told(output: Output, what: str) -> list[dict[str, Any]]:
    """The JSON objects that log lines hold after some words; the run that each line is of stands behind them."""
    lines = [log["message"] for log in output.of("log") if log["message"].startswith(what)]
    return [json.JSONDecoder().raw_decode(line, len(what))[0] for line in lines]


def test_an_ordinary_world_does_not_drift(connector: Connector) -> None:
    output = connector.read(["ad_account", "campaigns", "ad_sets", "ads", "ad_creatives", "ads_insights"])
    again = connector.read(["campaigns", "ads_insights"], output.state)
    assert (output.errors, again.errors) == ([], [])
    assert (drifts(output), drifts(again)) == ({}, {})


def test_what_drifts_while_rows_come_is_told_once_a_field_and_passes_through(
    connector: Connector, truth: Truth
) -> None:
    before = connector.read(["campaigns"])
    truth.set_faults(DRIFT)
    output = connector.read(["campaigns"], full_refresh=False, state=forgotten(before.state))
    assert drifts(output) == {
        "campaigns.brand_new": ("unknown", "None → object"),
        "campaigns.daily_budget": ("mistyped", "string → object"),
        "campaigns.start_time": ("mistyped", "date-time → array"),
        "campaigns.objective": ("absent", "string → in none of 39 rows now"),
    }
    rows = output.records("campaigns")
    assert len(rows) == 39
    assert all(row["brand_new"] == {"level": "HIGH"} for row in rows)
    (summary,) = told(output, "run summary: ")
    assert summary["drifts_by_kind"] == {
        "campaigns absent": 1, "campaigns mistyped": 2, "campaigns unknown": 1,
    }  # fmt: skip
    assert len([text for text in warnings(output) if text.startswith("drift: campaigns")]) == 4
    assert output.exit_code == 0


def forgotten(state: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A state whose accounts are to be read from their start, with what is remembered of schemas."""
    (message,) = json.loads(json.dumps(state))
    kept = message["stream"]["stream_state"]
    message["stream"]["stream_state"] = {"schema": kept["schema"]}
    return [message]


def test_a_stream_that_may_not_drift_fails_at_its_end_with_all_rows_and_its_state(
    connector: Connector, truth: Truth
) -> None:
    strict = connector.with_config(schema_drift="fail")
    calm = strict.read(["campaigns", "ad_sets"])
    assert calm.exit_code == 0
    truth.set_faults(DRIFT)
    output = strict.read(["campaigns", "ad_sets"])
    assert output.exit_code == 1
    assert len(output.records("campaigns")) == len(calm.records("campaigns")) == 39
    assert output.statuses("campaigns")[-1] == "INCOMPLETE"
    assert output.statuses("ad_sets")[-1] == "COMPLETE"
    assert any("brand_new unknown (object, not in the schema)" in error for error in output.errors)
    assert "tok-all" not in output.text
    saved = {each["stream"]["stream_descriptor"]["name"]: each for each in output.state}
    assert "1001" in saved["campaigns"]["stream"]["stream_state"]
    truth.set_faults()
    after = strict.read(["campaigns", "ad_sets"], output.state)
    assert after.exit_code == 0, after.errors


def test_drift_that_is_to_be_ignored_is_not_looked_for(connector: Connector, truth: Truth) -> None:
    truth.set_faults(DRIFT)
    output = connector.with_config(schema_drift="ignore").read(["campaigns"])
    assert drifts(output) == {}
    assert len(output.records("campaigns")) == 39


def test_an_unknown_policy_is_refused_with_those_there_are(connector: Connector) -> None:
    (verdict,) = connector.with_config(schema_drift="panic").check().of("connectionStatus")
    assert verdict["status"] == "FAILED"
    assert all(word in verdict["message"] for word in ("schema_drift", "panic", "ignore", "warn", "fail"))


# Between two runs.

V27 = {
    "name": "v27.0",
    "released": "2026-11-20",
    "remove": {"Campaign": ["buying_type"], "AdsInsights": ["cpp"]},
    "add": {"Campaign": {"mood": {"type": "string", "value": "calm"}}},
    "retype": {"Campaign": {"daily_budget": "object"}, "AdsInsights": {"reach": "array"}},
}


@pytest.fixture
def v27_on_board(tmp_path: Path) -> Iterator[None]:
    """Field definitions of v27.0 as a release that knows it would have them."""
    folder = tmp_path / "fields"
    shutil.copytree(str(fields._folder()), folder)
    shutil.copytree(folder / "v26.0", folder / "v27.0")
    for node, change in {
        "Campaign": {"buying_type": None, "mood": "string", "daily_budget": "Object"},
        "AdsInsights": {"cpp": None, "reach": "list<string>"},
    }.items():
        path = folder / "v27.0" / f"{node}.json"
        types = {**json.loads(path.read_text("utf-8")), **change}
        path.write_text(json.dumps({name: each for name, each in types.items() if each}), "utf-8")
    cached = (fields.load_node, fields.defined_versions, fields._nested, fields.defined_objects)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "_folder", lambda: folder)
        for each in cached:
            each.cache_clear()
        yield
    for each in cached:
        each.cache_clear()


def test_an_upgrade_is_told_exactly_before_the_first_row(sandboxes: Callable[..., Truth], v27_on_board: None) -> None:
    connector = Connector(sandboxes(versions={"future": V27}).url, {**CONFIG, "api_version": "v26.0"})
    before = connector.read(["campaigns", "ads_insights"])
    after = read_as_before(connector.with_config(api_version="v27.0"), connector, before.state)
    assert drifts(after) == {
        "campaigns.buying_type": ("removed", "string → None"),
        "campaigns.daily_budget": ("retyped", "string → object"),
        "ads_insights.cpp": ("removed", "number → None"),
        "ads_insights.reach": ("retyped", "integer → array of string"),
    }
    assert after.exit_code == 0, after.errors
    types = [message["type"] for message in after.messages]
    told_at = [place for place, each in enumerate(after.messages) if "drift record: " in str(each.get("log"))]
    assert max(told_at) < types.index("RECORD")
    assert drifts(read_as_before(connector.with_config(api_version="v27.0"), connector, after.state)) == {}


def read_as_before(connector: Connector, earlier: Connector, state: list[dict[str, Any]]) -> Output:
    """A read with the catalog that an earlier configuration's discover gave."""
    known = earlier.streams()
    catalog = {"streams": [configure(known[each["stream"]["stream_descriptor"]["name"]]) for each in state]}
    return connector._command("read", config=connector.config, catalog=catalog, state=state)


def test_a_version_that_no_release_knows_is_told_by_what_it_answers(sandboxes: Callable[..., Truth]) -> None:
    connector = Connector(sandboxes(versions={"future": V27}).url, {**CONFIG, "api_version": "v27.0"})
    output = connector.read(["campaigns"], columns=["name", "daily_budget", "status"])
    assert drifts(output) == {"campaigns.daily_budget": ("mistyped", "string → object")}
    assert any("v27.0" in text and "update the connector" in text for text in warnings(output))
    assert len(output.records("campaigns")) == 39


class Memory:
    """A schema log in memory."""

    def __init__(self) -> None:
        self.entries: dict[str, list[SchemaEntry]] = {}
        self.notes: list[Mapping[str, Any]] = []

    def latest(self, stream: str) -> SchemaEntry | None:
        return self.entries.get(stream, [None])[-1]

    def append(self, stream: str, entry: SchemaEntry) -> bool:
        json.dumps(asdict(entry))
        self.entries.setdefault(stream, []).append(entry)
        return True

    def note(self, stream: str, drift: Mapping[str, Any]) -> None:
        self.notes.append({"to": stream, **drift})


class Away:
    """A schema log that can't be reached."""

    def latest(self, stream: str) -> SchemaEntry | None:
        raise OSError("no route")

    def append(self, stream: str, entry: SchemaEntry) -> bool:
        raise OSError("no route")

    def note(self, stream: str, drift: Mapping[str, Any]) -> None:
        raise OSError("no route")


class Lines(logging.Handler):
    """The warnings of a run."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def registered(
    truth: Truth, log: SchemaLog, columns: list[str] | None = None, **changes: Any
) -> tuple[list[Any], str]:  # fmt: skip
    """The messages and warnings of a full read of campaigns with a registry."""
    connector = Connector(truth.url, {**CONFIG, **changes})
    stream = configure(Connector(truth.url, CONFIG).streams()["campaigns"], columns, full_refresh=True)
    catalog = ConfiguredAirbyteCatalogSerializer.load({"streams": [stream]})
    source = SourceMetaAds(environ={"META_GRAPH_URL": truth.url}, schema_log=log)
    logger, lines = logging.Logger("run"), Lines()
    logger.addHandler(lines)
    return list(source.read(logger, connector.config, catalog, [])), "\n".join(lines.texts)


def test_a_schema_is_registered_once_a_change(truth: Truth) -> None:
    log = Memory()
    for version in ("v26.0", "v26.0", "v25.0"):
        registered(truth, log, api_version=version)
    first, second = log.entries["campaigns"]
    assert (first.api_version, second.api_version) == ("v26.0", "v25.0")
    assert first.fingerprint == fingerprint(first.json_schema)
    assert first.registered_at.startswith("2026-11-24T15:0")
    assert "objective" in first.json_schema["properties"]
    assert {each["field"] for each in log.notes} == {
        "bid_constraints", "frequency_control_specs", "is_meta_moment_maker_enabled", "is_pca_unified",
        "is_reels_trending_ads_enabled",
    } & set(first.json_schema["properties"])  # fmt: skip


def test_choosing_other_columns_is_registered_and_is_no_drift(truth: Truth) -> None:
    log = Memory()
    registered(truth, log, ["id", "name"])
    registered(truth, log, ["id", "name", "status"])
    registered(truth, log, ["id", "status"])
    assert [sorted(each.json_schema["properties"]) for each in log.entries["campaigns"]] == [
        ["id", "name"], ["id", "name", "status"], ["id", "status"],
    ]  # fmt: skip
    assert log.notes == []


def test_drift_records_go_to_the_log_and_a_log_out_of_reach_stops_nothing(truth: Truth) -> None:
    truth.set_faults(DRIFT)
    log = Memory()
    registered(truth, log)
    assert {(each["to"], each["field"], each["kind"]) for each in log.notes} == {
        ("campaigns", "brand_new", "unknown"),
        ("campaigns", "daily_budget", "mistyped"),
        ("campaigns", "start_time", "mistyped"),
    }
    messages, warned = registered(truth, Away())
    assert sum(1 for message in messages if message.record) == 39
    for words in ("was not compared", "was not registered", "drift record was not kept"):
        assert f"{words}, the registry can't be reached: no route" in warned


def test_an_old_catalog_still_reads_and_names_what_is_gone(connector: Connector) -> None:
    known = connector.streams()
    catalog = {"streams": [configure(known["campaigns"]), configure(known["ads_insights"])]}
    for each in catalog["streams"]:
        columns = each["stream"]["json_schema"]["properties"]
        each["stream"]["json_schema"]["properties"] = {
            **{name: columns[name] for name in ("name", "impressions", "ad_id", "id") if name in columns},
            "long_gone": {"type": ["null", "string"]},
        }
    output = connector._command("read", config=connector.config, catalog=catalog, state=[])
    assert output.exit_code == 0, output.errors
    for stream in ("campaigns", "ads_insights"):
        assert output.records(stream)
        (warning,) = [text for text in warnings(output) if text.startswith(f"{stream}: long_gone not in API v26.0")]
        assert "refresh the schema" in warning
    assert drifts(output) == {}


# Beforehand, by the command.


def asked_live(truth: Truth, folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and document of `drift --live` from v26.0 to v27.0."""
    (folder / "config.json").write_text(json.dumps(CONFIG), "utf-8")
    arguments = ["drift", "--from", "v26.0", "--to", "v27.0", "--live", "--json", *more]
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setenv("META_GRAPH_URL", truth.url)
        code = execute([*arguments, "--config", str(folder / "config.json")])
    return code, json.loads(out.getvalue())


def test_a_version_to_come_is_told_exactly_by_asking_for_it(sandboxes: Callable[..., Truth], tmp_path: Path) -> None:
    future = {**V27, "removed_breakdowns": ["country"]}
    truth = sandboxes(versions={"future": future})
    columns = {
        "campaigns": ["id", "name", "buying_type", "daily_budget", "mood"],
        "ads": ["id", "name"],
        "ads_insights": ["ad_id", "reach", "cpp", "impressions"],
        "ads_insights_country": ["ad_id", "reach"],
    }
    catalog = {
        "streams": [
            {"stream": {"name": name, "json_schema": {"properties": {each: {} for each in names}}}}
            for name, names in columns.items()
        ]
    }
    (tmp_path / "catalog.json").write_text(json.dumps(catalog), "utf-8")
    code, told_live = asked_live(truth, tmp_path, "--catalog", str(tmp_path / "catalog.json"))
    found = {(each["where"], each["field"], each["kind"]) for each in told_live["live"]}
    assert found == {
        ("campaigns", "buying_type", "removed"),
        ("campaigns", "daily_budget", "retyped"),
        ("campaigns", "mood", "added"),
        ("ads_insights", "cpp", "removed"),
        ("ads_insights", "reach", "retyped"),
        ("ads_insights_country", "the stream", "refused"),
    }
    assert (code, told_live["breaks"], told_live["notes"]) == (1, True, {})
    assert len(truth.journal()) < 25


def test_a_version_that_changes_nothing_of_what_is_used_breaks_nothing(
    sandboxes: Callable[..., Truth], tmp_path: Path
) -> None:
    truth = sandboxes(versions={"future": V27})
    catalog = {"streams": [{"stream": {"name": "ads", "json_schema": {"properties": {"id": {}, "name": {}}}}}]}
    (tmp_path / "catalog.json").write_text(json.dumps(catalog), "utf-8")
    code, told_live = asked_live(truth, tmp_path, "--catalog", str(tmp_path / "catalog.json"))
    assert (code, told_live["live"], told_live["breaks"]) == (0, [], False)


# Fields that Meta doesn't know any more.


def test_what_a_version_no_longer_knows_is_told_while_the_rest_is_read(
    sandboxes: Callable[..., Truth],
) -> None:
    truth = sandboxes(versions={"future": {**V27, "retype": {}, "add": {}}})
    connector = Connector(truth.url, {**CONFIG, "api_version": "v27.0"})
    output = connector.read(["campaigns", "ads_insights"])
    assert output.exit_code == 0, output.errors
    assert {field: kind for field, (kind, _) in drifts(output).items()} == {
        "campaigns.buying_type": "refused",
        "ads_insights.cpp": "refused",
    }
    rows = Connector(truth.url, CONFIG).read(["ads_insights"]).records("ads_insights")
    key = ("date_start", "account_id", "ad_id")
    held, whole = keyed(output.records("ads_insights"), key), keyed(rows, key)
    assert whole
    assert held == {each: {name: value for name, value in row.items() if name != "cpp"} for each, row in whole.items()}
    assert len(output.records("campaigns")) == 39
    refused = [call for call in truth.journal() if call["edge"] == "insights" and call["code"] == 100]
    assert len(refused) <= 8


def test_a_report_without_a_column_of_its_key_fails_with_its_name(sandboxes: Callable[..., Truth]) -> None:
    truth = sandboxes(versions={"future": {**V27, "remove": {"AdsInsights": ["ad_id"]}}})
    output = Connector(truth.url, {**CONFIG, "api_version": "v27.0"}).read(["ads_insights"])
    assert output.exit_code == 1
    assert any("ad_id is not valid for fields param" in error for error in output.errors)


# With a registry that the environment names.


def test_a_registry_in_the_environment_keeps_schemas_and_drift(
    connector: Connector, truth: Truth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ADS_REGISTRY", f"sqlite://{tmp_path}/registry.db")
    monkeypatch.setenv("META_ADS_CONNECTION", "shop")
    truth.set_faults(DRIFT)
    for _ in range(2):
        assert connector.read(["campaigns"]).exit_code == 0
    log = open_store(f"sqlite://{tmp_path}/registry.db")
    (schema,) = log.history("schema/shop/campaigns")
    assert schema.document["api_version"] == "v26.0"
    noted = [version.document["field"] for version in log.history("drift/shop/campaigns")]
    assert sorted(set(noted)) == ["brand_new", "daily_budget", "start_time"]


def test_a_registry_that_is_none_is_refused_with_the_forms_there_are(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ADS_REGISTRY", "redis://host")
    output = connector.read(["campaigns"])
    assert output.exit_code == 1
    (error,) = output.errors
    assert all(words in error for words in ("META_ADS_REGISTRY", "redis://host", "sqlite:///"))
