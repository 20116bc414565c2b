"""Every entity stream, one declaration each; no logic."""

from __future__ import annotations

from source_meta_ads.streams.entity import Entity

ENTITIES: tuple[Entity, ...] = (
    Entity(
        name="ad_account",
        node="AdAccount",
        read="node",
        doc="marketing-api/reference/ad-account",
    ),
    Entity(
        name="campaigns",
        edge="campaigns",
        node="Campaign",
        cursor_field="updated_time",
        filter_prefix="campaign",
        statuses="campaign_statuses",
        doc="marketing-api/reference/ad-campaign-group",
    ),
    Entity(
        name="ad_sets",
        edge="adsets",
        node="AdSet",
        cursor_field="updated_time",
        filter_prefix="adset",
        statuses="adset_statuses",
        doc="marketing-api/reference/ad-campaign",
    ),
    Entity(
        name="ads",
        edge="ads",
        node="Ad",
        cursor_field="updated_time",
        filter_prefix="ad",
        statuses="ad_statuses",
        doc="marketing-api/reference/adgroup",
    ),
    Entity(
        name="ad_creatives",
        edge="adcreatives",
        node="AdCreative",
        # Creatives carry long nested specs, the usual cause of "reduce the amount of data".
        page_size=50,
        doc="marketing-api/reference/ad-creative",
    ),
    Entity(
        name="custom_audiences",
        edge="customaudiences",
        node="CustomAudience",
        # Meta offers no filter on time_updated.
        cursor_field=None,
        doc="marketing-api/reference/custom-audience",
    ),
)
