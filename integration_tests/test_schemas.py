"""Every record of the sandbox fits its stream's schema, in every version on board; one that is changed does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest

from integration_tests.connector import Connector, Output
from integration_tests.sandbox.server import serve_in_thread
from source_meta_ads.schemas.drift import Change
from source_meta_ads.schemas.fields import defined_versions
from source_meta_ads.schemas.watch import misfits

SCOPES = ["ads_read", "ads_management", "business_management", "leads_retrieval"]
WORLD = {
    "seed": 11,
    "clock": {"now": "2026-11-24T15:01:00Z"},
    "jobs": {"seconds": [0.0, 0.05]},
    "tokens": [{"token": "tok-all", "accounts": ["1001"], "scopes": SCOPES}],
    "businesses": [{"id": "500", "name": "Shop", "owned": ["1001"]}],
    "accounts": [
        {
            "id": "1001", "name": "West", "timezone": "America/Los_Angeles", "currency": "USD",
            "campaigns": 2, "adsets_per_campaign": 1, "ads_per_adset": 2, "creatives": 3, "audiences": 2,
            "features": ["impression_device", "frequency_value", "time_of_day_viewer_tz", "comscore"],
        },
    ],
}  # fmt: skip
OTHER_TYPES: Mapping[str, Any] = {
    "string": {"a": 1}, "integer": "many", "number": "much", "boolean": "perhaps", "array": "one", "object": "thing",
}  # fmt: skip

Read = tuple[dict[str, dict[str, Any]], Output]


@pytest.fixture(scope="module", params=defined_versions())
def read(request: pytest.FixtureRequest) -> Iterator[Read]:
    """The streams of a version, and what a read of all of them printed."""
    handle = serve_in_thread(WORLD)
    connector = Connector(
        handle.url,
        {
            "credentials": {"auth_type": "Service", "access_token": "tok-all"},
            "start_date": "2026-11-23",
            "api_version": request.param,
        },
        haste=20,
    )
    try:
        streams = connector.streams()
        yield streams, connector.read(list(streams))
    finally:
        handle.stop()


def test_every_record_fits_its_schema_with_nothing_unknown_in_it(read: Read) -> None:
    streams, output = read
    assert output.exit_code == 0, output.errors
    filled = set()
    for name, stream in streams.items():
        validator = jsonschema.Draft7Validator(stream["json_schema"], format_checker=jsonschema.FormatChecker())
        for record in output.records(name):
            filled.add(name)
            assert [str(error) for error in validator.iter_errors(record)] == [], name
            assert misfits_of(record, stream) == [], name
    assert set(streams) - filled <= MAY_BE_EMPTY
    assert [log["message"] for log in output.of("log") if "drift" in log["message"].split(":")[0]] == []


# Breakdowns that the sandbox answers without rows, and objects that this world has none of.
MAY_BE_EMPTY = {
    "ads_insights_comscore_market", "ads_insights_demographics_comscore_market_region", "leads", "ad_studies",
    "ad_rules",
}  # fmt: skip


def misfits_of(record: Mapping[str, Any], stream: Mapping[str, Any]) -> list[Change]:
    schema = {"type": "object", "properties": stream["json_schema"]["properties"]}
    return list(misfits(record, schema, ""))


def test_a_record_with_any_column_of_another_type_is_caught(read: Read) -> None:
    streams, output = read
    tried = 0
    for name, stream in streams.items():
        # The record fits, so it is enough to hold the changed column against its part of the schema.
        columns = {column for record in output.records(name) for column in record} | {"account_id"}
        for column, schema in stream["json_schema"]["properties"].items():
            if column in columns:
                changed = OTHER_TYPES[schema["type"][1]]
                assert not jsonschema.Draft7Validator(schema).is_valid(changed), (name, column)
                assert {each.kind for each in misfits(changed, schema, column)} == {"mistyped"}, (name, column)
                tried += 1
    assert tried > 1_000


def test_a_record_with_a_column_more_passes_and_is_noticed(read: Read) -> None:
    streams, output = read
    for name in ("campaigns", "ads_insights"):
        changed = {**output.records(name)[0], "brand_new": 1}
        assert jsonschema.Draft7Validator(streams[name]["json_schema"]).is_valid(changed)
        assert misfits_of(changed, streams[name]) == [Change(".brand_new", "unknown", None, "integer")]
