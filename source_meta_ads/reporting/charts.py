"""Charts as inline SVG that fit any width: marks stretch with the page, all text stays HTML of its own size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

# Classes of page.css: so many series can be told apart; what is beyond is "other".
MOST_SERIES = 6
_LANE_HEIGHT = 10


@dataclass(frozen=True)
class Bar:
    """One part of a column: where it stands (0 to 1), how wide it is, its amount, its class, its words."""

    left: float
    width: float
    amount: float
    css: str
    title: str


def columns(
    bars: Sequence[Bar], top: float, *, y_label: str, x_labels: Sequence[str], label: str, height: int = 120
) -> str:
    """Stacked columns: bars of the same `left` stand on each other, in their order. `top` is the axis' upper end."""
    stacked: dict[float, float] = {}
    marks = []
    for bar in bars:
        foot = stacked.get(bar.left, 0.0)
        stacked[bar.left] = foot + bar.amount
        tall = 100 * bar.amount / top if top > 0 else 0.0
        marks.append(
            f'<rect class="{bar.css}" x="{100 * bar.left:.3f}" width="{100 * bar.width:.3f}" '
            f'y="{100 - 100 * foot / top - tall if top > 0 else 100:.2f}" height="{tall:.2f}">'
            f"<title>{escape(bar.title)}</title></rect>"
        )
    return _framed("".join(marks), y_label, x_labels, label, height)


def lines(
    series: Mapping[str, Sequence[tuple[float, float]]], top: float, *, mark: float, y_label: str,
    x_labels: Sequence[str], label: str,
) -> str:  # fmt: skip
    """Lines over time, their points as (0 to 1, amount); a dashed rule at `mark`. Classes s1, s2, … in order."""
    rule = 100 - 100 * mark / top
    marks = [f'<line class="rule" x1="0" x2="100" y1="{rule:.2f}" y2="{rule:.2f}"/>']
    for number, (name, points) in enumerate(series.items(), start=1):
        path = " ".join(f"{100 * at:.3f},{100 - 100 * min(amount, top) / top:.2f}" for at, amount in points)
        marks.append(f'<polyline class="s{number}" points="{path}"><title>{escape(name)}</title></polyline>')
    return _framed("".join(marks), y_label, x_labels, label, 140)


def lanes(spans: Sequence[tuple[float, float, str, str]], label: str) -> str:
    """Spans of time (begin and end from 0 to 1, class, words) as bars, in as few lanes as they don't overlap in."""
    ends: list[float] = []
    marks = []
    for begin, end, css, title in sorted(spans):
        lane = next((number for number, free_at in enumerate(ends) if free_at <= begin), len(ends))
        ends[lane:lane + 1] = [end]  # fmt: skip
        wide = max(0.4, 100 * (end - begin))
        marks.append(
            f'<rect class="{css}" x="{100 * begin:.3f}" width="{min(wide, 100 - 100 * begin):.3f}" '
            f'y="{lane * _LANE_HEIGHT + 1}" height="{_LANE_HEIGHT - 3}"><title>{escape(title)}</title></rect>'
        )
    height = max(1, len(ends)) * _LANE_HEIGHT
    return _svg("".join(marks), label, height, f"0 0 100 {height}")


def legend(names: Sequence[tuple[str, str]]) -> str:
    """What each class stands for."""
    return '<ul class="legend">' + "".join(
        f'<li><i class="{css}"></i>{escape(name)}</li>' for css, name in names
    ) + "</ul>"  # fmt: skip


def nice_top(most: float) -> float:
    """The least of 1, 2, 2.5, 5 times a power of ten that is not below; 1 for nothing."""
    if most <= 0:
        return 1.0
    power = 10.0 ** (len(str(int(most))) - 1) if most >= 1 else 0.01
    while True:
        for step in (1, 2, 2.5, 5):
            if step * power >= most:
                return step * power
        power *= 10


def _framed(marks: str, y_label: str, x_labels: Sequence[str], label: str, height: int) -> str:
    xs = "".join(f"<span>{escape(each)}</span>" for each in x_labels)
    return (
        f'<div class="plot"><div class="y"><span>{escape(y_label)}</span><span>0</span></div>'
        f'{_svg(marks, label, height, "0 0 100 100")}<div class="x">{xs}</div></div>'
    )


def _svg(marks: str, label: str, height: int, view: str) -> str:
    return (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="{view}" preserveAspectRatio="none" '
        f'style="height:{height}px">{marks}</svg>'
    )
