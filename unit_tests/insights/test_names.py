"""Names in a report come out of lists: a wrong one is told the nearest right one, the interface shows them all."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from source_meta_ads.insights.breakdown_table import nearest
from source_meta_ads.insights.reports import Report


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"level": "keyword"}, ["keyword", "ad, adset, campaign or account"]),
        ({"breakdowns": ["contry"]}, ["contry", "country"]),
        ({"breakdowns": ["Gender"]}, ["Gender", "gender"]),
        ({"action_breakdowns": ["action_typ"]}, ["action_typ", "action_type"]),
        ({"fields": ["impresions"]}, ["impresions", "impressions"]),
        ({"action_attribution_windows": ["7d_clic"]}, ["7d_clic", "7d_click"]),
        ({"filtering": [{"field": "a", "operator": "CONTAINS", "value": "b"}]}, ["CONTAINS", "did you mean CONTAIN?"]),
        ({"time_increment": 90}, ["time_increment", "89"]),
        ({"time_increment_period": "daily"}, ["daily", "weekly", "all_days"]),
        ({"start_date": "soon"}, ["soon", "YYYY-MM-DD"]),
        ({"insights_lookback_window": 29}, ["29", "28"]),
        ({"insights_job_timeout": 9}, ["9", "10"]),
        ({"start_date": "2026-11-02", "end_date": "2026-11-01"}, ["end_date 2026-11-01", "start_date 2026-11-02"]),
    ],
)
def test_a_value_that_is_none_is_named_with_what_to_write_instead(keys: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        Report(name="r", **keys)
    assert all(word in str(caught.value) for word in words)


def test_what_the_interface_shows_is_a_plain_schema_with_the_names_to_choose_from() -> None:
    schema = Report.model_json_schema()
    assert schema["properties"]["level"]["enum"] == ["ad", "adset", "campaign", "account"]
    assert "country" in schema["properties"]["breakdowns"]["items"]["enum"]
    assert "spend" in schema["properties"]["fields"]["items"]["enum"]
    for name, each in schema["properties"].items():
        assert [choice.get("type") for choice in each.get("anyOf", [])][1:] in ([], ["null"]), name
        assert each["title"], name
        assert each["description"], name


def test_the_nearest_name_is_guessed_or_the_names_are_listed() -> None:
    assert nearest("campain", ["ad", "campaign"]) == "use ad or campaign"
    many = [f"name_{n}" for n in range(20)]
    assert nearest("name_17x", many) == "did you mean name_17?"
    assert "name_0" in nearest("qqq", many)
