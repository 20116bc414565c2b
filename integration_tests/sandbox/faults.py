"""Faults on order: rules decide which calls go wrong, before they are carried out or after."""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from integration_tests.sandbox.call import Answer, Call
from integration_tests.sandbox.error_table import coded, named
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.fault_rules import FaultRule, fault_rule
from integration_tests.sandbox.field_refusals import shows
from integration_tests.sandbox.page_damage import emptied, resume
from integration_tests.sandbox.row_damage import DAMAGE
from integration_tests.sandbox.world import World

WIRE = "x-sandbox-wire"
_HTML = (
    b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1></body></html>"
)
_PAGES_REMEMBERED = 512


class Faults:
    """The rules of a sandbox. Not thread-safe: one server, one event loop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rules: list[FaultRule] = []
        self._last_rows: OrderedDict[str, Any] = OrderedDict()
        self.add(world.scenario.faults)

    def replace(self, rules: Sequence[Any]) -> None:
        """Only these rules from now on; counts start again.

        Raises:
            ValueError: naming the bad key; the old rules stay.
        """
        now = self._world.clock.monotonic()
        self._rules = [fault_rule(raw, number, now) for number, raw in enumerate(rules)]
        self._last_rows.clear()

    def add(self, rules: Sequence[Any]) -> None:
        """These rules too.

        Raises:
            ValueError: naming the bad key; none is added then.
        """
        now = self._world.clock.monotonic()
        first = len(self._rules)
        self._rules += [fault_rule(raw, number, now) for number, raw in enumerate(rules, first)]

    def listing(self) -> list[dict[str, Any]]:
        """Every rule with how often it was met and carried out."""
        return [rule.shown() for rule in self._rules]

    def before(self, call: Call) -> Answer | None:
        """What happens to a call instead of being carried out; None when it goes on.

        Raises:
            Refusal: a Graph error that a rule orders.
        """
        if not self._rules:
            return None
        resumed = resume(call)
        fitting = [rule for rule in self._rules if rule.fits(call) and not (resumed and rule.kind == "empty_page")]
        if not fitting:
            return None
        due = [rule for rule in fitting if rule.is_due(self._world)]
        for rule in due:
            if rule.is_instead():
                rule.hits += 1
                return self._instead(rule, call)
            if rule.kind == "short_page":
                rule.hits += 1
                call.params["limit"] = str(int(rule.options.get("limit", 2)))
            elif rule.kind == "advance_clock":
                rule.hits += 1
                self._world.clock.advance(timedelta(seconds=rule.options.get("seconds", 60)))
        watching = [(rule, False) for rule in fitting if rule.kind == "duplicate_rows" and rule not in due]
        call.faults = (*((rule, True) for rule in due), *watching)
        return None

    def after(self, call: Call, answer: Answer) -> Answer:
        """The answer, damaged where a rule says so."""
        for rule, is_due in call.faults:
            if rule.kind == "duplicate_rows":
                answer = self._duplicated(rule, call, answer, is_due=is_due)
            elif (damaged := self._damaged(rule, call, answer)) is not None:
                rule.hits += 1
                answer = damaged
        return answer

    # Instead of an answer

    def _instead(self, rule: FaultRule, call: Call) -> Answer:
        asked = rule.options
        match rule.kind:
            case "reset":
                return Answer(b"", headers={WIRE: "reset"})
            case "empty":
                return Answer(b"")
            case "not_json":
                return _page(asked.get("content", "html"), 200)
            case "redirect":
                return Answer(b"", int(asked.get("status", 302)), {"location": asked["to"]})
            case "http":
                return _page(asked.get("content", "html"), int(asked.get("status", 503)))
            case "error" | "ok_with_error" if rule.error is None:
                return Answer(asked["body"], status=int(asked.get("status", 400 if rule.kind == "error" else 200)))
        refused = self._refusal(rule, call)
        if rule.kind == "ok_with_error":
            return Answer(refused.body(self._trace(rule)))
        raise refused

    def _refusal(self, rule: FaultRule, call: Call) -> Refusal:
        asked = rule.options
        match rule.kind:
            case "cursor_expired":
                row = named("cursor_invalid")
            case "token_expires":
                row = coded(190, asked.get("subcode", 463))
            case "permission_lost":
                row = coded(asked.get("code", 200))
            case "too_much_rows":
                row = named("too_much_data_100" if asked.get("form", 1) == 100 else "too_much_data")
            case _:
                row = rule.error or named("unknown")
        refused = row.refusal(self._words(call))
        changes = {
            "message": "message", "status": "status", "type": "kind", "is_transient": "is_transient",
            "user_title": "user_title", "user_msg": "user_msg",
        }  # fmt: skip
        if rule.error is not None:
            for key, attribute in changes.items():
                if key in asked:
                    setattr(refused, attribute, asked[key])
        call.code, call.subcode = refused.code, refused.subcode
        return refused

    # After the answer

    def _damaged(self, rule: FaultRule, call: Call, answer: Answer) -> Answer | None:
        """The damaged answer; None when the rule has nothing to damage."""
        if answer.status != 200:
            return None
        match rule.kind:
            case "reset":
                return Answer(b"", headers={**answer.headers, WIRE: "reset"})
            case "cut":
                return Answer(answer.body, answer.status, {**answer.headers, WIRE: "cut"})
            case "stall":
                return Answer(answer.body, answer.status, {**answer.headers, WIRE: f"stall:{_seconds(rule)}"})
            case "truncate":
                whole = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
                return Answer(whole[: len(whole) // 2], answer.status, answer.headers)
            case "oversize":
                whole = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
                wire = {WIRE: "chunks"} if rule.options.get("chunked") else {}
                # JSON stays JSON with blanks behind it, and a picture stays a picture.
                return Answer(whole.ljust(int(rule.options["bytes"])), answer.status, {**answer.headers, **wire})
        if call.edge == "thumbnail":
            return None
        body = _json(answer)
        if not isinstance(body, dict):
            return None
        changed = self._changed(rule, call, body)
        if changed is None:
            return None
        if rule.kind in ("too_much_rows", "field_refused"):
            refused = self._refusal(rule, call)
            return Answer(refused.body(self._trace(rule)), refused.status, answer.headers)
        return Answer(changed, answer.status, answer.headers)

    def _changed(self, rule: FaultRule, call: Call, body: dict[str, Any]) -> dict[str, Any] | None:
        rows = body.get("data")
        if rule.kind == "error" and rule.error is not None:
            return _failed_run(body, rule)
        if rule.kind in DAMAGE or rule.change is not None:
            if isinstance(rows, list):
                return {**body, "data": [self._row(rule, n, row) for n, row in enumerate(rows)]}
            return self._row(rule, 0, body)
        if rule.kind == "field_refused":
            return body if shows(body, rule.fields, partial(self._is_chosen, rule)) else None
        if not isinstance(rows, list):
            return None
        if rule.kind == "empty_page":
            return emptied(call, body)
        if rule.kind == "too_much_rows":
            columns = 1 + call.params.get("fields", "").count(",")
            return body if len(rows) * columns > rule.options["cells"] else None
        return None

    def _is_chosen(self, rule: FaultRule, object_id: str) -> bool:
        if rule.ids:
            return object_id in rule.ids
        return self._world.share("fault", rule.number, object_id) < float(rule.options.get("share", 1))

    def _row(self, rule: FaultRule, number: int, row: dict[str, Any]) -> dict[str, Any]:
        if rule.change is not None:
            return rule.change.shown(row)
        share = float(rule.options.get("share", 0.3))
        name = row.get("id", number)

        def chance(column: str) -> bool:
            return self._world.share("fault", rule.number, name, column) < share

        return DAMAGE[rule.kind](row, rule.fields, chance)

    def _duplicated(self, rule: FaultRule, call: Call, answer: Answer, *, is_due: bool) -> Answer:
        """The page with the last row of the page before it in front, as when something moved between two calls."""
        body = _json(answer)
        if answer.status != 200 or not isinstance(body, dict) or not isinstance(rows := body.get("data"), list):
            return answer
        key = _listing_key(call)
        last = self._last_rows.get(key)
        if rows:
            self._last_rows[key] = rows[-1]
            if len(self._last_rows) > _PAGES_REMEMBERED:
                self._last_rows.popitem(last=False)
        if "after" not in call.params or last is None or not is_due:
            return answer
        rule.hits += 1
        return Answer({**body, "data": [last, *rows]}, answer.status, answer.headers)

    def _words(self, call: Call) -> dict[str, str]:
        """What messages name: the object, the app, the moment as Graph writes it."""
        moment = self._world.clock.now().astimezone(ZoneInfo("America/Los_Angeles"))
        spec = self._world.scenario.tokens.get(call.token or "")
        form = "%A, %d-%b-%y %H:%M:%S %Z"
        return {
            "id": call.parts[0] if call.parts else "0",
            "app_id": spec.app_id if spec else "0",
            "now": moment.strftime(form),
            "expired": (moment - timedelta(hours=1)).strftime(form),
        }

    def _trace(self, rule: FaultRule) -> str:
        mark = self._world.hash("trace", rule.number, rule.matched).to_bytes(8, "big")
        return "A" + base64.urlsafe_b64encode(mark).decode().rstrip("=")


def _page(content: str, status: int) -> Answer:
    """An answer that is not Graph's: of a proxy or a load balancer."""
    if content == "html":
        return Answer(_HTML, status, {"content-type": "text/html; charset=utf-8"})
    return Answer({"title": "Service error", "status": status} if content == "json" else b"", status)


def _json(answer: Answer) -> Any:
    return orjson.loads(answer.body) if isinstance(answer.body, bytes) and answer.body else answer.body


def _seconds(rule: FaultRule) -> float:
    return float(rule.options.get("seconds", 30))


def _failed_run(body: dict[str, Any], rule: FaultRule) -> dict[str, Any] | None:
    """A report run's description, failed with the rule's error."""
    if rule.error is None or "async_status" not in body:
        return None
    error = rule.error
    return {
        **body,
        "async_status": "Job Failed",
        "async_percent_completion": 0,
        "error_code": error.code,
        "error_subcode": error.subcode,
        "error_message": error.message,
        "error_user_title": error.user_title,
        "error_user_msg": error.user_msg,
    }


def _listing_key(call: Call) -> str:
    asked = sorted((name, value) for name, value in call.params.items() if name not in ("after", "limit"))
    return repr((call.parts, asked))
