"""What a run leaves behind, however it ends: its summary as one log line, its metrics, its recording."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from source_meta_ads.connection import Connection
from source_meta_ads.telemetry.exporters import BY_ACCOUNT, export_otlp, is_otlp_wanted, otlp_secrets, points

RECORD_VARIABLE = "META_ADS_RECORD"
_MOST_LIMITS_TOLD = 200

Told = Callable[[dict[str, Any]], None]


@contextmanager
def closing(
    connection: Connection, environ: Mapping[str, str], logger: logging.Logger, told: Told | None = None
) -> Iterator[None]:
    """Tell of a run once it is over: in the log, to a collector, to a file, to `told`; each only where it is asked for.

    The recording that `told` and the file get holds no secret. Nothing that goes wrong here fails a run.
    """
    connection.learn(otlp_secrets(environ))
    status, message = "succeeded", None
    try:
        yield
    except GeneratorExit:
        status = "stopped"
        raise
    except BaseException as error:
        status = "failed"
        message = error.message if isinstance(error, AirbyteTracedException) else f"{type(error).__name__}: {error}"
        raise
    finally:
        summary = {"run_id": connection.run_id, "status": status, **_summary(connection)}
        logger.info(f"run summary: {json.dumps(summary)}")
        if is_otlp_wanted(environ):
            by_account = environ.get(BY_ACCOUNT, "").lower() in ("1", "true", "yes")
            exported = points(connection.meter.counts(), connection.limits(), by_account=by_account)
            export_otlp(exported, metadata.version("source-meta-ads"), connection.logger)
        path = environ.get(RECORD_VARIABLE, "").strip()
        if path or told:
            version = connection.session.version
            recording = connection.recorder.recording(
                status=status, message=message, api_version=version, summary=summary
            )
            recording = connection.redactor.redact_all(recording)
            if told:
                told(recording)
            if path:
                _write(path, recording, connection.logger)


def _summary(connection: Connection) -> dict[str, Any]:
    """What the run did, and how much of each limit is used now, in percent, with what a call took of it."""
    limits = {
        name: {"used_pct": round(used, 1), "pct_per_call": round(per_call, 3)}
        for name, (used, per_call) in sorted(connection.limits().items())
    }
    return {**connection.meter.summary(), "limits": dict(list(limits.items())[:_MOST_LIMITS_TOLD])}


def _write(place: str, recording: Mapping[str, Any], logger: logging.Logger) -> None:
    """Write a recording whole or not at all: to the file named, or under the run's id into the folder named."""
    path = Path(place)
    if place.endswith(("/", os.sep)) or path.is_dir():
        path /= f"{recording['run_id']}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        unfinished.write_text(json.dumps(recording, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        logger.warning(f"the run was not recorded in {path}: {error.strerror}: name another place in {RECORD_VARIABLE}")
    else:
        logger.info(f"the run is recorded in {path}: source-meta-ads report {path}")
