"""A place for files, by URL: a folder of this machine, or a prefix of an S3 bucket."""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from source_meta_ads import aws

# A file that is being written; what is left of one was being written when its process was killed.
_DRAFT = ".draft-"


class FilesError(OSError):
    """A place that can't be used; the message names it and says what to change."""


class Files(Protocol):
    """Files by name, a relative path with `/`. Each call raises OSError; may be used by several threads."""

    @property
    def url(self) -> str:
        """The place, as a reader of it would write it."""

    def put(self, name: str, write: Callable[[Path], None]) -> int:
        """Let `write` fill a file, then put it in its place at once, over what was there; its size in bytes."""

    def read(self, name: str) -> bytes | None:
        """A file's content, None where there is none."""

    def names(self, folder: str) -> list[str]:
        """The files below a folder, in order."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def clean(self, folder: str) -> None:
        """Remove what killed processes left below a folder, in which nobody else may be writing."""


def open_files(url: str) -> Files:
    """The place that a URL names: `s3://bucket/prefix`, `file:///folder`, or a path.

    Raises: FilesError for another URL, or a folder that can't be made; AwsError without the extra.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        region = next(iter(parse_qs(parts.query).get("region", [])), None)
        return BucketFiles(parts.netloc, parts.path.strip("/"), region)
    if parts.scheme == "file" and not parts.netloc and parts.path not in ("", "/"):
        return FolderFiles(Path(unquote(parts.path)))
    if not parts.scheme and url.strip():
        return FolderFiles(Path(url))
    raise FilesError(f"output {url!r}: is no place for files: write s3://bucket/prefix, file:///folder, or a path")


class FolderFiles:
    """Files below a folder. A file is brought to disk before it takes its place, and its place after it."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FilesError(f"output {self._root}: can't be made ({error.strerror}): name another folder") from None

    @property
    def url(self) -> str:
        """As Files has it."""
        return str(self._root)

    def put(self, name: str, write: Callable[[Path], None]) -> int:
        """As Files has it."""
        target = self._root / name
        draft = target.parent / f"{_DRAFT}{uuid.uuid4().hex}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write(draft)
            _sync(draft, os.O_RDWR)
            size = draft.stat().st_size
            draft.replace(target)
            _sync(target.parent, os.O_RDONLY)
        except OSError as error:
            raise FilesError(
                f"{target}: can't be written ({error.strerror}): mend that or name another place"
            ) from None
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
        return size

    def read(self, name: str) -> bytes | None:
        """As Files has it."""
        with contextlib.suppress(FileNotFoundError):
            return (self._root / name).read_bytes()
        return None

    def names(self, folder: str) -> list[str]:
        """As Files has it."""
        found = (path for path in (self._root / folder).rglob("*") if not path.name.startswith("."))
        return sorted(path.relative_to(self._root).as_posix() for path in found if path.is_file())

    def remove(self, name: str) -> None:
        """As Files has it; a folder that it leaves empty goes too."""
        path = self._root / name
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            path.parent.rmdir()

    def clean(self, folder: str) -> None:
        """As Files has it."""
        for path in (self._root / folder).rglob(f"{_DRAFT}*"):
            path.unlink(missing_ok=True)


class BucketFiles:
    """Objects below a prefix of an S3 bucket; S3 itself puts an object whole or not at all."""

    def __init__(self, bucket: str, prefix: str, region: str | None = None) -> None:
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self._client = aws.client("s3", f"output {self.url}", region)

    @property
    def url(self) -> str:
        """As Files has it."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def put(self, name: str, write: Callable[[Path], None]) -> int:
        """As Files has it."""
        with tempfile.TemporaryDirectory(prefix="meta-ads-") as folder:
            draft = Path(folder) / "draft"
            write(draft)
            with draft.open("rb") as body:
                self._call("put_object", Key=self._prefix + name, Body=body)
            return draft.stat().st_size

    def read(self, name: str) -> bytes | None:
        """As Files has it."""
        try:
            answer = self._call("get_object", Key=self._prefix + name)
        except _NoSuchKey:
            return None
        content: bytes = answer["Body"].read()
        return content

    def names(self, folder: str) -> list[str]:
        """As Files has it."""
        found: list[str] = []
        more: dict[str, str] = {}
        while True:
            answer = self._call("list_objects_v2", Prefix=f"{self._prefix}{folder.rstrip('/')}/", **more)
            found += [str(each["Key"]).removeprefix(self._prefix) for each in answer.get("Contents", [])]
            if not answer.get("IsTruncated"):
                return sorted(found)
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    def remove(self, name: str) -> None:
        """As Files has it."""
        self._call("delete_object", Key=self._prefix + name)

    def clean(self, folder: str) -> None:
        """As Files has it: nothing is ever left."""

    def _call(self, call: str, **arguments: Any) -> Any:
        refusal, trouble = aws.errors()
        try:
            return getattr(self._client, call)(Bucket=self._bucket, **arguments)
        except (refusal, trouble) as error:
            if aws.code_of(error) == "NoSuchKey":
                raise _NoSuchKey from None
            raise aws.failed(error, f"output {self.url}") from None


class _NoSuchKey(OSError):
    """There is no such object."""


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
