"""The one door to the Graph API: admit, send, observe, classify, then return, wait or raise."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import orjson
import requests
import urllib3
from requests.adapters import HTTPAdapter

from source_meta_ads.clock import Clock
from source_meta_ads.graph.auth import BearerAuth
from source_meta_ads.graph.body import body_of, is_success, parsed_body, take_body
from source_meta_ads.graph.call import Call, describe, encode_params
from source_meta_ads.graph.classify import classify, policy_for, unstated_block_seconds
from source_meta_ads.graph.errors import AuthError, GraphError, RateLimited, TransientError
from source_meta_ads.graph.limits import Limit, limit_refused, limits_of
from source_meta_ads.graph.paging import has_rows
from source_meta_ads.graph.throttle import Blocked, Throttle
from source_meta_ads.graph.usage import read_usage
from source_meta_ads.graph.versions import find
from source_meta_ads.telemetry.meter import Meter

# Seconds to connect and to wait between bytes: a synchronous insights call may take minutes before it answers.
_TIMEOUT = (10, 300)
_POOL_SIZE = 64
# Where limits are not waited out (in `check`), calls are still spread out by waits as short as this.
_SHORT_WAIT_SECONDS = 5.0


class GraphSession(requests.Session):
    """A `requests.Session` whose `send` never returns a failure and never needs a caller's retry.

    Stock `HttpStream` reads, report jobs and plain `get_json` calls all pass `send`. Thread-safe as far as
    the session's own parts are: cookies are refused, so no request changes another.
    """

    def __init__(
        self,
        *,
        base_url: str,
        version: str,
        auth: BearerAuth,
        clock: Clock,
        throttle: Throttle,
        meter: Meter,
        logger: logging.Logger,
        waits_for_limits: bool = True,
        patience_seconds: float | None = None,
    ) -> None:
        super().__init__()
        self.base_url = f"{base_url.rstrip('/')}/{version}/"
        self.version = version
        self.auth = self.bearer = auth
        self._clock, self._throttle, self._meter, self._logger = clock, throttle, meter, logger
        self._waits_for_limits = waits_for_limits
        self._patience_seconds = patience_seconds if waits_for_limits else _SHORT_WAIT_SECONDS
        self._warned_version = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=_POOL_SIZE))

    def get_json(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        account_id: str | None = None,
        stream: str | None = None,
        edge: str | None = None,
        **how: Any,
    ) -> dict[str, Any]:
        """The parsed body of a GET below the version; `edge` names it where the path doesn't.

        `how`: `is_patient`, `is_page`, `most_tries`, `parse` as in `send`. Raises: GraphError.
        """
        about = {"account_id": account_id, "stream_name": stream, "edge": edge, **how}
        return body_of(self._respond("GET", path, params, **about))

    def post_json(
        self,
        path: str,
        params: Mapping[str, Any],
        *,
        account_id: str | None = None,
        stream: str | None = None,
        is_patient: bool = True,
    ) -> dict[str, Any]:
        """The parsed body of a form POST below the version. Raises: GraphError."""
        about = {"account_id": account_id, "stream_name": stream, "is_patient": is_patient}
        return body_of(self._respond("POST", path, params, **about))

    def post_batch(
        self,
        items: Sequence[Mapping[str, Any]],
        limits: Sequence[Limit],
        *,
        stream: str | None = None,
        is_patient: bool = True,
    ) -> tuple[list[Any], float]:
        """The parsed list that a batch answers with, and when it was sent; `limits` are those of all items.

        The items count as under way until `observe` was told of each of them. Raises: GraphError.
        """
        params = {"batch": list(items), "include_headers": True}
        about = {"stream_name": stream, "edge": "batch", "limits": limits, "is_patient": is_patient}
        response = self._respond("POST", "", params, **about, is_done=False)
        body = parsed_body(response)
        if not isinstance(body, list):
            self._throttle.done(limits)
            raise TransientError(message="the answer is not a JSON list", status=response.status_code)
        return body, response.__dict__["asked_at"]

    def observe(self, headers: Mapping[str, str], status: int, call: Call, asked_at: float) -> None:
        """Take note of one item of a batch: it counts, and tells of limits, like a call of its own."""
        self._meter.call(call.edge, status, call.stream, call.account_id)
        self._throttle.observe(read_usage(headers), call.account_id, asked_at)
        self._throttle.done(limits_of(call.edge, call.account_id))

    def blocked_seconds(self, edge: str, account_id: str) -> float:
        """How long Meta would refuse calls to an edge of the account from now, as far as is known."""
        return self._throttle.blocked_seconds(limits_of(edge, account_id))

    def refuse(self, error: RateLimited, call: Call) -> None:
        """Let no call into the limit that this refusal is about, for as long as its policy says."""
        policy, limit = policy_for(error), limit_refused(error.scope, call.account_id)
        ceiling = min(policy.max_seconds, policy.base_seconds * 2 ** (call.tries - 1))
        # Blocks end at a known time or not at all sooner, so the wait has a floor of half its ceiling.
        seconds = ceiling / 2 + self._clock.jitter(ceiling / 2)
        self._throttle.refuse(limit, seconds, unstated_block_seconds(error.scope))
        if self._waits_for_limits:
            wait = self._throttle.blocked_seconds([limit])
            self._logger.warning(f"no such calls for {wait:.0f} seconds: {error}", extra=call.log_fields())

    def _respond(self, method: str, path: str, params: Mapping[str, Any] | None, **about: Any) -> requests.Response:
        encoded = encode_params(params or {})
        request = requests.Request(method, self.base_url + path)
        if method == "GET":
            request.params = encoded
        else:
            request.data = encoded
        prepared = self.prepare_request(request)
        settings = self.merge_environment_settings(prepared.url or "", {}, None, None, None)
        return self.send(prepared, **about, **settings)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """A successful response to the request, however many tries and waits it takes.

        Takes, besides what `requests.Session.send` takes, `account_id` (digits) and `edge` for calls whose URL names
        none, `stream_name` for the meter, `limits` for a call that counts against others than its edge's,
        `is_patient` False for a caller that has better things to do than to wait for a limit, `is_page` for a call
        whose answer is a page of an edge, `most_tries` for one that isn't worth more, `parse` in place of orjson's,
        which may raise ValueError, and `is_done` False where the answer tells of limits that are booked until then. A
        token that is refused is replaced once by the one that its store has now, if that is another.
        Raises: GraphError, with method, edge and account, once the error's retry policy is used up, or RateLimited
        when a limit has no room for longer than the run is willing to wait.
        """
        account_id, stream, edge = (kwargs.pop(name, None) for name in ("account_id", "stream_name", "edge"))
        call = describe(request, account_id, stream, edge)
        limits = kwargs.pop("limits", None) or limits_of(call.edge, call.account_id)
        is_patient = kwargs.pop("is_patient", True) and self._waits_for_limits
        call.is_page, call.most_tries = kwargs.pop("is_page", False), kwargs.pop("most_tries", None)
        call.parse, is_done = kwargs.pop("parse", orjson.loads), kwargs.pop("is_done", True)
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = _TIMEOUT
        # Nothing at Meta redirects an API call, and a followed redirect could lead anywhere.
        kwargs["allow_redirects"] = False
        kwargs["stream"] = True
        while True:
            call.tries += 1
            self._admit(limits, call, self._patience_seconds if is_patient else _SHORT_WAIT_SECONDS)
            response, error = None, None
            try:
                response, error = self._try(request, call, kwargs)
                if isinstance(error, RateLimited):
                    self.refuse(error.at(call.method, call.edge, call.account_id), call)
            finally:
                if is_done or error is not None or response is None:
                    self._throttle.done(limits)
            if error is None and response is not None:
                return response
            if isinstance(error, AuthError) and self._renewed(request, call):
                continue
            if error is not None:
                self._wait_or_raise(error.at(call.method, call.edge, call.account_id), call, is_patient=is_patient)

    def _renewed(self, request: requests.PreparedRequest, call: Call) -> bool:
        """Whether the request now carries another token than the one just refused; true once a call."""
        if call.is_renewed or not self.bearer.renew(request):
            return False
        call.is_renewed = True
        self._meter.retry(AuthError.__name__)
        self._logger.info(
            "Meta refused the access token, and its store has another one by now: the call is repeated with that",
            extra=call.log_fields(),
        )
        return True

    def _admit(self, limits: Sequence[Limit], call: Call, bound_seconds: float | None) -> None:
        try:
            self._meter.wait(self._throttle.admit(limits, bound_seconds))
        except Blocked as blocked:
            raise RateLimited(
                message=str(blocked),
                scope=(blocked.wait.limit or ("app", None))[0],
                fix="the next sync goes on from here; sync less often, or raise rate_limit_timeout",
            ).at(call.method, call.edge, call.account_id) from None

    def _try(
        self, request: requests.PreparedRequest, call: Call, kwargs: Mapping[str, Any]
    ) -> tuple[requests.Response | None, GraphError | None]:
        """One try over the wire: its response, or the error it amounts to."""
        asked_at = self._clock.monotonic()
        try:
            response = take_body(super().send(request, **kwargs))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as failure:
            self._meter.call(call.edge, 0, call.stream, call.account_id)
            return None, TransientError(message=f"no complete answer from Meta: {type(failure).__name__}", status=0)
        response.__dict__["asked_at"] = asked_at
        self._meter.call(call.edge, response.status_code, call.stream, call.account_id, len(response.content))
        self._clock.observe_server_date(response.headers.get("Date"))
        self._throttle.observe(read_usage(response.headers), call.account_id, asked_at)
        self._notice_upgrade(response)
        if response.status_code == requests.codes.ok and is_success(response, call.parse):
            if call.is_page and not has_rows(parsed_body(response)):
                return response, TransientError(message="the page has no `data` list of objects", status=200)
            self._throttle.went_well()
            return response, None
        return response, classify(response.status_code, response.content)

    def _wait_or_raise(self, error: GraphError, call: Call, *, is_patient: bool) -> None:
        """Wait as the error's policy says; raise it where it says no retry, or the tries are used up."""
        policy = policy_for(error)
        limited = isinstance(error, RateLimited)
        most = min(policy.max_attempts, call.most_tries or policy.max_attempts)
        if not policy.retry or call.tries >= most or (limited and not is_patient):
            self._meter.error(type(error).__name__, error.told())
            raise error
        self._meter.retry(type(error).__name__)
        if limited:
            return  # The next admission waits the block out.
        seconds = self._clock.jitter(min(policy.max_seconds, policy.base_seconds * 2 ** (call.tries - 1)))
        self._logger.info(f"retrying in {seconds:.1f} s (try {call.tries} of {most}): {error}", extra=call.log_fields())
        self._throttle.sleep(seconds)

    def _notice_upgrade(self, response: requests.Response) -> None:
        warning = response.headers.get("X-Ad-Api-Version-Warning")
        if warning and not self._warned_version:
            self._warned_version = True
            ended = find(self.version).marketing_expiry
            since = f" (its end for ads was {ended})" if ended else ""
            self._logger.warning(f"Meta answers {self.version} calls{since} with another version: {warning}")
