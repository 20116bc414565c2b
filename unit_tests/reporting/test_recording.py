"""Recordings on disk: which is meant, which came before, which days are no longer what they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from source_meta_ads.reporting.recording import Recording, ReportError, earlier, find, load, restated


def recorded(run_id: str, started_at: str = "2026-11-24T15:00:00+00:00", **more: Any) -> dict[str, Any]:
    return {"format": 1, "run_id": run_id, "started_at": started_at, **more}


def made(*days: tuple[str, str, int, float | None], **more: Any) -> Recording:
    """A recording of days given as (account, date, rows, spend)."""
    listed = [["ads_insights", account, "USD", date, rows, spend] for account, date, rows, spend in days]
    return Recording(recorded("r", days=listed, **more), Path("r.json"))


def written(folder: Path, *recordings: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for each in recordings:
        (folder / f"{each['run_id']}.json").write_text(json.dumps(each), encoding="utf-8")
    return folder


def test_the_newest_run_of_a_folder_is_taken_whatever_its_name(tmp_path: Path) -> None:
    folder = written(tmp_path, recorded("z", "2026-11-01T00:00:00+00:00"), recorded("a", "2026-11-02T00:00:00+00:00"))
    assert find(str(folder)).run_id == "a"


def test_a_run_is_found_by_path_and_by_id_also_in_the_folder_of_runs(tmp_path: Path) -> None:
    written(tmp_path / "runs", recorded("20261101-a"), recorded("20261102-b"))
    assert find(str(tmp_path / "runs" / "20261101-a.json")).run_id == "20261101-a"
    assert find("20261102", tmp_path).run_id == "20261102-b"
    with pytest.raises(ReportError, match="2 runs begin so"):
        find("2026", tmp_path)
    with pytest.raises(ReportError, match="name one of 20261101-a, 20261102-b"):
        find("2025", tmp_path)
    with pytest.raises(ReportError, match="name its folder with --output"):
        find("20261102")


def test_a_recording_within_a_manifest_is_read(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps({"plan": 1, "recording": recorded("x")}), encoding="utf-8")
    assert load(tmp_path / "m.json").run_id == "x"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "holds no recording"),
        ('"text"', "holds no recording"),
        ('{"recording": 5}', "holds no recording"),
        ("{", "is no JSON"),
        (json.dumps({**recorded("x"), "format": 2}), "of format 2, this version reads 1"),
        (json.dumps(recorded("x", days=[["too", "short"]])), "is damaged"),
    ],
)
def test_what_is_no_recording_is_said_so(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "x.json").write_text(content, encoding="utf-8")
    with pytest.raises(ReportError, match=said):
        load(tmp_path / "x.json")


def test_earlier_runs_are_those_that_began_before_newest_first(tmp_path: Path) -> None:
    moments = {name: f"2026-11-{day}T00:00:00+00:00" for name, day in (("a", "03"), ("b", "01"), ("c", "02"))}
    written(tmp_path, *(recorded(name, moment) for name, moment in moments.items()))
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    assert [each.run_id for each in earlier(load(tmp_path / "a.json"))] == ["c", "b"]
    assert earlier(load(tmp_path / "b.json")) == []


def test_days_that_changed_are_compared_with_the_last_run_that_read_them() -> None:
    now = made(("1", "2026-11-01", 5, 10.0), ("1", "2026-11-02", 5, 20.0), ("1", "2026-11-03", 1, 1.0))
    last = made(("1", "2026-11-02", 5, 19.0))
    before_that = made(("1", "2026-11-01", 5, 10.004), ("1", "2026-11-02", 5, 1.0), ("1", "2026-11-04", 1, 9.0))
    (found,) = restated(now, [last, before_that])
    assert (found.after.date, found.before.spend, found.after.spend, found.change) == ("2026-11-02", 19.0, 20.0, 1.0)


def test_rows_that_came_or_went_are_a_change_and_spend_that_was_not_read_is_none() -> None:
    now = made(("1", "2026-11-01", 5, None), ("1", "2026-11-02", 6, 3.0), ("1", "2026-11-03", 0, 0.0))
    before = made(("1", "2026-11-01", 5, 7.0), ("1", "2026-11-02", 5, 3.0), ("1", "2026-11-03", 2, 4.0))
    assert [each.after.date for each in restated(now, [before])] == ["2026-11-03", "2026-11-02"]


def test_the_largest_change_comes_first() -> None:
    days = [("1", f"2026-11-0{day}", 1, float(spend)) for day, spend in ((1, 5), (2, 90), (3, -40))]
    before = made(*((account, date, rows, 0.0) for account, date, rows, _ in days))
    assert [each.change for each in restated(made(*days), [before])] == [90.0, -40.0, 5.0]


@pytest.mark.parametrize(
    ("zone", "was_over"),
    [("Asia/Tokyo", True), ("America/Los_Angeles", False), ("UTC", False), (None, False), ("Mars/Phobos", True)],
)
def test_whether_a_day_was_over_is_told_in_its_accounts_time_zone(zone: str | None, was_over: bool) -> None:
    """The run before began at 15:00 UTC on the 24th, which is the 25th in Tokyo already."""
    accounts = {"1": {"name": "A", "timezone": zone}} if zone else {}
    before = made(("1", "2026-11-24", 1, 1.0), accounts=accounts)
    (found,) = restated(made(("1", "2026-11-24", 1, 2.0)), [before])
    assert found.was_over == was_over
