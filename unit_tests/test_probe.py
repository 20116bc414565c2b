"""Two versions' answers compared: what one refuses, what is another type, what is missing; bounded in calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, cast

import pytest

from source_meta_ads.accounts import Account
from source_meta_ads.config import Config
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import BadRequest, GraphError, PermissionDenied, TransientError
from source_meta_ads.probe import Comparison, Probe
from source_meta_ads.schemas.drift import Change
from unit_tests.simulated import SimulatedClock

CONFIG = Config.model_validate({"credentials": {"auth_type": "Service", "access_token": "none"}})
ACCOUNT = Account(id="1", name="West", timezone="America/Los_Angeles", currency="USD", status=1)
ROW: dict[str, Any] = {"id": "9", "name": "x", "budget": "10", "spec": {"a": 1, "b": [{"c": "d"}]}}


class Version:
    """One version's answers: its rows with the fields asked for, or a refusal of those it hasn't."""

    def __init__(self, name: str, *rows: Mapping[str, Any], hidden: str = "", error: GraphError | None = None) -> None:
        self.version, self.rows, self.hidden, self.error = name, rows, hidden.split(), error
        self.lacks: list[str] = []
        self.asked: list[Mapping[str, Any]] = []

    def without(self, *names: str) -> Version:
        self.lacks = list(names)
        return self

    def get_json(self, path: str, params: Mapping[str, Any], *, account_id: str) -> dict[str, Any]:
        self.asked.append({"path": path, "account_id": account_id, **params})
        if self.error:
            raise self.error
        for name in params["fields"]:
            if name in self.lacks and path.endswith("insights"):
                raise BadRequest(message=f"(#100) {name} is not valid for fields param. please check …", code=100)
            if name in self.lacks:
                raise BadRequest(
                    message=f"(#100) Tried accessing nonexisting field ({name}) on node type (X)", code=100
                )
        if set(self.hidden) & set(params["fields"]):
            raise PermissionDenied(message="(#200) Requires business_management permission", code=200)
        rows = [{name: row[name] for name in params["fields"] if name in row} for row in self.rows]
        return {"data": rows} if "limit" in params else rows[0]


def compared(
    before: Version, after: Version, stream: str = "campaigns", columns: list[str] | None = None
) -> Comparison:
    old, new = cast(GraphSession, before), cast(GraphSession, after)
    return Probe(CONFIG, old, new, ACCOUNT, SimulatedClock()).compare(stream, columns)


def changes(after: Mapping[str, Any], **more: Any) -> list[Change]:
    """What is told of one row that the later version answers so."""
    columns = sorted({*ROW, *after})
    return list(compared(Version("v26.0", ROW), Version("v27.0", after, **more), columns=columns).changes)


def test_the_same_answers_tell_nothing() -> None:
    assert changes(ROW) == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({**ROW, "budget": 10}, [Change("budget", "retyped", "string", "integer")]),
        ({**ROW, "spec": "a"}, [Change("spec", "retyped", "object", "string")]),
        ({**ROW, "spec": {"a": 1, "b": [{"c": 1}]}}, [Change("spec.b[].c", "retyped", "string", "integer")]),
        ({**ROW, "spec": {"b": [{"c": "d"}]}},
         [Change("spec.a", "absent", "integer", "not in what the other version answers")]),
        ({**ROW, "spec": {**ROW["spec"], "z": True}}, [Change("spec.z", "added", None, "boolean")]),
        ({"id": "9", "name": "x", "spec": ROW["spec"]},
         [Change("budget", "absent", "string", "not in what the other version answers")]),
    ],
)  # fmt: skip
def test_another_answer_is_told_by_field(after: dict[str, Any], told: list[Change]) -> None:
    assert changes(after) == told


def test_rows_of_other_objects_are_compared_by_type_alone() -> None:
    assert changes({"id": "8", "name": "x", "budget": 1}) == [Change("budget", "retyped", "string", "integer")]


def test_a_field_that_a_version_refuses_is_removed_or_added() -> None:
    columns = ["name", "budget", "mood", "spec"]
    before = Version("v26.0", ROW).without("mood")
    after = Version("v27.0", {**ROW, "mood": "calm"}).without("budget", "spec")
    found = compared(before, after, columns=columns)
    assert found.changes == [Change("budget", "removed"), Change("spec", "removed"), Change("mood", "added")]
    assert (len(before.asked), len(after.asked)) == (2, 3)


def test_a_refusal_that_names_no_field_is_narrowed_down_in_few_calls() -> None:
    columns = [f"field_{place}" for place in range(64)]
    row = {"id": "9", **dict.fromkeys(columns, "x")}
    after = Version("v27.0", row, hidden="field_41")
    found = compared(Version("v26.0", row), after, columns=columns)
    assert found.changes == [Change("field_41", "removed")]
    assert len(after.asked) <= 10


def test_a_stream_that_the_later_version_refuses_as_a_whole_breaks() -> None:
    error = BadRequest(message="(#100) breakdowns[0] must be one of the following values", code=100)
    (change,) = compared(Version("v26.0", ROW), Version("v27.0", error=error)).changes
    assert (change.kind, change.is_breaking) == ("refused", True)
    assert "breakdowns[0]" in str(change)


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        (Version("v26.0", error=TransientError(message="down")), Version("v27.0", ROW), "v26.0 refuses it already"),
        (Version("v26.0", ROW), Version("v27.0", error=TransientError(message="down")), "v27.0 failed: down"),
        (Version("v26.0"), Version("v27.0"), "no row to compare"),
    ],
)
def test_what_could_not_be_compared_is_noted(before: Version, after: Version, note: str) -> None:
    found = compared(before, after, columns=["name"])
    assert list(found.changes) == []
    assert re.search(note, found.note or "")


def test_a_stream_that_no_account_lists_is_not_asked_for() -> None:
    before = Version("v26.0", ROW)
    assert "not asked" in (compared(before, Version("v27.0", ROW), stream="businesses").note or "")
    assert before.asked == []


def test_a_report_is_asked_for_the_last_whole_days_of_the_account() -> None:
    row = {"account_id": "1", "ad_id": "7", "impressions": "3", "date_start": "2026-11-23"}
    before = Version("v25.0", row)
    after = Version("v26.0", {**row, "impressions": [3]}).without("cpp")
    found = compared(before, after, "ads_insights_country", ["impressions", "cpp"])
    assert found.changes == [Change("cpp", "removed"), Change("impressions", "retyped", "string", "array")]
    (asked,) = before.asked
    assert asked["path"] == "act_1/insights"
    assert asked["breakdowns"] == ["country"]
    days = {name: date.fromisoformat(day) for name, day in asked["time_range"].items()}
    assert days == {"since": date(2026, 11, 17), "until": date(2026, 11, 23)}
    assert asked["limit"] == 5


def test_columns_of_ours_are_not_asked_of_meta() -> None:
    before = Version("v26.0", ROW)
    compared(before, Version("v27.0", ROW), columns=["name", "is_deleted", "deleted_at", "account_id"])
    assert set(before.asked[0]["fields"]) == {"id", "name", "account_id"}
