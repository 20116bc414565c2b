"""What a user is to be told of each of Meta's errors: said here again, on purpose, beside the connector's own table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What the user does about each: config errors are the user's to mend, transient ones pass.
LIMIT, PASSING, TOO_MUCH, CURSOR, USER = "limit", "passing", "too much", "cursor", "user"


@dataclass(frozen=True)
class Told:
    """What is expected of one error: its kind, words of its meaning, words of what to do."""

    kind: str
    means: str
    todo: str


TOLD: Mapping[str, Told] = {
    "too_much_data": Told(TOO_MUCH, "too large", "fewer columns"),
    "unknown": Told(PASSING, "unknown problem", "again"),
    "unknown_99": Told(PASSING, "unknown problem", "again"),
    "not_a_delegate_page": Told(USER, "delegate page", "link the page"),
    "unavailable": Told(PASSING, "temporarily unavailable", "again"),
    "sync_timed_out_2": Told(TOO_MUCH, "too long", "fewer days"),
    "breakdowns_without_data": Told(USER, "breakdowns", "breakdowns or columns"),
    "custom_metrics_invalid": Told(USER, "custom metric", "custom metrics"),
    "insights_intermittent": Told(PASSING, "in passing", "again"),
    "insights_unknown": Told(PASSING, "unknown reason", "again"),
    "report_failed": Told(PASSING, "report job failed", "again"),
    "report_too_large": Told(TOO_MUCH, "too large", "fewer days"),
    "capability": Told(USER, "capability", "App Dashboard"),
    "app_limit": Told(LIMIT, "app's calls", "wait"),
    "app_insights_limit": Told(LIMIT, "app's insights calls", "wait"),
    "app_insights_limit_2": Told(LIMIT, "app's insights calls", "wait"),
    "app_permission": Told(USER, "permission", "ads_read"),
    "user_limit": Told(LIMIT, "user's calls", "wait"),
    "account_score": Told(LIMIT, "account's calls", "wait"),
    "page_limit": Told(LIMIT, "page's calls", "wait"),
    "invalid_parameter": Told(USER, "not accepted", "correct"),
    "not_found": Told(USER, "does not exist", "check the id"),
    "too_much_data_100": Told(TOO_MUCH, "too large", "fewer"),
    "sync_timed_out": Told(TOO_MUCH, "too long", "fewer"),
    "insights_permission": Told(USER, "may not see", "assign"),
    "missing_permissions": Told(USER, "permission is missing", "ads_read"),
    "summary_race": Told(PASSING, "not quite ready", "again"),
    "ids_gone": Told(USER, "ids", "report it"),
    "field_unknown": Told(USER, "sandbox_field", "column"),
    "breakdowns_invalid": Told(USER, "action_type, country, age, region", "breakdown"),
    "session": Told(USER, "session is over", "new token"),
    "signature": Told(USER, "signature", "app secret"),
    "token_invalid": Told(USER, "token is not valid", "new token"),
    "app_not_authorized": Told(USER, "removed the app", "new token"),
    "user_checkpointed": Told(USER, "confirm", "facebook.com"),
    "password_changed": Told(USER, "password", "new token"),
    "token_expired": Told(USER, "expired", "new token"),
    "user_unconfirmed": Told(USER, "not confirmed", "confirm"),
    "session_invalidated": Told(USER, "no longer valid", "new token"),
    "page_role": Told(USER, "role", "new token"),
    "permission": Told(USER, "no permission", "assign"),
    "not_allow_listed": Told(USER, "ads_management", "grant"),
    "application_limit": Told(LIMIT, "app's limit", "wait"),
    "blocked": Told(LIMIT, "blocked", "wait"),
    "abuse_limit": Told(LIMIT, "faster", "wait"),
    "account_limit": Told(LIMIT, "account's calls", "wait"),
    "inconsistent_volume": Told(LIMIT, "too suddenly", "wait"),
    "buc_insights": Told(LIMIT, "insights calls", "wait"),
    "buc_audiences": Told(LIMIT, "audience calls", "wait"),
    "buc_management": Told(LIMIT, "ads management calls", "wait"),
    "buc_pages": Told(LIMIT, "page calls", "wait"),
    "buc_instagram": Told(LIMIT, "Instagram", "wait"),
    "buc_leads": Told(LIMIT, "lead calls", "wait"),
    "buc_messenger": Told(LIMIT, "Messenger", "wait"),
    "buc_whatsapp": Told(LIMIT, "WhatsApp", "wait"),
    "buc_catalog": Told(LIMIT, "catalog calls", "wait"),
    "buc_catalog_batch": Told(LIMIT, "catalog batch", "wait"),
    "batch_timed_out": Told(PASSING, "too long", "again"),
    "query_unparsable": Told(USER, "parsed", "correct"),
    "version_gone": Told(USER, "no longer served", "api_version"),
    "cursor_invalid": Told(CURSOR, "cursor", "again"),
    "start_too_old": Told(USER, "37 months", "start_date"),
    "unknown_5000": Told(PASSING, "unknown problem", "again"),
}
# These are met at reports only.
OF_REPORTS = (
    "sync_timed_out_2", "breakdowns_without_data", "custom_metrics_invalid", "insights_intermittent",
    "insights_unknown", "report_failed", "report_too_large", "app_insights_limit", "app_insights_limit_2",
    "sync_timed_out", "insights_permission", "summary_race", "breakdowns_invalid", "buc_insights", "start_too_old",
)  # fmt: skip
# These are about every account.
SHARED_LIMITS = (
    "app_limit", "user_limit", "page_limit", "application_limit", "blocked", "abuse_limit", "inconsistent_volume",
)  # fmt: skip
