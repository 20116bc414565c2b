"""Fields that need a permission of their own: those that may be seen come, the others are told once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import requests_mock

from source_meta_ads.graph.errors import AuthError
from source_meta_ads.streams.guarded import guarded_values
from unit_tests.graph.test_client import Door

VALUES = {"owner": "5", "is_prepay_account": False, "funding_source_details": {"id": "7"}}
CODES = {10: (403, 10), 200: (403, 200), 190: (401, 190), 2: (500, 2)}


class Guarded:
    """An account that refuses some of its fields, by code; a code 2 passes after the first answer."""

    def __init__(self, **refused: int) -> None:
        self.refused = refused
        self.asked: list[str] = []

    def answer(self, fields: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(fields)
        for name in fields.split(","):
            if name in self.refused:
                status, code = CODES[self.refused[name]]
                if code == 2 and fields == name:
                    del self.refused[name]
                return status, {"error": {"message": f"no {code}", "code": code}}
        return 200, {"id": "act_1", **{name: VALUES[name] for name in fields.split(",") if name in VALUES}}

    def get(self, request: Any, context: Any) -> Any:
        context.status_code, body = self.answer(request.qs["fields"][0])
        return body

    def post(self, request: Any, context: Any) -> Any:
        import json
        from urllib.parse import parse_qs, urlsplit

        items = json.loads(parse_qs(request.text)["batch"][0])
        answers = [self.answer(parse_qs(urlsplit(each["relative_url"]).query)["fields"][0]) for each in items]
        return [{"code": code, "headers": [], "body": json.dumps(body)} for code, body in answers]


@pytest.fixture
def served() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


def values(served: requests_mock.Mocker, account: Guarded, *fields: str) -> dict[str, Any]:
    served.get(requests_mock.ANY, json=account.get)
    served.post("https://graph.facebook.com/v26.0/", json=account.post)
    return guarded_values(Door().session, "1", fields, "ad_account", logging.getLogger("test"))


def test_what_may_be_seen_comes_by_one_call(served: requests_mock.Mocker, caplog: pytest.LogCaptureFixture) -> None:
    account = Guarded()
    assert values(served, account, *VALUES) == VALUES
    assert len(account.asked) == 1
    assert caplog.text == ""


def test_no_field_costs_no_call(served: requests_mock.Mocker) -> None:
    account = Guarded()
    assert values(served, account) == {}
    assert account.asked == []


def test_a_refused_field_costs_none_of_the_others_and_is_told_with_its_reason(
    served: requests_mock.Mocker, caplog: pytest.LogCaptureFixture
) -> None:
    account = Guarded(owner=200, is_prepay_account=10)
    assert values(served, account, *VALUES) == {"funding_source_details": {"id": "7"}}
    (owner,) = [record.message for record in caplog.records if "ad_account: owner left empty" in record.message]
    assert "act_1" in owner
    assert "(#200)" in owner
    assert [record for record in caplog.records if "is_prepay_account left empty" in record.message]


def test_fields_refused_for_one_reason_are_told_together(
    served: requests_mock.Mocker, caplog: pytest.LogCaptureFixture
) -> None:
    assert values(served, Guarded(owner=10, is_prepay_account=10), "owner", "is_prepay_account") == {}
    (told,) = [record.message for record in caplog.records if "left empty" in record.message]
    assert "owner, is_prepay_account left empty" in told


def test_one_field_alone_is_asked_once(served: requests_mock.Mocker) -> None:
    account = Guarded(owner=200)
    assert values(served, account, "owner") == {}
    assert len(account.asked) == 1


def test_a_failure_that_passes_costs_no_field(served: requests_mock.Mocker) -> None:
    account = Guarded(owner=200, is_prepay_account=2)
    assert values(served, account, "owner", "is_prepay_account") == {"is_prepay_account": False}


def test_what_is_no_refusal_of_a_field_is_no_empty_one(served: requests_mock.Mocker) -> None:
    with pytest.raises(AuthError):
        values(served, Guarded(owner=190), "owner", "is_prepay_account")
