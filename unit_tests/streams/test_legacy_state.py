"""State in the forms that source-facebook-marketing 6.x and earlier wrote."""

from __future__ import annotations

from source_meta_ads.streams.legacy_state import adopt_state


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
    assert adopt_state({"updated_time": "2026-11-10T08:00:00+00:00", "include_deleted": False}, ["123"]) == {
        "123": {"updated_time": "2026-11-10T08:00:00+00:00"}
    }


def test_one_cursor_for_nobody_knows_which_of_several_accounts_is_not_given_to_any() -> None:
    assert adopt_state({"updated_time": "2026-11-10T08:00:00+00:00"}, ["123", "456"]) == {}


def test_statuses_at_the_top_belong_to_every_account() -> None:
    state = {"123": {"updated_time": "2026-11-10T08:00:00+00:00"}, "filter_statuses": ["ACTIVE"]}
    assert adopt_state(state, ["123"])["123"]["filter_statuses"] == ["ACTIVE"]
