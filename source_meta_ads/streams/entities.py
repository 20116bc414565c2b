"""Every entity stream, one declaration each; no logic."""

from __future__ import annotations

from source_meta_ads.streams.added import ACTIVITY_ID, THUMBNAIL
from source_meta_ads.streams.declaration import Entity

# What Meta moves without a new `updated_time`: by itself, by rules and reviews, with spend and with time.
_OF_CAMPAIGNS = (
    "bid_strategy", "budget_remaining", "configured_status", "daily_budget", "effective_status", "issues_info",
    "lifetime_budget", "recommendations", "spend_cap", "start_time", "status", "stop_time",
)  # fmt: skip
_OF_AD_SETS = (
    "bid_amount", "bid_constraints", "bid_strategy", "budget_remaining", "configured_status", "daily_budget",
    "effective_status", "end_time", "issues_info", "learning_stage_info", "lifetime_budget", "recommendations",
    "start_time", "status",
)  # fmt: skip
_OF_ADS = (
    "ad_review_feedback", "bid_amount", "configured_status", "effective_status", "issues_info",
    "recommendations", "status",
)  # fmt: skip

_SPECS = (
    "asset_feed_spec", "degrees_of_freedom_spec", "interactive_components_spec", "object_story_spec",
    "platform_customizations", "portrait_customizations", "template_url_spec",
)  # fmt: skip

ENTITIES: tuple[Entity, ...] = (
    Entity(
        name="ad_account",
        node="AdAccount",
        read="node",
        # The task MANAGE, and business_management for the owner.
        guarded=("expired_funding_source_details", "funding_source_details", "is_prepay_account", "owner"),
        doc="marketing-api/reference/ad-account",
    ),
    Entity(
        name="campaigns",
        edge="campaigns",
        node="Campaign",
        cursor_field="updated_time",
        filter_prefix="campaign",
        statuses="campaign_statuses",
        watched=_OF_CAMPAIGNS,
        doc="marketing-api/reference/ad-campaign-group",
    ),
    Entity(
        name="ad_sets",
        edge="adsets",
        node="AdSet",
        cursor_field="updated_time",
        filter_prefix="adset",
        statuses="adset_statuses",
        watched=_OF_AD_SETS,
        heavy=("recommendations", "targeting"),
        partition="campaign",
        doc="marketing-api/reference/ad-campaign",
    ),
    Entity(
        name="ads",
        edge="ads",
        node="Ad",
        cursor_field="updated_time",
        filter_prefix="ad",
        statuses="ad_statuses",
        watched=_OF_ADS,
        heavy=("conversion_specs", "recommendations", "tracking_specs"),
        partition="campaign",
        doc="marketing-api/reference/adgroup",
    ),
    Entity(
        name="ad_creatives",
        edge="adcreatives",
        node="AdCreative",
        # Creatives carry long nested specs, the usual cause of "reduce the amount of data".
        page_size=50,
        heavy=_SPECS,
        added=(THUMBNAIL,),
        doc="marketing-api/reference/ad-creative",
    ),
    Entity(
        name="custom_audiences",
        edge="customaudiences",
        node="CustomAudience",
        # Meta offers no filter on time_updated.
        cursor_field=None,
        heavy=("lookalike_spec", "rule", "rule_aggregation"),
        doc="marketing-api/reference/custom-audience",
    ),
    Entity(
        name="custom_conversions",
        edge="customconversions",
        node="CustomConversion",
        doc="marketing-api/reference/custom-conversion",
    ),
    Entity(
        name="saved_audiences",
        edge="saved_audiences",
        node="SavedAudience",
        doc="marketing-api/reference/saved-audience",
    ),
    Entity(
        name="images",
        edge="adimages",
        node="AdImage",
        cursor_field="updated_time",
        order="newest_first",
        doc="marketing-api/reference/ad-image",
    ),
    Entity(
        name="videos",
        edge="advideos",
        node="AdVideo",
        cursor_field="updated_time",
        # A filter by updated_time is taken and has no effect (since 2023-01).
        order="newest_first",
        page_size=100,
        doc="marketing-api/reference/ad-account/advideos",
    ),
    Entity(
        name="activities",
        edge="activities",
        node="AdActivity",
        # Meta gives events no id.
        key=(),
        cursor_field="event_time",
        time_params=True,
        added=(ACTIVITY_ID,),
        doc="marketing-api/reference/ad-activity",
    ),
    Entity(
        name="pixels",
        edge="adspixels",
        node="AdsPixel",
        # A pixel is shared by accounts: each that has it has a row.
        key=("account_id", "id"),
        doc="marketing-api/reference/ads-pixel",
    ),
    Entity(
        name="ad_labels",
        edge="adlabels",
        node="AdLabel",
        doc="marketing-api/reference/ad-label",
    ),
    Entity(
        name="ad_rules",
        edge="adrules_library",
        node="AdRule",
        doc="marketing-api/reference/ad-rule",
    ),
    Entity(
        name="ad_studies",
        edge="ad_studies",
        node="AdStudy",
        # A study is a business's: each account that it covers has a row.
        key=("account_id", "id"),
        doc="marketing-api/reference/ad-study",
    ),
    Entity(
        name="ad_account_users",
        edge="assigned_users",
        node="AssignedUser",
        parent="business",
        key=("account_id", "id"),
        default_on=False,
        doc="marketing-api/reference/ad-account/assigned_users",
    ),
    Entity(
        name="businesses",
        edge="businesses",
        node="Business",
        parent="token",
        default_on=False,
        doc="marketing-api/reference/business",
    ),
    Entity(
        name="leads",
        edge="leads",
        node="Lead",
        parent="ad",
        cursor_field="created_time",
        default_on=False,
        doc="marketing-api/guides/lead-ads/retrieving",
    ),
)
