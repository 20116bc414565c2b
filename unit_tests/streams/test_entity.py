"""What an entity declaration means: fields, filters, paging and state, against a session that records its calls."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import requests_mock
from airbyte_cdk.models import SyncMode
from airbyte_cdk.utils import AirbyteTracedException

from source_meta_ads.accounts import Account, Reach, Refused
from source_meta_ads.graph.auth import BearerAuth
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import PermissionDenied
from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.graph.turns import Turns
from source_meta_ads.insights.report_run import ReportRuns
from source_meta_ads.insights.scheduler import Scheduler
from source_meta_ads.schemas.fields import load_node
from source_meta_ads.streams.base import Runtime
from source_meta_ads.streams.declaration import Entity
from source_meta_ads.streams.entities import ENTITIES
from source_meta_ads.streams.entity import EntityStream
from source_meta_ads.telemetry.meter import Meter
from unit_tests.simulated import SimulatedClock

BY_NAME = {entity.name: entity for entity in ENTITIES}
GRAPH = "https://graph.facebook.com/v26.0"


@pytest.fixture
def meta() -> Any:
    with requests_mock.Mocker() as mocker:
        yield mocker


def runtime(refused: tuple[Refused, ...] = ()) -> Runtime:
    clock, meter, logger = SimulatedClock(), Meter(), logging.getLogger("test")
    session = GraphSession(
        base_url="https://graph.facebook.com",
        version="v26.0",
        auth=BearerAuth("tok"),
        clock=clock,
        throttle=Throttle(clock),
        meter=meter,
        logger=logger,
    )
    scheduler = Scheduler(ReportRuns(session, 500), clock, logger)
    reach = Reach((Account("1", "One", "UTC", "USD", 1),), refused)
    return Runtime(session, scheduler, clock, Turns(clock), meter, reach, logger)


def stream(name: str, means: Runtime | None = None, **options: Any) -> EntityStream:
    selected = options.pop("selected", None)
    return EntityStream(BY_NAME[name], "v26.0", selected, means or runtime(), **options)


def read(each: EntityStream) -> list[dict[str, Any]]:
    return [
        dict(record)
        for account_slice in each.stream_slices(sync_mode=SyncMode.full_refresh)
        for record in each.read_records(SyncMode.full_refresh, stream_slice=account_slice)
    ]


def asked(meta: Any, name: str) -> Any:
    values = meta.last_request.qs.get(name.lower())
    return values[0] if values else None


def test_every_page_is_read_though_the_cdk_wraps_the_stream_in_a_resumable_cursor(meta: Any) -> None:
    pages = [
        {
            "data": [{"id": "1"}, {"id": "2"}],
            "paging": {"cursors": {"after": "a"}, "next": "https://x/?access_token=t"},
        },
        {"data": [{"id": "3"}], "paging": {"cursors": {"after": "b"}}},
    ]
    meta.get(f"{GRAPH}/act_1/adcreatives", [{"json": page} for page in pages])
    creatives = stream("ad_creatives")
    assert creatives.cursor is None
    assert [record["id"] for record in read(creatives)] == ["1", "2", "3"]
    assert asked(meta, "after") == "a"


def test_every_record_has_its_accounts_digits(meta: Any) -> None:
    meta.get(f"{GRAPH}/act_1", json={"id": "act_1", "name": "One"})
    assert read(stream("ad_account")) == [{"id": "act_1", "name": "One", "account_id": "1"}]


def test_numbers_in_strings_are_typed_and_unknown_fields_pass(meta: Any) -> None:
    meta.get(f"{GRAPH}/act_1/campaigns", json={"data": [{"id": 120210000000010001, "brand_new": {"a": 1}}]})
    (record,) = read(stream("campaigns"))
    assert record == {"id": "120210000000010001", "brand_new": {"a": 1}, "account_id": "1", "is_deleted": False}


def test_only_selected_fields_are_asked_for_with_key_and_cursor(meta: Any) -> None:
    meta.get(f"{GRAPH}/act_1/ads", json={"data": []})
    read(stream("ads", selected=["name", "creative"]))
    assert set(asked(meta, "fields").split(",")) == {"id", "account_id", "name", "creative", "updated_time"}


def test_a_selected_column_that_the_version_has_not_is_told_and_not_asked_for(meta: Any) -> None:
    meta.get(f"{GRAPH}/act_1/ads", json={"data": []})
    ads = stream("ads", selected=["name", "long_gone"])
    read(ads)
    assert ads.unfilled == ["long_gone"]
    assert "long_gone" not in asked(meta, "fields")


def conditions(meta: Any, name: str, edge: str, **options: Any) -> list[dict[str, Any]]:
    meta.get(f"{GRAPH}/act_1/{edge}", json={"data": []})
    read(stream(name, **options))
    raw = asked(meta, "filtering")
    return json.loads(raw) if raw else []


def test_a_first_read_filters_nothing(meta: Any) -> None:
    assert conditions(meta, "campaigns", "campaigns") == []


def test_a_later_read_asks_for_what_changed_since_the_cursor_less_an_overlap(meta: Any) -> None:
    state = {"1": {"updated_time": "2026-11-10T08:00:00+00:00"}}
    (condition,) = conditions(meta, "ad_sets", "adsets", state=state)
    assert condition == {"field": "adset.updated_time", "operator": "greater_than", "value": 1794297600 - 900}


@pytest.mark.parametrize("cursor", ["2026-11-10T08:00:00", "2026-11-10T08:00:00Z", "2026-11-10T00:00:00-0800"])
def test_cursors_of_every_form_mean_the_same_moment(meta: Any, cursor: str) -> None:
    (condition,) = conditions(meta, "ads", "ads", state={"1": {"updated_time": cursor}})
    assert condition["value"] == 1794297600 - 900


def test_statuses_are_asked_for_by_filter(meta: Any) -> None:
    (condition,) = conditions(meta, "ads", "ads", statuses=["PAUSED", "ARCHIVED"])
    assert condition == {"field": "ad.effective_status", "operator": "in", "value": ["archived", "paused"]}


@pytest.mark.parametrize(
    ("before", "now", "starts_over"),
    [
        (["ACTIVE", "PAUSED"], ["ACTIVE"], False),
        (["ACTIVE"], ["ACTIVE"], False),
        (["ACTIVE"], ["ACTIVE", "PAUSED"], True),
        ([], ["ACTIVE"], True),
        (["ACTIVE"], [], True),
        ([], [], False),
    ],
)
def test_statuses_never_read_before_make_the_account_start_over(
    meta: Any, before: list[str], now: list[str], starts_over: bool
) -> None:
    state = {"1": {"updated_time": "2026-11-10T08:00:00+00:00", "filter_statuses": before}}
    found = conditions(meta, "ads", "ads", statuses=now, state=state)
    assert any(each["field"] == "ad.updated_time" for each in found) is not starts_over


def test_statuses_in_the_state_of_a_stream_that_has_none_mean_nothing(meta: Any) -> None:
    """source-facebook-marketing writes them at the top of the states of images and videos."""
    entity = Entity(
        "pictures", "Campaign", "x", edge="campaigns", cursor_field="updated_time", filter_prefix="campaign"
    )
    meta.get(f"{GRAPH}/act_1/campaigns", json={"data": []})
    state = {"1": {"updated_time": "2026-11-10T08:00:00+00:00", "filter_statuses": ["ACTIVE"]}}
    read(EntityStream(entity, "v26.0", None, runtime(), state=state))
    assert "updated_time" in asked(meta, "filtering")


def test_a_state_that_nobody_can_read_says_where_and_what_to_write(meta: Any) -> None:
    meta.get(f"{GRAPH}/act_1/ads", json={"data": []})
    with pytest.raises(AirbyteTracedException, match="ads, account act_1: 'last week' is no cursor"):
        read(stream("ads", state={"1": {"updated_time": "last week"}}))


def test_a_page_too_large_is_halved_and_no_row_is_lost(meta: Any) -> None:
    refusal = {"error": {"code": 1, "message": "Please reduce the amount of data you're asking for"}}
    meta.get(
        f"{GRAPH}/act_1/adcreatives",
        [{"json": refusal, "status_code": 500}, {"json": {"data": [{"id": "1"}, {"id": "2"}]}}],
    )
    assert len(read(stream("ad_creatives", page_size=50))) == 2
    assert [request.qs["limit"] for request in meta.request_history] == [["50"], ["25"]]


def test_a_refused_account_fails_in_its_own_slice_with_its_reason() -> None:
    error = PermissionDenied(code=200, message="no", method="GET", edge="ad account", account_id="9")
    each = stream("ads", runtime((Refused("9", error),)))
    assert [part["account_id"] for part in each.stream_slices(sync_mode=SyncMode.full_refresh)] == ["1", "9"]
    with pytest.raises(AirbyteTracedException, match="act_9"):
        list(each.read_records(SyncMode.full_refresh, stream_slice={"account_id": "9"}))


def test_rows_and_calls_are_counted_under_the_streams_name(meta: Any) -> None:
    meta.get(f"{GRAPH}/act_1/campaigns", json={"data": [{"id": "1"}, {"id": "2"}]})
    means = runtime()
    read(stream("campaigns", means))
    summary = means.meter.summary()
    assert summary["rows_by_stream"] == {"campaigns": 2}
    assert summary["calls_by_stream"] == {"campaigns": 1}


def test_a_stream_built_to_be_described_can_not_be_read() -> None:
    described = EntityStream(BY_NAME["ads"], "v26.0", None, None)
    with pytest.raises(RuntimeError, match="described"):
        list(described.stream_slices(sync_mode=SyncMode.full_refresh))


def test_every_declaration_has_its_own_name_and_a_node_with_its_key_and_cursor() -> None:
    assert len(BY_NAME) == len(ENTITIES)
    for entity in ENTITIES:
        properties = EntityStream(entity, "v26.0", None, None).get_json_schema()["properties"]
        assert set(entity.key) | ({"account_id"} if entity.parent != "token" else set()) <= set(properties)
        if entity.cursor_field:
            assert properties[entity.cursor_field]["format"] == "date-time"


def test_heavy_fields_and_cuts_are_of_the_object_itself() -> None:
    for entity in ENTITIES:
        fields = load_node(entity.node, "v26.0").fields
        assert set(entity.heavy) <= set(fields)
        assert not {*entity.key, entity.cursor_field} & set(entity.heavy)
        if entity.partition:
            assert f"{entity.partition}_id" in fields
            assert entity.filter_prefix


@pytest.mark.parametrize(
    ("selected", "page_size", "limit"),
    [(None, None, "50"), (["name"], None, "200"), (["name", "object_story_spec"], None, "50"), (["name"], 70, "70")],
)
def test_pages_of_creatives_are_larger_without_their_long_specs(
    meta: Any, selected: list[str] | None, page_size: int | None, limit: str
) -> None:
    meta.get(f"{GRAPH}/act_1/adcreatives", json={"data": []})
    read(stream("ad_creatives", selected=selected, page_size=page_size))
    assert asked(meta, "limit") == limit
