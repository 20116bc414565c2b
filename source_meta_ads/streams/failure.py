"""A failure the user is told of in one line."""

from __future__ import annotations

import logging

from airbyte_cdk.models import AirbyteMessage, FailureType, StreamDescriptor
from airbyte_cdk.utils import AirbyteTracedException

from source_meta_ads.graph.errors import (
    AuthError,
    BadRequest,
    GraphError,
    NotFound,
    PermissionDenied,
    TooMuchData,
    VersionExpired,
)

# Too much data is among them: it gets here when no cut helped, so only fewer columns or days will.
_USER_CAN_FIX = (AuthError, PermissionDenied, BadRequest, NotFound, TooMuchData, VersionExpired)


class Failure(AirbyteTracedException):
    """A failure whose message says what happened and what to do; it is shown without a stack trace."""

    def __init__(self, message: str, failure_type: FailureType = FailureType.config_error) -> None:
        super().__init__(message=message, internal_message=message, failure_type=failure_type)

    def as_airbyte_message(self, stream_descriptor: StreamDescriptor | None = None) -> AirbyteMessage:
        """The trace message, without the stack."""
        message = super().as_airbyte_message(stream_descriptor=stream_descriptor)
        if message.trace and message.trace.error:
            message.trace.error.stack_trace = None
        return message


def failure_of(error: GraphError) -> Failure:
    """A Graph error as a failure: config error where the user can mend it, else transient."""
    kind = FailureType.config_error if isinstance(error, _USER_CAN_FIX) else FailureType.transient_error
    return Failure(str(error), kind)


class Failures:
    """What failed in a run, noted as it is reported, for a closing word that names all of it."""

    _MOST_NAMED = 20

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], FailureType | None] = {}

    @property
    def are_any(self) -> bool:
        """Whether anything failed."""
        return bool(self._found)

    def note(self, message: AirbyteMessage) -> None:
        """Keep the error of a trace message, if it has one."""
        error = message.trace.error if message.trace else None
        if error:
            stream = error.stream_descriptor.name if error.stream_descriptor else "the run"
            self._found[stream, error.message] = error.failure_type

    def closing(self, otherwise: str) -> Failure:
        """The failure to end a run with, passing only where every part was; `otherwise` are its words for none."""
        if not self._found:
            return Failure(otherwise)
        streams = dict.fromkeys(stream for stream, _ in self._found)
        named = [f"{stream}: {text}" for stream, text in list(self._found)[: self._MOST_NAMED]]
        more = len(self._found) - len(named)
        text = f"{', '.join(streams)} did not finish: {'; '.join(named)}" + (f"; and {more} more" if more else "")
        kinds = set(self._found.values())
        for kind in (FailureType.system_error, FailureType.config_error):
            if kind in kinds:
                return Failure(text, kind)
        return Failure(text, FailureType.transient_error)


class OneLine(logging.Filter):
    """Drops the stack trace of failures whose message already says all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record; without `exc_info` where that is a Failure."""
        if record.exc_info and isinstance(record.exc_info[1], Failure):
            record.exc_info = None
        return True
