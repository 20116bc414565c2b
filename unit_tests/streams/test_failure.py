"""A failure is one line, with Airbyte's kind."""

from __future__ import annotations

import pytest
from airbyte_cdk.models import FailureType

from source_meta_ads.graph.errors import (
    AuthError,
    BadRequest,
    CursorExpired,
    GraphError,
    NotFound,
    PermissionDenied,
    RateLimited,
    TooMuchData,
    TransientError,
    VersionExpired,
)
from source_meta_ads.streams.failure import Failure, failure_of


@pytest.mark.parametrize("kind", [AuthError, BadRequest, NotFound, PermissionDenied, TooMuchData, VersionExpired])
def test_what_the_user_can_mend_is_a_config_error(kind: type[GraphError]) -> None:
    assert failure_of(kind(message="x")).failure_type == FailureType.config_error


@pytest.mark.parametrize("kind", [RateLimited, TransientError, CursorExpired])
def test_what_passes_is_a_transient_error(kind: type[GraphError]) -> None:
    assert failure_of(kind(message="x")).failure_type == FailureType.transient_error


def test_a_failure_is_shown_without_its_stack() -> None:
    try:
        raise Failure("what to change")
    except Failure as failure:
        message = failure.as_airbyte_message()
    assert message.trace is not None
    assert message.trace.error is not None
    assert message.trace.error.message == "what to change"
    assert message.trace.error.stack_trace is None
