"""An insights report: what a user may say of one, and what that asks of Meta; built-in ones are parsed alike."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from importlib import resources
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from source_meta_ads.graph.versions import DEFAULT_VERSION
from source_meta_ads.insights import report_schema
from source_meta_ads.insights.breakdown_table import table
from source_meta_ads.insights.day import Day
from source_meta_ads.insights.names import (
    ActionBreakdownName,
    BreakdownName,
    FieldName,
    LevelName,
    OperatorName,
    WindowName,
)

_DEFAULT_LOOKBACK_DAYS = 28
_DEFAULT_TIMEOUT_MINUTES = 60
# What a key column says where Meta left the breakdown out of a row. A key is never null, and no value that Meta
# sends ("unknown" is one, for gender and country) may be taken for it: two rows would share a key.
NO_VALUE = "(not set)"


class Filter(BaseModel):
    """One condition on the objects whose rows are wanted."""

    model_config = ConfigDict(title="Filter", frozen=True)

    field: str = Field(title="Field", description="What to compare, as in campaign.name or ad.impressions.")
    operator: OperatorName = Field(title="Operator", description="How to compare.")
    value: Annotated[
        list[Any],
        BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
        WithJsonSchema({"type": "array", "items": {"type": "string"}}),
    ] = Field(title="Value", description="What to compare with; several values only where the operator takes a list.")

    def as_param(self) -> dict[str, Any]:
        """The condition as Meta reads it: a list for operators of lists, else one value."""
        takes_list = self.operator in table().operators_of_lists or len(self.value) != 1
        return {"field": self.field, "operator": self.operator, "value": self.value if takes_list else self.value[0]}


class Report(BaseModel):
    """A report: what its rows are about, what they are split by, and which days they cover."""

    model_config = ConfigDict(title="Report", extra="allow", frozen=True)

    name: str = Field(min_length=1, title="Name", description="Name of the report: its stream is called custom + name.")
    level: LevelName = Field("ad", title="Level", description="The objects that rows are about.")
    fields: list[FieldName] = Field(
        default_factory=list, title="Fields", description="Columns to read. Empty: those of the built-in reports."
    )
    breakdowns: list[BreakdownName] = Field(
        default_factory=list, title="Breakdowns", description="What to split rows by, besides object and date."
    )
    action_breakdowns: list[ActionBreakdownName] | None = Field(
        None, title="Action breakdowns", description="What to split the elements of actions and the like by."
    )
    action_report_time: Literal["impression", "conversion", "mixed", "lifetime"] | None = Field(
        None, title="Action report time", description="Meta ignores it since 2025-06-10; accepted for compatibility."
    )
    action_attribution_windows: list[WindowName] | None = Field(
        None,
        title="Attribution windows",
        description="Windows that each action gets a value for. Empty: 1d_click, 7d_click, 28d_click, 1d_view.",
    )
    filtering: list[Filter] | None = Field(
        None, title="Filters", description="Conditions on the objects; all have to hold."
    )
    time_increment: int = Field(1, ge=1, le=89, title="Time increment (days)", description="Days that a row covers.")
    time_increment_period: Literal["weekly", "monthly", "all_days"] | None = Field(
        None,
        title="Time increment period",
        description="Instead of a number of days: calendar weeks (Monday to Sunday) or months, also the one that the "
        "start date lies in, or one row for all days.",
    )
    start_date: Day = Field(None, title="Start date", description="First day. Empty: the connection's start date.")
    end_date: Day = Field(None, title="End date", description="Last day, inclusive. Empty: the connection's end date.")
    insights_lookback_window: int | None = Field(
        None,
        ge=1,
        le=28,
        title="Lookback window (days)",
        description="Days that each sync reads again. Empty: the connection's.",
    )
    insights_job_timeout: int | None = Field(
        None,
        ge=10,
        le=60,
        title="Report job timeout (minutes)",
        description="After it a report job is cut smaller. Empty: the connection's.",
    )
    include_incrementality: bool = Field(
        False, title="Incremental attribution", description="Ask for the `incrementality` attribution window too."
    )
    include_engaged_view: bool = Field(
        False, title="Engaged-view attribution", description="Ask for the `1d_ev` attribution window too."
    )
    _is_custom: bool = PrivateAttr(default=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, row: object) -> object:
        return {key: value for key, value in row.items() if value is not None} if isinstance(row, Mapping) else row

    @field_validator("fields", "breakdowns", "action_breakdowns", "action_attribution_windows", mode="after")
    @classmethod
    def _each_once(cls, value: list[str] | None) -> list[str] | None:
        return None if value is None else list(dict.fromkeys(value))

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise ValueError(f"end_date {self.end_date} is before start_date {self.start_date}: exchange or remove one")
        return self

    @classmethod
    def built_in(cls, row: Mapping[str, Any]) -> Self:
        """A report of reports.toml: the user's own keys, and a stream that is called by the bare name."""
        report = cls.model_validate(row)
        report._is_custom = False
        return report

    @property
    def is_custom(self) -> bool:
        """Whether the user configured it."""
        return self._is_custom

    @property
    def stream_name(self) -> str:
        """The bare name of a built-in report; of the user's own, snake case of `Custom` + name as Airbyte has it."""
        return _snake_case(f"Custom{self.name}") if self.is_custom else self.name

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Date, account, the level's object and each breakdown's value, never null."""
        keys = (table().breakdowns[name].key_column for name in self.breakdowns)
        return ("date_start", "account_id", *table().levels[self.level].key, *keys)

    @property
    def increment_days(self) -> int | None:
        """Days that a row covers; None for months and for all days at once."""
        return {None: self.time_increment, "weekly": 7}.get(self.time_increment_period)

    @property
    def increment(self) -> int | str:
        """What a row covers as Meta's `time_increment` has it: days, or `monthly`, or `all_days`."""
        return self.increment_days or self.time_increment_period or self.time_increment

    @property
    def lookback_days(self) -> int:
        """Days below the cursor that each sync reads again."""
        return self.insights_lookback_window or _DEFAULT_LOOKBACK_DAYS

    @property
    def job_timeout(self) -> timedelta:
        """How long a report job may take before it is cut smaller."""
        return timedelta(minutes=self.insights_job_timeout or _DEFAULT_TIMEOUT_MINUTES)

    @property
    def retention_months(self) -> int:
        """Months for which Meta keeps these rows: fewer with some breakdowns."""
        kept = (table().breakdowns[name].retention_months for name in self.breakdowns)
        return min([table().retention_months, *(months for months in kept if months)])

    @property
    def attribution_windows(self) -> list[str]:
        """Windows to ask for, the optional ones included."""
        known = table().attribution_windows
        windows = list(self.action_attribution_windows or known.default)
        windows += [known.incrementality] if self.include_incrementality else []
        windows += [known.engaged_view] if self.include_engaged_view else []
        return list(dict.fromkeys(windows))

    def settled_action_breakdowns(self, default: Sequence[str] | None, *, allow_empty: bool) -> list[str]:
        """The action breakdowns to ask for, given the configuration's `default` and whether none is an answer.

        None asks for `default` in a built-in report and for none in one of the user's own, as an absent list always
        did in source-facebook-marketing. A built-in report that has none by its definition keeps none.
        """
        if self.action_breakdowns is not None and not self.is_custom:
            return list(self.action_breakdowns)
        standard = list(table().default_action_breakdowns)
        asked = self.action_breakdowns or []
        if not self.is_custom:
            asked = standard if default is None else list(default)
        return asked if asked or allow_empty else standard

    def request_params(self, since: date, until: date, fields: Sequence[str]) -> dict[str, Any]:
        """What the report asks of an account's `insights` edge for days both inclusive; without paging."""
        conditions = [each.as_param() for each in self.filtering or ()]
        status_field = f"{self.level}.effective_status"
        statuses = table().levels[self.level].statuses
        if statuses and all(each["field"] != status_field for each in conditions):
            # Without it Meta leaves out archived and deleted objects, whose past days are as real as any.
            conditions.append({"field": status_field, "operator": "IN", "value": list(statuses)})
        params: dict[str, Any] = {
            "level": self.level,
            "fields": tuple(fields),
            "time_range": {"since": since.isoformat(), "until": until.isoformat()},
            "time_increment": self.increment,
            "breakdowns": list(self.breakdowns) or None,
            # An empty list is an answer: it keeps Meta from splitting by action_type.
            "action_breakdowns": self.action_breakdowns,
            "action_attribution_windows": self.attribution_windows,
            "action_report_time": self.action_report_time,
            "filtering": conditions or None,
        }
        return {name: value for name, value in params.items() if value is not None}

    def request_fields(self, selected: Collection[str] | None, api_version: str = DEFAULT_VERSION) -> list[str]:
        """Fields to ask for, so that the selected columns (None: all) and every row's key can be filled."""
        return report_schema.request_fields(self, selected, api_version)

    def json_schema(self, api_version: str) -> dict[str, Any]:
        """The schema of a row: key, breakdowns, then the report's fields as far as the API version has them."""
        return report_schema.json_schema(self, api_version)


def shape_row(report: Report, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as Meta sent it, with its key columns filled and fields under the names they were asked by.

    An asset breakdown's object stays, its `id` is added as `<name>_id`. A breakdown that Meta left out (hours
    without impressions) reads NO_VALUE, so that no row is lost for want of a key.
    """
    shaped = dict(row)
    for name in report.breakdowns:
        breakdown = table().breakdowns[name]
        value = shaped.get(name)
        if breakdown.is_object:
            value = value.get("id") if isinstance(value, Mapping) else value
        shaped[breakdown.key_column] = NO_VALUE if value is None else value
    if report.fields:
        for asked, sent in table().fields.renamed.items():
            if asked in report.fields and asked not in shaped and sent in shaped:
                shaped[asked] = shaped[sent] if sent in report.fields else shaped.pop(sent)
    return shaped


def built_in_reports(api_version: str) -> list[Report]:
    """The reports of reports.toml whose breakdowns the API version has, in the order of the file."""
    major = int(api_version.removeprefix("v").split(".")[0])
    return [
        report
        for report in _built_in()
        if all((table().breakdowns[name].since_version or 0) <= major for name in report.breakdowns)
    ]


@functools.cache
def _built_in() -> tuple[Report, ...]:
    data = tomllib.loads(resources.files(__package__).joinpath("reports.toml").read_text("utf-8"))
    return tuple(Report.built_in(row) for row in data["report"])


def _snake_case(name: str) -> str:
    """As airbyte_cdk.sources.utils.casing does it, `My_Report` → `my__report` included: streams keep their names."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
