"""Which refusals are about unknown fields, and what is left of the question."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from source_meta_ads.accounts import Account
from source_meta_ads.graph.errors import BadRequest, GraphError, PermissionDenied
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.mending import left_out, without_unknown
from source_meta_ads.insights.pieces import Read, Together
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.windows import Window

FIELDS = ("account_id", "ad_id", "cpp", "impressions", "reach")
JOB = Job(
    account=Account(id="1", name="West", timezone="America/Los_Angeles", currency="USD", status=1),
    report=Report(name="Sales"),
    window=Window(date(2026, 11, 1), date(2026, 11, 2)),
    fields=FIELDS,
    known_run="77",
)


def refusal(text: str) -> GraphError:
    return BadRequest(message=f"(#100) {text} param. please check https://… for all valid values", code=100)


@pytest.mark.parametrize(
    ("text", "gone"),
    [("cpp is not valid for fields", {"cpp"}), ("cpp, reach are not valid for fields", {"cpp", "reach"})],
)
def test_a_refusal_of_unknown_fields_leaves_the_question_without_them(text: str, gone: set[str]) -> None:
    job = without_unknown(JOB, refusal(text))
    assert job is not None
    assert job.fields == tuple(name for name in FIELDS if name not in gone)
    # A run that answers the whole question answers another one.
    assert job.known_run is None
    assert left_out(JOB, Read(job, "78")) == gone


@pytest.mark.parametrize(
    "error",
    [
        refusal("ad_id is not valid for fields"),
        refusal("clicks is not valid for fields"),
        refusal("cpp is not valid for breakdowns"),
        BadRequest(message="(#100) breakdowns[0] must be one of the following values: cpp", code=100),
        PermissionDenied(message="(#100) cpp is not valid for fields param", code=200),
    ],
    ids=str,
)
def test_any_other_refusal_stands(error: GraphError) -> None:
    assert without_unknown(JOB, error) is None


def test_an_answer_in_parts_leaves_out_what_none_of_them_asked_for() -> None:
    asked = (("ad_id", "cpp"), ("ad_id", "reach"))
    parts = tuple(Read(replace(JOB, fields=fields), "1") for fields in asked)
    assert left_out(JOB, Together(parts, is_join=True)) == {"account_id", "impressions"}
    assert left_out(JOB, None) == frozenset()
