"""Fields that Meta refuses: the rest of the row comes, one notice says which and why, and other errors still fail."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from source_meta_ads.graph.errors import BadRequest, PermissionDenied
from unit_tests.streams.simulated_edge import FIELDS, SimulatedEdge, ad, read, reader_of, refusing

ADS = {each["id"]: each for each in (ad(number) for number in range(25))}
MISSING = "(#100) Tried accessing nonexisting field (targeting) on node type (Ad)"
STORY = {"error_subcode": 2446211}


def shown(*without: str) -> list[dict[str, Any]]:
    """All ads as they should come, newest first, without some fields."""
    names = [name for name in FIELDS if name not in without]
    return [{name: each[name] for name in names} for each in reversed(ADS.values())]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_field_that_there_is_not_is_left_out_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    edge = SimulatedEdge(ADS, rules=[refusing(["targeting"], 100, MISSING)])
    assert read(reader_of(edge)) == shown("targeting")
    (notice,) = told(caplog)
    assert "ads: account act_1: Meta refuses targeting" in notice
    assert MISSING in notice
    # The page that was refused, the same without its count, without the field, and two more pages.
    assert len(edge.calls) == 5


@pytest.mark.parametrize("field", [name for name in FIELDS if name not in ("id", "updated_time")])
def test_a_refused_field_that_the_error_does_not_name_is_found(field: str, caplog: pytest.LogCaptureFixture) -> None:
    edge = SimulatedEdge(ADS, rules=[refusing([field])])
    reader = reader_of(edge)
    assert read(reader) == shown(field)
    (notice,) = told(caplog)
    assert f"Meta refuses {field}" in notice
    assert "(#200)" in notice
    before = len(edge.calls)
    assert read(reader) == shown(field)
    assert len(edge.calls) - before == 3, "what was learnt of an account holds for the run"


def test_two_fields_refused_for_two_reasons_are_two_notices(caplog: pytest.LogCaptureFixture) -> None:
    edge = SimulatedEdge(ADS, rules=[refusing(["creative"]), refusing(["targeting"], 10, "(#10) Permission Denied.")])
    assert read(reader_of(edge)) == shown("creative", "targeting")
    assert len(told(caplog)) == 2


@pytest.mark.parametrize("field", ["id", "updated_time"])
def test_a_row_without_its_key_or_cursor_is_none(field: str) -> None:
    edge = SimulatedEdge(ADS, rules=[refusing([field])])
    with pytest.raises(PermissionDenied):
        read(reader_of(edge))


def test_an_error_that_is_not_about_fields_fails() -> None:
    edge = SimulatedEdge(ADS, rules=[lambda fields, rows: (400, {"code": 100, "message": "(#100) Invalid parameter"})])
    with pytest.raises(BadRequest):
        read(reader_of(edge))
    assert len(edge.calls) == 3


def test_an_error_that_has_passed_leaves_nothing_out(caplog: pytest.LogCaptureFixture) -> None:
    left = [(403, {"code": 200, "message": "(#200) no"})]
    edge = SimulatedEdge(ADS, rules=[lambda fields, rows: left.pop() if left else None])
    assert read(reader_of(edge)) == shown()
    assert told(caplog) == []


def test_a_server_in_between_is_not_meta() -> None:
    edge = SimulatedEdge(ADS, rules=[lambda fields, rows: (403, {"message": "proxy"})])
    with pytest.raises(PermissionDenied):
        read(reader_of(edge))
    assert len(edge.calls) == 1


@pytest.mark.parametrize("rule", [
    refusing(["targeting"], ids=["1017"]),
    refusing(["targeting"], 100, "Invalid parameter", ids=["1017", "1003"]),
])  # fmt: skip
def test_a_field_that_is_refused_of_some_objects_comes_of_the_others(
    rule: Any, caplog: pytest.LogCaptureFixture
) -> None:
    edge = SimulatedEdge(ADS, rules=[rule])
    found = {row["id"]: row for row in read(reader_of(edge))}
    assert len(found) == len(ADS)
    refused = [each for each in found if "targeting" not in found[each]]
    assert refused == [each for each in found if rule(["targeting"], [ADS[each]])]
    (notice,) = told(caplog)
    assert f"Meta refuses targeting of {len(refused)} objects" in notice


def test_creatives_that_fail_on_their_story_come_without_it_and_the_others_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ads = {each["id"]: {**each, "object_story_spec": {"page_id": "1"}} for each in ADS.values()}
    edge = SimulatedEdge(ads, rules=[refusing(["object_story_spec"], 100, "Invalid parameter", ["1003"], **STORY)])
    found = {row["id"]: row for row in read(reader_of(edge), 25, [*FIELDS, "object_story_spec"])}
    assert [each for each in found if "object_story_spec" not in found[each]] == ["1003"]
    assert len(found) == len(ads)
    assert "object_story_spec of 1 objects" in told(caplog)[0]


def test_once_known_a_page_is_asked_for_smaller_instead_of_every_object_alone() -> None:
    ads = {each["id"]: each for each in (ad(number) for number in range(400))}
    bad = ["1350", "1150"]
    edge = SimulatedEdge(ads, rules=[refusing(["targeting"], ids=bad)])
    found = {row["id"]: row for row in read(reader_of(edge), 100)}
    assert [each for each in found if "targeting" not in found[each]] == bad
    alone = [call for call in edge.calls if call.path.isdigit()]
    # A page of 100 the first time, of at most 10 the second time, and the sample.
    assert len(alone) <= 100 + 10 + 3


def test_the_account_itself_comes_without_what_is_refused_of_it() -> None:
    edge = SimulatedEdge({"act_1": ad(1, id="act_1")}, rules=[refusing(["creative"], 10, "(#10) Permission Denied.")])
    assert reader_of(edge).page_reader.node("1", ["creative", "id", "name"]) == {"id": "act_1", "name": "Ad 1"}
