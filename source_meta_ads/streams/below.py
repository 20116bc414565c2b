"""What an ad account doesn't list itself: the businesses of a token, the people of an account, the leads of its ads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from source_meta_ads.graph.batch import MOST_ITEMS, Get, get_many
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import ABOUT_FIELDS, FINAL, BadRequest, GraphError, NotFound
from source_meta_ads.graph.listing import listed
from source_meta_ads.graph.paging import has_rows, next_cursor, rows
from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.streams.declaration import GROUP, LIGHT_PAGE
from source_meta_ads.streams.refusals import named_fields

Row = dict[str, Any]
Condition = Mapping[str, Any]

# Ad sets whose ads can have a lead form, by any of the three that say so: which one does has changed over the years.
# Meta: docs/marketing-api/guides/lead-ads/create (v26.0, read 2026-11)
_LEAD_OBJECTIVES = frozenset({"LEAD_GENERATION", "OUTCOME_LEADS"})
_LEAD_GOALS = frozenset({"LEAD_GENERATION", "QUALITY_LEAD"})
_LEAD_DESTINATIONS = frozenset({"ON_AD", "LEAD_FORM_MESSENGER", "LEAD_FROM_IG_DIRECT", "LEAD_FROM_MESSENGER"})


class Below:
    """Reads for one stream, all its accounts; `page_size` is where pages start. Thread-safe."""

    def __init__(self, session: GraphSession, stream: str, page_size: int, logger: logging.Logger) -> None:
        self.session, self.stream, self.page_size, self.logger = session, stream, page_size, logger
        self._lock = threading.Lock()
        self._businesses: list[str] | None = None

    def objects(
        self,
        parent: Literal["token", "business", "ad"],
        account_id: str | None,
        fields: Sequence[str],
        since: datetime | None,
    ) -> Iterator[Row]:
        """What is listed below a token, an account's business, or its ads, as Meta sends it.

        Fields that Meta refuses by name are left out, said once. Raises: GraphError.
        """
        left = list(fields)
        while True:
            row: Row | None = None
            try:
                for row in self._objects(parent, account_id, left, since):
                    yield row
            except ABOUT_FIELDS as error:
                refused = {*named_fields(error, left)} - {"id"}
                if row is not None or not refused:
                    raise
                left = [name for name in left if name not in refused]
                self.logger.warning(f"{self.stream}: {', '.join(sorted(refused))} left empty: {error}")
            else:
                return

    def _objects(
        self,
        parent: Literal["token", "business", "ad"],
        account_id: str | None,
        fields: Sequence[str],
        since: datetime | None,
    ) -> Iterator[Row]:
        if parent == "token" or account_id is None:
            return self.businesses(fields)
        return (
            self.assigned_users(account_id, fields) if parent == "business" else self.leads(account_id, fields, since)
        )

    def businesses(self, fields: Sequence[str]) -> Iterator[Row]:
        """The businesses that the token's user is in. Raises: GraphError."""
        yield from self._listed("me/businesses", {"fields": list(fields)}, None)

    def assigned_users(self, account_id: str, fields: Sequence[str]) -> Iterator[Row]:
        """Who is assigned to an account, by the business that owns it and by those of the token's that share it.

        None for an account without a business. Raises: GraphError, where no business may be asked.
        """
        about = self.session.get_json(
            f"act_{account_id}", {"fields": ["business"]}, account_id=account_id, stream=self.stream
        )
        owner = (about.get("business") or {}).get("id")
        businesses = list(dict.fromkeys(str(each) for each in [owner, *self._own_businesses()] if each))
        gets = [
            Get(f"act_{account_id}/assigned_users", {"fields": list(fields), "business": each, "limit": self.page_size},
                "assigned_users", account_id)
            for each in businesses
        ]  # fmt: skip
        refused: list[GraphError] = []
        seen: set[object] = set()
        for found in self._each(gets):
            try:
                people = list(_raised(found))
            except FINAL as error:
                refused.append(error)
                continue
            yield from (row for row in people if row.get("id") not in seen)
            seen.update(row.get("id") for row in people)
        if refused and len(refused) == len(businesses):
            raise refused[0]

    def _own_businesses(self) -> list[str]:
        """The businesses of the token, asked for once; none where it may not know them, so that owners are asked."""
        with self._lock:
            if self._businesses is None:
                try:
                    listed = self._listed("me/businesses", {"fields": ["id"]}, None)
                    self._businesses = [str(row["id"]) for row in listed if row.get("id")]
                except FINAL:
                    self._businesses = []
            return self._businesses

    def leads(self, account_id: str, fields: Sequence[str], since: datetime | None) -> Iterator[Row]:
        """The leads of an account's lead ads that came after a moment; None: all that Meta still keeps (90 days).

        Costs a call for each lead ad, fifty in a request, and none for any other ad.
        Raises: GraphError, PermissionDenied for a token without leads_retrieval among it.
        Meta: docs/marketing-api/guides/lead-ads/retrieving (v26.0, read 2026-11)
        """
        after = int(since.timestamp()) if since else None
        recent = [{"field": "time_created", "operator": "GREATER_THAN", "value": after}] if after else None
        params = {"fields": list(fields), "filtering": recent, "limit": self.page_size}
        gets = [Get(f"{ad}/leads", params, "leads", account_id) for ad in self.lead_ads(account_id)]
        for found in self._each(gets):
            try:
                yield from _raised(found)
            except NotFound:
                # The ad went while its account was read.
                continue

    def lead_ads(self, account_id: str) -> Iterator[str]:
        """The ids of the ads that can have leads, in whatever status: by their ad sets, so that no other ad is read."""
        fields = ["id", "optimization_goal", "destination_type", "campaign{objective}"]
        lead_sets = [
            str(row["id"])
            for row in self._in_any_status(account_id, "adsets", "adset", fields, [])
            if _is_for_leads(row)
        ]
        for start in range(0, len(lead_sets), GROUP):
            group = {"field": "adset.id", "operator": "IN", "value": lead_sets[start : start + GROUP]}
            yield from (str(row["id"]) for row in self._in_any_status(account_id, "ads", "ad", ["id"], [group]))

    def _in_any_status(
        self, account_id: str, edge: str, level: str, fields: Sequence[str], conditions: Sequence[Condition]
    ) -> Iterator[Row]:
        every = table().levels[level].statuses
        lists = [every, [status for status in every if status != "DELETED"]]
        for statuses in lists:
            among = {"field": f"{level}.effective_status", "operator": "IN", "value": list(statuses)}
            asked = {"fields": list(fields), "filtering": [*conditions, among]}
            try:
                yield from self._listed(f"act_{account_id}/{edge}", asked, account_id, LIGHT_PAGE)
            except BadRequest:
                # Meta's pages disagree about whether deleted objects can be listed.
                if statuses is lists[-1]:
                    raise
            else:
                return

    def _each(self, gets: Sequence[Get]) -> Iterator[Iterable[Row] | GraphError]:
        """The rows of each edge, or the refusal of it that no repetition changes. Raises: GraphError for all else.

        Rows of several pages are read as they are taken, and may raise such a refusal then.
        """
        for start in range(0, len(gets), MOST_ITEMS):
            group = gets[start : start + MOST_ITEMS]
            for get, first in zip(group, get_many(self.session, group, self.stream), strict=True):
                if isinstance(first, FINAL):
                    yield first
                elif not isinstance(first, GraphError) and has_rows(first) and next_cursor(first) is None:
                    yield rows(first)
                else:
                    # Several pages, or a failure that passes: read alone, with the patience of every call.
                    yield self._listed(get.path, get.params, get.account_id)

    def _listed(
        self, path: str, params: Mapping[str, Any], account_id: str | None, page_size: int | None = None
    ) -> Iterator[Row]:
        return listed(
            self.session, path, params, page_size or self.page_size, account_id=account_id, stream=self.stream
        )


def _raised(found: Iterable[Row] | GraphError) -> Iterable[Row]:
    if isinstance(found, GraphError):
        raise found
    return found


def _is_for_leads(ad_set: Row) -> bool:
    campaign = ad_set.get("campaign") or {}
    return (
        campaign.get("objective") in _LEAD_OBJECTIVES
        or ad_set.get("optimization_goal") in _LEAD_GOALS
        or ad_set.get("destination_type") in _LEAD_DESTINATIONS
    )
