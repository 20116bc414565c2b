"""A sweep against an account that changes: everything is caught, nothing is caught that isn't so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_meta_ads.graph.errors import BadRequest, GraphError, PermissionDenied, TransientError
from source_meta_ads.streams.declaration import GROUP, LIGHT_PAGE
from source_meta_ads.streams.fingerprint import packed, unpacked
from source_meta_ads.streams.sweep import Sweep, is_small, told
from unit_tests.streams.ad_list import NOW, Account, Edge, first, later, terms


def ids(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    return [int(row["id"]) for row in rows]


def test_nothing_changed_is_one_light_list_and_no_row() -> None:
    account = Account(*range(1, 30))
    _, marks = first(account)
    account.lists.clear()
    assert later(account, marks) == ([], marks)
    assert account.lists == [(["daily_budget", "effective_status", "id", "updated_time"], [])]
    assert account.asked_by_id == []


def test_changes_with_and_without_a_new_updated_time_and_new_objects_are_read_in_full() -> None:
    account = Account(*range(1, 30))
    _, marks = first(account)
    account.put(3, at=5, name="Other")
    account.put(4, silently=True, daily_budget="200")
    account.put(5, silently=True, effective_status="PAUSED")
    account.put(40)
    rows, marks = later(account, marks)
    assert ids(rows) == [3, 4, 5, 40]
    assert [row.get("name") for row in rows] == ["Other", "One", "One", "One"]
    assert later(account, marks)[0] == []


def test_an_object_whose_updated_time_moves_by_a_moment_long_past_is_read_too() -> None:
    account = Account(1, 2)
    _, marks = first(account)
    account.put(1, at=-600, name="Late")
    assert ids(later(account, marks)[0]) == [1]


def test_when_most_changed_pages_are_read_instead_of_ids() -> None:
    account = Account(*range(1, 400))
    account.page_size = 200
    _, marks = first(account)
    for key in range(1, 350):
        account.put(key, silently=True, daily_budget="7")
    account.lists.clear()
    rows, marks = later(account, marks)
    assert ids(rows) == list(range(1, 350))
    assert [conditions for _, conditions in account.lists] == [[], []]
    assert later(account, marks) == ([], marks)


def test_few_changes_are_read_by_id_in_groups() -> None:
    account = Account(*range(1, 400))
    account.page_size = 20
    _, marks = first(account)
    for key in range(1, GROUP + 2):
        account.put(key, silently=True, daily_budget="7")
    account.lists.clear()
    later(account, marks)
    groups = [conditions[0]["value"] for _, conditions in account.lists[1:]]
    assert [len(group) for group in groups] == [GROUP, 1]


def test_a_row_that_comes_twice_on_shifting_pages_is_emitted_once() -> None:
    account = Account(*range(1, 30))
    account.page_size = 500
    _, marks = first(account)
    for key in range(1, 30):
        account.put(key, silently=True, daily_budget="7")
    account.twice = {2, 3}
    assert ids(later(account, marks)[0]) == list(range(1, 30))


def test_a_deleted_object_is_emitted_as_it_last_was_and_marked_so_once() -> None:
    account = Account(1, 2)
    _, marks = first(account)
    account.put(2, silently=True, effective_status="DELETED", name="Last")
    rows, marks = later(account, marks)
    assert rows == [
        {**account.objects[2], "is_deleted": True, "deleted_at": "2026-11-24T15:01:00+00:00"},
    ]
    assert set(marks) == {1}
    assert later(account, marks)[0] == []


def test_an_object_that_no_longer_exists_leaves_its_key_and_its_last_moment() -> None:
    account = Account(1, 2)
    _, marks = first(account)
    last = account.objects.pop(2)["updated_time"]
    rows, marks = later(account, marks)
    assert rows == [{"id": "2", "updated_time": last, "is_deleted": True, "deleted_at": "2026-11-24T15:01:00+00:00"}]
    assert set(marks) == {1}


def test_an_archived_object_is_no_tombstone() -> None:
    account = Account(1, 2)
    _, marks = first(account)
    account.put(2, silently=True, effective_status="ARCHIVED")
    rows, marks = later(account, marks)
    assert rows == [account.objects[2]]
    assert set(marks) == {1}


@pytest.mark.parametrize("how", ["ARCHIVED", "DELETED"])
def test_a_restored_object_is_emitted_again(how: str) -> None:
    account = Account(1, 2)
    _, marks = first(account)
    account.put(2, silently=True, effective_status=how)
    _, marks = later(account, marks)
    account.put(2, silently=True, effective_status="ACTIVE")
    rows, marks = later(account, marks)
    assert rows == [account.objects[2]]
    assert told(rows[0], None)["is_deleted"] is False


def test_an_object_that_a_list_misses_is_no_tombstone_and_not_forgotten() -> None:
    account = Account(1, 2, 3)
    _, marks = first(account)
    account.unlisted = {2, 3}
    account.put(3, silently=True, daily_budget="200")
    rows, after = later(account, marks)
    assert rows == [account.objects[3]]
    assert set(after) == {1, 2, 3}
    account.unlisted = set()
    account.objects.pop(2)
    assert [row.get("is_deleted") for row in later(account, after)[0]] == [True]


def test_an_empty_list_deletes_nothing() -> None:
    account = Account(*range(1, 250))
    _, marks = first(account)
    account.unlisted = set(account.objects)
    assert later(account, marks) == ([], marks)


def test_where_meta_lists_no_deleted_objects_each_is_asked_for_by_its_id() -> None:
    account = Account(1, 2, 3)
    account.lists_deleted = False
    _, marks = first(account)
    account.put(2, effective_status="DELETED")
    account.put(3, effective_status="ARCHIVED")
    rows, _ = later(account, marks)
    assert [(row["id"], row.get("is_deleted")) for row in rows] == [("2", True), ("3", None)]
    assert account.asked_by_id == [2, 3]


def test_archived_objects_in_masses_are_settled_by_lists_not_one_by_one() -> None:
    account = Account(*range(1, 250))
    _, marks = first(account)
    for key in range(1, 240):
        account.put(key, effective_status="ARCHIVED")
    account.lists.clear()
    rows, _ = later(account, marks)
    assert len(rows) == 239
    assert len(account.lists) == 1 + 3
    assert account.asked_by_id == []


@pytest.mark.parametrize("refusal", [PermissionDenied(code=200), BadRequest(code=100)])
def test_an_object_that_meta_refuses_stays_known_and_is_asked_for_again(refusal: GraphError) -> None:
    account = Account(1, 2)
    _, marks = first(account)
    account.refused = {2: refusal}
    rows, after = later(account, marks)
    assert (rows, after) == ([], marks)
    account.objects.pop(2)
    account.refused = {}
    assert ids(later(account, after)[0]) == [2]


def test_any_other_error_on_an_object_fails_the_slice() -> None:
    account = Account(1, 2)
    _, marks = first(account)
    account.refused = {2: TransientError(message="later")}
    with pytest.raises(TransientError):
        later(account, marks)


def test_a_change_made_between_the_list_and_the_read_is_emitted_as_read_and_seen_once() -> None:
    account = Account(1, 2)
    _, marks = first(account)
    account.put(1, silently=True, daily_budget="200")
    sweep = Sweep(Edge(account), terms(), marks, lambda: NOW)
    rows = sweep.changes(NOW)
    lists = account.rows

    def changing(fields: Sequence[str], conditions: Sequence[Mapping[str, Any]], page_size: int) -> Any:
        if "name" in fields:
            account.put(1, silently=True, daily_budget="300")
        return lists(fields, conditions, page_size)

    sweep._edge.rows = changing  # type: ignore[method-assign]
    assert [row["daily_budget"] for row in rows] == ["300"]
    assert later(account, sweep.marks)[0] == []


def test_an_object_deleted_between_the_list_and_the_read_is_a_tombstone_at_once() -> None:
    account = Account(1, 2)
    _, marks = first(account)
    account.put(1, silently=True, daily_budget="200")
    sweep = Sweep(Edge(account), terms(), marks, lambda: NOW)
    lists = account.rows

    def changing(fields: Sequence[str], conditions: Sequence[Mapping[str, Any]], page_size: int) -> Any:
        if "name" in fields:
            account.put(1, silently=True, effective_status="DELETED")
        return lists(fields, conditions, page_size)

    sweep._edge.rows = changing  # type: ignore[method-assign]
    assert [(row["id"], row.get("is_deleted")) for row in sweep.changes(NOW)] == [("1", True)]
    assert set(sweep.marks) == {2}


def test_a_state_without_marks_goes_on_by_updated_time_and_has_them_afterwards() -> None:
    account = Account(1, 2, 3)
    account.put(2, at=60)
    account.put(3, at=30)
    rows, marks = later(account, None, since=NOW - timedelta(days=1) + timedelta(minutes=30))
    assert ids(rows) == [2, 3]
    assert set(marks) == {1, 2, 3}
    account.put(1, silently=True, daily_budget="200")
    assert ids(later(account, marks)[0]) == [1]


def test_with_statuses_asked_for_what_leaves_them_is_emitted_in_its_new_status() -> None:
    account, of = Account(1, 2, 3), terms("ACTIVE", "ARCHIVED")
    _, marks = first(account, of)
    account.put(1, silently=True, effective_status="PAUSED")
    account.put(2, silently=True, effective_status="ARCHIVED")
    rows, marks = later(account, marks, of)
    assert sorted((row["id"], row["effective_status"]) for row in rows) == [("1", "PAUSED"), ("2", "ARCHIVED")]
    assert set(marks) == {2, 3}


def test_a_list_that_has_deleted_objects_needs_no_tombstones() -> None:
    account, of = Account(1, 2), terms("ACTIVE", "DELETED")
    _, marks = first(account, of)
    account.put(1, effective_status="DELETED")
    rows, marks = later(account, marks, of)
    assert [told(row, None)["is_deleted"] for row in rows] == [True]
    assert later(account, marks, of)[0] == []


def test_without_the_column_a_deleted_object_is_told_as_it_last_was_and_a_vanished_one_not_at_all() -> None:
    account, of = Account(1, 2, 3), terms(tells_deletions=False)
    _, marks = first(account, of)
    account.put(2, effective_status="DELETED")
    account.objects.pop(3)
    rows, _ = later(account, marks, of)
    assert rows == [account.objects[2]]


def test_statuses_newly_asked_for_are_read_in_full_and_deletions_found_all_the_same() -> None:
    account = Account(1, 2, 3)
    _, marks = first(account)
    account.objects.pop(2)
    sweep = Sweep(Edge(account), terms("ACTIVE", "ARCHIVED"), marks, lambda: NOW)
    rows = list(sweep.whole(account.rows(terms().fields, sweep._terms.listed, 10)))
    assert [(row["id"], row.get("is_deleted")) for row in rows] == [("1", None), ("3", None), ("2", True)]


def test_a_row_that_has_no_proper_id_fails_the_slice_in_words() -> None:
    account = Account(1)
    account.objects[1]["id"] = "act_1"
    with pytest.raises(TransientError, match="'act_1' is no object's id"):
        first(account)


def test_only_selected_columns_are_told() -> None:
    row = {"id": "1", "effective_status": "ACTIVE"}
    assert told(row, None) == {"id": "1", "effective_status": "ACTIVE", "is_deleted": False}
    assert told(row, ["id", "is_deleted"]) == {"id": "1", "is_deleted": False}
    gone = {**row, "is_deleted": True, "deleted_at": "2026-11-24T15:01:00+00:00"}
    assert told(gone, ["id", "is_deleted", "effective_status"]) == {**row, "is_deleted": True}


def test_a_stream_is_swept_by_itself_up_to_twenty_light_calls_and_then_up_to_forty() -> None:
    edge = 20 * LIGHT_PAGE
    assert [is_small(count, is_followed=False) for count in (0, edge, edge + 1)] == [True, True, False]
    assert [is_small(count, is_followed=True) for count in (2 * edge, 2 * edge + 1)] == [True, False]


CHANGES = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.sampled_from(["edit", "silent", "pause", "archive", "delete", "restore", "vanish", "create"]),
        st.integers(1, 50),
    ),
    max_size=12,
)


@given(rounds=st.lists(st.tuples(CHANGES, st.sets(st.integers(1, 12), max_size=3)), min_size=1, max_size=4),
       page_size=st.sampled_from([1, 3, 500]), lists_deleted=st.booleans())  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_over_any_changes_what_a_destination_holds_equals_the_account(
    rounds: list[tuple[list[tuple[int, str, int]], set[int]]], page_size: int, lists_deleted: bool
) -> None:
    account = Account(1, 2, 3, 4, 5)
    account.page_size, account.lists_deleted = page_size, lists_deleted
    rows, marks = first(account)
    held = {row["id"]: row for row in rows}
    for changes, unlisted in rounds:
        for key, how, number in changes:
            change(account, key, how, number)
        account.unlisted = unlisted
        rows, marks = later(account, unpacked(packed(marks)))
        held.update((row["id"], row) for row in rows)
    account.unlisted = set()
    rows, marks = later(account, marks)
    held.update((row["id"], row) for row in rows)
    alive = {key: row for key, row in held.items() if not row.get("is_deleted")}
    assert {key: row for key, row in alive.items() if row["effective_status"] != "ARCHIVED"} == {
        str(key): row for key, row in account.objects.items() if row["effective_status"] not in ("ARCHIVED", "DELETED")
    }
    assert later(account, marks) == ([], marks)


def change(account: Account, key: int, how: str, number: int) -> None:
    exists = key in account.objects
    account.changes += 1
    if how == "create" or (exists and how == "edit"):
        account.put(key, at=account.changes, name=f"Name {number}")
    elif exists and how == "silent":
        account.put(key, silently=True, daily_budget=str(number))
    elif exists and how == "vanish":
        account.objects.pop(key)
    elif exists:
        status = {"pause": "PAUSED", "archive": "ARCHIVED", "delete": "DELETED", "restore": "ACTIVE"}[how]
        account.put(key, silently=number % 2 == 0, at=account.changes, effective_status=status)
