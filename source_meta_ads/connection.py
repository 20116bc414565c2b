"""From a configuration to a session that may call Meta, and what it can reach."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from source_meta_ads.accounts import Reach, reachable
from source_meta_ads.clock import Clock
from source_meta_ads.config import Config, ConfigError
from source_meta_ads.graph.auth import BearerAuth
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.endpoint import graph_url
from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.graph.turns import Turns
from source_meta_ads.insights.report_run import ReportRuns
from source_meta_ads.insights.scheduler import Scheduler
from source_meta_ads.streams.base import Runtime
from source_meta_ads.streams.insights import RESULT_PAGE_SIZE
from source_meta_ads.telemetry.meter import Meter
from source_meta_ads.telemetry.redact import Redactor


@dataclass(frozen=True)
class Connection:
    """One run's session with what watches over it: one clock, one throttle, one meter.

    `probe` is the same door for a question that isn't worth waiting for: a limit is an answer to it.
    """

    session: GraphSession
    probe: GraphSession
    clock: Clock
    turns: Turns
    throttle: Throttle
    meter: Meter
    redactor: Redactor
    logger: logging.Logger


def connect(
    config: Config,
    environ: Mapping[str, str],
    clock: Clock,
    logger: logging.Logger,
    *,
    waits_for_limits: bool = True,
) -> Connection:
    """The connection of one command; nothing is sent yet.

    Raises: ConfigError when the environment names an unusable Graph URL.
    """
    try:
        base_url = graph_url(environ)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    auth = BearerAuth(
        config.credentials.access_token,
        config.credentials.app_secret if config.use_appsecret_proof else None,
    )
    meter, turns = Meter(), Turns(clock, config.num_workers)
    throttle = Throttle(clock, turns)

    def door(*, waits: bool) -> GraphSession:
        return GraphSession(
            base_url=base_url,
            version=config.api_version,
            auth=auth,
            clock=clock,
            throttle=throttle,
            meter=meter,
            logger=logger,
            waits_for_limits=waits,
            patience_seconds=config.rate_limit_timeout * 60.0,
        )

    secrets = [*config.secrets, *([auth.proof] if auth.proof else [])]
    return Connection(
        session=door(waits=waits_for_limits),
        probe=door(waits=False),
        clock=clock,
        turns=turns,
        throttle=throttle,
        meter=meter,
        redactor=Redactor(secrets),
        logger=logger,
    )


def runtime(config: Config, connection: Connection) -> Runtime:
    """What the streams read with: the accounts found, and one scheduler for all report jobs.

    Raises: GraphError when the token is refused.
    """
    reach: Reach = reachable(connection.session, config.account_ids, connection.logger)
    runs = ReportRuns(connection.session, RESULT_PAGE_SIZE)
    scheduler = Scheduler(runs, connection.clock, connection.logger, config.rate_limit_timeout * 60.0)
    return Runtime(
        session=connection.session,
        scheduler=scheduler,
        clock=connection.clock,
        turns=connection.turns,
        meter=connection.meter,
        reach=reach,
        logger=connection.logger,
    )
