"""What a runner says: logs for people on stderr, and ends by signals that come in good order."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from source_meta_ads.runners.stop import Stop
from source_meta_ads.streams.failure import OneLine
from source_meta_ads.telemetry.redact import Redactor

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# What a process that ended by a signal's wish answers, as shells have it.
STOPPED_CODE = 128 + signal.SIGTERM


def log_to_stderr(level: int = logging.INFO) -> logging.Logger:
    """The logger of a runner. Takes the place of the CDK's, which writes Airbyte messages to stdout."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line("%(asctime)s %(levelname)-7s %(message)s"))
    handler.addFilter(OneLine())
    handler.addFilter(Redactor(()).filter())
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    logger = logging.getLogger("airbyte")
    logger.setLevel(level)
    return logger


@contextmanager
def stopped_by_signals(stop: Stop) -> Iterator[None]:
    """Let SIGTERM and SIGINT ask for the end meanwhile; a second one ends the process as ever."""

    def ask(number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        # In a thread: a handler runs in the midst of what this thread does, which may hold the lock that it needs.
        threading.Thread(target=stop.ask, args=(f"{signal.Signals(number).name} received",), daemon=True).start()

    before = {each: signal.signal(each, ask) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class _Line(logging.Formatter):
    """A line of log without any secret that the CDK knows of."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return str(filter_secrets(super().format(record)))
