"""Which API versions there are and until when Meta serves them."""

from __future__ import annotations

from datetime import date

import pytest

from source_meta_ads.graph.versions import DEFAULT_VERSION, find, versions

TODAY = date(2026, 11, 24)


def test_versions_are_in_order_and_the_default_is_the_newest() -> None:
    numbers = [int(version.name[1:].split(".")[0]) for version in versions()]
    assert numbers == list(range(18, 27))
    assert versions()[-1].name == DEFAULT_VERSION


def test_only_two_versions_are_served_for_ads_today() -> None:
    assert [version.name for version in versions() if not version.is_expired(TODAY)] == ["v25.0", "v26.0"]


def test_a_version_is_expired_from_its_expiry_day_on() -> None:
    v24 = find("v24.0")
    assert not v24.is_expired(date(2026, 10, 5))
    assert v24.is_expired(date(2026, 10, 6))


def test_a_version_newer_than_all_we_know_is_let_through_as_unknown() -> None:
    assert not find("v27.0").is_known
    assert not find("v27.0").is_expired(TODAY)


@pytest.mark.parametrize("name", ["26", "v26", "v17.0", "26.0", "v26.0.1", ""])
def test_what_is_no_version_is_refused_with_the_one_to_use(name: str) -> None:
    with pytest.raises(ValueError, match=DEFAULT_VERSION):
        find(name)


@pytest.mark.parametrize(
    ("name", "on", "status"),
    [
        ("v26.0", TODAY, "current"),
        ("v25.0", TODAY, "supported"),
        ("v25.0", date(2026, 7, 28), "current"),
        ("v26.0", date(2026, 7, 28), "unreleased"),
        ("v24.0", date(2026, 10, 5), "deprecated"),
        ("v24.0", date(2026, 10, 6), "expired"),
        ("v27.0", TODAY, "unknown"),
    ],
)
def test_a_version_has_a_standing_on_a_day(name: str, on: date, status: str) -> None:
    assert find(name).status(on) == status


@pytest.mark.parametrize(
    ("name", "on", "words"),
    [
        ("v24.0", TODAY, ["v24.0", "stopped serving it for ads on 2026-10-06", "set api_version to v26.0"]),
        ("v24.0", date(2026, 9, 6), ["stops serving it for ads on 2026-10-06", "in 30 days", "drift --from v24.0"]),
        ("v25.0", TODAY, ["v26.0 is out since 2026-07-29", "until 2026-10-27", "drift --from v25.0 --to v26.0"]),
        ("v27.0", TODAY, ["v27.0", "takes it for v26.0", "update the connector"]),
    ],
)
def test_what_will_not_last_is_told_with_the_day_and_what_to_do(name: str, on: date, words: list[str]) -> None:
    warning = find(name).warning(on) or ""
    assert all(word in warning for word in words), warning


@pytest.mark.parametrize(("name", "on"), [("v26.0", TODAY), ("v25.0", date(2026, 10, 26)), ("v25.0", date(2026, 3, 1))])
def test_a_version_in_order_is_not_warned_about(name: str, on: date) -> None:
    assert find(name).warning(on) is None
