"""Log lines that say which run, account and query they are about."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.telemetry.context import RunLogger, new_run_id, query_hash


class Kept(logging.Handler):
    """Keeps the lines that reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler = Kept()
    parent = logging.getLogger("test.context")
    parent.addHandler(handler)
    parent.setLevel(logging.INFO)
    yield handler
    parent.removeHandler(handler)


@pytest.fixture
def logger(kept: Kept) -> RunLogger:
    return RunLogger(logging.getLogger("test.context"), "run-1")


def test_a_line_ends_with_run_account_and_query(logger: RunLogger, kept: Kept) -> None:
    logger.info("waiting %d s", 5, extra={"account": "7", "query": "abc"})
    assert kept.lines == ["waiting 5 s [run=run-1 account=act_7 query=abc]"]


def test_the_account_is_taken_from_the_text_where_it_names_one(logger: RunLogger, kept: Kept) -> None:
    logger.info("account act_12: read act_12")
    logger.info("act_1 and act_2")
    logger.info("no account", extra={"account": None})
    assert kept.lines == [
        "account act_12: read act_12 [run=run-1 account=act_12]",
        "act_1 and act_2 [run=run-1]",
        "no account [run=run-1]",
    ]


def test_the_parents_level_holds(logger: RunLogger, kept: Kept) -> None:
    logger.debug("too quiet")
    assert not logger.isEnabledFor(logging.DEBUG)
    assert kept.lines == []


def test_two_runs_of_one_process_keep_their_lines_apart(kept: Kept) -> None:
    parent = logging.getLogger("test.context")
    for run in ("a", "b"):
        RunLogger(parent, run).info("x")
    parent.info("x")
    assert kept.lines == ["x [run=a]", "x [run=b]", "x"]


def test_run_ids_sort_by_time_and_are_all_different() -> None:
    first = new_run_id(datetime(2026, 11, 24, 15, 1, 0, tzinfo=UTC))
    assert re.fullmatch(r"20261124-150100-[0-9a-f]{6}", first)
    assert first < new_run_id(datetime(2026, 11, 24, 15, 1, 1, tzinfo=UTC))
    assert len({new_run_id(datetime(2026, 11, 24, tzinfo=UTC)) for _ in range(100)}) == 100


PARAMS = st.dictionaries(st.sampled_from(["fields", "level", "filtering", "time_range"]), st.text(max_size=5))
HIDDEN = st.dictionaries(
    st.sampled_from(["after", "before", "limit", "access_token", "appsecret_proof", "input_token"]), st.text(max_size=5)
)


@given(PARAMS, HIDDEN)
def test_neither_order_nor_pages_nor_secrets_change_a_query(params: dict[str, str], hidden: dict[str, str]) -> None:
    plain = query_hash("1", "ads", "v26.0", params)
    assert query_hash("1", "ads", "v26.0", {**hidden, **dict(reversed(params.items()))}) == plain


@given(PARAMS, PARAMS)
def test_other_parameters_are_another_query(one: dict[str, str], other: dict[str, str]) -> None:
    assert (query_hash("1", "ads", "v26.0", one) == query_hash("1", "ads", "v26.0", other)) == (one == other)
