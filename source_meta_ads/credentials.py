"""The configuration with its secrets in place: references resolved at the start, and again when a token is refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from airbyte_cdk.models import FailureType

from source_meta_ads.config import Config, ConfigError
from source_meta_ads.graph.auth import Key
from source_meta_ads.secrets.reference import SecretError, is_reference
from source_meta_ads.secrets.vault import Vault
from source_meta_ads.streams.failure import Failure


class Credentials:
    """One command's credentials: where they stand in the configuration, and what they are now."""

    def __init__(self, raw: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        self._raw = raw
        self._vault = Vault(environ)

    @property
    def secrets(self) -> list[str]:
        """Every value that a reference led to so far."""
        return self._vault.values

    @property
    def are_referenced(self) -> bool:
        """Whether any of them is kept elsewhere."""
        found = self._raw.get("credentials")
        values = [*self._raw.values(), *(found.values() if isinstance(found, Mapping) else ())]
        return any(map(is_reference, values))

    @property
    def token_is_referenced(self) -> bool:
        """Whether the token itself is kept elsewhere, so that nothing we could hand to Airbyte would keep it."""
        found = self._raw.get("credentials")
        return is_reference(found.get("access_token") if isinstance(found, Mapping) else self._raw.get("access_token"))

    def settings(self) -> Config:
        """The configuration, whole. Raises: ConfigError; Failure where a store can't be asked for the moment."""
        try:
            return Config.parse(self._vault.resolve(self._raw))
        except SecretError as error:
            if error.is_passing:
                raise Failure(str(error), FailureType.transient_error) from None
            raise ConfigError(str(error)) from None

    def renewed(self, logger: logging.Logger) -> Key | None:
        """The key as its stores have it now; None where they can't tell, or have none that could be another."""
        if not self.are_referenced:
            return None
        self._vault.forget()
        try:
            return key_of(self.settings())
        except Failure as failure:
            logger.warning(f"Meta refused the access token, and its store was asked for another one: {failure.message}")
            return None

    def with_token(self, access_token: str) -> dict[str, Any]:
        """The configuration as it came, with another token where its own stands."""
        changed = dict(self._raw)
        if isinstance(found := self._raw.get("credentials"), Mapping):
            changed["credentials"] = {**found, "access_token": access_token}
        else:
            changed["access_token"] = access_token
        return changed


def key_of(config: Config) -> Key:
    """What calls are made with."""
    found = config.credentials
    return Key(found.access_token, found.app_secret if config.use_appsecret_proof else None)
