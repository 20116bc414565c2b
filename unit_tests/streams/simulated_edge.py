"""The ads of one account behind a real session: an adapter answers as the Graph API does, and errs when told to."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter

from source_meta_ads.graph.auth import BearerAuth
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.graph.turns import Turns
from source_meta_ads.streams.declaration import Entity
from source_meta_ads.streams.edge import EdgeReader
from source_meta_ads.streams.edge_pages import Query
from source_meta_ads.telemetry.meter import Meter
from unit_tests.simulated import SimulatedClock

ADS = Entity(
    "ads", "Ad", "x", edge="ads", cursor_field="updated_time", filter_prefix="ad", heavy=("targeting",),
    partition="campaign",
)  # fmt: skip
FIELDS = ("creative", "id", "name", "status", "targeting", "updated_time")
GONE = ("ARCHIVED", "DELETED")
TOO_MUCH = (500, {"code": 1, "message": "Please reduce the amount of data you're asking for, then retry your request"})
NOT_FOUND = (400, {"code": 100, "error_subcode": 33, "message": "Unsupported get request. Object does not exist"})

Outcome = tuple[int, dict[str, Any]]
Rule = Callable[[Sequence[str], Sequence[Mapping[str, Any]]], Outcome | None]


def ad(number: int, campaign: int = 1, **values: Any) -> dict[str, Any]:
    """An ad; a higher number is a newer one."""
    return {
        "id": str(1000 + number), "name": f"Ad {number}", "status": "ACTIVE", "effective_status": "ACTIVE",
        "campaign_id": str(campaign), "creative": {"id": str(number)}, "targeting": {"age_min": 18},
        "updated_time": "2026-11-01T00:00:00+0000", **values,
    }  # fmt: skip


@dataclass
class Call:
    """One call as the edge saw it, items of a batch one by one."""

    path: str
    params: dict[str, str]

    @property
    def fields(self) -> list[str]:
        return self.params.get("fields", "id").split(",")

    @property
    def limit(self) -> int:
        return int(self.params.get("limit", 25))


@dataclass
class SimulatedEdge(BaseAdapter):
    """Ads by id, newest first. `rules` may refuse an answer, given the fields asked for and the rows it would have.

    With `is_positional` cursors count rows, so that what comes or goes shifts all that is behind. `before_call` is told
    each call and may change the ads meanwhile.
    """

    ads: dict[str, dict[str, Any]]
    is_positional: bool = False
    is_counted: bool = True
    rules: list[Rule] = field(default_factory=list)
    before_call: Callable[[Call], None] = lambda call: None
    calls: list[Call] = field(default_factory=list)
    hidden_campaigns: frozenset[str] = frozenset()
    lock: Any = field(default_factory=threading.RLock)

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        url = urlsplit(request.url or "")
        path = url.path.split("/", 2)[2]
        with self.lock:
            if request.method == "POST":
                items = json.loads(dict(parse_qsl(str(request.body)))["batch"])
                answer: Any = [self._item(each["relative_url"]) for each in items]
                status = 200
            else:
                status, answer = self._answer(Call(path, dict(parse_qsl(url.query))))
        response = requests.Response()
        response.status_code = status
        response._content = json.dumps(answer).encode()
        response.headers["X-App-Usage"] = '{"call_count": 0}'
        response.request = request
        return response

    def close(self) -> None:
        """Nothing to close."""

    def _item(self, address: str) -> dict[str, Any]:
        url = urlsplit(address)
        status, body = self._answer(Call(url.path.split("/", 1)[1], dict(parse_qsl(url.query))))
        return {"code": status, "headers": [], "body": json.dumps(body)}

    def _answer(self, call: Call) -> tuple[int, dict[str, Any]]:
        self.calls.append(call)
        self.before_call(call)
        if call.path.endswith("/campaigns"):
            ids = {each["campaign_id"] for each in self.ads.values()} - self.hidden_campaigns
            return self._page(call, [{"id": each} for each in sorted(ids)])
        if call.path.endswith("/ads"):
            chosen = [each for each in self.ads.values() if self._is_chosen(each, call)]
            return self._page(call, sorted(chosen, key=lambda each: -int(each["id"])))
        if call.path not in self.ads:
            return NOT_FOUND[0], {"error": NOT_FOUND[1]}
        return self._refused(call, [self.ads[call.path]]) or (200, _shown(self.ads[call.path], call.fields))

    def _is_chosen(self, each: Mapping[str, Any], call: Call) -> bool:
        conditions = json.loads(call.params.get("filtering", "[]"))
        wanted = {condition["field"]: condition["value"] for condition in conditions}
        if each["effective_status"] in GONE and "ad.effective_status" not in wanted:
            return False
        columns = {"ad.id": "id", "campaign.id": "campaign_id", "ad.effective_status": "effective_status"}
        return all(each[columns[name]] in values for name, values in wanted.items())

    def _page(self, call: Call, rows: Sequence[Mapping[str, Any]]) -> tuple[int, dict[str, Any]]:
        if "summary" in call.params and not self.is_counted:
            return 400, {"error": {"code": 100, "message": "(#100) Unknown fields: total_count."}}
        after = call.params.get("after")
        start = 0
        if after and self.is_positional:
            start = int(after)
        elif after:
            start = sum(1 for each in rows if int(each["id"]) >= int(after))
        page = rows[start : start + call.limit]
        if refused := self._refused(call, page):
            return refused
        cursor = str(start + len(page)) if self.is_positional else str(page[-1]["id"] if page else 0)
        paging: dict[str, Any] = {"cursors": {"after": cursor}}
        if start + len(page) < len(rows):
            paging["next"] = f"https://graph.facebook.com/next?after={cursor}"
        summary = {"summary": {"total_count": len(rows)}} if "summary" in call.params else {}
        return 200, {"data": [_shown(each, call.fields) for each in page], "paging": paging, **summary}

    def _refused(self, call: Call, rows: Sequence[Mapping[str, Any]]) -> tuple[int, dict[str, Any]] | None:
        for rule in self.rules:
            if outcome := rule(call.fields, rows):
                return outcome[0], {"error": outcome[1]}
        return None


def _shown(each: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    return {name: each[name] for name in ["id", *fields] if name in each}


def reader_of(edge: SimulatedEdge, entity: Entity = ADS, turns: int = 4) -> EdgeReader:
    """The reader under test, over a real session whose connection is the edge."""
    clock = SimulatedClock(share=0.0)
    session = GraphSession(
        base_url="https://graph.facebook.com", version="v26.0", auth=BearerAuth("tok"), clock=clock,
        throttle=Throttle(clock), meter=Meter(), logger=logging.getLogger("test"),
    )  # fmt: skip
    session.mount("https://", edge)
    return EdgeReader(entity, session, Turns(clock, turns), clock, logging.getLogger("test"))


def read(reader: EdgeReader, page_size: int = 10, fields: Sequence[str] = FIELDS) -> list[dict[str, Any]]:
    """Every row of the account, in the order in which they come."""
    query = Query("1", tuple(fields), page_size)
    return [row for page in reader.pages(query) for row in page]


def refusing(fields: Sequence[str], code: int = 200, message: str = "(#200) no", ids: Sequence[str] | None = None,
             **error: Any) -> Rule:  # fmt: skip
    """A rule: an answer that would show one of the fields is refused, of all objects or of some."""

    def rule(asked: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Outcome | None:
        is_met = set(asked) & set(fields) and (ids is None or any(row["id"] in ids for row in rows))
        return (403, {"code": code, "message": message, **error}) if is_met else None

    return rule
