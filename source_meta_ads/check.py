"""Whether a configuration works: the token, each account, each report; one sentence for what does not."""

from __future__ import annotations

from source_meta_ads.accounts import Account, Reach, reachable
from source_meta_ads.catalog import reports_of
from source_meta_ads.config import Config, ConfigError
from source_meta_ads.connection import Connection
from source_meta_ads.graph.auth import inspect_token
from source_meta_ads.graph.errors import AuthError, GraphError
from source_meta_ads.insights.breakdowns import check_report
from source_meta_ads.streams.failure import Failure, failure_of

# With no account configured a token may reach thousands: the first few stand for all in `check`.
_MOST_ACCOUNTS_TRIED = 20


def check_access(config: Config, connection: Connection) -> None:
    """Return when everything configured can be read; log what is reached and what will soon stop working.

    Waits out no limit: a blocked account is reported as blocked.
    Raises: Failure with every finding, one sentence each.
    """
    check_reports(config, connection)
    try:
        _check_token(config, connection)
        reach = reachable(connection.session, config.account_ids, connection.logger)
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
    connection.logger.info(f"{len(reach.accounts)} ad accounts reached: {_listed(reach.accounts)}")


def require_accounts(reach: Reach) -> None:
    """Raise ConfigError where there is no account to read, so that no sync succeeds with nothing."""
    if not reach.accounts and not reach.refused:
        raise ConfigError(
            "the token reaches no ad account: assign ad accounts to its user or system user in Business settings, "
            "or name accounts in account_ids"
        )


def check_reports(config: Config, connection: Connection) -> None:
    """Hold every report of the user's own against Meta's rules; impossible ones fail, doubtful ones are logged.

    Raises: ConfigError naming the reports, the rules and the nearest valid reports.
    """
    errors = []
    for report in reports_of(config):
        if not report.is_custom:
            continue
        for problem in check_report(report, config.api_version):
            line = f"custom_insights {report.name!r}: {problem.message}"
            if problem.severity == "error":
                errors.append(line)
            else:
                connection.logger.warning(line)
    if errors:
        raise ConfigError("; ".join(errors))


def _check_token(config: Config, connection: Connection) -> None:
    """Raise where Meta calls the token invalid; log when it will end and what it lacks."""
    try:
        info = inspect_token(connection.session, config.credentials.access_token)
    except AuthError:
        raise
    except GraphError as error:
        connection.logger.info(f"Meta does not let this token inspect itself, its expiry stays unknown: {error}")
        return
    if not info.is_valid:
        raise Failure(f"the access token is not valid ({info.error_message or 'no reason given'}): generate a new one")
    for warning in info.warnings(connection.clock.now()):
        connection.logger.warning(warning)


def _listed(accounts: tuple[Account, ...], most: int = 10) -> str:
    names = [f"act_{account.id} ({account.name}, {account.timezone}, {account.currency})" for account in accounts]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
