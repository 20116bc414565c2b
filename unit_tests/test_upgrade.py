"""What an upgrade changes: exactly, for what is used, and along the whole way."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from source_meta_ads.config import Config
from source_meta_ads.manifest import FieldChanges, VersionRow
from source_meta_ads.schemas.drift import Change
from source_meta_ads.upgrade import Effect, Upgrade, changes_by_object, known_versions

CONFIG = Config.model_validate({"credentials": {"auth_type": "Service", "access_token": "none"}})
STEP = Upgrade("v25.0", "v26.0")


def effects(config: dict[str, Any], columns: dict[str, list[str] | None], step: Upgrade = STEP) -> list[Effect]:
    return step.of_streams(Config.model_validate({**CONFIG.model_dump(mode="json"), **config}), columns)


def test_all_fields_are_told_by_object_with_breakdowns_beside_them() -> None:
    found = STEP.of_everything()
    assert Effect("Campaign", Change("bid_constraints", "added", None, "AdCampaignGroupBidConstraints")) in found
    assert Effect("AdsActionStats", Change("1d_sequenced", "added", None, "float")) in found
    assert Effect("breakdowns", Change("zip", "added")) in found
    gone = {(each.where, each.change.field) for each in found if each.change.is_breaking}
    assert gone == {
        ("AdsInsights", f"marketing_messages_website_{name}")
        for name in ("add_to_cart", "initiate_checkout", "purchase", "purchase_values")
    }


def test_only_what_a_catalog_selects_is_told() -> None:
    assert effects({}, {"campaigns": ["id", "name"], "ads": ["id", "tracking_specs"]}) == []
    assert effects({}, {"campaigns": ["id", "bid_constraints"]}) == [
        Effect("campaigns", Change("bid_constraints", "added", None, "object"))
    ]


def test_a_report_that_names_a_field_that_goes_breaks() -> None:
    report = {"name": "Sales", "fields": ["impressions", "marketing_messages_website_purchase"]}
    (effect,) = effects({"custom_insights": [report]}, {"custom_sales": None})
    assert effect == Effect("custom_sales", Change("marketing_messages_website_purchase", "removed", "integer"))


def test_a_report_that_asks_for_a_breakdown_that_went_breaks() -> None:
    report = {"name": "Places", "breakdowns": ["comscore_market_code"]}
    found = effects({"custom_insights": [report]}, {"custom_places": ["impressions"]}, Upgrade("v23.0", "v26.0"))
    assert Effect("custom_places", Change("breakdowns: comscore_market_code", "removed")) in found


def test_an_older_version_is_told_of_by_the_matrix() -> None:
    step = Upgrade("v21.0", "v25.0")
    assert not step.is_exact
    found = effects({}, {"ad_creatives": ["id", "instagram_actor_id"]}, step)
    assert found == [Effect("ad_creatives", Change("instagram_actor_id", "removed"))]
    assert effects({}, {"ad_creatives": ["id"]}, step) == []


def test_a_built_in_report_that_a_version_has_not_is_told() -> None:
    (effect,) = [each for each in effects({}, {"ads_insights_comscore_market": []}, Upgrade("v22.0", "v24.0"))
                 if each.change.field == "the stream"]  # fmt: skip
    assert effect.change == Change("the stream", "added")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("v26.0", "v25.0", "v25.0 does not come after v26.0"),
        ("v26.0", "v26.0", "does not come after"),
        ("v26.0", "v27.0", "nothing is known of v27.0.*v26.0.*--live"),
        ("26", "v26.0", "write it like"),
    ],
)
def test_a_step_that_is_none_is_refused_with_what_to_write(before: str, after: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Upgrade(before, after)


def test_a_stream_that_the_configuration_has_not_is_named() -> None:
    with pytest.raises(ValueError, match="custom_sales"):
        effects({}, {"custom_sales": None})


def test_all_versions_of_matrix_and_definitions_are_known() -> None:
    assert known_versions() == [f"v{number}.0" for number in range(18, 27)]


def row(version: int, **fields: Any) -> VersionRow:
    changes = FieldChanges(**{kind: {"Ad": names} for kind, names in fields.items()})
    return VersionRow(version=f"v{version}.0", released=date(2020, 1, version), status="expired", fields=changes)


def test_what_comes_and_goes_again_on_the_way_is_no_change() -> None:
    second = row(2, removed=["a", "e"], added=["c"], retyped={"b": ("x", "y")})
    rows = [row(1, added=["a", "b"], removed=["c", "d"]), second]
    assert changes_by_object(rows) == {"Ad": [Change("b", "added"), Change("d", "removed"), Change("e", "removed")]}
