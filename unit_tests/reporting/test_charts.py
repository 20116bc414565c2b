"""Charts: marks where the numbers are."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.reporting.charts import Bar, columns, lanes, lines, nice_top


def rects(svg: str) -> list[dict[str, float]]:
    found = re.findall(r'<rect class="[^"]*" x="([\d.]+)" width="([\d.]+)" y="([\d.]+)" height="([\d.]+)"', svg)
    return [dict(zip(("x", "width", "y", "height"), map(float, each), strict=True)) for each in found]


def test_columns_stand_on_the_axis_and_on_each_other() -> None:
    bars = [Bar(0.0, 0.5, 2, "s1", "a"), Bar(0.0, 0.5, 3, "s2", "b"), Bar(0.5, 0.5, 10, "s1", "c")]
    first, second, third = rects(columns(bars, 10, y_label="10", x_labels=["x"], label="l"))
    assert (first["y"], first["height"]) == (80.0, 20.0)
    assert (second["y"], second["height"]) == (50.0, 30.0)
    assert (third["x"], third["y"], third["height"]) == (50.0, 0.0, 100.0)


def test_nothing_to_show_is_a_flat_chart() -> None:
    assert rects(columns([Bar(0, 1, 0, "s1", "none")], nice_top(0), y_label="1", x_labels=[], label="l")) == [
        {"x": 0.0, "width": 100.0, "y": 100.0, "height": 0.0}
    ]


def test_a_line_goes_through_its_points_and_is_cut_at_the_top() -> None:
    svg = lines({"app": [(0.0, 0.0), (0.5, 50.0), (1.0, 140.0)]}, 100, mark=80, y_label="", x_labels=[], label="l")
    assert 'points="0.000,100.00 50.000,50.00 100.000,0.00"' in svg
    assert 'y1="20.00" y2="20.00"' in svg


def test_spans_share_a_lane_unless_they_overlap() -> None:
    svg = lanes([(0.0, 0.4, "s1", "a"), (0.2, 0.6, "s1", "b"), (0.5, 0.9, "s1", "c")], "jobs")
    assert [each["y"] for each in rects(svg)] == [1.0, 11.0, 1.0]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=30))
def test_no_two_spans_of_a_lane_overlap_and_none_leaves_the_chart(pairs: list[tuple[float, float]]) -> None:
    spans = [(min(pair), max(pair), "s1", "t") for pair in pairs]
    lanes_used: dict[float, list[tuple[float, float]]] = {}
    for (begin, end, _, _), rect in zip(sorted(spans), rects(lanes(spans, "jobs")), strict=True):
        lanes_used.setdefault(rect["y"], []).append((begin, end))
        assert rect["x"] + rect["width"] <= 100.01
    for lane in lanes_used.values():
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(lane))


def test_words_of_others_are_escaped() -> None:
    svg = columns([Bar(0, 1, 1, "s1", "<b>&")], 1, y_label="<", x_labels=["<i>"], label='"x"')
    assert "<b>" not in svg
    assert "<i>" not in svg
    assert 'aria-label="&quot;x&quot;"' in svg


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (1, 1), (1.2, 2), (7, 10), (30, 50), (201, 250), (999, 1000), (0.03, 0.05), (1e6, 1e6)]
)
def test_an_axis_ends_at_a_round_number(most: float, top: float) -> None:
    assert nice_top(most) == pytest.approx(top)


@given(st.floats(1e-3, 1e12))
def test_an_axis_is_high_enough_and_not_much_higher(most: float) -> None:
    assert most <= nice_top(most) <= max(0.01, most * 2.5000001)
