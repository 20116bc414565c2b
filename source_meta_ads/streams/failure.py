"""A failure the user is told of in one line."""

from __future__ import annotations

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
