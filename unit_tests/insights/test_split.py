"""A job too large is cut by days: nothing lost, nothing doubled, no increment torn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.accounts import Account
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.split import object_levels, split_days, split_fields, split_objects
from source_meta_ads.insights.windows import Window

FIRST = date(2026, 9, 28)


def job(days: int, **report: Any) -> Job:
    window = Window(FIRST, FIRST + timedelta(days=days - 1))
    return Job(Account("1", "One", "UTC", "USD", 1), Report(name="r", **report), window, ("spend",))


@given(days=st.integers(1, 400), increment=st.integers(1, 89))
def test_the_parts_are_the_whole_and_meet_between_increments(days: int, increment: int) -> None:
    whole = job(days, time_increment=increment)
    parts = split_days(whole)
    if days <= increment:
        assert parts == []
        return
    older, newer = parts
    assert (older.window.since, newer.window.until) == (whole.window.since, whole.window.until)
    assert newer.window.since == older.window.until + timedelta(days=1)
    assert len(older.window) % increment == 0
    assert (older.report, older.account, older.fields) == (whole.report, whole.account, whole.fields)


def test_two_weeks_are_cut_on_a_monday() -> None:
    _, newer = split_days(job(14, time_increment_period="weekly"))
    assert newer.window.since.weekday() == 0


@pytest.mark.parametrize("period", ["monthly", "all_days"])
def test_what_is_one_row_is_never_cut(period: str) -> None:
    assert split_days(job(60, time_increment_period=period)) == []


def test_cutting_again_and_again_ends_with_single_days() -> None:
    waiting, single = [job(11)], []
    while waiting:
        each = waiting.pop()
        parts = split_days(each)
        waiting += parts
        single += [] if parts else [each.window]
    assert sorted(single) == [Window(FIRST + timedelta(days=n), FIRST + timedelta(days=n)) for n in range(11)]


def test_objects_are_cut_into_those_of_a_list_and_all_others_so_that_a_new_one_is_in_one_of_them() -> None:
    those, others = split_objects(job(1), "campaign", ["1", "2", "3"])
    assert [(each.field, each.operator, each.values) for each in those.conditions] == [("campaign.id", "IN", ("1",))]
    assert [(each.field, each.operator, each.values) for each in others.conditions] == [
        ("campaign.id", "NOT_IN", ("1",))
    ]
    filtering = those.params()["filtering"]
    assert {"field": "campaign.id", "operator": "IN", "value": ["1"]} in filtering
    assert any(each["field"] == "ad.effective_status" for each in filtering)


def test_one_object_or_none_can_not_be_cut() -> None:
    assert split_objects(job(1), "campaign", ["1"]) == split_objects(job(1), "campaign", []) == []


@pytest.mark.parametrize(
    ("level", "levels"),
    [
        ("ad", ("campaign", "adset", "ad")),
        ("adset", ("campaign", "adset")),
        ("campaign", ("campaign",)),
        ("account", ()),
    ],
)
def test_rows_are_never_torn_by_objects_below_them(level: str, levels: tuple[str, ...]) -> None:
    assert object_levels(job(1, level=level)) == levels


@given(n=st.integers(1, 40))
def test_fields_are_cut_into_two_groups_that_both_have_the_key_and_make_up_the_whole(n: int) -> None:
    names = tuple(f"metric_{each}" for each in range(n))
    whole = replace(job(1), fields=("account_id", "ad_id", *names))
    parts = split_fields(whole)
    if n == 1:
        assert parts == []
        return
    assert all(part.fields[:2] == ("account_id", "ad_id") for part in parts)
    one, other = (part.fields[2:] for part in parts)
    assert one + other == names
    assert min(len(one), len(other)) >= 1


def test_a_question_is_known_by_all_that_is_asked() -> None:
    whole = job(2)
    hashes = {whole.query_hash(), *(part.query_hash() for part in split_days(whole))}
    hashes |= {part.query_hash() for part in split_objects(whole, "ad", ["1", "2"])}
    hashes |= {job(2, breakdowns=["age"]).query_hash(), replace(whole, fields=("clicks",)).query_hash()}
    assert len(hashes) == 7
    assert job(2).query_hash() == whole.query_hash()
