"""A log in an S3 bucket: one object a version, put only where none is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qs

from source_meta_ads import aws
from source_meta_ads.registry.store import Document, StoreError, Version, key_of, segments

# Names count down, so that the newest version comes first in a listing, which S3 gives in order of names.
_TOP = 9_999_999_999
_PREFIX, _SUFFIX = "v=", ".json"
# Two puts of one name at the same moment: S3 asks one of them to come again.
_MOST_CONFLICTS = 20
_PAGE = 1_000


class S3Log:
    """Versions as objects `<prefix>/<key>/v=<counting down>.json`.

    Meta: none; S3's conditional writes and strong consistency (docs.aws.amazon.com, conditional-requests, read 2026-11)
    """

    def __init__(self, url: SplitResult) -> None:
        self._bucket, self._prefix = url.netloc, url.path.strip("/")
        self._url = f"registry s3://{self._bucket}/{self._prefix}"
        self._client = aws.client("s3", self._url, next(iter(parse_qs(url.query).get("region", [])), None))

    def latest(self, key: str) -> Version | None:
        """As VersionLog has it."""
        while names := self._page(key, 1)[0]:
            if version := self._read(names[0]):
                return version
        return None

    def create(self, key: str, number: int, document: Document) -> bool:
        """As VersionLog has it; an answer that got lost and was asked for again still counts as added."""
        name, body = self._name(key, number), json.dumps(document).encode()
        for _ in range(_MOST_CONFLICTS):
            try:
                self._call("put_object", Key=name, Body=body, IfNoneMatch="*", ContentType="application/json")
            except _Refused as refused:
                if refused.code == "ConditionalRequestConflict":
                    continue
                if refused.code != "PreconditionFailed":
                    raise aws.failed(refused.error, self._url) from None
                there = self._read(name)
                return there is not None and there.document == json.loads(body)
            return True
        raise StoreError(f"{self._url}: {name} is being written by too many at once")

    def history(self, key: str) -> Iterator[Version]:
        """As VersionLog has it."""
        start: str | None = ""
        while start is not None:
            names, start = self._page(key, _PAGE, start)
            yield from (version for name in names if (version := self._read(name)))

    def keys(self, prefix: str) -> list[str]:
        """As VersionLog has it."""
        root = f"{self._prefix}/" if self._prefix else ""
        found: set[str] = set()
        for page in self._pages(root):
            for name in page:
                folder, _, file = name.removeprefix(root).rpartition("/")
                if file.startswith(_PREFIX):
                    found.add(key_of(folder.split("/")))
        return sorted(key for key in found if key.startswith(prefix))

    def forget(self, key: str, below: int) -> None:
        """As VersionLog has it."""
        for page in self._pages(f"{self._folder(key)}{_PREFIX}"):
            for name in page:
                if _number(name) < below:
                    self._told("delete_object", Key=name)

    def _folder(self, key: str) -> str:
        return "".join(f"{part}/" for part in [self._prefix, *segments(key)] if part)

    def _name(self, key: str, number: int) -> str:
        return f"{self._folder(key)}{_PREFIX}{_TOP - number:010d}{_SUFFIX}"

    def _read(self, name: str) -> Version | None:
        try:
            body = self._call("get_object", Key=name)["Body"].read()
        except _Refused as refused:
            if refused.code == "NoSuchKey":
                return None
            raise aws.failed(refused.error, self._url) from None
        return Version(_number(name), json.loads(body))

    def _page(self, key: str, most: int, start: str = "") -> tuple[list[str], str | None]:
        """Names of a key's versions, newest first, and the last of them where there are more."""
        return self._listed(f"{self._folder(key)}{_PREFIX}", most, start)

    def _pages(self, prefix: str) -> Iterator[list[str]]:
        start: str | None = ""
        while start is not None:
            names, start = self._listed(prefix, _PAGE, start)
            yield names

    def _listed(self, prefix: str, most: int, start: str) -> tuple[list[str], str | None]:
        after = {"StartAfter": start} if start else {}
        answer = self._told("list_objects_v2", Prefix=prefix, MaxKeys=most, **after)
        names = [str(each["Key"]) for each in answer.get("Contents", [])]
        return names, names[-1] if names and answer.get("IsTruncated") else None

    def _told(self, call: str, **arguments: Any) -> Mapping[str, Any]:
        try:
            return self._call(call, **arguments)
        except _Refused as refused:
            raise aws.failed(refused.error, self._url) from None

    def _call(self, call: str, **arguments: Any) -> Mapping[str, Any]:
        refusal, trouble = aws.errors()
        try:
            answer: Mapping[str, Any] = getattr(self._client, call)(Bucket=self._bucket, **arguments)
        except refusal as error:
            raise _Refused(error) from None
        except trouble as error:
            raise aws.failed(error, self._url) from None
        return answer


class _Refused(Exception):
    """An answer of S3 that is an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error, self.code = error, aws.code_of(error)


def _number(name: str) -> int:
    return _TOP - int(name.rpartition(_PREFIX)[2].removesuffix(_SUFFIX))
