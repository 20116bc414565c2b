"""What a wide row of insights costs on its way from the bytes of a page to the JSON of a record, in CPU time.

    python -m benchmarks.wide_rows

The row is issue 4's: 78 fields, 4 attribution windows, 3 action breakdowns. Which 78, the issue does not say: here
they are those that most rows of this world have, so that leaving out the others makes no row cheaper; beside it, the
row with all fields that the report asks for. Every round has other rows than a warm cache would like: some thousand,
each read once, with nothing remembered from the round before.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import orjson
import requests
from airbyte_cdk.sources.utils.transform import TransformConfig, TypeTransformer

from benchmarks.insights import STREAM, TODAY, VERSION, Sandbox, Size, sandbox_of, start_of
from source_meta_ads.graph.page import parse_page
from source_meta_ads.insights.quick_finder import QuickFinder
from source_meta_ads.insights.reports import Report, shape_row
from source_meta_ads.schemas.coerce import compile_coercer
from source_meta_ads.schemas.quick_row import QuickRows
from source_meta_ads.schemas.typed_row import TypedRow

ACTION_BREAKDOWNS = ["action_type", "action_target_id", "action_destination"]
FIELDS = 78
PAGE_SIZE = 500
DAYS = 6
ROUNDS = 3
SIZE = Size(accounts=3, ads=300, days=DAYS, latency=0, jobs=(0.0, 0.0))


def main() -> None:
    """Print the costs of both rows."""
    report = Report.built_in({"name": STREAM, "action_breakdowns": ACTION_BREAKDOWNS})
    asked = report.request_fields(None, VERSION)
    with sandbox_of(SIZE) as (sandbox, _):
        whole = bodies(sandbox, report, asked)
        filled = Counter(name for body in whole for row in orjson.loads(body)["data"] for name in row)
        keys = ("account_id", "campaign_id", "adset_id", "ad_id")
        kept = {*keys, *sorted(set(asked) - set(keys), key=lambda name: -filled[name])[: FIELDS - len(keys)]}
        fewer = bodies(sandbox, report, [name for name in asked if name in kept])
    print_costs(f"{FIELDS} fields", report, fewer)
    print_costs(f"all {len(asked)} fields", report, whole)


def bodies(sandbox: Sandbox, report: Report, fields: Sequence[str]) -> list[bytes]:
    """The pages of every account."""
    found = []
    for number in range(SIZE.accounts):
        params = report.request_params(date.fromisoformat(start_of(DAYS)), date.fromisoformat(TODAY), fields)
        form = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
        form |= {"fields": ",".join(fields), "limit": str(PAGE_SIZE)}
        has_more = True
        while has_more:
            answer = requests.get(
                f"{sandbox.url}/{VERSION}/act_{1001 + number}/insights",
                params=form,
                headers={"Authorization": "Bearer tok-all"},
                timeout=300,
            )
            answer.raise_for_status()
            found.append(answer.content)
            paging = answer.json()["paging"]
            form["after"], has_more = paging["cursors"]["after"], "next" in paging
    return found


def print_costs(title: str, report: Report, pages: Sequence[bytes]) -> None:
    """Print what a row of the pages costs, with ours and with airbyte-cdk's generic transformer."""
    schema = report.json_schema(VERSION)
    transformer = TypeTransformer(TransformConfig.DefaultSchemaNormalization)

    def quick() -> None:
        find, coerce = QuickFinder(report, "1001", QuickRows(schema), None), compile_coercer(schema)
        for page in pages:
            parse_page(page, lambda row: TypedRow.of(coerce(shape_row(report, row))), find)

    def careful() -> None:
        coerce = compile_coercer(schema)
        for page in pages:
            parse_page(page, lambda row: TypedRow.of(coerce(shape_row(report, row))))

    def theirs() -> None:
        for row in json.loads(pages[0])["data"]:
            transformer.transform(row, schema)

    rows = [row for page in pages for row in orjson.loads(page)["data"]]
    elements = sum(len(value) for row in rows for value in row.values() if isinstance(value, list)) / len(rows)
    size, filled = sum(map(len, pages)) / len(rows) / 1024, sum(map(len, rows)) / len(rows)
    first = len(orjson.loads(pages[0])["data"])
    ours, one_by_one, generic = best(quick) / len(rows), best(careful) / len(rows), best(theirs, 1) / first
    print(f"{title}: {len(rows)} rows of {filled:.0f} columns, {elements:.0f} elements of lists, {size:.1f} kB each")
    print(f"  parse, shape, type, write        {1000 * ours:8.3f} ms of CPU a row")
    print(f"  the same of rows that need care  {1000 * one_by_one:8.3f} ms of CPU a row")
    print(f"  json and airbyte-cdk transformer {1000 * generic:8.3f} ms of CPU a row")


def best(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """CPU seconds of the best of some rounds."""
    spent = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


if __name__ == "__main__":
    main()
