"""How a run went: calls and limits over time, report jobs, retries, errors, streams, drift."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from source_meta_ads.graph.errors import GraphError
from source_meta_ads.reporting.charts import MOST_SERIES, Bar, columns, lanes, legend, lines, nice_top
from source_meta_ads.reporting.money_sections import account_name
from source_meta_ads.reporting.recording import Recording
from source_meta_ads.reporting.tables import Column, number, seconds, size, table, text

# From here on the throttle spreads calls out (graph/ledger.py).
_SOFT_PCT = 80.0
_MOST_LANES = 150
_MOST_ERRORS = 30
_FEWEST_LIMITS = 2


def calls_section(recording: Recording) -> str:
    """Calls by edge, refused ones apart, and how much of each limit was used, over the time of the run."""
    told, total = recording.mapped("calls"), max(float(recording.raw.get("seconds") or 0), 1.0)
    span, amounts = float(told.get("span_seconds") or 1), recording.mapped("calls", "amounts")
    good = {name: pairs for name, pairs in amounts.items() if not name.rsplit(" ", 1)[-1].isdigit()}
    ordered = sorted(good, key=lambda name: -sum(amount for _, amount in good[name]))
    css = {name: f"s{number_}" for number_, name in enumerate(ordered[:MOST_SERIES], start=1)}
    heights: dict[float, float] = defaultdict(float)
    bars = []
    for name in [*ordered, *sorted(amounts.keys() - good.keys())]:
        kind = css.get(name, "other") if name in good else "refused"
        for place, amount in amounts[name]:
            left = min(place * span / total, 0.995)
            heights[left] += amount
            at = _spoken_moment(recording, place * span)
            bars.append(Bar(left, max(0.003, 0.9 * span / total), amount, kind, f"{at}: {amount:g} × {name}"))
    top = nice_top(max(heights.values(), default=0.0))
    names = [(css[name], name) for name in ordered[:MOST_SERIES]]
    names += [("other", "other edges")] if len(ordered) > MOST_SERIES else []
    names += [("refused", "not answered with 200")] if len(amounts) > len(good) else []
    every = "second" if span == 1 else seconds(span)
    return (
        f'<section id="calls"><h2>Calls and limits over time</h2><h3>Calls, each {every}</h3>{legend(names)}'
        + columns(bars, top, y_label=number(top), x_labels=_ends(recording), label="Calls over time")
        + _quota(recording, total)
        + "</section>"
    )


def _quota(recording: Recording, total: float) -> str:
    samples = [each for each in recording.raw.get("quota") or () if isinstance(each, list) and len(each) == 2]
    most: dict[str, float] = {}
    for _, used in samples:
        for name, pct in used.items():
            most[name] = max(pct, most.get(name, 0.0))
    if not most:
        return "<h3>Limits</h3><p>Meta said nothing of how much of its limits was used.</p>"
    ordered = sorted(most, key=lambda name: -most[name])
    # Limits that are as good as unused say nothing, but for the fullest of them.
    fullest = [name for place, name in enumerate(ordered) if place < _FEWEST_LIMITS or most[name] >= 1][:MOST_SERIES]
    series = {
        name: [(min(1.0, at / total), used[name]) for at, used in samples if name in used] for name in fullest
    }  # fmt: skip
    names = [
        (f"s{place}", f"{_limit(recording, name)}: at most {most[name]:.1f} %")
        for place, name in enumerate(fullest, start=1)
    ]
    return (
        f"<h3>Used of the fullest limits</h3>{legend(names)}"
        + lines(series, 100.0, mark=_SOFT_PCT, y_label="100 %", x_labels=_ends(recording), label="Quota over time")
        + '<p class="soft">Above the dashed line, at 80 %, calls are spread out.</p>'
    )


def jobs_section(recording: Recording) -> str:
    """Report jobs on a timeline, a lane a job under way at the same time; then the slowest."""
    jobs = recording.listed("jobs")
    if not jobs:
        return (
            '<section id="jobs"><h2>Report jobs</h2><p>This run needed no report job: small questions are answered '
            "at once.</p></section>"
        )
    total = max(float(recording.raw.get("seconds") or 0), 1.0)
    by_stream: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for job in jobs:
        by_stream[str(job["stream"])].append(job)
    shown = set(map(id, sorted(jobs, key=_took, reverse=True)[:_MOST_LANES]))
    parts = []
    for stream in sorted(by_stream):
        spans = [_span(recording, job, total) for job in by_stream[stream] if id(job) in shown]
        parts.append(f'<div class="lane"><h3>{text(stream)}</h3>{lanes(spans, f"Report jobs of {stream}")}</div>')
    outcomes = {_outcome(job) for job in jobs}
    every = (("s1", "done"), ("refused", "failed"), ("other", "not ended by the run's end"))
    names = [each for each in every if each[0] in outcomes]
    xs = "".join(f"<span>{text(each)}</span>" for each in _ends(recording))
    left_out = len(jobs) - len(shown) + int(recording.raw.get("jobs_left_out") or 0)
    note = f'<p class="soft">The slowest {_MOST_LANES}; {number(left_out)} more are not shown.</p>' if left_out else ""
    return (
        f'<section id="jobs"><h2>Report jobs</h2>{legend(names)}{"".join(parts)}<div class="x">{xs}</div>{note}'
        f"<h2>Slowest reports</h2>{_slowest(recording, by_stream)}</section>"
    )


def _slowest(recording: Recording, by_stream: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    rows = []
    for stream in sorted(by_stream, key=lambda name: -max(map(_took, by_stream[name]))):
        slowest = max(by_stream[stream], key=_took)
        about = f"{account_name(recording, slowest['account_id'])}, {slowest['since']} to {slowest['until']}"
        took = [_took(job) for job in by_stream[stream]]
        rows.append((stream, number(len(took)), seconds(median(took)), seconds(max(took)), about))
    return table(_SLOWEST_COLUMNS, rows, 30)


_SLOWEST_COLUMNS = (
    Column("Stream", is_wide=True), Column("Jobs", True), Column("Median", True), Column("Slowest", True),
    Column("Which"),
)  # fmt: skip


def trouble_section(recording: Recording) -> str:
    """What was tried again and what was given up, with what it means."""
    retries, errors = recording.mapped("summary", "retries_by_class"), recording.listed("errors")
    given_up = recording.mapped("summary", "errors_by_class")
    head = '<section id="trouble"><h2>Retries and errors</h2>'
    if not retries and not errors:
        return f"{head}<p>Nothing had to be tried again, and nothing was given up.</p></section>"
    meanings = {kind.__name__: (kind.__doc__ or "").strip() for kind in GraphError.__subclasses__()}
    rows = [
        (kind, number(retries.get(kind, 0)), number(given_up.get(kind, 0)), meanings.get(kind, ""))
        for kind in sorted({*retries, *given_up})
    ]
    columns_ = (Column("Class", is_wide=True), Column("Tried again", True), Column("Given up", True), Column("Meaning"))
    shown = "".join(_error(recording, each) for each in errors[:_MOST_ERRORS])
    more = f'<p class="soft">and {len(errors) - _MOST_ERRORS} more kinds</p>' if len(errors) > _MOST_ERRORS else ""
    waited = recording.mapped("summary").get("waited_seconds") or 0
    note = f"<p>Calls were held back for {seconds(waited)} in all, over all threads.</p>" if waited else ""
    return f"{head}{table(columns_, rows)}{note}{shown}{more}</section>"


def _error(recording: Recording, error: Mapping[str, Any]) -> str:
    number_ = "/".join(str(error[name]) for name in ("code", "subcode") if error.get(name) is not None)
    account = error.get("account_id")
    where = [account_name(recording, str(account))] if account else []
    where += [str(error.get("edge") or "")]
    times = f", {number(error['count'])} times" if error.get("count", 1) > 1 else ""
    at = _spoken_moment(recording, float(error.get("at_seconds") or 0))
    said = error.get("meaning") or error.get("message") or ""
    quoted = (
        f'<p class="soft">Meta: {text(error["message"])}</p>' if error.get("message") not in (None, "", said) else ""
    )
    fix = f"<p>What to do: {text(error['fix'])}</p>" if error.get("fix") else ""
    return (
        f'<div class="error"><p><b>{text(error.get("class", ""))} {text(f"#{number_}" if number_ else "")}</b> '
        f"{text(said)}</p>{quoted}{fix}"
        f'<p class="soft">{text(" · ".join(each for each in where if each))} · {text(at)}{times}</p></div>'
    )


def streams_section(recording: Recording) -> str:
    """Rows and calls of each stream, and of what was counted besides."""
    summary = recording.mapped("summary")
    rows_, calls = recording.mapped("summary", "rows_by_stream"), recording.mapped("summary", "calls_by_stream")
    rows = [(name, number(rows_.get(name, 0)), number(calls.get(name, 0))) for name in sorted({*rows_, *calls})]
    columns_ = (Column("Stream", is_wide=True), Column("Rows", True), Column("Calls", True))
    received = size(sum(recording.mapped("summary", "bytes_by_edge").values()))
    note = f'<p class="soft">{number(summary.get("calls", 0))} calls brought {received}.</p>'
    return f'<section id="streams"><h2>Streams</h2>{table(columns_, rows)}{note}</section>'


def drift_section(recording: Recording) -> str:
    """Fields that are not what the schema says, and reports that don't add up."""
    drifts = recording.mapped("summary", "drifts_by_kind")
    differences = recording.mapped("summary", "differences_by_metric")
    head = '<section id="drift"><h2>Drift</h2>'
    if not drifts:
        body = "<p>All fields were what the schema says.</p>"
    else:
        pairs = [(*name.rsplit(" ", 1), number(count)) for name, count in drifts.items()]
        body = table((Column("Stream", is_wide=True), Column("Kind"), Column("Fields", True)), pairs)
    if differences:
        rows = [(*name.rsplit(" ", 1), f"{amount:+,.2f}") for name, amount in differences.items()]
        body += "<h2>Reports against account totals</h2>" + table(
            (Column("Stream", is_wide=True), Column("Metric"), Column("Difference", True)), rows
        )
    return f"{head}{body}</section>"


def _span(recording: Recording, job: Mapping[str, Any], total: float) -> tuple[float, float, str, str]:
    begun, ended = float(job["started_seconds"]), _ended(job, total)
    what = f"{account_name(recording, job['account_id'])}, {job['since']} to {job['until']}"
    title = f"{what}: {job['outcome']}, {seconds(ended - begun)}"
    return min(1.0, begun / total), min(1.0, ended / total), _outcome(job), title


def _took(job: Mapping[str, Any]) -> float:
    return float((job.get("ended_seconds") or job["started_seconds"]) - job["started_seconds"])


def _ended(job: Mapping[str, Any], total: float) -> float:
    return total if job.get("ended_seconds") is None else float(job["ended_seconds"])


def _outcome(job: Mapping[str, Any]) -> str:
    return {"done": "s1", "running": "other"}.get(str(job["outcome"]), "refused")


def _limit(recording: Recording, name: str) -> str:
    kind, _, owner = name.partition(" act_")
    return f"{kind} of {account_name(recording, owner)}" if owner else kind


def _ends(recording: Recording) -> list[str]:
    return [_spoken_moment(recording, 0), _spoken_moment(recording, float(recording.raw.get("seconds") or 0))]


def _spoken_moment(recording: Recording, at_seconds: float) -> str:
    moment = datetime.fromisoformat(recording.started_at) + timedelta(seconds=at_seconds)
    return f"{moment:%H:%M:%S}"
