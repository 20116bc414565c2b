"""Runners against a sandbox: a small world, a plan for it, and what the files that they write hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from integration_tests.truth import EDGES, REPORTS, Truth, differences

START = "2026-11-18"
UNTIL = "2028-12-31"
ACCOUNTS = ("1001", "1002")
FIELDS = ("impressions", "clicks", "spend", "reach", "actions", "ad_name")
# What Parquet holds as JSON, of the columns that are compared.
NESTED = ("actions",)
REPORT_KEYS = {
    "ads_insights": ("date_start", "account_id", "ad_id"),
    "ads_insights_country": ("date_start", "account_id", "ad_id", "country"),
}
STREAMS: list[Any] = [
    {"name": "ads_insights", "columns": [*FIELDS]},
    {"name": "ads_insights_country", "columns": [*FIELDS]},
    {"name": "campaigns", "columns": ["name", "daily_budget", "effective_status", "is_deleted"]},
    {"name": "ad_creatives", "columns": ["name"]},
]
WORLD: dict[str, Any] = {
    "seed": 11,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "jobs": {"seconds": [0.0, 0.05]},
    "tokens": [{"token": "tok-all", "scopes": ["ads_read"]}],
    "accounts": [
        {"id": "1001", "timezone": "America/Los_Angeles", "campaigns": 2, "adsets_per_campaign": 1, "ads_per_adset": 2},
        {"id": "1002", "timezone": "Asia/Tokyo", "campaigns": 1, "adsets_per_campaign": 1, "ads_per_adset": 2},
    ],
}  # fmt: skip


def plan(
    output: str, registry: str, *, form: str = "jsonl", streams: Sequence[Any] = STREAMS, **more: Any
) -> dict[str, Any]:
    """A plan for the world; `more` are settings of the connection's configuration."""
    config = {"credentials": {"auth_type": "Service", "access_token": "tok-all"}, "start_date": START, **more}
    return {
        "connections": [{"name": "shop", "config": config, "streams": list(streams)}],
        "output": {"url": output, "format": form},
        "registry": registry,
    }


@dataclass(frozen=True)
class Held:
    """What the files below a folder hold, read with DuckDB as anybody would."""

    folder: Path
    form: str = "jsonl"

    def query(self, sql: str, stream: str) -> list[dict[str, Any]]:
        """The rows of a query in which {rows} stands for the stream's files."""
        reader, suffix = {"jsonl": ("read_json", "jsonl.gz"), "parquet": ("read_parquet", "parquet")}[self.form]
        options = "hive_partitioning=true, hive_types_autocast=false, union_by_name=true"
        if self.form == "jsonl":
            options += ", maximum_object_size=100000000, sample_size=-1, convert_strings_to_integers=false"
        rows = f"{reader}('{self.folder}/stream={stream}/**/*.{suffix}', {options})"
        cursor = duckdb.connect()
        relation = cursor.execute(sql.format(rows=rows))
        assert relation
        names = [column[0] for column in relation.description]
        return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]

    def rows(self, stream: str) -> list[dict[str, Any]]:
        """The table: every row of a report, the newest version of every object."""
        sql = "SELECT * FROM {rows}"
        if stream in EDGES:
            sql += " QUALIFY row_number() OVER (PARTITION BY account_id, id ORDER BY version DESC) = 1"
        return [_plain(row) for row in self.query(sql, stream)]


def wrong(
    held: Held, truth: Truth, streams: Sequence[str], accounts: Sequence[str] = ACCOUNTS, fields: Sequence[str] = FIELDS
) -> list[str]:
    """How the tables differ from the truth; a row too many counts even if it is no new key."""
    found = []
    for stream in streams:
        rows = held.rows(stream)
        key: tuple[str, ...] = ("id",)
        columns = ["id", "name", "account_id"]
        if stream in EDGES:
            true = truth.objects(EDGES[stream], accounts)
            rows = [row for row in rows if not row.get("is_deleted")]
        else:
            key, columns = REPORT_KEYS[stream], [*fields, *REPORT_KEYS[stream]]
            true = truth.report(REPORTS[stream], accounts, START, UNTIL, [*fields, "account_id", "ad_id"])
        assert true, f"the sandbox has nothing for {stream}: the test would prove nothing"
        if len(rows) != len(true):
            found.append(f"{stream}: {len(rows)} rows, in truth {len(true)}")
        found += [f"{stream}: {each}" for each in differences(rows, true, key, columns)]
    return found


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the connector emitted it: JSON parsed, days as text."""
    plain: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, str) and name in NESTED:
            plain[name] = json.loads(value)
        else:
            plain[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return plain
