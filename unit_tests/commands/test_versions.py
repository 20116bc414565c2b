"""The matrix as a person and as a program reads it."""

from __future__ import annotations

import json
import re

import pytest

from source_meta_ads.clock import Clock
from source_meta_ads.commands import execute
from source_meta_ads.graph.versions import versions


def test_every_version_has_a_line_with_its_dates_the_newest_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["versions"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["version", "released", "ads", "until", "status", "fields", "breakdowns"]
    assert [line.split()[0] for line in lines] == [each.name for each in reversed(versions())]
    by_name = {line.split()[0]: line for line in lines}
    assert re.search(r"2025-10-08 +2026-10-06 +expired +\+21 −10 +\+18 −1$", by_name["v24.0"])
    assert "not announced" in by_name["v26.0"]


def test_json_has_all_with_the_standing_of_today(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["versions", "--json"]) == 0
    rows = {row["version"]: row for row in json.loads(capsys.readouterr().out)}
    today = Clock().now().date()
    assert {name: row["status"] for name, row in rows.items()} == {each.name: each.status(today) for each in versions()}
    assert "instagram_actor_id" in rows["v22.0"]["fields"]["removed"]["AdCreative"]


def test_one_version_is_told_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["versions", "v24.0"]) == 0
    out = capsys.readouterr().out
    for line in (
        "ads calls until 2026-10-06, Graph until 2028-02-18",
        "  + Campaign.is_message_campaign",
        "  ~ AdCreative.format_transformation_spec: was AdCreativeFormatTransformationSpec, is list<",
        "  − breakdowns: comscore_market_code",
    ):
        assert line in out
    assert "stopped serving it for ads on 2026-10-06" in out


def test_a_version_that_there_is_not_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["versions", "v99.0"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "v99.0" in said.err
    assert "v18.0 to v26.0" in said.err
