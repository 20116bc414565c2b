"""State in the forms that source-facebook-marketing 6.x and earlier wrote."""

from __future__ import annotations

import pytest

from source_meta_ads.streams.legacy_state import adopt_state
from source_meta_ads.streams.progress import has_read


def test_the_form_with_several_accounts_is_taken_as_it_is() -> None:
    state = {
        "123": {"date_start": "2026-11-10", "slices": ["2026-11-12"]},
        "456": {"date_start": "2026-11-09", "slices": []},
        "time_increment": 1,
    }
    assert adopt_state(state, ["123", "456"]) == state


def test_the_form_for_one_account_becomes_that_accounts_entry() -> None:
    state = {"date_start": "2026-11-10", "slices": [], "time_increment": 1}
    assert adopt_state(state, ["123"]) == {
        "123": {"date_start": "2026-11-10", "slices": []},
        "time_increment": 1,
    }
    for cursor in ("updated_time", "event_time"):
        assert adopt_state({cursor: "2026-11-10T08:00:00+00:00"}, ["123"]) == {
            "123": {cursor: "2026-11-10T08:00:00+00:00"}
        }


@pytest.mark.parametrize("is_all", [True, False])
def test_the_oldest_form_says_whether_deleted_objects_were_read(is_all: bool) -> None:
    moment = "2026-11-10T08:00:00+00:00"
    entry = {"updated_time": moment, "include_deleted": is_all}
    assert adopt_state(entry, ["123"]) == {"123": entry}
    assert adopt_state({"123": {"updated_time": moment}, "include_deleted": is_all}, ["123", "456"]) == {"123": entry}
    assert adopt_state({"123": entry}, ["123"]) == {"123": entry}
    assert has_read(entry, ["ACTIVE", "DELETED"]) is is_all
    assert has_read(entry, [])


def test_one_cursor_for_nobody_knows_which_of_several_accounts_is_not_given_to_any() -> None:
    assert adopt_state({"updated_time": "2026-11-10T08:00:00+00:00"}, ["123", "456"]) == {}


def test_statuses_at_the_top_belong_to_every_account() -> None:
    state = {"123": {"updated_time": "2026-11-10T08:00:00+00:00"}, "filter_statuses": ["ACTIVE"]}
    assert adopt_state(state, ["123"])["123"]["filter_statuses"] == ["ACTIVE"]


def test_an_account_keeps_its_own_statuses_beside_those_at_the_top() -> None:
    state = {"123": {"filter_statuses": ["PAUSED"]}, "456": {}, "filter_statuses": ["ACTIVE"]}
    adopted = adopt_state(state, ["123", "456"])
    assert adopted == {"123": {"filter_statuses": ["PAUSED"]}, "456": {"filter_statuses": ["ACTIVE"]}}


def test_a_fingerprint_of_ours_is_kept() -> None:
    state = {"123": {"updated_time": "2026-11-10T08:00:00+00:00", "fingerprint": "1.0.0.0.0.eJwDAAAAAAE="}}
    assert adopt_state(state, ["123"]) == state
