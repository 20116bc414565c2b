"""A rule says which calls go wrong, how, and when: parsed from a scenario or from POST /_sandbox/faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.error_table import GraphError, coded, named
from integration_tests.sandbox.field_refusals import asks
from integration_tests.sandbox.futures import NodeChange, change
from integration_tests.sandbox.world import World

_ERROR = ("error", "code", "subcode", "message", "status", "type", "is_transient", "user_title", "user_msg", "body")
_WHICH = ("edge", "account", "method", "token", "page", "params")
_WHEN = ("nth", "every", "probability", "times", "after_seconds")

# Every kind with the keys of its own.
KINDS: Mapping[str, tuple[str, ...]] = {
    "error": _ERROR,
    "ok_with_error": _ERROR,
    "http": ("status", "content"),
    "truncate": (),
    "empty": (),
    "not_json": ("content",),
    "reset": ("done",),
    "cut": (),
    "stall": ("seconds",),
    "too_much_rows": ("limit", "cells", "form"),
    "cursor_expired": (),
    "token_expires": ("subcode",),
    "permission_lost": ("code",),
    "field_refused": (*_ERROR[:-1], "fields", "ids", "share"),
    "redirect": ("to", "status"),
    "oversize": ("bytes", "chunked"),
    "advance_clock": ("seconds",),
    "drift": ("add", "remove", "retype"),
    "extra_fields": (),
    "unknown_enum": ("fields",),
    "nulls": ("fields", "share"),
    "ints_for_strings": ("fields",),
    "wide_characters": ("fields",),
    "duplicate_rows": (),
    "empty_page": (),
    "short_page": ("limit",),
}
# What Meta says of a parameter with whatever subcode.
_INVALID = "Invalid parameter"
# From the nth call on, not at the nth call only.
LASTING = frozenset({"token_expires", "permission_lost"})
# Instead of an answer: the call is not carried out.
INSTEAD = frozenset(
    {"error", "ok_with_error", "http", "empty", "not_json", "reset", "cursor_expired", "token_expires",
     "permission_lost", "redirect"}
)  # fmt: skip
# What a kind can't do without.
_NEEDED = {"field_refused": "fields", "redirect": "to", "oversize": "bytes"}
_CHOICES = {
    "content": ("json", "html", "empty"), "page": ("first", "later"), "method": ("GET", "POST", "DELETE"),
    "form": (1, 100),
}  # fmt: skip


@dataclass(slots=True)
class FaultRule:
    """One rule, and how often it was met (`matched`) and carried out (`hits`).

    `nth`, `every`, `probability` count and choose among the calls that the rule fits; `times` ends it after so many
    hits; `after_seconds` starts it so long after it was made, on the sandbox's clock.
    """

    number: int
    kind: str
    made_at: float
    raw: Mapping[str, Any]
    edges: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    nth: frozenset[int] = frozenset()
    fields: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    change: NodeChange | None = None
    error: GraphError | None = None
    matched: int = 0
    hits: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, call: Call) -> bool:
        """Whether the rule is about this call at all."""
        if self.edges and call.edge not in self.edges:
            return False
        if self.accounts and call.account_id not in self.accounts:
            return False
        asked = self.options
        if asked.get("method", call.method) != call.method or asked.get("token", call.token) != call.token:
            return False
        later = "after" in call.params
        if (self.kind == "cursor_expired" and not later) or asked.get("page") == ("first" if later else "later"):
            return False
        if self.kind == "too_much_rows" and "limit" in asked and _limit_of(call) <= asked["limit"]:
            return False
        if self.kind == "field_refused" and not asks(call, self.fields):
            return False
        if self.error is not None and self.error.where != "answer" and call.edge != self.error.where:
            return False
        return all(call.params.get(name) == value for name, value in asked.get("params", {}).items())

    def is_due(self, world: World) -> bool:
        """Whether this one of the calls it fits goes wrong; counts the call."""
        asked = self.options
        if world.clock.monotonic() - self.made_at < asked.get("after_seconds", 0):
            return False
        self.matched += 1
        if self.hits >= asked.get("times", self.hits + 1):
            return False
        if self.nth and not (self.matched >= min(self.nth) if self.kind in LASTING else self.matched in self.nth):
            return False
        if self.matched % asked.get("every", 1):
            return False
        return "probability" not in asked or world.share("fault", self.number, self.matched) < asked["probability"]

    def is_instead(self) -> bool:
        """Whether it takes the place of the answer, so that the call is not carried out."""
        if self.kind == "reset" and self.options.get("done"):
            return False
        if self.kind == "too_much_rows":
            return "limit" in self.options
        if self.kind == "field_refused":
            return not {"ids", "share"} & self.options.keys()
        return self.kind in INSTEAD and (self.error is None or self.error.where == "answer")

    def shown(self) -> dict[str, Any]:
        """The rule as it was given, with its counts."""
        return {**self.raw, "number": self.number, "matched": self.matched, "hits": self.hits}


def fault_rule(raw: Any, number: int, now: float) -> FaultRule:
    """A rule from its dictionary.

    Raises:
        ValueError: naming the key that is unknown or has a value that cannot be.
    """
    where = f"faults[{number}]"
    if not isinstance(raw, Mapping):
        raise ValueError(f"{where}: not a mapping")
    kind = str(raw.get("kind"))
    if kind not in KINDS:
        raise ValueError(f"{where}.kind: {kind!r} is not one of {', '.join(KINDS)}")
    known = ("kind", *_WHICH, *_WHEN, *KINDS[kind])
    for key, value in raw.items():
        if key not in known:
            raise ValueError(f"{where}.{key}: unknown for {kind}; known are {', '.join(known)}")
        if key in _CHOICES and value not in _CHOICES[key]:
            raise ValueError(f"{where}.{key}: {value!r} is not one of {', '.join(map(str, _CHOICES[key]))}")
    _check_numbers(raw, where)
    if _NEEDED.get(kind, "kind") not in raw:
        raise ValueError(f"{where}.{_NEEDED[kind]}: missing; {kind} needs it")
    if kind == "too_much_rows" and not {"limit", "cells"} & raw.keys():
        raise ValueError(f"{where}: too_much_rows needs limit or cells")
    return FaultRule(
        number=number,
        kind=kind,
        made_at=now,
        raw=raw,
        edges=_words(raw.get("edge")),
        accounts=frozenset(each.removeprefix("act_") for each in _words(raw.get("account"))),
        nth=frozenset(int(each) for each in _words(raw.get("nth"))),
        fields=_words(raw.get("fields")),
        ids=_words(raw.get("ids")),
        change=change(raw, where) if kind == "drift" else None,
        error=_error(raw, where) if kind in ("error", "ok_with_error", "field_refused") else None,
        options=raw,
    )


def _error(raw: Mapping[str, Any], where: str) -> GraphError | None:
    """The error of the table that a rule names; None where the rule brings a body of its own."""
    if "body" in raw:
        return None
    try:
        usual = 200 if raw["kind"] == "field_refused" else 1
        return named(raw["error"]) if "error" in raw else coded(raw.get("code", usual), raw.get("subcode"))
    except ValueError as unknown:
        message = raw.get("message", _INVALID if raw.get("code") == 100 else None)
        if message is not None and "code" in raw:
            return GraphError("own", int(raw["code"]), raw.get("subcode"), int(raw.get("status", 400)), message)
        raise ValueError(f"{where}: {unknown}") from unknown


def _check_numbers(raw: Mapping[str, Any], where: str) -> None:
    for key in ("every", "probability", "times", "after_seconds", "seconds", "limit", "cells", "share", "status",
                "bytes"):  # fmt: skip
        value = raw.get(key, 1)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValueError(f"{where}.{key}: {value!r} is not a number of 0 or more")
    if raw.get("every", 1) < 1 or not isinstance(raw.get("every", 1), int):
        raise ValueError(f"{where}.every: {raw['every']!r} is not a whole number of 1 or more")
    if not all(each.isdecimal() and int(each) for each in _words(raw.get("nth"))):
        raise ValueError(f"{where}.nth: {raw['nth']!r} is not a number, or a list of numbers, of 1 or more")
    if not isinstance(raw.get("params", {}), Mapping):
        raise ValueError(f"{where}.params: not a mapping")


def _words(value: Any) -> frozenset[str]:
    if value is None or value == "*":
        return frozenset()
    return frozenset(map(str, value if isinstance(value, list | tuple) else [value]))


def _limit_of(call: Call) -> int:
    limit = call.params.get("limit", "25")
    return int(limit) if limit.isdecimal() else 25
