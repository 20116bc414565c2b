"""Pictures of creatives over real HTTP: as the official connector has them, and never a reason to fail."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from integration_tests.connector import Connector, Output
from integration_tests.truth import Truth

TOKEN = "tok-of-thumbnails"
WORLD = {
    "seed": 3,
    "clock": {"now": "2026-11-24T15:01:00Z"},
    "tokens": [{"token": TOKEN, "accounts": "all"}],
    "accounts": [
        {"id": "1001", "campaigns": 1, "adsets_per_campaign": 1, "ads_per_adset": 1, "creatives": 70},
        {"id": "1002", "campaigns": 1, "adsets_per_campaign": 1, "ads_per_adset": 1, "creatives": 3},
    ],
}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()[:10]


@pytest.fixture
def connector(truth: Truth) -> Connector:
    return Connector(truth.url, {"credentials": {"auth_type": "Service", "access_token": TOKEN},
                                 "fetch_thumbnail_images": True})  # fmt: skip


def pictures(output: Output) -> list[str | None]:
    assert (output.exit_code, output.errors) == (0, [])
    return [record.get("thumbnail_data_url") for record in output.records("ad_creatives")]


def calls_of(truth: Truth, edge: str) -> list[dict[str, Any]]:
    return [call for call in truth.journal() if call["edge"] == edge]


def test_every_creative_has_its_picture_and_the_token_stays_with_meta(connector: Connector, truth: Truth) -> None:
    output = connector.read(["ad_creatives"])
    found = pictures(output)
    assert len(found) == len(truth.objects("adcreatives", ["1001", "1002"])) >= 73
    assert all(picture and picture.startswith(f"data:image/png;base64,{PNG}") for picture in found)
    # Each has a picture of its own colour: none stands for another.
    assert len(set(found)) > 60
    fetched = calls_of(truth, "thumbnail")
    assert len(fetched) == len(found)
    assert {call.get("token_in") for call in fetched} == {"none"}


def test_without_being_asked_for_no_picture_is_fetched(connector: Connector, truth: Truth) -> None:
    output = connector.with_config(fetch_thumbnail_images=False).read(["ad_creatives"])
    assert not any(record.get("thumbnail_data_url") for record in output.records("ad_creatives"))
    assert all(record["thumbnail_url"] for record in output.records("ad_creatives"))
    unselected = connector.read(["ad_creatives"], columns=["id", "thumbnail_url"])
    assert set(unselected.records("ad_creatives")[0]) == {"id", "account_id", "thumbnail_url"}
    assert calls_of(truth, "thumbnail") == []


def test_the_picture_is_in_the_record_even_where_its_address_is_not_selected(connector: Connector) -> None:
    output = connector.read(["ad_creatives"], columns=["id", "thumbnail_data_url"])
    assert all(pictures(output))
    assert set(output.records("ad_creatives")[0]) == {"id", "account_id", "thumbnail_data_url"}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "redirect", "to": "https://evil.example/a.png"}, "not at an address of Meta's"),
        ({"kind": "not_json"}, "no image"),
        ({"kind": "oversize", "bytes": 1_000_001}, "over 1,000,000 bytes"),
        ({"kind": "oversize", "bytes": 1_000_001, "chunked": True}, "over 1,000,000 bytes"),
        ({"kind": "reset"}, "without an answer"),
        ({"kind": "http", "status": 404}, "with HTTP status 404"),
    ],
)
def test_a_picture_that_cannot_be_had_is_null_and_counted_once(
    connector: Connector, truth: Truth, fault: Mapping[str, Any], reason: str
) -> None:
    truth.set_faults({**fault, "edge": "thumbnail"})
    output = connector.with_config(account_ids=["1002"]).read(["ad_creatives"])
    found = pictures(output)
    assert found == [None] * len(found)
    assert (
        f"ad_creatives: account act_1002: {len(found)} of {len(found)} thumbnails could not be fetched" in output.text
    )
    assert f"({len(found)} {reason})" in output.text
    assert output.text.count("thumbnails could not be fetched") == 1
