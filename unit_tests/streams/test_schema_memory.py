"""What a state remembers of a schema reads back, says nothing where it is damaged, and leaves the accounts alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.streams.legacy_state import adopt_state
from source_meta_ads.streams.progress import LatestMoment
from source_meta_ads.streams.schema_memory import STATE_KEY, Memory, Remembering, mask_of

MEMORY = Memory("v26.0", "9c0f", "71d2", "5")


def test_a_memory_reads_back() -> None:
    assert Memory.of({"1001": {}, STATE_KEY: MEMORY.as_json()}) == MEMORY


@pytest.mark.parametrize(
    "state", [None, {}, {STATE_KEY: "v26.0"}, {STATE_KEY: {"api_version": "v26.0"}},
              {STATE_KEY: {**MEMORY.as_json(), "usual": 5}}], ids=str,
)  # fmt: skip
def test_what_is_no_memory_is_none(state: dict[str, Any] | None) -> None:
    assert Memory.of(state) is None


@given(st.sets(st.text(max_size=5), max_size=30), st.data())
def test_the_usual_columns_read_back_from_their_mask(columns: set[str], data: st.DataObject) -> None:
    usual = data.draw(st.sets(st.sampled_from(sorted(columns)))) if columns else set()
    assert Memory("v26.0", "", "", mask_of(usual, columns)).usual_of(columns) == usual


def test_a_mask_that_is_none_and_one_that_is_too_long_are_harmless() -> None:
    assert Memory("v26.0", "", "", "what").usual_of(["a"]) == frozenset()
    assert Memory("v26.0", "", "", "ff").usual_of(["a"]) == {"a"}


def test_every_slice_writes_the_memory_beside_the_accounts() -> None:
    progress = Remembering(LatestMoment("updated_time", ()), lambda: MEMORY)
    state: dict[str, Any] = {"1002": {"updated_time": "2026-11-01T00:00:00+00:00"}}
    progress.observe({"updated_time": "2026-11-02T00:00:00+00:00"}, {"account_id": "1001"})
    progress.close(state, {"account_id": "1001"})
    assert state == {
        "1001": {"updated_time": "2026-11-02T00:00:00+00:00"},
        "1002": {"updated_time": "2026-11-01T00:00:00+00:00"},
        STATE_KEY: MEMORY.as_json(),
    }
    assert adopt_state(state, ["1001", "1002"]) == state
    assert progress.misfit(state) is None
