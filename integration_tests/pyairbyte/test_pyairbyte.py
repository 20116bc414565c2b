"""PyAirbyte runs the installed connector into DuckDB, twice, and SQL over the tables gives the sandbox's truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.truth import REPORTS, Truth

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ENVIRONMENT = ROOT / ".venv-pyairbyte"
LOCK = HERE / "requirements.lock"
STREAMS = ("ad_account", "campaigns", "ads", "ads_insights")
ACCOUNTS = ("1001", "1002")
START = "2026-11-20"


@pytest.fixture(scope="module")
def pyairbyte() -> Path:
    """The interpreter of PyAirbyte's environment, made from its lock unless it is there already."""
    python, made = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "made-from.lock"
    if not made.exists() or made.read_bytes() != LOCK.read_bytes():
        uv = Path(sys.executable).parent / "uv"
        # PyAirbyte has no release for Python 3.13 and newer yet.
        version = "3.11" if sys.version_info >= (3, 13) else sys.executable
        environ = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        for step in (
            ["venv", "--quiet", "--clear", "--python", version, str(ENVIRONMENT)],
            ["pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", str(LOCK)],
        ):
            subprocess.run([str(uv), *step], check=True, env=environ, timeout=600)
        made.write_bytes(LOCK.read_bytes())
    return python


@pytest.fixture
def sync(pyairbyte: Path, truth: Truth, tmp_path: Path) -> Any:
    """Runs one sync and returns how many records PyAirbyte took."""
    config = tmp_path / "config.json"
    settings = {"credentials": {"auth_type": "Service", "access_token": "tok-all"}, "start_date": START}
    config.write_text(json.dumps(settings), encoding="utf-8")
    connector = Path(sys.executable).parent / "source-meta-ads"

    script = [str(each) for each in (pyairbyte, HERE / "sync.py", connector, config, tmp_path / "meta.duckdb")]

    def run() -> int:
        done = subprocess.run(
            [*script, *STREAMS],
            cwd=tmp_path, env={**os.environ, "META_GRAPH_URL": truth.url}, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return int(json.loads(done.stdout.strip().splitlines()[-1])["records"])

    return run


def queried(database: Path, statement: str) -> dict[tuple[Any, ...], tuple[float, ...]]:
    """The rows of a query, by their first two columns."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return {row[:2]: tuple(map(float, row[2:])) for row in connection.sql(statement).fetchall()}


def by_account_and_day(rows: list[dict[str, Any]]) -> Mapping[tuple[str, str], tuple[float, ...]]:
    """Rows, impressions and spend of a report, added up in the truth."""
    sums: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for row in rows:
        total = sums[(row["account_id"], row["date_start"])]
        total[0] += 1
        total[1] += float(row.get("impressions", 0))
        total[2] += float(row.get("spend", 0))
    return {key: tuple(values) for key, values in sums.items()}


def assert_tables_hold_the_truth(database: Path, truth: Truth) -> None:
    until = truth.clock().date().isoformat()
    for table, edge in (("campaigns", "campaigns"), ("ads", "ads")):
        held = queried(database, f"SELECT account_id, '', count(*), count(DISTINCT id) FROM ads.{table} GROUP BY 1")
        for account in ACCOUNTS:
            there = len(truth.objects(edge, [account]))
            assert held[(account, "")] == (there, there), table
    held = queried(
        database,
        "SELECT account_id, strftime(date_start, '%Y-%m-%d'), count(*), sum(impressions), sum(spend) "
        "FROM ads.ads_insights GROUP BY 1, 2",
    )
    true = by_account_and_day(
        truth.report(REPORTS["ads_insights"], ACCOUNTS, START, until, ["ad_id", "account_id", "impressions", "spend"])
    )
    assert held.keys() == true.keys()
    for key, figures in true.items():
        assert held[key] == pytest.approx(figures), key


def test_two_syncs_into_duckdb_hold_the_truth(sync: Any, truth: Truth, tmp_path: Path) -> None:
    database = tmp_path / "meta.duckdb"
    assert sync() > 0
    assert_tables_hold_the_truth(database, truth)
    truth.advance_days(3)
    read_again = sync()
    assert_tables_hold_the_truth(database, truth)
    with duckdb.connect(str(database), read_only=True) as connection:
        ((states,),) = connection.sql("SELECT count(*) FROM ads._airbyte_state").fetchall()
    assert states >= len(STREAMS) - 1
    assert read_again > 0
