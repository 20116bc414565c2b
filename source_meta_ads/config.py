"""The configuration: a pydantic model that is the spec, and every way it can be wrong in one sentence each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from source_meta_ads.account_filter import AccountFilter, AccountPattern
from source_meta_ads.authentication import ClientCredentials, ServiceCredentials
from source_meta_ads.graph.versions import DEFAULT_VERSION, find
from source_meta_ads.insights.day import Day
from source_meta_ads.insights.names import ActionBreakdownName
from source_meta_ads.insights.reports import Report
from source_meta_ads.streams.failure import Failure
from source_meta_ads.streams.override import StreamOverride
from source_meta_ads.streams.sweep import Changes

_ACCOUNT_ID = re.compile(r"^(?:act_)?(\d+)$")

CampaignStatus = Literal["ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES"]
AdSetStatus = Literal["ACTIVE", "ARCHIVED", "CAMPAIGN_PAUSED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES"]
AdStatus = Literal[
    "ACTIVE", "ADSET_PAUSED", "ARCHIVED", "CAMPAIGN_PAUSED", "DELETED", "DISAPPROVED", "IN_PROCESS",
    "PAUSED", "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED", "WITH_ISSUES",
]  # fmt: skip


class ConfigError(Failure):
    """A configuration that can't be used; its message says which value, why, and what to write instead."""


class Config(BaseModel):
    """All settings; unknown keys are kept apart in `unknown_keys`, to be reported."""

    model_config = ConfigDict(title="Source Meta Ads", extra="allow")

    account_ids: list[str] = Field(
        default_factory=list,
        title="Ad account IDs",
        description="Ad accounts to read, as digits (act_ is tolerated). Empty: every account the token reaches.",
        examples=[["111111111111111"]],
    )
    account_include: list[AccountPattern] = Field(
        default_factory=list,
        title="Ad accounts to include",
        description="Read only accounts whose id or name matches one of these patterns (* any text, ? one character, "
        "case ignored). Empty: all.",
        examples=[["Shop *", "1234*"]],
    )
    account_exclude: list[AccountPattern] = Field(
        default_factory=list,
        title="Ad accounts to exclude",
        description="Leave out accounts whose id or name matches one of these patterns, included ones too.",
        examples=[["*(test)"]],
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
    entity_changes: Changes | None = Field(
        None,
        title="Changes of ad objects",
        description="How an incremental sync of campaigns, ad sets and ads finds what changed. updated_time: what Meta "
        "says was updated. sweep: a light list of all of them too, which finds budgets, statuses and deletions that "
        "moved no updated_time. Empty: sweep where that list takes at most 20 calls (10,000 objects of an account).",
    )
    fetch_thumbnail_images: bool = Field(
        False,
        title="Fetch thumbnail images",
        description="Fill thumbnail_data_url of ad creatives with the picture itself, one more download a creative.",
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
    schema_drift: Literal["ignore", "warn", "fail"] = Field(
        "warn",
        title="Schema drift",
        description="What to do where fields are not what the schema says, or what they were: ignore, warn (log, and "
        "count each once) or fail (the stream ends as failed once its rows are out). Unknown fields always pass.",
    )
    stream_overrides: list[StreamOverride] = Field(
        default_factory=list,
        title="Stream overrides",
        description="Streams whose primary key, or cursor where there is none, is to be another than declared.",
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

    @field_validator("stream_overrides")
    @classmethod
    def _one_override_a_stream(cls, value: list[StreamOverride]) -> list[StreamOverride]:
        names = [override.name for override in value]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two overrides of {twice[0]!r}: put them into one")
        return value

    @model_validator(mode="after")
    def _dates_in_order(self) -> Config:
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise ValueError(f"end_date {self.end_date} is before start_date {self.start_date}: exchange or remove one")
        return self

    @property
    def account_filter(self) -> AccountFilter:
        """Which of the accounts found or configured are wanted."""
        return AccountFilter(tuple(self.account_include), tuple(self.account_exclude))

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
