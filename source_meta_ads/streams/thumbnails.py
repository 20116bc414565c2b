"""Pictures of creatives as data URLs: fetched from Meta's CDNs alone, bounded in size and time, never a failure."""

from __future__ import annotations

import base64
import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from source_meta_ads.clock import Clock
from source_meta_ads.graph.endpoint import is_loopback

Row = Mapping[str, Any]

URL_COLUMN = "thumbnail_url"
DATA_COLUMN = "thumbnail_data_url"
DATA_SCHEMA = {
    "type": ["null", "string"],
    "description": "The thumbnail itself as a data URL, where fetch_thumbnail_images is on.",
}

MOST_BYTES = 1_000_000
MOST_SECONDS = 20.0
# Seconds to connect and between bytes.
_TIMEOUT = (5, 10)
_MOST_REDIRECTS = 3
_TRIES = 2
_CHUNK = 65_536
# Pictures fetched at once, and records that wait for theirs: what bounds the memory held.
_WORKERS = 8
_WINDOW = 16
_CDNS = ("fbcdn.net", "fbsbx.com", "facebook.com", "cdninstagram.com", "instagram.com")


class _NoPicture(Exception):
    """Why there is no picture; a passing reason is worth another try."""

    def __init__(self, reason: str, *, is_passing: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.is_passing = reason, is_passing


class Thumbnails:
    """Fetches what `thumbnail_url` of a record points at. One is made a stream; threads may share it.

    No token, cookie or password goes out: the addresses carry their own signatures. With `is_local`, for a Graph API
    on this machine, pictures on this machine are fetched too.
    """

    def __init__(self, clock: Clock, logger: logging.Logger, *, is_local: bool = False) -> None:
        self._clock, self._logger, self._is_local = clock, logger, is_local

    def filled(self, records: Iterable[Row], where: str) -> Iterator[dict[str, Any]]:
        """Each record with `thumbnail_data_url`, in the order given; null where there is none or it can't be had.

        `where` names stream and account in the one notice that counts what could not be had.
        """
        missing: Counter[str] = Counter()
        count = 0
        with _session() as session, ThreadPoolExecutor(_WORKERS, "thumbnails") as pool:
            waiting: deque[tuple[Row, Future[str | _NoPicture | None]]] = deque()

            def next_record() -> dict[str, Any]:
                record, future = waiting.popleft()
                picture = future.result()
                if isinstance(picture, _NoPicture):
                    missing[picture.reason] += 1
                    picture = None
                return {**record, DATA_COLUMN: picture}

            for record in records:
                waiting.append((record, pool.submit(self._fetched, session, record.get(URL_COLUMN))))
                count += 1
                if len(waiting) >= _WINDOW:
                    yield next_record()
            while waiting:
                yield next_record()
        if missing:
            reasons = ", ".join(f"{number} {reason}" for reason, number in sorted(missing.items()))
            self._logger.warning(
                f"{where}: {sum(missing.values())} of {count} thumbnails could not be fetched ({reasons}); "
                f"{DATA_COLUMN} is null there, {URL_COLUMN} holds for some days"
            )

    def _fetched(self, session: requests.Session, url: object) -> str | _NoPicture | None:
        if not isinstance(url, str) or not url:
            return None
        for _ in range(_TRIES):
            try:
                return self._picture(session, url)
            except _NoPicture as none:
                last = none
                if not none.is_passing:
                    break
        return last

    def _picture(self, session: requests.Session, url: str) -> str:
        """The data URL of a picture. Raises: _NoPicture."""
        until = self._clock.monotonic() + MOST_SECONDS
        for _ in range(_MOST_REDIRECTS + 1):
            self._check_address(url)
            try:
                with session.get(url, stream=True, allow_redirects=False, timeout=_TIMEOUT) as response:
                    if not response.is_redirect:
                        return self._data_url(response, until)
                    url = urljoin(url, response.headers["location"])
            except (requests.Timeout, ReadTimeoutError):
                raise _NoPicture("too slow", is_passing=True) from None
            except (requests.RequestException, HTTPError, ValueError):
                raise _NoPicture("without an answer", is_passing=True) from None
        raise _NoPicture("redirected too often")

    def _check_address(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise _NoPicture("not at an address of Meta's") from None
        if self._is_local and is_loopback(host) and parts.scheme in ("http", "https"):
            return
        is_metas = any(host == cdn or host.endswith(f".{cdn}") for cdn in _CDNS)
        if parts.scheme != "https" or not is_metas or port not in (None, 443) or parts.username is not None:
            raise _NoPicture("not at an address of Meta's")

    def _data_url(self, response: requests.Response, until: float) -> str:
        status = response.status_code
        if status != requests.codes.ok:
            raise _NoPicture(f"with HTTP status {status}", is_passing=status >= 500 or status == 429)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind.startswith("image/"):
            raise _NoPicture("no image")
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length) > MOST_BYTES:
            raise _NoPicture(f"over {MOST_BYTES:,} bytes")
        found = bytearray()
        # As much as is there already: a server that drips must not get hold of the thread for a whole chunk.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            found += chunk
            if len(found) > MOST_BYTES:
                raise _NoPicture(f"over {MOST_BYTES:,} bytes")
            if self._clock.monotonic() > until:
                raise _NoPicture("too slow")
        if not found:
            raise _NoPicture("empty")
        return f"data:{kind};base64,{base64.b64encode(found).decode()}"


def _session() -> requests.Session:
    """A session of its own, so that nothing of the Graph API's goes to a CDN; proxies of the environment hold."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # A login that the environment's .netrc may have for a host must not go out either.
    session.auth = _anonymous
    # No compressed answers: what is counted is what came.
    session.headers.update({"Accept": "image/*", "Accept-Encoding": "identity"})
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=_WORKERS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
