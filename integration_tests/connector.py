"""The connector as a user has it: its commands, in this process, and what they printed."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from airbyte_cdk.logger import PRINT_BUFFER

from source_meta_ads.clock import Clock
from source_meta_ads.run import run


@dataclass
class Output:
    """What one command printed and how it ended."""

    exit_code: int
    text: str
    messages: list[dict[str, Any]] = field(default_factory=list)

    def of(self, kind: str) -> list[Any]:
        """The payloads of one kind of message: record, state, log, trace, catalog, connectionStatus, spec."""
        return [message[kind] for message in self.messages if message.get(kind) is not None]

    def records(self, stream: str) -> list[dict[str, Any]]:
        """The records of one stream, in order."""
        return [record["data"] for record in self.of("record") if record["stream"] == stream]

    @property
    def errors(self) -> list[str]:
        """The messages of every error trace."""
        return [trace["error"]["message"] for trace in self.of("trace") if trace.get("error")]

    @property
    def state(self) -> list[dict[str, Any]]:
        """The newest state of each stream, in the form `--state` takes."""
        newest = {state["stream"]["stream_descriptor"]["name"]: state for state in self.of("state")}
        return list(newest.values())

    def statuses(self, stream: str) -> list[str]:
        """The statuses of one stream, in order."""
        found = [trace["stream_status"] for trace in self.of("trace") if trace.get("stream_status")]
        return [each["status"] for each in found if each["stream_descriptor"]["name"] == stream]


@dataclass
class Connector:
    """Runs the console entry against one Graph URL.

    With a haste of 60, a minute that the connector waits takes a second; a sandbox whose `clock.speed` is 60 too
    lives at the same pace.
    """

    url: str
    config: Mapping[str, Any]
    haste: float = 1

    def with_config(self, **changes: Any) -> Connector:
        """The same connector with other settings."""
        return Connector(self.url, {**self.config, **changes}, self.haste)

    def spec(self) -> Output:
        return self._command("spec")

    def check(self) -> Output:
        return self._command("check", config=self.config)

    def discover(self) -> Output:
        return self._command("discover", config=self.config)

    def streams(self) -> dict[str, dict[str, Any]]:
        """Every stream that discover lists, by name."""
        (catalog,) = self.discover().of("catalog")
        return {stream["name"]: stream for stream in catalog["streams"]}

    def read(
        self,
        names: Sequence[str],
        state: Sequence[Mapping[str, Any]] = (),
        *,
        columns: Sequence[str] | None = None,
        full_refresh: bool = False,
    ) -> Output:
        """Read some streams, incrementally where they can, all columns or those named."""
        known = self.streams()
        configured = [configure(known[name], columns, full_refresh=full_refresh) for name in names]
        return self._command("read", config=self.config, catalog={"streams": configured}, state=list(state))

    def read_with(self, catalog: Mapping[str, Any], state: Sequence[Mapping[str, Any]] = ()) -> Output:
        """Read with a configured catalog as it is given."""
        return self._command("read", config=self.config, catalog=catalog, state=list(state))

    def _command(self, command: str, **files: Any) -> Output:
        with TemporaryDirectory() as folder, _environment(self.url), _hasty(self.haste):
            arguments = [command]
            for name, content in files.items():
                path = Path(folder) / f"{name}.json"
                path.write_text(json.dumps(content), encoding="utf-8")
                arguments += [f"--{name}", str(path)]
            return printed(arguments)


def configure(
    stream: Mapping[str, Any], columns: Sequence[str] | None = None, *, full_refresh: bool = False
) -> dict[str, Any]:
    """One stream as a configured catalog has it."""
    stream = dict(stream)
    if columns is not None:
        schema = stream["json_schema"]
        kept = {name: each for name, each in schema["properties"].items() if name in columns}
        stream["json_schema"] = {**schema, "properties": kept}
    incremental = "incremental" in stream["supported_sync_modes"] and not full_refresh
    return {
        "stream": stream,
        "sync_mode": "incremental" if incremental else "full_refresh",
        "destination_sync_mode": "append_dedup" if incremental else "overwrite",
        "cursor_field": stream.get("default_cursor_field"),
        "primary_key": stream.get("source_defined_primary_key"),
    }


@contextlib.contextmanager
def _environment(url: str) -> Iterator[None]:
    with patch.dict("os.environ", {"META_GRAPH_URL": url}):
        yield


@contextlib.contextmanager
def _hasty(haste: float) -> Iterator[None]:
    """Let the connector's clock run so many times as fast as ours."""

    def sleep(clock: Clock, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds / haste)

    with patch.multiple(Clock, sleep=sleep, monotonic=lambda clock: time.monotonic() * haste):
        yield


def printed(arguments: Sequence[str]) -> Output:
    """Run one command and take what it wrote to stdout, logs of the CDK included."""
    out = io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), _cdk_prints_to(out):
        try:
            run(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    # Not splitlines: texts of the world hold line separators of other scripts, which JSON leaves as they are.
    lines = [line for line in out.getvalue().split("\n") if line.strip()]
    return Output(code, out.getvalue(), [json.loads(line) for line in lines])


@contextlib.contextmanager
def _cdk_prints_to(out: io.StringIO) -> Iterator[None]:
    """The CDK's print buffer writes to the interpreter's own stdout: send it the same way as the rest."""
    with patch.object(PRINT_BUFFER, "write", out.write), patch.object(PRINT_BUFFER, "flush", lambda: None):
        yield
