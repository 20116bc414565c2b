"""What is written to stdout: whole lines in their order, rows soon and everything else at once."""

from __future__ import annotations

import io
import logging
import threading

import pytest

from source_meta_ads.stdout import Stdout


class Seconds:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def raw() -> io.BytesIO:
    return io.BytesIO()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def stdout(raw: io.BytesIO, seconds: Seconds) -> Stdout:
    return Stdout(io.TextIOWrapper(raw, encoding="ascii"), seconds)


def test_text_and_rows_come_out_in_their_order(stdout: Stdout, raw: io.BytesIO) -> None:
    stdout.write_row(b"1\n")
    stdout.write("état\n")
    stdout.write_row(b"2\n")
    assert raw.getvalue() == "1\nétat\n".encode()
    stdout.flush()
    assert raw.getvalue() == "1\nétat\n2\n".encode()


def test_rows_wait_for_company_but_not_for_long(stdout: Stdout, raw: io.BytesIO, seconds: Seconds) -> None:
    stdout.write_row(b"1\n")
    assert raw.getvalue() == b""
    seconds.now = 0.2
    stdout.write_row(b"2\n")
    assert raw.getvalue() == b"1\n2\n"


def test_many_rows_are_not_held_back(stdout: Stdout, raw: io.BytesIO) -> None:
    line = b"x" * 99_999 + b"\n"
    for _ in range(100):
        stdout.write_row(line)
    assert len(raw.getvalue()) >= 90 * len(line)


def test_nothing_is_written_twice(stdout: Stdout, raw: io.BytesIO) -> None:
    stdout.write_row(b"1\n")
    stdout.flush()
    stdout.flush()
    assert raw.getvalue() == b"1\n"


def test_a_stream_of_text_alone_gets_text() -> None:
    out = io.StringIO()
    stdout = Stdout(out, Seconds())
    stdout.write_row("é\n".encode())
    stdout.flush()
    assert out.getvalue() == "é\n"


def test_text_that_is_no_unicode_is_spelled_out(stdout: Stdout, raw: io.BytesIO) -> None:
    stdout.write("\ud800\n")
    assert raw.getvalue() == b"\\ud800\n"


def test_lines_of_many_threads_stay_whole(stdout: Stdout, raw: io.BytesIO) -> None:
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler(stdout))

    def work(name: str) -> None:
        for _ in range(300):
            stdout.write_row(name.encode() * 50 + b"\n")
            logger.info(name * 70)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stdout.flush()
    lines = raw.getvalue().decode().splitlines()
    assert len(lines) == 4 * 2 * 300
    assert {len(line) for line in lines} == {50, 70}
    assert all(len(set(line)) == 1 for line in lines)
