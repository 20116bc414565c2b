"""The table of ad objects holds together: keys, cursors, filters and permissions of every declaration."""

from __future__ import annotations

import gc
import weakref

import pytest

from source_meta_ads.catalog import Chosen, build_streams
from source_meta_ads.config import Config
from source_meta_ads.schemas.fields import defined_versions, load_node
from source_meta_ads.source import SourceMetaAds
from source_meta_ads.streams.declaration import Entity
from source_meta_ads.streams.entities import ENTITIES
from source_meta_ads.streams.entity import EntityStream

EACH = pytest.mark.parametrize("entity", ENTITIES, ids=[entity.name for entity in ENTITIES])
# Objects that more than one account can list, so that the id alone would keep one account's row of many.
SHARED = {"pixels", "ad_studies", "ad_account_users"}
NEEDS_A_PERMISSION = {"leads", "businesses", "ad_account_users"}


def columns_of(entity: Entity, version: str = "v26.0") -> set[str]:
    return set(EntityStream(entity, version, None, None).get_json_schema()["properties"])


@EACH
def test_a_key_is_made_of_columns_and_names_the_account_where_accounts_share_objects(entity: Entity) -> None:
    assert set(entity.key) <= columns_of(entity)
    assert ("account_id" in entity.key) is (entity.name in SHARED)
    key = EntityStream(entity, "v26.0", None, None).primary_key
    assert ([key] if isinstance(key, str) else tuple(key or ())) == (
        list(entity.key) if isinstance(key, str) else entity.key
    )


@EACH
def test_only_what_belongs_to_no_account_has_no_account_id(entity: Entity) -> None:
    assert ("account_id" not in columns_of(entity)) is (entity.parent == "token")


@EACH
def test_what_needs_a_permission_of_its_own_is_off_unless_chosen(entity: Entity) -> None:
    assert (not entity.default_on) is (entity.name in NEEDS_A_PERMISSION)


@EACH
@pytest.mark.parametrize("version", defined_versions())
def test_guarded_and_watched_fields_are_fields_and_columns(entity: Entity, version: str) -> None:
    fields = load_node(entity.node, version).fields
    assert {*entity.guarded, *entity.watched} <= set(fields) & columns_of(entity, version)
    assert not entity.guarded or entity.read == "node"


@EACH
def test_an_incremental_stream_has_one_way_to_ask_for_what_is_new(entity: Entity) -> None:
    ways = [entity.filter_prefix is not None, entity.order == "newest_first", entity.time_params, entity.parent == "ad"]
    assert sum(ways) == (1 if entity.cursor_field else 0)


def test_a_switch_of_a_column_is_a_key_of_the_configuration() -> None:
    switches = {column.switch for entity in ENTITIES for column in entity.added if column.switch}
    assert switches == {"fetch_thumbnail_images"}
    assert switches <= set(Config.model_fields)


@pytest.mark.parametrize("is_on", [True, False])
def test_a_column_that_is_off_is_in_the_schema_all_the_same(is_on: bool) -> None:
    raw = {"credentials": {"auth_type": "Service", "access_token": "t"}, "fetch_thumbnail_images": is_on}
    streams = {each.stream.name: each.stream for each in build_streams(Config.parse(raw), None, lambda _: Chosen())}
    assert "thumbnail_data_url" in streams["ad_creatives"].get_json_schema()["properties"]


def test_a_stream_that_nobody_needs_any_more_is_forgotten() -> None:
    # The CDK's `get_json_schema` would keep it, schema and all: a runner that reads every hour would grow without end.
    stream = next(iter(SourceMetaAds().streams({"credentials": {"access_token": "none"}})))
    assert stream.get_json_schema() is stream.get_json_schema()
    forgotten = weakref.ref(stream)
    del stream
    gc.collect()
    assert forgotten() is None
