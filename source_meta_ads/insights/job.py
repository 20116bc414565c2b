"""What is asked of Meta at once: a report, for one account, over days, perhaps for some objects or fields only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from source_meta_ads.accounts import Account
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.windows import Window


@dataclass(frozen=True)
class Condition:
    """Which objects a job is about: those whose `field` (`campaign.id`) is, or is not, among `values`."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """One question: a report of one account over days both inclusive.

    `fields` are what to ask for, key columns first. `conditions` narrow it to some of its objects. `is_small`: its
    rows fit one page, so the synchronous endpoint answers it in one call. `known_run`: the report run that an
    earlier sync made for this very question.
    """

    account: Account
    report: Report
    window: Window
    fields: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    is_small: bool = False
    known_run: str | None = None

    def __str__(self) -> str:
        some = f", {len(self.conditions)} filters" if self.conditions else ""
        return (
            f"{self.report.stream_name} of account act_{self.account.id}, "
            f"{self.window.since}..{self.window.until}{some}"
        )

    def params(self) -> dict[str, Any]:
        """The parameters of the `insights` edge that ask for it; without paging."""
        params = self.report.request_params(self.window.since, self.window.until, self.fields)
        if self.conditions:
            params["filtering"] = [
                *(params.get("filtering") or []),
                *(
                    {"field": each.field, "operator": each.operator, "value": list(each.values)}
                    for each in self.conditions
                ),
            ]
        return params

    def query_hash(self) -> str:
        """Twelve hex digits that stand for the account and everything asked of it."""
        asked = orjson.dumps({"account": self.account.id, **self.params()}, option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(asked, digest_size=6).hexdigest()
