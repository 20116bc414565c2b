"""One run as one HTML page that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import resources

from source_meta_ads.reporting.money_sections import main_stream, restated_section, spend_by_currency, spend_section
from source_meta_ads.reporting.recording import Recording, restated
from source_meta_ads.reporting.tables import money, number, seconds, text
from source_meta_ads.reporting.work_sections import (
    calls_section,
    drift_section,
    jobs_section,
    streams_section,
    trouble_section,
)  # fmt: skip

# Nothing may be loaded, whatever a name or a message holds.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_MARKS = {"succeeded": "✓", "failed": "✕", "stopped": "■"}


def page(recording: Recording, before: Sequence[Recording]) -> str:
    """The page of a run; `before` are the runs that its days are compared with, newest first."""
    status = str(recording.raw.get("status") or "unknown")
    style = resources.files(__package__).joinpath("page.css").read_text("utf-8")
    began = datetime.fromisoformat(recording.started_at)
    message = recording.raw.get("message")
    alarm = f'<section class="alarm"><h2>The run {text(status)}</h2><p>{text(message)}</p></section>' if message else ""
    body = "".join(
        (
            alarm,
            _tiles(recording),
            spend_section(recording),
            restated_section(restated(recording, before), recording, len(before)),
            calls_section(recording),
            jobs_section(recording),
            trouble_section(recording),
            streams_section(recording),
            drift_section(recording),
        )
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><link rel="icon" href="data:,">'
        f"<title>Meta Ads run {text(recording.run_id)}</title><style>{style}</style></head><body>"
        f'<header><h1>Meta Ads, {began:%d %B %Y, %H:%M} UTC <span class="status {_css(status)}">'
        f"{_MARKS.get(status, '?')} {text(status)}</span></h1>"
        f'<p class="soft">Run {text(recording.run_id)} · {seconds(float(recording.raw.get("seconds") or 0))} · '
        f"API {text(recording.raw.get('api_version', ''))}</p></header>"
        f"{body}<footer>Made by source-meta-ads from {text(recording.path.name)}. Money is in major units of each "
        "account's currency; times are UTC.</footer></body></html>\n"
    )


def _tiles(recording: Recording) -> str:
    summary = recording.mapped("summary")
    rows = sum(recording.mapped("summary", "rows_by_stream").values())
    spent = "\n".join(money(amount, currency) for currency, amount in spend_by_currency(recording).items())
    used = [pct for _, limits in recording.raw.get("quota") or () for pct in limits.values()]
    tiles = [
        (number(rows), "rows"),
        (spent or "not read", f"spend in {main_stream(recording) or 'reports'}"),
        (number(summary.get("calls", 0)), "calls"),
        (f"{max(used):.1f} %" if used else "not told", "of the fullest limit, at most"),
        (number(sum(recording.mapped("summary", "retries_by_class").values())), "tries repeated"),
        (number(sum(recording.mapped("summary", "errors_by_class").values())), "errors"),
    ]
    return '<div class="tiles">' + "".join(
        f"<div><b>{text(value)}</b><span>{text(name)}</span></div>" for value, name in tiles
    ) + "</div>"  # fmt: skip


def _css(status: str) -> str:
    return status if status in _MARKS else ""
