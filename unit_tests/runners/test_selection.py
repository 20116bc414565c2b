"""What a plan's streams become: a catalog to read, and how each stream's rows are kept."""

from __future__ import annotations

from typing import Any

import pytest

from source_meta_ads.config import Config
from source_meta_ads.graph.versions import DEFAULT_VERSION
from source_meta_ads.runners.plan import PlanError, StreamPlan
from source_meta_ads.runners.selection import Selection, select
from source_meta_ads.schemas.fields import load_node

RAW: dict[str, Any] = {"credentials": {"auth_type": "Service", "access_token": "t"}, "start_date": "2026-11-01"}


def selected(*plans: StreamPlan, **settings: Any) -> Selection:
    return select(Config.parse({**RAW, **settings}), plans)


def test_reports_are_kept_by_day_and_objects_as_changes_or_snapshots() -> None:
    selection = selected(
        StreamPlan(name="ads_insights"),
        StreamPlan(name="ads_insights_country", full_refresh=True),
        StreamPlan(name="campaigns"),
        StreamPlan(name="ads", full_refresh=True),
        StreamPlan(name="ad_creatives"),
    )
    assert {name: (table.kind, table.is_incremental) for name, table in selection.tables.items()} == {
        "ads_insights": ("days", True),
        "ads_insights_country": ("days", False),
        "campaigns": ("changes", True),
        "ads": ("snapshot", False),
        "ad_creatives": ("snapshot", False),
    }
    assert selection.tables["ads_insights_country"].key == ("date_start", "account_id", "ad_id", "country")
    assert [each.stream.name for each in selection.catalog.streams] == list(selection.tables)
    assert [each.sync_mode.value for each in selection.catalog.streams] == [
        "incremental", "full_refresh", "incremental", "full_refresh", "full_refresh",
    ]  # fmt: skip


def test_columns_that_are_named_come_with_the_key_and_the_cursor() -> None:
    tables = selected(
        StreamPlan(name="campaigns", columns=("name",)), StreamPlan(name="ads_insights", columns=("spend",))
    ).tables
    assert set(tables["campaigns"].schema["properties"]) == {"id", "name", "account_id", "updated_time"}
    assert set(tables["ads_insights"].schema["properties"]) == {"spend", "date_start", "account_id", "ad_id"}


def test_a_column_that_is_not_a_default_one_can_be_named() -> None:
    node = load_node("Ad", DEFAULT_VERSION)
    name = min(set(node.fields) - set(node.default_names))
    assert name not in selected(StreamPlan(name="ads")).tables["ads"].schema["properties"]
    assert name in selected(StreamPlan(name="ads", columns=(name,))).tables["ads"].schema["properties"]


@pytest.mark.parametrize(
    ("plan", "complaint"),
    [
        (StreamPlan(name="campaign"), "there is no stream 'campaign': did you mean 'campaigns'?"),
        (StreamPlan(name="zzz"), "there is no stream 'zzz': there are account_insights, "),
        (StreamPlan(name="ads", columns=("nam",)), "ads has no columns 'nam': did you mean 'name'?"),
        (StreamPlan(name="ads_insights", columns=("spent", "x")), "ads_insights has no columns 'spent', 'x'"),
    ],
)
def test_what_there_is_not_is_named(plan: StreamPlan, complaint: str) -> None:
    with pytest.raises(PlanError) as raised:
        selected(plan)
    assert complaint in str(raised.value)


def test_a_query_s_hash_is_of_what_is_asked_for_alone() -> None:
    def query(**settings: Any) -> str:
        report = {"name": "own", "fields": ["spend", "clicks"], "level": "ad", **settings.pop("report", {})}
        return selected(StreamPlan(name="customown"), custom_insights=[report], **settings).tables["customown"].query

    base = query()
    assert query(start_date="2026-10-01", account_ids=["1"], insights_lookback_window=3, num_workers=2) == base
    assert query(report={"insights_job_timeout": 30}) == base
    for report in (
        {"fields": ["spend"]},
        {"level": "campaign"},
        {"breakdowns": ["country"]},
        {"action_attribution_windows": ["1d_click"]},
        {"time_increment": 7},
        {"filtering": [{"field": "ad.impressions", "operator": "GREATER_THAN", "value": 0}]},
    ):
        assert query(report=report) != base
