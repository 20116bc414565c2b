"""The configuration: a pydantic model that is the spec, and every way it can be wrong in one sentence each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from source_meta_ads.graph.versions import DEFAULT_VERSION, find
from source_meta_ads.insights.day import Day
from source_meta_ads.insights.names import ActionBreakdownName
from source_meta_ads.insights.reports import Report
from source_meta_ads.streams.failure import Failure

_ACCOUNT_ID = re.compile(r"^(?:act_)?(\d+)$")

CampaignStatus = Literal["ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES"]
AdSetStatus = Literal["ACTIVE", "ARCHIVED", "CAMPAIGN_PAUSED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES"]
AdStatus = Literal[
    "ACTIVE", "ADSET_PAUSED", "ARCHIVED", "CAMPAIGN_PAUSED", "DELETED", "DISAPPROVED", "IN_PROCESS",
    "PAUSED", "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED", "WITH_ISSUES",
]  # fmt: skip


class ConfigError(Failure):
    """A configuration that can't be used; its message says which value, why, and what to write instead."""


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


class Config(BaseModel):
    """All settings; unknown keys are kept apart in `unknown_keys`, to be reported."""

    model_config = ConfigDict(title="Source Meta Ads", extra="allow")

    account_ids: list[str] = Field(
        default_factory=list,
        title="Ad account IDs",
        description="Ad accounts to read, as digits (act_ is tolerated). Empty: every account the token reaches.",
        examples=[["111111111111111"]],
    )
    credentials: Annotated[ClientCredentials | ServiceCredentials, Field(discriminator="auth_type")] = Field(
        title="Authentication", description="How to authenticate with the Marketing API."
    )
    start_date: Day = Field(
        None,
        title="Start date",
        description="First day of the insights reports (YYYY-MM-DD, in each account's timezone), at most 37 months "
        "ago. Empty: two years back. Ad objects are always read whole.",
        examples=["2026-01-01", "2026-01-01T00:00:00Z"],
    )
    end_date: Day = Field(
        None, title="End date", description="Last day of the insights reports, inclusive. Empty: today."
    )
    campaign_statuses: list[CampaignStatus] = Field(
        default_factory=list,
        title="Campaign statuses",
        description="Effective statuses to read. Empty: Meta's own choice, all but archived and deleted.",
    )
    adset_statuses: list[AdSetStatus] = Field(
        default_factory=list, title="Ad set statuses", description="As for campaigns."
    )
    ad_statuses: list[AdStatus] = Field(default_factory=list, title="Ad statuses", description="As for campaigns.")
    fetch_thumbnail_images: bool = Field(
        False, title="Fetch thumbnail images", description="Accepted for compatibility; not acted on yet."
    )
    custom_insights: list[Report] = Field(
        default_factory=list,
        title="Custom insights",
        description="Reports of your own: level, breakdowns, fields and period.",
    )
    default_ads_insights_action_breakdowns: list[ActionBreakdownName] | None = Field(
        None,
        title="Action breakdowns of ads_insights",
        description="Action breakdowns of the built-in ads_insights report. Default: action_type, "
        "action_target_id, action_destination.",
    )
    action_breakdowns_allow_empty: bool = Field(
        True,
        title="Action breakdowns may be empty",
        description="Whether an empty list of action breakdowns means none, instead of the default ones.",
    )
    page_size: int | None = Field(
        None,
        ge=1,
        le=1000,
        title="Page size",
        description="Ad objects a page. Empty: what suits each stream. Halved by itself where Meta finds it too much.",
    )
    insights_lookback_window: int = Field(
        28,
        ge=1,
        le=28,
        title="Lookback window (days)",
        description="Days that each sync reads again, since Meta attributes conversions up to 28 days late.",
    )
    insights_job_timeout: int = Field(
        60, ge=10, le=60, title="Report job timeout (minutes)", description="After it a report job is cut smaller."
    )
    include_incrementality: bool = Field(
        False, title="Incremental attribution", description="Ask for the `incrementality` attribution window too."
    )
    include_engaged_view: bool = Field(
        False, title="Engaged-view attribution", description="Ask for the `1d_ev` attribution window too."
    )
    reconcile: Literal["off", "warn", "fail"] = Field(
        "off",
        title="Reconcile reports",
        description="Compare each report's daily sums of impressions, clicks and spend with the account's, one call "
        "a report job: off, warn (log and count differences) or fail (the days are read again by the next sync).",
    )
    api_version: str = Field(
        DEFAULT_VERSION,
        title="API version",
        pattern=r"^v\d+\.\d+$",
        description="Marketing API version.",
        examples=["v26.0"],
    )
    num_workers: int = Field(
        10, ge=2, le=40, title="Workers", description="Threads that read at once, over all accounts and streams."
    )
    rate_limit_timeout: int = Field(
        120,
        ge=1,
        le=1440,
        title="Longest wait for a limit (minutes)",
        description="An account that Meta blocks for longer is left to the next sync, which goes on where it stood; "
        "the others go on.",
    )
    use_appsecret_proof: bool = Field(
        True, title="Sign calls", description="Send an appsecret_proof with each call where an app secret is given."
    )

    @field_validator("account_ids", mode="before")
    @classmethod
    def _digits(cls, value: object) -> object:
        """Account ids without `act_`, each once."""
        if value is None:
            return []
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list):
            return value
        ids = []
        for each in value:
            match = _ACCOUNT_ID.match(str(each).strip())
            if not match:
                raise ValueError(f"{each!r} is not an ad account id: write its digits, as in 111111111111111")
            ids.append(match.group(1))
        return list(dict.fromkeys(ids))

    @field_validator("api_version", mode="before")
    @classmethod
    def _served_version(cls, value: object) -> object:
        """A version that Meta has, or may have released after us."""
        return find(value).name if isinstance(value, str) else value

    @model_validator(mode="after")
    def _dates_in_order(self) -> Config:
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise ValueError(f"end_date {self.end_date} is before start_date {self.start_date}: exchange or remove one")
        return self

    @property
    def unknown_keys(self) -> list[str]:
        """Keys that mean nothing here, sorted; internal ones of the CDK (`_limit`) left out."""
        return sorted(key for key in (self.model_extra or {}) if not key.startswith("_"))

    @property
    def secrets(self) -> list[str]:
        """Every secret value of this configuration."""
        values = (self.credentials.access_token, self.credentials.app_secret)
        return [value for value in values if value]

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Config:
        """The configuration. Raises: ConfigError with one sentence a bad value, no secret in it."""
        try:
            return cls.model_validate(fold_legacy_keys(raw))
        except ValidationError as error:
            raise ConfigError("; ".join(dict.fromkeys(_sentence(each) for each in error.errors()))) from None


def fold_legacy_keys(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration whose top-level token and app, as older versions wrote them, stand under credentials."""
    folded = {key: value for key, value in raw.items() if value is not None}
    loose = {key: folded.pop(key) for key in ("access_token", "client_id", "client_secret") if key in folded}
    if loose and "credentials" not in folded:
        kind = "Client" if loose.get("client_id") or loose.get("client_secret") else "Service"
        folded["credentials"] = {"auth_type": kind, **loose}
    if isinstance(credentials := folded.get("credentials"), Mapping) and "auth_type" not in credentials:
        kind = "Client" if "client_id" in credentials or "client_secret" in credentials else "Service"
        folded["credentials"] = {"auth_type": kind, **credentials}
    return folded


def _sentence(error: Mapping[str, Any]) -> str:
    """One pydantic finding as `key: value: what is wrong`; a secret's value is never shown."""
    path = [str(part) for part in error["loc"] if part not in ("Client", "Service")]
    where = ".".join(path) or "configuration"
    reason = str(error["msg"]).removeprefix("Value error, ")
    value = error.get("input")
    shown = isinstance(value, (str, int, float)) and path and path[0] != "credentials"
    if error["type"] == "missing":
        return f"{where}: required, but missing"
    return f"{where}: {value!r}: {reason}" if shown else f"{where}: {reason}"
