"""Every stream of ad objects against the sandbox: all rows, all columns, the right types; and what changed since."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import jsonschema
import pytest

from integration_tests.connector import Connector, Output
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import EDGES, OTHER_EDGES, Truth, differences, plain

ACCOUNTS = ("1001", "1002")
WORLD = {
    "seed": 11,
    "clock": {"now": "2026-11-24T15:01:00Z"},
    "tokens": [
        {
            "token": "tok",
            "accounts": ["1001", "1002"],
            "scopes": ["ads_read", "ads_management", "business_management", "leads_retrieval"],
        },
        {"token": "tok-reader", "accounts": ["1001", "1002"], "scopes": ["ads_read"]},
    ],
    "businesses": [{"id": "900", "name": "Agency", "client": ["1002"]}],
    "accounts": [
        {
            "id": "1001", "name": "West", "business": "900", "campaigns": 4, "adsets_per_campaign": 2,
            "ads_per_adset": 2, "objectives": ["OUTCOME_LEADS", "OUTCOME_SALES"],
        },
        {
            "id": "1002", "name": "Ost", "timezone": "Asia/Tokyo", "currency": "JPY", "campaigns": 2,
            "adsets_per_campaign": 1, "ads_per_adset": 2,
        },
    ],
}  # fmt: skip
EVERY_EDGE = {**EDGES, **OTHER_EDGES}
VERSIONS = ("v25.0", "v26.0")
EVERY_STATUS = (
    "ACTIVE,ADSET_PAUSED,ARCHIVED,CAMPAIGN_PAUSED,DELETED,DISAPPROVED,IN_PROCESS,PAUSED,PENDING_REVIEW,WITH_ISSUES"
)
# Columns that are ours.
OURS = {"is_deleted", "deleted_at", "thumbnail_data_url", "activity_id"}
KEYLESS = {"activities": ["activity_id"]}


@pytest.fixture(scope="module")
def world() -> Iterator[Truth]:
    """A sandbox that every test here reads and none changes."""
    handle = serve_in_thread(WORLD)
    yield Truth(handle.url)
    handle.stop()


def connector_to(truth: Truth, **changes: Any) -> Connector:
    config = {"credentials": {"auth_type": "Service", "access_token": "tok"}, "start_date": "2026-09-01"}
    return Connector(truth.url, {**config, **changes})


@pytest.fixture(scope="module")
def reads(world: Truth) -> Mapping[str, Output]:
    """All streams read in full, by API version."""
    found = {}
    for version in VERSIONS:
        connector = connector_to(world, api_version=version)
        found[version] = connector.read(list(EVERY_EDGE), full_refresh=True)
        assert (found[version].exit_code, found[version].errors) == (0, [])
    return found


@pytest.fixture(scope="module")
def described(world: Truth) -> Mapping[str, Mapping[str, dict[str, Any]]]:
    """Every stream as discover has it, by API version."""
    return {version: connector_to(world, api_version=version).streams() for version in VERSIONS}


def key_of(stream: Mapping[str, Any], name: str) -> list[str]:
    return KEYLESS.get(name) or [part[0] for part in stream["source_defined_primary_key"]]


def true_rows(truth: Truth, name: str, version: str = "") -> list[dict[str, Any]]:
    query = {"version": version} if version else {}
    if name == "activities":
        query["since"] = "2026-08-31"
    if name == "leads":
        query["statuses"] = EVERY_STATUS
    accounts = ACCOUNTS[:1] if name == "businesses" else ACCOUNTS
    return truth.objects(EVERY_EDGE[name], accounts, **query)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", EVERY_EDGE)
def test_every_row_is_there_with_every_column(
    world: Truth, reads: Mapping[str, Output], described: Mapping[str, Any], name: str, version: str
) -> None:
    stream = described[version][name]
    columns = set(stream["json_schema"]["properties"]) - OURS
    held, true = reads[version].records(name), true_rows(world, name, version)
    assert true, f"the sandbox has nothing for {name}: the test would prove nothing"
    if name == "activities":
        # Events have no id: they are compared as they are, in order, and each has an id of ours of its own.
        assert len({record["activity_id"] for record in held}) == len(held) == len(true)
        assert sorted(map(_without_ours, held), key=str) == sorted(map(_without_ours, true), key=str)
        return
    assert differences(held, true, key_of(stream, name), columns) == []
    assert len(held) == len(true)


def _without_ours(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in sorted(row.items()) if name not in OURS}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", EVERY_EDGE)
def test_every_record_is_as_the_schema_says_with_no_field_more(
    reads: Mapping[str, Output], described: Mapping[str, Any], name: str, version: str
) -> None:
    validator = jsonschema.Draft7Validator(strict(described[version][name]["json_schema"]), format_checker=FORMATS)
    records = reads[version].records(name)
    assert records
    assert [
        f"{error.json_path}: {error.message}" for record in records for error in validator.iter_errors(record)
    ] == []


def strict(schema: Any) -> Any:
    """The schema with every object closed to properties that it doesn't name, if it names any."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    return {**closed, "additionalProperties": False} if isinstance(schema.get("properties"), dict) else closed


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or bool(_MOMENT.fullmatch(value) and datetime.fromisoformat(value))


FORMATS = jsonschema.FormatChecker(formats=())
FORMATS.checkers = {"date-time": (_is_moment, ValueError)}


def test_the_checks_of_a_schema_can_fail() -> None:
    schema = strict({"properties": {"a": {"type": ["null", "string"], "format": "date-time"},
                                    "b": {"type": "object", "properties": {"c": {}}}}})  # fmt: skip
    validator = jsonschema.Draft7Validator(schema, format_checker=FORMATS)
    assert validator.is_valid({"a": "2026-11-01T00:00:00+00:00", "b": {"c": 1}})
    for wrong in ({"a": "2026-11-01T00:00:00+0000"}, {"a": 1}, {"d": 1}, {"b": {"d": 1}}):
        assert not validator.is_valid(wrong)


def test_a_stream_that_needs_a_permission_of_its_own_says_which_is_missing(world: Truth) -> None:
    reader = connector_to(world, credentials={"auth_type": "Service", "access_token": "tok-reader"})
    output = reader.read(["leads", "businesses", "campaigns"])
    assert output.exit_code == 1
    assert output.records("campaigns")
    (leads,) = [error for error in output.errors if error.startswith("account act_1001 ") and "leads" in error]
    assert "leads_retrieval" in leads
    assert [error for error in output.errors if "GET businesses" in error]


def test_only_ads_of_lead_campaigns_are_asked_for_leads(world: Truth, reads: Mapping[str, Output]) -> None:
    asked = {call["path"].rsplit("/", 2)[-2] for call in world.journal() if call["edge"] == "leads"}
    ads = world.objects("ads", ACCOUNTS, statuses=EVERY_STATUS)
    goals = {row["id"]: row["optimization_goal"] for row in world.objects("adsets", ACCOUNTS, statuses=EVERY_STATUS)}
    with_leads = {row["ad_id"] for row in reads["v26.0"].records("leads")}
    assert with_leads <= asked < {row["id"] for row in ads}
    assert {row["id"] for row in ads if goals[row["adset_id"]] == "LEAD_GENERATION"} <= asked


@pytest.mark.parametrize("name", ["activities", "leads", "images", "videos"])
def test_a_second_sync_brings_what_is_new_and_little_else(truth: Truth, name: str) -> None:
    connector = connector_to(truth)
    first = connector.read([name])
    truth.advance_days(6)
    second = connector.read([name], first.state)
    assert (second.exit_code, second.errors) == (0, [])
    key = key_of(connector.streams()[name], name)
    held, true = first.records(name) + second.records(name), true_rows(truth, name)
    if name == "activities":
        held, true = (list({str(_without_ours(row)): row for row in rows}.values()) for rows in (held, true))
        assert {str(_without_ours(row)) for row in held} == {str(_without_ours(row)) for row in true}
    else:
        columns = set(connector.streams()[name]["json_schema"]["properties"]) - OURS
        assert not [each for each in differences(held, true, key, columns) if not each.startswith("not true")]
    before = {_identity(row, key) for row in first.records(name)}
    new = [row for row in true_rows(truth, name) if _identity(row, key) not in before]
    assert new
    # Besides the new ones, what is as new as the newest known: a few of each account.
    assert len(new) <= len(second.records(name)) <= len(new) + 2 * len(ACCOUNTS)
    assert len(second.records(name)) < len(before) + len(new)


def _identity(row: Mapping[str, Any], key: list[str]) -> str:
    return str(_without_ours(row)) if key == ["activity_id"] else str([row[part] for part in key])


def test_columns_that_are_not_selected_are_not_in_the_records(world: Truth) -> None:
    output = connector_to(world).read(["activities"], columns=["activity_id", "account_id", "object_name"])
    record = output.records("activities")[0]
    assert set(record) == {"activity_id", "account_id", "object_name", "event_time"}
    whole = connector_to(world).read(["activities"]).records("activities")
    assert record["activity_id"] in {each["activity_id"] for each in whole}
