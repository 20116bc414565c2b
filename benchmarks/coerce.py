"""How long a row of ad insights takes to be typed, against airbyte-cdk's generic transformer on the same rows."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

from airbyte_cdk.sources.utils.transform import TransformConfig, TypeTransformer

from source_meta_ads.schemas.coerce import compile_coercer
from source_meta_ads.schemas.fields import load_node
from source_meta_ads.schemas.json_schema import property_schema, record_schema

_VERSION = "v26.0"
_ROWS = 2_000
_ROUNDS = 5


def main() -> None:
    """Print microseconds a row of both, the best of some rounds, and their ratio."""
    node = load_node("AdsInsights", _VERSION)
    scalars = [name for name in node.default_names if not node.fields[name].type.startswith("list")][:46]
    counts = ["actions", "action_values", "conversions", "cost_per_action_type", "outbound_clicks"]
    names = [*scalars, *counts]
    schema = record_schema({name: property_schema(node.fields[name].type, _VERSION) for name in names})
    row: dict[str, Any] = {name: _scalar(node.fields[name].type) for name in scalars}
    row |= {name: [{"action_type": "link_click", "value": "35.5", "7d_click": "33", "1d_view": "2"}] for name in counts}
    rows = [copy.deepcopy(row) for _ in range(_ROWS)]

    coercer = compile_coercer(schema)
    ours = _best(lambda batch: [coercer(each) for each in batch], rows)
    transformer = TypeTransformer(TransformConfig.DefaultSchemaNormalization)

    def transform(batch: list[dict[str, Any]]) -> None:
        for each in batch:
            transformer.transform(each, schema)

    theirs = _best(transform, rows)
    print(f"{len(scalars)} scalars and {len(counts)} action lists a row, best of {_ROUNDS}")
    print(f"compiled coercer {ours:8.1f} us a row")
    print(f"TypeTransformer  {theirs:8.1f} us a row")
    print(f"ratio            {theirs / ours:8.1f}")


def _scalar(meta_type: str) -> str:
    return {"int": "9708", "float": "143.512345", "date": "2026-03-17"}.get(meta_type, "120210000000030001")


def _best(work: Callable[[list[dict[str, Any]]], Any], rows: list[dict[str, Any]]) -> float:
    spent = []
    for _ in range(_ROUNDS):
        batch = copy.deepcopy(rows)
        start = time.perf_counter()
        work(batch)
        spent.append(time.perf_counter() - start)
    return min(spent) / len(rows) * 1e6


if __name__ == "__main__":
    main()
