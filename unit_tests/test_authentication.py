"""Ways to authenticate, as the configuration has them."""

from __future__ import annotations

from typing import Any

import pytest

from source_meta_ads.config import Config, ConfigError

CLIENT = {"auth_type": "Client", "client_id": "77", "client_secret": "s", "access_token": "t"}


@pytest.mark.parametrize("mode", ["run", "save"])
@pytest.mark.parametrize(
    ("missing", "named"),
    [({"client_id": ""}, "client_id"), ({"client_id": "", "client_secret": ""}, "client_id and client_secret")],
)
def test_an_exchange_needs_an_app_and_its_secret(mode: str, missing: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=f"long_lived_exchange needs {named}: enter them"):
        Config.parse({"credentials": {**CLIENT, **missing, "long_lived_exchange": mode}})


def test_without_an_exchange_no_app_is_needed() -> None:
    config = Config.parse({"credentials": {"auth_type": "Client", "access_token": "t"}})
    assert config.credentials.app_secret is None


def test_an_unknown_mode_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="'off', 'run' or 'save'"):
        Config.parse({"credentials": {**CLIENT, "long_lived_exchange": "always"}})
