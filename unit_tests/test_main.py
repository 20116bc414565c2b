"""The image's entry ends at once when told to, with whole lines on stdout, even while workers wait."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

MAIN = Path(__file__).resolve().parent.parent / "main.py"

# A run that has said something that is not flushed yet, and whose worker waits for longer than anyone would.
BUSY = f"""
import json, runpy, sys, threading
import source_meta_ads.run
def run():
    threading.Thread(target=threading.Event().wait, args=(60,)).start()
    sys.stdout.write(json.dumps({{"said": "x" * 1_000}}) + "\\n")
    print("ready", file=sys.stderr, flush=True)
    threading.Event().wait(60)
source_meta_ads.run.run = run
runpy.run_path({str(MAIN)!r}, run_name="__main__")
"""


def test_sigterm_ends_a_busy_run_at_once_with_143_and_whole_lines() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline() == b"ready\n"
            process.send_signal(signal.SIGTERM)
            stdout, _ = process.communicate(timeout=10)
        finally:
            process.kill()
    assert process.returncode == 143
    assert [set(json.loads(line)) for line in stdout.splitlines()] == [{"said"}]


def test_other_endings_keep_their_exit_code() -> None:
    failing = f"""
import runpy, sys
import source_meta_ads.run
source_meta_ads.run.run = lambda: sys.exit(1)
runpy.run_path({str(MAIN)!r}, run_name="__main__")
"""
    assert subprocess.run([sys.executable, "-c", failing], check=False).returncode == 1
