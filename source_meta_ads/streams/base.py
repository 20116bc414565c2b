"""What every stream shares: the CDK glue, written once."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import requests
from airbyte_cdk.models import FailureType, SyncMode
from airbyte_cdk.sources.streams.http import HttpClient, HttpStream

from source_meta_ads.accounts import Account, Reach, Refused
from source_meta_ads.clock import Clock
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import GraphError
from source_meta_ads.graph.paging import next_cursor
from source_meta_ads.graph.turns import Turns
from source_meta_ads.insights.reader import KeyTwice
from source_meta_ads.insights.scheduler import Scheduler
from source_meta_ads.schemas.coerce import compile_coercer
from source_meta_ads.schemas.watch import Look, Watch
from source_meta_ads.streams.failure import Failure, failure_of
from source_meta_ads.telemetry.meter import Meter

# Few enough for progress to show within a large account.
_ROWS_COUNTED_AT_ONCE = 500

Row = Mapping[str, Any]
Slice = Mapping[str, Any]


@dataclass(frozen=True)
class Runtime:
    """What a stream needs to read: absent while only schemas are asked for."""

    session: GraphSession
    scheduler: Scheduler
    clock: Clock
    turns: Turns
    meter: Meter
    reach: Reach
    logger: logging.Logger


class MetaStream(HttpStream, ABC):
    """An `HttpStream` whose requests pass the run's one session, a slice being (account, …).

    `HttpStream` has no `session` argument, so its client is replaced here, once. The CDK gives a stream
    without a cursor field a resumable-full-refresh cursor, under which a concurrent read stops after the first
    page; streams here read a whole slice in one `read_records`, so that cursor is removed.
    """

    has_wide_pages = False
    # Whether `records` holds the rows against the schema itself, where it has them at hand.
    watches_itself = False

    def __init__(self, api_version: str, selected: Collection[str] | None, runtime: Runtime | None) -> None:
        super().__init__()
        self.cursor = None
        # The CDK's own method keeps every stream it was ever asked of: it caches by instance, in the class.
        self.__dict__["get_json_schema"] = lambda: self.schema
        self._api_version = api_version
        self._selected = selected
        self._runtime = runtime
        self._watch: Watch | None = None
        if runtime:
            self._http_client = HttpClient(self.name, self.logger, session=runtime.session, disable_retries=True)

    @property
    def logger(self) -> logging.Logger:
        """The run's own, whose lines say which run and account they are about."""
        # The CDK asks for it before our constructor has got anywhere.
        runtime = self.__dict__.get("_runtime")
        return runtime.logger if runtime else super().logger

    @property
    def runtime(self) -> Runtime:
        """The means to read. Raises RuntimeError on a stream built for `discover` alone."""
        if self._runtime is None:
            raise RuntimeError(f"stream {self.name} was built without a session: it can be described, not read")
        return self._runtime

    @cached_property
    @abstractmethod
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema of a record, made when it is first asked for: most streams of a run never are."""

    @cached_property
    def coerce(self) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """What gives a row the types of the schema, in place."""
        return compile_coercer(self.schema)

    def watch(self, watch: Watch) -> None:
        """Have every record held against the schema from now on."""
        self._watch = watch

    def lost(self, name: str, why: str) -> None:
        """Tell that Meta doesn't know a field any more, which stays empty."""
        if self._watch:
            self._watch.refused(name, why)

    def look(self) -> Look | None:
        """What holds the rows of one slice against the schema; None where nobody watches."""
        return self._watch.look() if self._watch else None

    @property
    def unfilled(self) -> list[str]:
        """Columns that were selected and that the API version hasn't: they stay empty."""
        return sorted(set(self._selected or ()) - set(self.schema["properties"]))

    @property
    def url_base(self) -> str:
        """The Graph API's address up to and with the version."""
        return self.runtime.session.base_url

    def next_page_token(self, response: requests.Response) -> Mapping[str, Any] | None:
        """`{"after": cursor}` of the following page, None on the last."""
        after = next_cursor(response.json())
        return {"after": after} if after else None

    def keep_place(self, update: Callable[[Callable[[dict[str, Any]], object]], None]) -> None:
        """Take the means to write into the stream's state between slices; most streams need none."""

    def slice_accounts(self) -> Iterable[Account | Refused]:
        """Every account of the run; those that Meta refused come as such, to fail in their own slice."""
        yield from self.runtime.reach.accounts
        yield from self.runtime.reach.refused

    def read_records(
        self,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_slice: Slice | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterable[Row]:
        """The typed records of one slice, whole. Raises: Failure naming account and edge."""
        account_slice = stream_slice or {}
        count = 0
        look = None if self.watches_itself else self.look()
        try:
            with self.runtime.turns.turn(is_wide=self.has_wide_pages):
                self._raise_if_refused(account_slice)
                for record in self.records(account_slice):
                    count += 1
                    if look:
                        look.see(record)
                    if count == _ROWS_COUNTED_AT_ONCE:
                        self.runtime.meter.rows(self.name, count)
                        count = 0
                    yield record
            self.runtime.meter.slice_read(self.name, str(account_slice.get("account_id")))
        except GraphError as error:
            raise failure_of(error.at("GET", self.name, account_slice.get("account_id"))) from None
        except KeyTwice as error:
            raise Failure(str(error), FailureType.system_error) from None
        finally:
            self.runtime.meter.rows(self.name, count)
            if look:
                look.close()

    @abstractmethod
    def records(self, account_slice: Slice) -> Iterable[Row]:
        """The typed records of one slice. Raises: GraphError. Each kind of stream has its own."""

    def _raise_if_refused(self, account_slice: Slice) -> None:
        for refused in self.runtime.reach.refused:
            if refused.account_id == account_slice.get("account_id"):
                raise refused.error
