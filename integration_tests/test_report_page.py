"""The page of a run: what is on it is what the run did, and a phone and a desktop show it without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integration_tests.browser import NoBrowser, Shown, chromium, show
from integration_tests.connector import Output
from integration_tests.rereader import Rereader
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import Asked, Truth
from source_meta_ads.commands import execute

SCRIPT = Path(sys.executable).with_name("source-meta-ads")
HOSTILE = '<script src="https://example.com/x.js"></script>"\'& שלום'
WORLD: dict[str, Any] = {
    "seed": 4,
    "clock": {"now": "2026-11-20T15:01:00Z"},
    "jobs": {"seconds": [0.05, 0.2]},
    "tokens": [{"token": "tok", "scopes": ["ads_read"]}],
    "accounts": [
        {"id": "1001", "name": "West", "timezone": "America/Los_Angeles", "currency": "USD", "campaigns": 3,
         "adsets_per_campaign": 3, "ads_per_adset": 4},
        {"id": "1002", "name": HOSTILE, "timezone": "Asia/Tokyo", "currency": "JPY", "campaigns": 2,
         "adsets_per_campaign": 1, "ads_per_adset": 2},
    ],
}  # fmt: skip
STREAMS = ("campaigns", "ads", "ads_insights", "ads_insights_country")
DAYS_BETWEEN = 3


@dataclass(frozen=True)
class Runs:
    """Two recorded runs, three days apart, the second with faults; and the page of the second."""

    folder: Path
    first: dict[str, Any]
    second: dict[str, Any]
    output: Output
    page: Path
    truth: Truth

    @property
    def html(self) -> str:
        return self.page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("runs")
    handle = serve_in_thread(WORLD)
    truth = Truth(handle.url)
    config = {"credentials": {"auth_type": "Service", "access_token": "tok"}, "start_date": "2026-11-01"}
    connector = Rereader(handle.url, config, haste=50)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("META_ADS_RECORD", f"{folder}/")
        first = connector.read(STREAMS)
        truth.advance_days(DAYS_BETWEEN)
        truth.set_faults(
            {"kind": "error", "code": 2, "edge": "campaigns", "times": 2},
            {"kind": "error", "code": 200, "edge": "ads", "account": "1002", "message": f"no {HOSTILE}"},
        )
        second = connector.read(STREAMS, first.state)
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    one, two = sorted(found, key=lambda each: str(each["started_at"]))
    assert execute(["report", str(folder)]) == 0
    (page,) = folder.glob("*.html")
    yield Runs(folder, one, two, second, page, truth)
    handle.stop()


@pytest.fixture(scope="module")
def phone(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return show(runs.page, tmp_path_factory.mktemp("phone"), 390, 2500)


def text_of(html: str, section: str) -> str:
    """The words of one section."""
    body = html.split(f'<section id="{section}">', 1)[1].split("</section>", 1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_a_recording_says_what_the_truth_says_of_spend_by_day(runs: Runs) -> None:
    rows = runs.truth.report(
        Asked(), ["1001", "1002"], "2026-11-01", "2026-11-19", ["account_id", "date_start", "spend"]
    )
    true: dict[tuple[str, str], float] = {}
    for row in rows:
        key = (row["account_id"], row["date_start"])
        true[key] = true.get(key, 0.0) + float(row.get("spend") or 0)
    held = {
        (account, day): spend for stream, account, _, day, _, spend in runs.second["days"]
        if stream == "ads_insights" and day <= "2026-11-19"
    }  # fmt: skip
    assert held.keys() >= true.keys()
    for key, spend in held.items():
        assert spend == pytest.approx(true.get(key, 0.0), abs=0.005)


def test_the_page_names_the_days_that_changed_with_before_and_after(runs: Runs) -> None:
    before = {tuple(day[:4]): day[5] for day in runs.first["days"]}
    changed = [
        (day, before[tuple(day[:4])]) for day in runs.second["days"]
        if day[0] == "ads_insights" and day[3] < "2026-11-20" and tuple(day[:4]) in before
        and abs(before[tuple(day[:4])] - day[5]) >= 0.005
    ]  # fmt: skip
    assert changed
    words = text_of(runs.html, "restated")
    for day, old in changed:
        digits = 0 if day[2] == "JPY" else 2
        assert f"{day[3]} " in words
        assert f"{old:,.{digits}f} {day[2]}" in words
        assert f"{day[5]:,.{digits}f} {day[2]}" in words


def test_the_page_tells_figures_retries_errors_and_jobs(runs: Runs) -> None:
    html, summary = runs.html, runs.second["summary"]
    assert f"{summary['calls']:,}" in text_of(html, "streams")
    for stream, rows in summary["rows_by_stream"].items():
        assert f"{stream} {rows:,}" in text_of(html, "streams")
    trouble = text_of(html, "trouble")
    assert summary["retries_by_class"] == {"TransientError": 2}
    assert "TransientError 2 0 A passing failure, of Meta or of the network." in trouble
    assert "PermissionDenied #200" in trouble
    assert "What to do: assign the ad account" in trouble
    assert "ads_insights_country" in text_of(html, "jobs")
    assert len(re.findall("<rect", html.split('id="jobs"')[1].split("</section>")[0])) == len(runs.second["jobs"])
    assert "failed" in html.split("</h1>")[0]
    assert "All fields were what the schema says" in text_of(html, "drift") or runs.second["summary"]["drifts_by_kind"]


def test_names_and_messages_of_others_are_text_and_nothing_else(runs: Runs) -> None:
    assert HOSTILE not in runs.html
    assert "<script" not in runs.html
    assert "&lt;script src=&quot;https://example.com/x.js&quot;&gt;" in runs.html


def test_a_browser_shows_it_and_asks_nobody_for_anything(runs: Runs, phone: Shown) -> None:
    assert phone.asked == []
    assert phone.size == (390, 2500)
    assert phone.dom.count("<section") == runs.html.count("<section")
    assert phone.picture.stat().st_size > 20_000


def measured(runs: Runs, folder: Path, expression: str, width: int, *, is_dark: bool = False) -> str:
    """What a script sees in the page, all of it unfolded, in a frame as wide as a window of that width."""
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", runs.html)
    html = html.replace("<details>", "<details open>")
    (folder / "page.html").write_text(
        html.replace("</body>", f"<script>parent.postMessage({expression},'*')</script></body>"), encoding="utf-8"
    )
    # Headless Chromium has no window narrower than 500 pixels while a page is laid out; a frame it has.
    frame = folder / "frame.html"
    listen = "<script>addEventListener('message', told => document.title = told.data)</script>"
    frame.write_text(
        f'{listen}<body style="margin:0"><iframe src="page.html" style="border:0;width:{width}px;height:900px">',
        encoding="utf-8",
    )
    return show(frame, folder, 1300, is_dark=is_dark).title


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_is_never_wider_than_the_window(runs: Runs, tmp_path: Path, width: int) -> None:
    seen = measured(runs, tmp_path, "document.documentElement.scrollWidth + ' ' + innerWidth", width)
    page_width, window_width = map(int, seen.split())
    assert window_width == width
    assert page_width <= window_width


def test_it_is_dark_where_the_reader_wants_it_dark(runs: Runs, tmp_path: Path) -> None:
    seen = []
    for is_dark in (False, True):
        folder = tmp_path / str(is_dark)
        folder.mkdir()
        seen.append(measured(runs, folder, "getComputedStyle(document.body).backgroundColor", 390, is_dark=is_dark))
    assert seen == ["rgb(247, 247, 245)", "rgb(20, 20, 19)"]


def test_a_page_that_asks_for_something_would_be_noticed(tmp_path: Path) -> None:
    page = tmp_path / "asks.html"
    page.write_text('<title>x</title><img src="http://127.0.0.1:9/pixel.png">', encoding="utf-8")
    assert show(page, tmp_path, 390).asked == ["http://127.0.0.1:9/pixel.png"]


def test_without_a_browser_the_way_to_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NoBrowser, match=r"tools/chromium\.sh"):
        chromium()


def test_the_console_script_has_the_command(runs: Runs, tmp_path: Path) -> None:
    arguments = [str(SCRIPT), "report", str(runs.folder), "--to", str(tmp_path / "page.html")]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{tmp_path / 'page.html'}\n", "")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == runs.html


def test_a_run_is_found_by_the_beginning_of_its_id(
    runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "first.html"
    assert execute(["report", runs.first["run_id"][:-2], "--output", str(runs.folder), "--to", str(page)]) == 0
    assert capsys.readouterr().out == f"{page}\n"
    assert "No earlier run is recorded" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/nowhere"], "no such file or folder"),
        (["zzz", "--output", "{folder}"], "no such run in"),
        (["2", "--output", "{folder}"], "2 runs begin so"),
        (["{folder}/broken.txt"], "is no JSON"),
        (["{folder}/other.txt"], "holds no recording of a run"),
        (["{folder}", "--to", "/nowhere/page.html"], "name another place with --to"),
        (["{folder}", "--before", "/nowhere.json"], "name the recording of a run"),
    ],
)
def test_what_can_not_be_reported_on_is_said_in_one_line(
    runs: Runs, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (runs.folder / "broken.txt").write_text("{", encoding="utf-8")
    (runs.folder / "other.txt").write_text('{"a": 1}', encoding="utf-8")
    assert execute(["report", *(each.replace("{folder}", str(runs.folder)) for each in arguments)]) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
