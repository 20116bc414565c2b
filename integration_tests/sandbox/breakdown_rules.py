"""Which breakdowns, action breakdowns, fields and levels Meta answers together, from `data/breakdowns.json`."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from integration_tests.sandbox.errors import Refusal

JOINABLE = frozenset({"action_type", "action_target_id", "action_destination"})
REACH_FIELDS = frozenset({"reach", "frequency", "cpp"})


@lru_cache(1)
def rules() -> dict[str, Any]:
    """The rules as the file has them."""
    text = (Path(__file__).parent / "data" / "breakdowns.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def of(name: str) -> dict[str, Any]:
    """The rules of one breakdown or action breakdown."""
    found: dict[str, Any] = rules()["breakdowns"].get(name) or rules()["action_breakdowns"].get(name) or {}
    return found


def known_breakdowns(today: date) -> list[str]:
    """Every breakdown that exists on a day."""
    table: dict[str, dict[str, Any]] = rules()["breakdowns"]
    return [name for name, rule in table.items() if today.isoformat() < rule.get("removed", "9999")]


def check_names(param: str, names: Sequence[str], known: Collection[str]) -> None:
    """Refuse the first name that is none, as Meta does: with all that would be."""
    for position, name in enumerate(names):
        if name not in known:
            allowed = ", ".join(sorted(known))
            raise Refusal(100, f"(#100) {param}[{position}] must be one of the following values: {allowed}")


def check_combination(breakdowns: Sequence[str], actions: Sequence[str]) -> None:
    """Refuse columns that Meta does not answer together."""
    columns, own = frozenset(breakdowns), frozenset(actions)
    if not _is_answered(columns, own):
        named = ", ".join(sorted({*columns, *own, "action_type"}))
        raise Refusal(100, f"(#100) Current combination of data breakdown columns ({named}) is invalid")


def _is_answered(columns: frozenset[str], actions: frozenset[str]) -> bool:
    special = actions - JOINABLE
    if not special:
        return _answers_rows(columns, joined=bool(actions - {"action_type"}))
    for permutation, joinable in documented():
        if special | columns == permutation - {"action_type"} and (joinable or actions - special <= {"action_type"}):
            return True
    # The rest of the action breakdowns is described nowhere: each is taken alone.
    described = {name for permutation, _ in documented() for name in permutation}
    return not columns and len(special) == 1 and not special & described


def _answers_rows(columns: frozenset[str], *, joined: bool) -> bool:
    if not columns:
        return True
    if any(columns == permutation and (joinable or not joined) for permutation, joinable in documented()):
        return True
    if any(columns == frozenset(each) for each in rules()["observed"]):
        return True
    families = {of(name).get("family") for name in columns}
    if len(families) == 1 and families <= set(rules()["families_that_combine"]):
        return True
    assets = {name for name in columns if of(name).get("family") == "asset"}
    if assets:
        return len(assets) == 1 and columns - assets <= set(rules()["assets_join"])
    (first, *rest) = columns
    described = {name for permutation, _ in documented() for name in permutation}
    alone = first not in described and not of(first).get("not_alone") and first != "platform_position"
    return not rest and alone


@lru_cache(1)
def documented() -> list[tuple[frozenset[str], bool]]:
    """The documented permutations, and whether target and destination may be joined to each."""
    found: list[tuple[frozenset[str], bool]] = []
    for columns, joinable in rules()["documented"]:
        choices = [name.split("|") for name in columns]
        others = [names[0] for names in choices[1:]]
        # Card id and card name may be asked for together, as Airbyte's stream does.
        firsts = [[name] for name in choices[0]] + ([choices[0]] if len(choices[0]) > 1 else [])
        found += [(frozenset([*first, *others]), joinable) for first in firsts]
    return found


def off_meta(breakdowns: Sequence[str], actions: Sequence[str]) -> str | None:
    """What becomes of off-Meta actions: `type1` not returned, `type2` returned without the value; None as ever."""
    kinds = {of(name).get("off_meta") for name in (*breakdowns, *actions)}
    return "type1" if "type1" in kinds else "type2" if "type2" in kinds else None


def answers_field(field: str, breakdowns: Sequence[str]) -> bool:
    """Whether a metric has values with these breakdowns; Meta leaves the others out of the rows."""
    for name in breakdowns:
        rule = of(name)
        if "only" in rule and field not in rule["only"]:
            return False
        if field in rule.get("never", ()) or field.startswith(tuple(rule.get("never_prefixes", ()))):
            return False
        if rule.get("family") == "hourly" and "_unique_" in field:
            return False
    return True


def has_answer(
    breakdowns: Sequence[str], level: str, features: Collection[str], oldest: date, today: date, *, is_async: bool
) -> bool:
    """Whether there are rows at all: opted in where that is needed, young enough, on a level that has them."""
    for name in breakdowns:
        rule = of(name)
        since = rule.get("opt_in_since", "")
        if "opt_in_feature" in rule and rule["opt_in_feature"] not in features and today.isoformat() >= since:
            return False
        if "retention_months" in rule and oldest < months_before(today, rule["retention_months"]):
            return False
        if rule.get("not_level") == level or rule.get("level", level) != level:
            return False
        if rule.get("async_only") and not is_async:
            return False
    return True


def months_before(day: date, months: int) -> date:
    """The day of the month so many months earlier; the last one of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    return date(year, month + 1, 28)
