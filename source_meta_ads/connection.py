"""From a configuration to a session that may call Meta, and what it can reach."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets

from source_meta_ads.accounts import Reach, reachable
from source_meta_ads.clock import Clock
from source_meta_ads.config import Config, ConfigError
from source_meta_ads.credentials import key_of
from source_meta_ads.graph.auth import BearerAuth, Key
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.endpoint import graph_url
from source_meta_ads.graph.throttle import Throttle
from source_meta_ads.graph.turns import Turns
from source_meta_ads.insights.recorded_runs import RecordedRuns
from source_meta_ads.insights.scheduler import Scheduler
from source_meta_ads.streams.base import Runtime
from source_meta_ads.streams.insights import RESULT_PAGE_SIZE
from source_meta_ads.telemetry.context import RunLogger, new_run_id
from source_meta_ads.telemetry.meter import Meter
from source_meta_ads.telemetry.recorder import Recorder
from source_meta_ads.telemetry.redact import Redactor

# A runner names its runs itself, so that its manifest and our lines speak of the same one.
RUN_ID_VARIABLE = "META_ADS_RUN_ID"


@dataclass(frozen=True)
class Connection:
    """One run's session with what watches over it: one clock, one throttle, one meter.

    `probe` is the same door for a question that isn't worth waiting for: a limit is an answer to it. `logger` ends each
    line with the run's id.
    """

    run_id: str

    session: GraphSession
    probe: GraphSession
    auth: BearerAuth
    clock: Clock
    turns: Turns
    throttle: Throttle
    meter: Meter
    recorder: Recorder
    redactor: Redactor
    logger: logging.Logger

    def learn(self, secrets: Iterable[str]) -> None:
        """Show these nowhere from now on, in any form that they may take."""
        for form in self.redactor.learn(secrets):
            add_to_secrets(form)

    def limits(self) -> dict[str, tuple[float, float]]:
        """Of each limit, by kind and account: percent used as Meta said last, and percent that a call takes."""
        used = self.throttle.used()
        return {f"{kind} act_{owner}" if owner else kind: figures for (kind, owner), figures in used.items()}


def connect(
    config: Config,
    environ: Mapping[str, str],
    clock: Clock,
    logger: logging.Logger,
    *,
    waits_for_limits: bool = True,
    renewal: Callable[[logging.Logger], Key | None] | None = None,
) -> Connection:
    """The connection of one command; nothing is sent yet.

    `renewal` gives the key as its store has it, once Meta refuses the one in `config`.
    Raises: ConfigError when the environment names an unusable Graph URL.
    """
    try:
        base_url = graph_url(environ)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    run_id = environ.get(RUN_ID_VARIABLE, "").strip() or new_run_id(clock.now())
    redactor = Redactor(())
    run_logger = _run_logger(logger, run_id, redactor)

    def renewed() -> Key | None:
        key = renewal(run_logger) if renewal else None
        made.learn(_secrets_of(key) if key else [])
        return key

    key = key_of(config)
    auth = BearerAuth(key.access_token, key.app_secret, renewed)
    recorder = Recorder(run_id, clock.now, clock.monotonic)
    meter, turns = Meter(recorder), Turns(clock, config.num_workers)
    throttle = Throttle(clock, turns)
    door = partial(
        GraphSession,
        base_url=base_url,
        version=config.api_version,
        auth=auth,
        clock=clock,
        throttle=throttle,
        meter=meter,
        logger=run_logger,
        patience_seconds=config.rate_limit_timeout * 60.0,
    )
    made = Connection(
        run_id=run_id,
        session=door(waits_for_limits=waits_for_limits),
        probe=door(waits_for_limits=False),
        auth=auth,
        clock=clock,
        turns=turns,
        throttle=throttle,
        meter=meter,
        recorder=recorder,
        redactor=redactor,
        logger=run_logger,
    )
    made.learn([*config.secrets, *_secrets_of(key)])
    recorder.quota = lambda: {name: used for name, (used, _) in made.limits().items()}
    return made


def runtime(config: Config, connection: Connection) -> Runtime:
    """What the streams read with: the accounts found, and one scheduler for all report jobs.

    Raises: GraphError when the token is refused.
    """
    reach: Reach = reachable(connection.session, config.account_ids, connection.logger, config.account_filter)
    connection.recorder.accounts = {
        account.id: {"name": account.name, "timezone": account.timezone} for account in reach.accounts
    }
    runs = RecordedRuns(connection.session, RESULT_PAGE_SIZE, connection.recorder, connection.meter)
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


def _run_logger(logger: logging.Logger, run_id: str, redactor: Redactor) -> logging.Logger:
    """A logger whose lines name the run and show no secret, whoever's handlers they come to."""
    made = RunLogger(logger, run_id)
    made.addFilter(redactor.filter())
    return made


def _secrets_of(key: Key) -> list[str]:
    return [each for each in (key.access_token, key.app_secret, key.proof) if each]
