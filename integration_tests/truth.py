"""What a perfect reader would hold: asked of the sandbox, and compared with what the connector wrote.

Nothing of the connector is used here: which edge or report stands behind a stream is said again, on purpose.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

Record = Mapping[str, Any]

EDGES = {
    "ad_account": "act",
    "campaigns": "campaigns",
    "ad_sets": "adsets",
    "ads": "ads",
    "ad_creatives": "adcreatives",
    "custom_audiences": "customaudiences",
}
# Edges behind streams that not every test reads, as they are slow, off unless chosen, or about no account.
OTHER_EDGES = {
    "saved_audiences": "saved_audiences",
    "images": "adimages",
    "videos": "advideos",
    "activities": "activities",
    "custom_conversions": "customconversions",
    "pixels": "adspixels",
    "ad_labels": "adlabels",
    "ad_rules": "adrules_library",
    "ad_studies": "ad_studies",
    "leads": "leads",
    "ad_account_users": "assigned_users",
    "businesses": "businesses",
}


@dataclass(frozen=True)
class Asked:
    """A report as the sandbox is asked for its truth."""

    breakdowns: tuple[str, ...] = ()
    action_breakdowns: tuple[str, ...] = ("action_type", "action_target_id", "action_destination")
    level: str = "ad"
    time_increment: int | str = 1
    windows: tuple[str, ...] = ("1d_click", "7d_click", "28d_click", "1d_view")


REPORTS = {
    "ads_insights": Asked(),
    "ads_insights_country": Asked(("country",)),
    "ads_insights_age_and_gender": Asked(("age", "gender")),
    "ads_insights_platform_and_device": Asked(
        ("publisher_platform", "platform_position", "impression_device"), ("action_type",)
    ),
}

_NUMBER = re.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class Truth:
    """The control API of a running sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url

    def clock(self) -> datetime:
        """The sandbox's present moment."""
        return datetime.fromisoformat(self._get("clock")["now"])

    def advance_days(self, days: int) -> None:
        """Move the sandbox's clock on."""
        requests.post(f"{self.url}/_sandbox/clock", json={"advance_days": days}, timeout=30).raise_for_status()

    def set_faults(self, *rules: Mapping[str, Any]) -> None:
        """Make calls go wrong by rule, as docs/sandbox.md describes; no rule: no fault."""
        requests.post(f"{self.url}/_sandbox/faults", json=list(rules), timeout=30).raise_for_status()

    def fault_hits(self) -> int:
        """How many calls the fault rules in force have hit."""
        return sum(int(rule["hits"]) for rule in self._get("faults")["data"])

    def set_limits(self, section: Mapping[str, Any] | None) -> None:
        """Put quotas in force, as docs/sandbox.md describes; None: nothing is refused. Ends all blocks."""
        requests.post(f"{self.url}/_sandbox/limits", json=section, timeout=30).raise_for_status()

    def journal(self) -> list[dict[str, Any]]:
        """Every call so far, oldest first."""
        calls: list[dict[str, Any]] = self._get("journal")["data"]
        return calls

    def accounts_of(self, token: str) -> list[str]:
        """The ids of the accounts a token reaches, asked of the Graph API itself."""
        answer = requests.get(
            f"{self.url}/v26.0/me/adaccounts",
            params={"fields": "account_id", "limit": "500"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        answer.raise_for_status()
        return [str(row["account_id"]) for row in answer.json()["data"]]

    def objects(self, edge: str, account_ids: Iterable[str], **query: str) -> list[dict[str, Any]]:
        """Every object of an edge in the accounts; `query` as docs/sandbox.md has it, such as statuses or version.

        Whether an object is deleted, which a perfect reader would say too, follows from its status.
        """
        return [
            {**row, "is_deleted": row.get("effective_status") == "DELETED"}
            for account in account_ids
            for row in self._get(f"truth/{edge}", account_id=account, **query)["data"]
        ]

    def report(
        self, asked: Asked, account_ids: Iterable[str], since: str, until: str, fields: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Every row of a report in the accounts, days inclusive."""
        rows: list[dict[str, Any]] = []
        for account in account_ids:
            answer = requests.post(
                f"{self.url}/_sandbox/truth/insights",
                json={
                    "account_id": account,
                    "level": asked.level,
                    "since": since,
                    "until": until,
                    "time_increment": asked.time_increment,
                    "breakdowns": asked.breakdowns,
                    "action_breakdowns": asked.action_breakdowns,
                    "action_attribution_windows": asked.windows,
                    "fields": fields,
                    "all_statuses": True,
                },
                timeout=300,
            )
            answer.raise_for_status()
            rows += answer.json()["data"]
        return rows

    def _get(self, path: str, **params: str) -> Any:
        answer = requests.get(f"{self.url}/_sandbox/{path}", params=params, timeout=60)
        answer.raise_for_status()
        return answer.json()


def plain(value: Any) -> Any:
    """A value without its encoding: numbers and booleans in strings as such, moments in UTC.

    Two values that mean the same become equal by it.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str):
        if value in ("True", "False"):
            return value == "True"
        # Identifiers are digits too, and longer than a float holds: they stay text.
        if _NUMBER.match(value) and len(value) < 15:
            return float(value)
        if _MOMENT.match(value):
            return datetime.fromisoformat(value).astimezone(UTC).isoformat()
        return value
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items() if each is not None}
    return [plain(each) for each in value]


def keyed(rows: Iterable[Record], key: Sequence[str]) -> dict[tuple[str, ...], Record]:
    """Rows by key, the last of each key winning, as a deduplicating destination keeps them."""
    return {tuple(str(row.get(part)) for part in key): row for row in rows}


def differences(
    held: Iterable[Record], true: Iterable[Record], key: Sequence[str], columns: Iterable[str]
) -> list[str]:
    """How what is held differs from the truth, in words: keys missing, keys too many, cells that differ."""
    mine, theirs = keyed(held, key), keyed(true, key)
    found = [f"missing {each}" for each in sorted(theirs.keys() - mine.keys())]
    found += [f"not true {each}" for each in sorted(mine.keys() - theirs.keys())]
    compared = sorted(set(columns) - set(key))
    for each in sorted(mine.keys() & theirs.keys()):
        for column in compared:
            ours, real = plain(mine[each].get(column)), plain(theirs[each].get(column))
            if not _same(ours, real):
                found.append(f"{each} {column}: held {ours!r}, true {real!r}")
    return found


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
