"""Files at a place: there whole or not at all, on disk and on S3."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from source_meta_ads.aws import AwsError
from source_meta_ads.sinks.files import Files, FilesError, open_files
from unit_tests.aws_double import aws_double, new_bucket


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with aws_double() as url:
        yield url


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "folder":
        return open_files(f"file://{tmp_path}/a%20folder")
    request.getfixturevalue("aws")
    return open_files(new_bucket())


def put(files: Files, name: str, content: bytes) -> int:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return files.put(name, write)


def test_a_file_is_put_over_the_one_before_and_read_back(files: Files) -> None:
    assert files.read("a/b.txt") is None
    assert put(files, "a/b.txt", b"one") == 3
    assert put(files, "a/b.txt", b"other") == 5
    assert files.read("a/b.txt") == b"other"


def test_files_are_listed_below_a_folder_in_order(files: Files) -> None:
    for name in ("a/z.txt", "a/b/c.txt", "ab/d.txt", "e.txt"):
        put(files, name, b"x")
    assert files.names("a") == ["a/b/c.txt", "a/z.txt"]
    assert files.names("nothing") == []


def test_more_files_than_a_page_of_s3_holds_are_all_listed(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    names = [f"many/{number:02d}" for number in range(10)]
    for name in names:
        put(files, name, b"")
    assert files.names("many") == names


def test_a_file_that_is_removed_is_gone_and_may_be_removed_again(files: Files) -> None:
    put(files, "a/b.txt", b"x")
    files.remove("a/b.txt")
    files.remove("a/b.txt")
    assert files.names("a") == []


def test_a_file_that_could_not_be_filled_changes_nothing(files: Files) -> None:
    put(files, "a/b.txt", b"before")

    def fails(path: Path) -> None:
        path.write_bytes(b"half of i")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        files.put("a/b.txt", fails)
    assert files.read("a/b.txt") == b"before"
    assert files.names("a") == ["a/b.txt"]


def test_what_a_killed_process_left_is_no_file_and_is_cleaned_up(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from source_meta_ads.sinks.files import FolderFiles\n"
        "def dies(path): path.write_bytes(b'half'); os._exit(9)\n"
        "FolderFiles(Path(sys.argv[1])).put('a/b.txt', dies)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == 9
    assert len(list((tmp_path / "a").iterdir())) == 1
    files = open_files(str(tmp_path))
    assert files.names("a") == []
    files.clean("a")
    assert list((tmp_path / "a").iterdir()) == []


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        (
            "ftp://host/x",
            "output 'ftp://host/x': is no place for files: write s3://bucket/prefix, file:///folder",
        ),
        ("s3://", "is no place for files"),
        ("s3:///prefix", "is no place for files"),
        ("file://host/x", "is no place for files"),
        (" ", "is no place for files"),
        ("/proc/nowhere", "output /proc/nowhere: can't be made"),
    ],
)
def test_a_url_that_names_no_place_is_explained(url: str, complaint: str) -> None:
    with pytest.raises(FilesError) as raised:
        open_files(url)
    assert complaint in str(raised.value)


def test_a_bucket_that_is_not_there_is_named(aws: str) -> None:
    with pytest.raises(AwsError, match=r"output s3://nowhere-at-all/x: AWS has no such thing .NoSuchBucket.: create"):
        put(open_files("s3://nowhere-at-all/x"), "a", b"")


def test_a_path_is_a_folder_from_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put(open_files("out/of"), "here", b"x")
    assert (tmp_path / "out" / "of" / "here").read_bytes() == b"x"
