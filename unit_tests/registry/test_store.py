"""What every log of versions keeps to, whatever it is made of; with processes that race."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_meta_ads.aws import AwsError
from source_meta_ads.registry import s3
from source_meta_ads.registry.store import StoreError, VersionLog, open_store, segments
from unit_tests.aws_double import aws_double, boto3, new_bucket, new_table

BACKENDS = ("file", "sqlite", "dynamodb", "s3")
PROCESSES, THREADS, WRITES = 3, 2, 4
RACER = Path(__file__).with_name("racer.py")


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with aws_double() as url:
        yield url


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param in ("dynamodb", "s3"):
        request.getfixturevalue("aws")
    made = {
        "file": lambda: f"file://{tmp_path}/a%20folder/of its own",
        "sqlite": lambda: f"sqlite://{tmp_path}/made/registry.db",
        "dynamodb": new_table,
        "s3": new_bucket,
    }
    return made[request.param]()


@pytest.fixture
def log(url: str) -> VersionLog:
    return open_store(url)


def test_a_key_has_nothing_at_first(log: VersionLog) -> None:
    assert log.latest("state/a") is None
    assert list(log.history("state/a")) == []
    assert log.keys("") == []


def test_the_latest_version_is_the_one_with_the_highest_number(log: VersionLog, url: str) -> None:
    for number in (1, 2, 10, 3):
        assert log.create("state/a", number, {"n": number})
    for seen in (log, open_store(url)):
        latest = seen.latest("state/a")
        assert latest
        assert (latest.number, latest.document) == (10, {"n": 10})
        assert [version.number for version in seen.history("state/a")] == [10, 3, 2, 1]


def test_a_number_that_is_taken_stays_as_it_is(log: VersionLog) -> None:
    assert log.create("state/a", 1, {"by": "me"})
    assert not log.create("state/a", 1, {"by": "somebody else"})
    assert [version.document for version in log.history("state/a")] == [{"by": "me"}]


def test_keys_that_begin_alike_are_apart(log: VersionLog) -> None:
    keys = [
        "state/a",
        "state/a/1001",
        "state/a/1001/v=0000000001.json",
        "state/ab",
        "state/ä ö/100%",
        "state/..",
        "x/1",
    ]
    for number, key in enumerate(keys, 1):
        assert log.create(key, number, {"key": key})
    for number, key in enumerate(keys, 1):
        assert [(each.number, each.document) for each in log.history(key)] == [(number, {"key": key})]
    assert log.keys("state/") == sorted(key for key in keys if key.startswith("state/"))
    assert log.keys("state/a/") == ["state/a/1001", "state/a/1001/v=0000000001.json"]


def test_what_is_forgotten_is_gone_and_the_rest_stays(log: VersionLog) -> None:
    for number in range(1, 6):
        log.create("run/a", number, {"n": number})
    log.create("run/b", 1, {"n": 1})
    log.forget("run/a", 4)
    assert [version.number for version in log.history("run/a")] == [5, 4]
    log.forget("run/a", 1 << 62)
    assert log.latest("run/a") is None
    assert log.keys("run/") == ["run/b"]
    assert log.create("run/a", 1, {"n": 1})


@pytest.mark.parametrize("size", [10, 400_000, 1_200_000])
def test_a_document_comes_back_however_large_it_is(log: VersionLog, size: int) -> None:
    # Not compressible to less than an item of DynamoDB holds.
    text = "".join(chr(33 + (n * n * 7919 + n // 3) % 9_000) for n in range(size // 3)) + "é\u2028\x00"
    document = {"text": text, "number": 1.5, "none": None, "nested": {"list": [1, True]}}
    assert log.create("state/large", 1, document)
    latest = log.latest("state/large")
    assert latest
    assert latest.document == document
    assert not log.create("state/large", 1, {**document, "number": 2})
    assert log.latest("state/large") == latest
    log.forget("state/large", 2)
    assert log.keys("") == []


def test_racing_processes_never_take_one_number_and_leave_no_gap(log: VersionLog, url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, str(RACER), url, f"p{n}", str(WRITES), str(THREADS)], stdout=subprocess.PIPE, text=True
        )
        for n in range(PROCESSES)
    ]
    added = [int(number) for process in processes for number in process.communicate(timeout=120)[0].split()]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    total = PROCESSES * THREADS * WRITES
    assert sorted(added) == list(range(1, total + 1))
    history = list(log.history("state/raced"))
    assert [version.number for version in history] == list(range(total, 0, -1))
    assert len({version.document["by"] for version in history}) == PROCESSES * THREADS


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("cf"), st.sampled_from(["a", "a/b", "b"]), st.integers(1, 6)), max_size=20))
def test_a_folder_does_what_a_dictionary_would(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]]
) -> None:
    log = open_store(f"file://{tmp_path_factory.mktemp('log')}")
    model: dict[str, dict[int, object]] = {"a": {}, "a/b": {}, "b": {}}
    for place, (step, key, number) in enumerate(steps):
        if step == "c":
            assert log.create(key, number, {"place": place}) == (number not in model[key])
            model[key].setdefault(number, {"place": place})
        else:
            log.forget(key, number)
            model[key] = {each: document for each, document in model[key].items() if each >= number}
        for each, versions in model.items():
            found = {version.number: version.document for version in log.history(each)}
            latest = log.latest(each)
            assert found == versions
            assert (latest.number if latest else None) == max(versions, default=None)


@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_part_of_a_key_is_one_name_of_a_file(parts: list[str]) -> None:
    key = "/".join(part.replace("/", "-") for part in parts)
    for each in segments(key):
        assert "/" not in each
        assert "=" not in each
        assert each not in ("", ".", "..") or not key.strip("/")


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("", "registry '': has no scheme that is known: write one of file:///path"),
        ("/tmp/x", "registry '/tmp/x': has no scheme that is known"),
        ("postgresql://h/d", "has no scheme that is known"),
        ("file://tmp/x", "names a host (tmp): write file:///path of a folder"),
        ("file:///", "names no path"),
        ("sqlite:", "names no path: write sqlite:///path"),
        ("dynamodb://", "names no table: write dynamodb://table"),
        ("s3:///prefix", "names no bucket: write s3://bucket/prefix"),
        ("file:///proc/nowhere", "/proc/nowhere: can't be made"),
    ],
)
def test_a_url_that_names_no_log_is_explained(wrong: str, complaint: str) -> None:
    with pytest.raises(StoreError) as raised:
        open_store(wrong)
    assert complaint.replace("path of a folder", "path/of/a/folder") in str(raised.value)


def test_what_a_killed_process_left_is_no_version(tmp_path: Path) -> None:
    log = open_store(f"file://{tmp_path}")
    log.create("state/a", 1, {"n": 1})
    (tmp_path / "state" / "a" / ".draft-xyz").write_text('{"n":', encoding="utf-8")
    latest = log.latest("state/a")
    assert latest
    assert latest.number == 1
    assert log.keys("") == ["state/a"]


def test_a_version_that_was_damaged_is_named(tmp_path: Path) -> None:
    log = open_store(f"file://{tmp_path}")
    log.create("state/a", 1, {"n": 1})
    path = tmp_path / "state" / "a" / "v=0000000001.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match=r"v=0000000001\.json: can't be read as JSON"):
        log.latest("state/a")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    path.write_text("this is a text and no database at all, and long enough to be taken for none", encoding="utf-8")
    with pytest.raises(StoreError, match=r"no\.db: file is not a database: name a file that SQLite can use"):
        open_store(f"sqlite://{path}")


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("dynamodb://nowhere", "nowhere: AWS has no such thing (ResourceNotFoundException): create it"),
        ("s3://nowhere-at-all", "nowhere-at-all/: AWS has no such thing (NoSuchBucket): create it"),
    ],
)
def test_a_place_that_aws_has_not_is_named(aws: str, wrong: str, complaint: str) -> None:
    with pytest.raises(AwsError) as raised:
        open_store(wrong).latest("state/a")
    assert f"registry {wrong.partition('//')[0]}//{complaint}" in str(raised.value)


def test_a_history_of_more_than_a_page_is_told_whole(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_PAGE", 3)
    log = open_store(new_bucket())
    for number in range(1, 9):
        log.create("a/b", number, {"n": number})
    assert [version.number for version in log.history("a/b")] == list(range(8, 0, -1))
    assert log.keys("") == ["a/b"]
    log.forget("a/b", 8)
    assert [version.number for version in log.history("a/b")] == [8]


def test_a_table_with_another_key_is_refused_at_once(aws: str) -> None:
    boto3.client("dynamodb").create_table(
        TableName="other",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    with pytest.raises(StoreError, match=r"the table's key is \{'id': 'HASH'\}, not key .string, hash. and number"):
        open_store("dynamodb://other")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(OSError, match=r"registry s3://bucket/x: needs AWS's client library: pip install 'source-meta-"):
        open_store("s3://bucket/x")


def test_without_a_region_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    told = r"registry dynamodb://t: no AWS region is set: set AWS_DEFAULT_REGION, or add \?region="
    with pytest.raises(OSError, match=told):
        open_store("dynamodb://t")
