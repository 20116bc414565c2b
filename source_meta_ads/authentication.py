"""The two ways to authenticate, as the configuration has them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ClientCredentials(BaseModel):
    """A user token of an app, with the app's id and secret."""

    model_config = ConfigDict(title="App and user access token")

    auth_type: Literal["Client"] = "Client"
    client_id: str = Field("", title="App ID", description="The app the token belongs to.")
    client_secret: str = Field(
        "",
        title="App secret",
        description="The app's secret. With it every call carries an appsecret_proof.",
        json_schema_extra={"airbyte_secret": True},
    )
    access_token: str = Field(
        title="Access token",
        description="A long-lived user access token with ads_read.",
        json_schema_extra={"airbyte_secret": True},
        min_length=1,
    )
    long_lived_exchange: Literal["off", "run", "save"] = Field(
        "off",
        title="Exchange for a long-lived token",
        description="Whether a sync exchanges a token that lasts less than 30 days for one of 60: off, run (use that "
        "one for the sync only) or save (also hand it to Airbyte, which keeps it in the connection). Needs app ID and "
        "secret.",
    )

    @model_validator(mode="after")
    def _exchange_has_an_app(self) -> ClientCredentials:
        missing = [name for name in ("client_id", "client_secret") if not getattr(self, name)]
        if self.long_lived_exchange != "off" and missing:
            raise ValueError(
                f"long_lived_exchange needs {' and '.join(missing)}: enter them, or set long_lived_exchange to off"
            )
        return self

    @property
    def app_secret(self) -> str | None:
        """The secret that signs calls, if one is given."""
        return self.client_secret or None


class ServiceCredentials(BaseModel):
    """A system-user token."""

    model_config = ConfigDict(title="System-user access token")

    auth_type: Literal["Service"] = "Service"
    access_token: str = Field(
        title="Access token",
        description="A system-user access token with ads_read on the ad accounts.",
        json_schema_extra={"airbyte_secret": True},
        min_length=1,
    )
    app_id: str | None = Field(None, title="App ID", description="The app the token belongs to.")
    app_secret: str | None = Field(
        None,
        title="App secret",
        description="The app's secret. With it every call carries an appsecret_proof.",
        json_schema_extra={"airbyte_secret": True},
    )
