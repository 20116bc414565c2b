"""Whether a configuration works: the token, each account, each report; one sentence for what does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from source_meta_ads.accounts import Account, Reach, describe, reachable
from source_meta_ads.catalog import Chosen, build_streams, reports_of
from source_meta_ads.config import Config, ConfigError
from source_meta_ads.connection import Connection
from source_meta_ads.graph.errors import GraphError
from source_meta_ads.insights.preflight import Confirmer, Finding, is_doubtful, rule_problems
from source_meta_ads.insights.reports import Report
from source_meta_ads.insights.retention import age_problems
from source_meta_ads.streams.failure import failure_of
from source_meta_ads.token_health import check_token

# With no account configured a token may reach thousands: the first few stand for all in `check`.
_MOST_ACCOUNTS_TRIED = 20
# Questions of one row that Meta is asked about doubtful reports, each of one or two calls.
_MOST_CONFIRMED_IN_CHECK = 10
_MOST_CONFIRMED_IN_READ = 100


def check_access(config: Config, connection: Connection) -> None:
    """Return when everything configured can be read; log what is reached and what will soon stop working.

    Waits out no limit: a blocked account is reported as blocked.
    Raises: Failure with every finding, one sentence each.
    """
    reports = [report for report in reports_of(config) if report.is_custom]
    require_possible(config)
    try:
        check_token(config, connection)
        reach = reachable(connection.session, config.account_ids, connection.logger, config.account_filter)
    except GraphError as error:
        raise failure_of(error) from None
    findings = [str(refused.error) for refused in reach.refused]
    require_accounts(reach)
    tried = reach.accounts if config.account_ids else reach.accounts[:_MOST_ACCOUNTS_TRIED]
    for account in tried:
        try:
            connection.session.get_json(
                f"act_{account.id}/campaigns", {"fields": ("id",), "limit": 1}, account_id=account.id
            )
        except GraphError as error:
            findings.append(str(error))
    if findings:
        raise ConfigError("; ".join(findings))
    _confirm(reports, config, tried, connection, _MOST_CONFIRMED_IN_CHECK)
    for report in reports:
        _tell_age(report, None, reach.accounts, connection)
    connection.logger.info(f"{len(reach.accounts)} ad accounts reached: {_listed(reach.accounts)}")


def require_accounts(reach: Reach) -> None:
    """Raise ConfigError where there is no account to read, so that no sync succeeds with nothing."""
    if reach.accounts or reach.refused:
        return
    if reach.skipped:
        raise ConfigError(f"none of the {len(reach.skipped)} ad accounts found can be read: {reach.skipped[0].error}")
    if reach.left_out:
        raise ConfigError(
            f"account_include and account_exclude leave none of {len(reach.left_out)} ad accounts, the first being "
            f"{describe(reach.left_out[0])}: change the patterns"
        )
    raise ConfigError(
        "the token reaches no ad account: assign ad accounts to its user or system user in Business settings, "
        "or name accounts in account_ids"
    )


def require_possible(config: Config) -> None:
    """Hold every report against Meta's rules, and every override against its stream; calls nothing, logs nothing.

    Raises: ConfigError naming the impossible reports, the rules and the nearest valid reports; or the wrong override.
    """
    if config.stream_overrides:
        list(build_streams(config, None, lambda _: Chosen()))
    _raise_errors(rule_problems(reports_of(config), config.api_version))


def check_selected(
    config: Config, columns: Mapping[str, Sequence[str] | None], states: Mapping[str, Mapping[str, Any]],
    accounts: Sequence[Account], connection: Connection,
) -> None:  # fmt: skip
    """Say what the selected reports will not give: no opt-in, too old, doubtful.

    `columns` has the selected columns by stream (None: all), `states` the saved state by stream, empty without one.
    Raises: ConfigError for a report of the user's own that Meta refuses.
    """
    reports = [report for report in reports_of(config) if report.stream_name in columns]
    _confirm(reports, config, accounts, connection, _MOST_CONFIRMED_IN_READ)
    for report in reports:
        state = states.get(report.stream_name) or {}
        # An account that has a state is past its history, but for the lookback window.
        fresh = [account for account in accounts if not (state.get(account.id) or {}).get("date_start")]
        _tell_age(report, columns[report.stream_name], fresh, connection)


def _confirm(
    reports: Sequence[Report], config: Config, accounts: Sequence[Account], connection: Connection, most: int
) -> None:
    """Log what is doubtful about the reports, after asking Meta. Raises: ConfigError for what it refuses."""
    confirmer = Confirmer(connection.probe)
    asked = list(confirmer.confirm_all(reports, accounts, connection.clock.today, most))
    found = [finding for finding in rule_problems(reports, config.api_version) if not finding.is_error]
    # What Meta answered for every account needs no guess beside it.
    found = [
        finding
        for finding in found
        if not (finding.problem.about_opt_in and all(confirmer.is_settled(finding.report, each) for each in accounts))
    ]
    for finding in [*found, *asked]:
        if not finding.is_error:
            connection.logger.warning(str(finding))
    _raise_errors(asked)
    if confirmer.asked >= most:
        doubtful = ", ".join(report.stream_name for report in reports if is_doubtful(report))
        connection.logger.info(
            f"{most} questions were put to Meta about {doubtful}; other accounts were not asked about"
        )


def _tell_age(
    report: Report, columns: Sequence[str] | None, accounts: Sequence[Account], connection: Connection
) -> None:
    """Log once what a report can't have for its age, by the account whose day is the latest."""
    if not accounts:
        return
    today = max(connection.clock.today(account.timezone) for account in accounts)
    fields = report.request_fields(columns, connection.session.version)
    for problem in age_problems(report, report.start_date, today, fields):
        finding = Finding(report, problem)
        if finding.is_error and report.is_custom:
            raise ConfigError(str(finding))
        connection.logger.warning(str(finding))


def _raise_errors(findings: Iterable[Finding]) -> None:
    errors = [str(finding) for finding in findings if finding.is_error]
    if errors:
        raise ConfigError("; ".join(errors))


def _listed(accounts: tuple[Account, ...], most: int = 10) -> str:
    names = [f"act_{account.id} ({account.name}, {account.timezone}, {account.currency})" for account in accounts]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
