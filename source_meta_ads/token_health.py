"""What will soon stop working of a token, what it lacks, and a longer-lived one in its place where that is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from airbyte_cdk.config_observation import create_connector_config_control_message
from airbyte_cdk.models import AirbyteMessage

from source_meta_ads.authentication import ClientCredentials
from source_meta_ads.config import Config
from source_meta_ads.connection import Connection
from source_meta_ads.credentials import Credentials
from source_meta_ads.graph.errors import AuthError, GraphError, RateLimited
from source_meta_ads.graph.token import TokenInfo, exchange_token, inspect_token
from source_meta_ads.streams.failure import Failure

# A token that lasts longer is not exchanged: Meta gives one long-lived token a day for it, and it gains nothing.
_EXCHANGED_BELOW = timedelta(days=30)


def check_token(config: Config, connection: Connection) -> None:
    """Log how long the token lasts and what it lacks.

    Raises: Failure where Meta calls the token invalid; AuthError, RateLimited.
    """
    try:
        info = inspect_token(connection.session, config.credentials.access_token)
    except (AuthError, RateLimited):
        raise
    except GraphError as error:
        connection.logger.info(f"Meta does not let this token inspect itself, its expiry stays unknown: {error}")
        return
    if not info.is_valid:
        raise Failure(f"the access token is not valid ({info.error_message or 'no reason given'}): generate a new one")
    connection.logger.info(info.health(connection.clock.now()))
    _warn(info, config, connection)


def begin_with_token(config: Config, credentials: Credentials, connection: Connection) -> Iterator[AirbyteMessage]:
    """Look at the token with one call, at the start of a read; exchange it where that is wanted and worth it.

    Yields the control message that has Airbyte keep the new token, where the configuration says `save`. Raises nothing
    of Meta's: if the token is refused, so are the calls that follow, and they say why.
    """
    try:
        info = inspect_token(connection.probe, config.credentials.access_token, most_tries=1)
    except GraphError as error:
        connection.logger.debug(f"nothing is known of the access token: {error}")
        return
    lasts = info.lasts(connection.clock.now())
    given = config.credentials
    is_short = info.is_valid and lasts is not None and lasts < _EXCHANGED_BELOW
    if is_short and isinstance(given, ClientCredentials) and given.long_lived_exchange != "off":
        yield from _exchanged(given, info, credentials, connection)
    else:
        _warn(info, config, connection)


def _exchanged(
    given: ClientCredentials, info: TokenInfo, credentials: Credentials, connection: Connection
) -> Iterator[AirbyteMessage]:
    now, logger = connection.clock.now(), connection.logger
    try:
        found = exchange_token(connection.probe, given.access_token, given.client_id, given.client_secret, now)
    except GraphError as error:
        logger.warning(f"the access token was not exchanged for a long-lived one, {info.health(now)}: {error}")
        return
    connection.learn([found.access_token])
    connection.auth.replace(found.access_token)
    connection.learn([connection.auth.proof or ""])
    until = f"on {found.expires_at:%Y-%m-%d}" if found.expires_at else "on a day that Meta did not tell"
    if given.long_lived_exchange == "run":
        logger.warning(
            f"the access token was exchanged for one that expires {until}, for this run only: set "
            "long_lived_exchange to save, so that Airbyte keeps it, or extend the token in Meta's Access Token "
            "Debugger and enter that one"
        )
    elif credentials.token_is_referenced:
        logger.warning(
            f"the access token was exchanged for one that expires {until}, for this run only, since Airbyte has a "
            "reference in its place: extend the token in Meta's Access Token Debugger and store that one there"
        )
    else:
        logger.info(f"the access token was exchanged for one that expires {until}; Airbyte is asked to keep it")
        yield create_connector_config_control_message(credentials.with_token(found.access_token))


def _warn(info: TokenInfo, config: Config, connection: Connection) -> None:
    given = config.credentials
    app_id = given.client_id if isinstance(given, ClientCredentials) else given.app_id
    for warning in info.warnings(connection.clock.now(), config.account_ids, app_id if given.app_secret else None):
        connection.logger.warning(warning)
