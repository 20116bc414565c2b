"""What the JSON of a campaign, an ad set and an ad looks like."""

from __future__ import annotations

from integration_tests.sandbox.layouts import Layout

CAMPAIGN = Layout(
    """
"id":"%(id)s"
"account_id":"%(account)s"
"objective":"%(objective)s"
"status":"%(status)s"
"configured_status":"%(status)s"
"effective_status":"%(effective)s"
"buying_type":"%(buying_type)s"
"bid_strategy":"%(strategy)s"
"budget_remaining":"%(remaining)s"
"budget_rebalance_flag":false
"can_create_brand_lift_study":false
"can_use_spend_cap":true
"has_secondary_skadnetwork_reporting":false
"is_adset_budget_sharing_enabled":%(shares_budget)s
"is_budget_schedule_enabled":false
"is_skadnetwork_attribution":%(is_app)s
"pacing_type":["standard"]
"smart_promotion_type":"%(promotion)s"
"source_campaign_id":"0"
"special_ad_category":"%(category)s"
"special_ad_categories":%(categories)s
"special_ad_category_country":%(countries)s
"topline_id":"0"
"primary_attribution":"OFFSITE"
"start_time":"%(created)s"
"created_time":"%(created)s"
"updated_time":"%(updated)s"
""",
    "name lifetime_budget daily_budget stop_time spend_cap bid_constraints adlabels issues_info",
    """
    id account objective status effective buying_type strategy remaining
    shares_budget is_app promotion category categories countries created updated
    name lifetime_budget daily_budget stop_time spend_cap bid_constraints adlabels issues_info
    """,
)
ADSET = Layout(
    """
"id":"%(id)s"
"account_id":"%(account)s"
"campaign_id":"%(campaign)s"
"campaign":{"id":"%(campaign)s"}
"status":"%(status)s"
"configured_status":"%(status)s"
"effective_status":"%(effective)s"
"daily_budget":"%(budget)s"
"lifetime_budget":"0"
"budget_remaining":"%(remaining)s"
"bid_strategy":"%(strategy)s"
"billing_event":"%(billing)s"
"optimization_goal":"%(goal)s"
"optimization_sub_event":"NONE"
"destination_type":"%(destination)s"
"is_dynamic_creative":%(is_dynamic)s
"is_budget_schedule_enabled":false
"is_incremental_attribution_enabled":false
"pacing_type":["standard"]
"recurring_budget_semantics":true
"use_new_app_click":false
"multi_optimization_goal_weight":"UNDEFINED"
"source_adset_id":"0"
"promoted_object":{%(promoted)s}
"attribution_spec":%(attribution)s
"learning_stage_info":{"status":"%(stage)s","conversions":%(conversions)s,"last_sig_edit_ts":%(edited)s,\
"attribution_windows":%(windows)s}
"start_time":"%(created)s"
"created_time":"%(created)s"
"updated_time":"%(updated)s"
""",
    "name targeting bid_amount bid_info end_time bid_constraints adlabels issues_info",
    """
    id account campaign status effective budget remaining strategy billing goal
    destination is_dynamic promoted attribution windows stage conversions edited created updated
    name targeting bid_amount bid_info end_time bid_constraints adlabels issues_info
    """,
)
AD = Layout(
    """
"id":"%(id)s"
"account_id":"%(account)s"
"campaign_id":"%(campaign)s"
"campaign":{"id":"%(campaign)s"}
"adset_id":"%(adset)s"
"adset":{"id":"%(adset)s"}
"status":"%(status)s"
"configured_status":"%(status)s"
"effective_status":"%(effective)s"
"bid_type":"ABSOLUTE_OCPM"
"conversion_domain":"example.com"
"source_ad_id":"0"
"last_updated_by_app_id":"119211728144504"
"display_sequence":0
"engagement_audience":false
"preview_shareable_link":"https://fb.me/%(number)s"
"tracking_specs":[{"action.type":["offsite_conversion"],"fb_pixel":["%(pixel)s"]},\
{"action.type":["link_click"],"post":["%(post)s"],"post.wall":["%(page)s"]}]
"conversion_specs":[{"action.type":["offsite_conversion"],"conversion_id":["%(conversion)s"]}]
"created_time":"%(created)s"
"updated_time":"%(updated)s"
""",
    "name targeting creative bid_amount bid_info adlabels issues_info ad_review_feedback recommendations",
    """
    id account campaign adset status effective number pixel post page conversion created updated
    name targeting creative bid_amount bid_info adlabels issues_info ad_review_feedback recommendations
    """,
)
