"""What the sandbox can do to the rows of an answer."""

from __future__ import annotations

import json
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from integration_tests.sandbox.row_damage import DAMAGE, ENUMS, NEW_VALUE, WIDE

ROW = {
    "id": "120000000000000000", "account_id": "1001", "name": "Ad", "status": "ACTIVE", "impressions": "12",
    "actions": [{"action_type": "link_click", "value": "3"}],
}  # fmt: skip
NAMES = st.sampled_from(sorted(ENUMS | {"id", "name", "impressions", "campaign_id"}))
VALUES = st.one_of(st.none(), st.booleans(), st.text(), st.integers(), st.lists(st.dictionaries(NAMES, st.text())))


def damaged(kind: str, row: dict[str, Any] = ROW, fields: tuple[str, ...] = (), *, by_chance: bool = True) -> Any:
    return DAMAGE[kind](row, fields, lambda column: by_chance)


def test_rows_come_with_columns_that_no_version_documents() -> None:
    row = damaged("extra_fields")
    assert row.items() >= ROW.items()
    assert len(row) == len(ROW) + 3


def test_enums_come_with_a_value_that_no_version_documents() -> None:
    assert damaged("unknown_enum") == {**ROW, "status": NEW_VALUE}
    assert damaged("unknown_enum", fields=("name",)) == {**ROW, "name": NEW_VALUE}


def test_nulls_spare_the_keys_unless_named() -> None:
    assert damaged("nulls") == {**dict.fromkeys(ROW), "id": ROW["id"], "account_id": "1001"}
    assert damaged("nulls", by_chance=False) == ROW
    assert damaged("nulls", fields=("id",)) == {**ROW, "id": None}


def test_numbers_come_as_numbers_inside_actions_too_and_ids_only_where_named() -> None:
    actions = [{"action_type": "link_click", "value": 3}]
    assert damaged("ints_for_strings") == {**ROW, "impressions": 12, "actions": actions}
    assert damaged("ints_for_strings", fields=("id",)) == {**ROW, "id": 120_000_000_000_000_000}


def test_names_come_with_characters_from_everywhere() -> None:
    row = damaged("wide_characters")
    assert row == {**ROW, "name": f"Ad {WIDE}"}
    assert json.loads(orjson.dumps(row)) == row


@given(st.sampled_from(sorted(DAMAGE)), st.dictionaries(NAMES, VALUES), st.booleans())
def test_no_column_is_ever_lost_and_the_row_given_stays_whole(kind: str, row: dict[str, Any], by_chance: bool) -> None:
    before = json.dumps(row)
    assert row.keys() <= damaged(kind, row, by_chance=by_chance).keys()
    assert json.dumps(row) == before
