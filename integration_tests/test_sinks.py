"""What lies in files after a run is what is true, in both forms, however often it is run."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests import runner_world
from integration_tests.runner_world import FIELDS, START, Held, plan, wrong
from integration_tests.truth import REPORTS, Truth
from source_meta_ads.runners.local import run_plan
from source_meta_ads.runners.outcome import Outcome
from source_meta_ads.runners.plan import Plan
from source_meta_ads.runners.shard import Means

WORLD = runner_world.WORLD
NAMES = [each["name"] for each in runner_world.STREAMS]
STREAMS = {"parquet": ["ads_insights", "campaigns"], "jsonl": ["ads_insights"]}


def run(truth: Truth, raw: dict[str, Any]) -> Outcome:
    means = Means({"META_GRAPH_URL": truth.url}, logging.getLogger("airbyte"))
    (outcome,) = run_plan(Plan.parse(raw), means)
    return outcome


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_the_tables_equal_the_truth_after_every_run(truth: Truth, tmp_path: Path, form: str) -> None:
    raw = plan(str(tmp_path / "out"), f"file://{tmp_path}/registry", form=form)
    held = Held(tmp_path / "out", form)
    for days in (0, 1, 4):
        truth.advance_days(days)
        outcome = run(truth, raw)
        assert (outcome.status, outcome.errors) == ("succeeded", [])
        assert wrong(held, truth, NAMES) == []


def test_sums_by_sql_equal_the_sandbox_s_own(truth: Truth, tmp_path: Path) -> None:
    run(truth, plan(str(tmp_path / "out"), f"sqlite://{tmp_path}/r.db", form="parquet"))
    rows = truth.report(REPORTS["ads_insights"], runner_world.ACCOUNTS, START, "2026-12-31", [*FIELDS, "account_id"])
    expected: dict[tuple[str, str], float] = {}
    for row in rows:
        key = (str(row["account_id"]), str(row["date_start"]))
        expected[key] = expected.get(key, 0.0) + float(row["spend"])
    sql = "SELECT account_id, date::VARCHAR AS day, sum(spend) AS spend FROM {rows} GROUP BY ALL"
    found = Held(tmp_path / "out", "parquet").query(sql, "ads_insights")
    assert {(row["account_id"], row["day"]): row["spend"] for row in found} == pytest.approx(expected)
    assert sum(expected.values()) > 0


def test_a_manifest_tells_what_was_read_and_written(truth: Truth, tmp_path: Path) -> None:
    outcome = run(truth, plan(str(tmp_path / "out"), f"file://{tmp_path}/registry"))
    manifest = json.loads((tmp_path / "out" / "runs" / f"{outcome.run_id}.json").read_text(encoding="utf-8"))
    assert (manifest["run_id"], manifest["status"], manifest["connection"]) == (outcome.run_id, "succeeded", "shop")
    assert [account["id"] for account in manifest["accounts"]] == ["1001", "1002"]
    assert {name: each["status"] for name, each in manifest["streams"].items()} == dict.fromkeys(NAMES, "complete")
    there = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.jsonl.gz")}
    assert {each["name"] for each in manifest["files"]} == there
    assert sum(each["rows"] for each in manifest["files"]) == outcome.rows
    by_day = [each for each in manifest["files"] if each["name"].startswith("stream=ads_insights/")]
    spent = Held(tmp_path / "out").query("SELECT sum(spend) AS spend FROM {rows}", "ads_insights")
    assert sum(each["spend"] for each in by_day) == pytest.approx(spent[0]["spend"])
    assert manifest["summary"]["rows_by_stream"]["ads_insights"] == manifest["streams"]["ads_insights"]["rows"]
    assert "tok-all" not in json.dumps(manifest)


def test_other_columns_leave_no_day_twice(truth: Truth, tmp_path: Path) -> None:
    """A day that is read again with other columns replaces the file of the old ones."""
    out, registry = str(tmp_path / "out"), f"file://{tmp_path}/registry"
    run(truth, plan(out, registry))
    fewer = [{"name": "ads_insights", "columns": ["spend", "impressions"]}]
    run(truth, plan(out, registry, streams=fewer, insights_lookback_window=3))
    held = Held(tmp_path / "out")
    twice = held.query("SELECT date, ad_id FROM {rows} GROUP BY ALL HAVING count(*) > 1", "ads_insights")
    assert twice == []
    files = {path.parent.name: path.name for path in (tmp_path / "out").glob("stream=ads_insights/account_id=1001/*/*")}
    assert len({name for day, name in files.items() if day >= "date=2026-11-21"}) == 1
    assert len(set(files.values())) == 2


def test_a_stream_read_in_full_is_a_snapshot_that_is_replaced(truth: Truth, tmp_path: Path) -> None:
    streams = [{"name": "campaigns", "full_refresh": True}, {"name": "ads_insights", "full_refresh": True}]
    raw = plan(str(tmp_path / "out"), f"file://{tmp_path}/registry", streams=streams)
    for days in (0, 20):
        truth.advance_days(days)
        assert run(truth, raw).status == "succeeded"
        assert wrong(Held(tmp_path / "out"), truth, ["campaigns", "ads_insights"]) == []
    files = [path.relative_to(tmp_path).as_posix() for path in (tmp_path / "out").glob("stream=campaigns/*/*/*")]
    assert len(files) == len(runner_world.ACCOUNTS)
    assert all("version=0000000000" in name for name in files)
    assert (
        not list((tmp_path / "registry" / "state").rglob("*.json"))
        if (tmp_path / "registry" / "state").exists()
        else True
    )


def test_the_states_of_another_output_are_not_taken_for_this_one_s(truth: Truth, tmp_path: Path) -> None:
    registry = f"file://{tmp_path}/registry"
    run(truth, plan(str(tmp_path / "out"), registry))
    outcome = run(truth, plan(str(tmp_path / "elsewhere"), registry))
    assert outcome.status == "failed"
    assert f"its states are of the rows in {tmp_path}/out (jsonl), not in {tmp_path}/elsewhere" in outcome.errors[0]
    assert not list((tmp_path / "elsewhere").rglob("*.gz"))


def test_the_lines_of_sql_in_the_documentation_say_what_is_true(
    truth: Truth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).resolve().parent.parent / "docs" / "running.md").read_text(encoding="utf-8")
    lines = [line.strip() for line in page.split("```sql\n")[1].partition("```")[0].split(";") if line.strip()]
    assert len(lines) == 3
    for form, streams in STREAMS.items():
        (tmp_path / form).mkdir()
        run(
            truth, plan(str(tmp_path / form / "meta"), f"file://{tmp_path}/{form}/registry", form=form, streams=streams)
        )
    by_day: dict[str, float] = {}
    for row in truth.report(REPORTS["ads_insights"], runner_world.ACCOUNTS, START, "2026-12-31", ["spend"]):
        by_day[str(row["date_start"])] = by_day.get(str(row["date_start"]), 0.0) + float(row["spend"])
    campaigns = {row["id"] for row in truth.objects("campaigns", runner_world.ACCOUNTS)}
    for line in lines:
        monkeypatch.chdir(tmp_path / ("parquet" if ".parquet" in line else "jsonl"))
        relation = duckdb.connect().execute(line)
        assert relation
        rows = relation.fetchall()
        if "campaigns" in line:
            assert {row[[column[0] for column in relation.description].index("id")] for row in rows} == campaigns
        else:
            assert {str(day): spend for day, spend in rows} == pytest.approx(by_day)
