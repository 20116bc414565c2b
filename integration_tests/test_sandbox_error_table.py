"""The sandbox's table of Graph errors."""

from __future__ import annotations

import pytest

from integration_tests.sandbox.error_table import coded, graph_errors, named


def test_every_error_has_a_name_of_its_own_and_a_status_that_is_documented() -> None:
    errors = graph_errors()
    assert len({error.name for error in errors}) == len(errors) > 60
    assert all(error.status in error.statuses for error in errors)
    assert all(named(error.name) is error for error in errors)


def test_permissions_stand_for_a_hundred_codes() -> None:
    assert coded(275).message == "(#275) Requires business_management permission to manage the object"
    assert coded(294).name == "not_allow_listed"
    with pytest.raises(ValueError, match="300"):
        coded(300)
