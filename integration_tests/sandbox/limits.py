"""Meta's rate limits: what each call costs, when it is refused, and the headers that say how much is left."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.error_table import refusal
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.limit_settings import STANDARD, limit_settings
from integration_tests.sandbox.quota import HOUR, MINUTE, Allowance, RollingHour, Score
from integration_tests.sandbox.world import World

_BUC_CODES = {"ads_insights": 80000, "ads_management": 80004, "custom_audience": 80003}
_RATE_CODES = frozenset({4, 17, 613, *_BUC_CODES.values()})
_AUDIENCES = frozenset({"customaudiences", "custom audience", "saved_audiences", "saved audience"})

# A call's own time, and what each cell of its answer adds: enough for heavy pages to show.
_CPU_SECONDS, _CPU_SECONDS_A_CELL = 0.005, 1e-6
_WALL_SECONDS, _WALL_SECONDS_A_CELL = 0.02, 2e-6
_ADS_LOOKED_AT = 50


@dataclass(slots=True)
class Active:
    """How many ads (or audiences) of an account are active, as counted at one moment."""

    number: int
    counted_at: float


class Limits:
    """Every quota of the sandbox. Not thread-safe: one server, one event loop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._scores: dict[str, Score] = {}
        self._buc: defaultdict[tuple[str, str], RollingHour] = defaultdict(RollingHour)
        self._apps: defaultdict[str, RollingHour] = defaultdict(RollingHour)
        self._users: defaultdict[str, RollingHour] = defaultdict(RollingHour)
        self._insights: defaultdict[str, RollingHour] = defaultdict(RollingHour)
        self._active: dict[tuple[str, str], Active] = {}
        self.settings = limit_settings(world.scenario.limits)

    def change(self, raw: Mapping[str, Any] | None) -> None:
        """Other settings from now on; what was used stays used, blocks end.

        Raises:
            ValueError: naming the bad key.
        """
        self.settings = limit_settings(raw)
        self._scores.clear()
        for hours in (self._buc, self._apps, self._users, self._insights):
            for hour in hours.values():
                hour.block.until = -math.inf

    def admit(self, call: Call) -> None:
        """Count a call, and refuse it where a quota is used up.

        Raises:
            Refusal: the error of the widest limit that is in the way.
        """
        settings, now = self.settings, self._now()
        if settings.enforce:
            self._refuse_blocked(call, now)
        call.points = self._points(call)
        for hour, quota in self._hours(call, now):
            hour.add(now, calls=1)
            self._block_when_used_up(hour, quota, now)
        if call.account_id is not None:
            score = self._score(call.account_id)
            score.add(now, call.points)
            if settings.enforce and score.value >= score.limit:
                score.block.start(now, settings.score.block_of(self._tier(call.account_id)))

    def headers(self, call: Call, answer_rows: int, failed: bool) -> dict[str, str]:
        """The usage headers of an answer, after its cost in time is counted."""
        now = self._now()
        if not (failed and call.code in _RATE_CODES):
            self._count_time(call, answer_rows, failed, now)
        if not self.settings.headers:
            return {}
        app = self._app(call)
        found = {"X-App-Usage": self._app_usage(app, now)}
        if call.account_id is None:
            return found
        account, tier = call.account_id, self._tier(call.account_id)
        score = self._score(account)
        found["X-Ad-Account-Usage"] = (
            f'{{"acc_id_util_pct":{score.pct(now):.2f},"reset_time_duration":{math.ceil(score.seconds_to_zero(now))},'
            f'"ads_api_access_tier":"{tier}"}}'
        )
        kind = kind_of(call)
        found["X-Business-Use-Case-Usage"] = f'{{"{account}":[{self._buc_usage(account, kind, tier, now)}]}}'
        if kind == "ads_insights":
            found["X-FB-Ads-Insights-Throttle"] = (
                f'{{"app_id_util_pct":{self._insights_app_pct(app, now):.2f},'
                f'"acc_id_util_pct":{self._buc_pct(account, kind, now)[0]:.2f},"ads_api_access_tier":"{tier}"}}'
            )
        if call.reach_pct is not None:
            found["x-Fb-Ads-Insights-Reach-Throttle"] = (
                f'{{"app_id_util_pct":0,"acc_id_util_pct":{call.reach_pct:.2f},"ads_api_access_tier":"{tier}"}}'
            )
        return found

    def gauges(self) -> dict[str, Any]:
        """Every quota in use: percent used and seconds until calls are let through again."""
        now = self._now()
        found: list[dict[str, Any]] = []

        def gauge(scope: str, key: str, kind: str | None, pct: float, blocked: float) -> None:
            each = {"scope": scope, "id": key, "type": kind, "pct": round(pct, 2), "blocked_seconds": round(blocked, 1)}
            found.append(each)

        for app, hour in self._apps.items():
            gauge(
                "app",
                app,
                None,
                max(self._hour_pct(hour, self.settings.app_allowance, now)),
                hour.block.seconds_left(now),
            )
        for token, hour in self._users.items():
            pct = 100 * hour.calls / self.settings.user
            gauge("user", _masked(token), None, pct, hour.block.seconds_left(now))
        for app, hour in self._insights.items():
            gauge("app insights", app, None, self._insights_app_pct(app, now), hour.block.seconds_left(now))
        for (account, kind), hour in self._buc.items():
            pct = max(self._buc_pct(account, kind, now))
            gauge("business use case", account, kind, pct, hour.block.seconds_left(now))
        for account, score in self._scores.items():
            gauge("account score", account, None, score.pct(now), score.block.seconds_left(now))
        return {"enforced": self.settings.enforce, "gauges": found}

    # What a call counts against

    def _refuse_blocked(self, call: Call, now: float) -> None:
        lengthen = self.settings.block_minutes * MINUTE
        for hour, quota in self._hours(call, now):
            hour.forget(now)
            if hour.block.is_on(now):
                call.blocked = True
                hour.block.lengthen(now, lengthen, HOUR)
            else:
                self._block_when_used_up(hour, quota, now)
            if hour.block.is_on(now):
                raise self._refusal(call, hour)
        if call.account_id is None:
            return
        score = self._score(call.account_id)
        if score.block.is_on(now):
            call.blocked = True
            seconds = self.settings.score.block_of(self._tier(call.account_id))
            score.block.lengthen(now, seconds, seconds)
            raise self._marked(call, (613, 1487742) if self.settings.score.code == 613 else (17, 2446079))

    def _block_when_used_up(self, hour: RollingHour, quota: Allowance, now: float) -> None:
        if self.settings.enforce and (seconds := hour.seconds_until_below(now, quota)):
            hour.block.start(now, seconds)

    def _refusal(self, call: Call, hour: RollingHour) -> Refusal:
        if hour is self._apps.get(self._app(call)):
            return self._marked(call, (4, None))
        if hour is self._users.get(call.token or ""):
            return self._marked(call, (17, None))
        if hour is self._insights.get(self._app(call)):
            return self._marked(call, (4, self.settings.insights_app_subcode))
        return self._marked(call, (_BUC_CODES[kind_of(call)], 2446079))

    @staticmethod
    def _marked(call: Call, key: tuple[int, int | None]) -> Refusal:
        call.code, call.subcode = key
        return refusal(*key)

    def _hours(self, call: Call, now: float) -> list[tuple[RollingHour, Allowance]]:
        """The rolling hours a call counts in, widest first, each with what it may hold."""
        app = self._app(call)
        found = [(self._apps[app], self.settings.app_allowance)]
        if call.token and self.settings.user < math.inf:
            found.append((self._users[call.token], Allowance(self.settings.user)))
        if call.account_id is None:
            return found
        kind = kind_of(call)
        if kind == "ads_insights":
            left = self.settings.insights_app * max(0.0, 1 - self.settings.insights_app_pct / 100)
            found.append((self._insights[app], Allowance(left)))
        found.append((self._hour(call.account_id, kind), self._allowance(call.account_id, kind, now)))
        return found

    def _count_time(self, call: Call, rows: int, failed: bool, now: float) -> None:
        cells = rows * (1 + call.params.get("fields", "").count(","))
        cpu, wall = _CPU_SECONDS + cells * _CPU_SECONDS_A_CELL, _WALL_SECONDS + cells * _WALL_SECONDS_A_CELL
        for hour, quota in self._hours(call, now):
            hour.add(now, cpu=cpu, wall=wall, errors=int(failed))
            self._block_when_used_up(hour, quota, now)

    def _points(self, call: Call) -> float:
        if call.account_id is None:
            return 0.0
        return self.settings.score.read if call.method == "GET" else self.settings.score.write

    # How much of a quota is used

    def _app_usage(self, app: str, now: float) -> str:
        hour = self._apps[app]
        calls, cpu, wall = self._hour_pct(hour, self.settings.app_allowance, now)
        return f'{{"call_count":{int(calls)},"total_time":{int(wall)},"total_cputime":{int(cpu)}}}'

    def _buc_usage(self, account: str, kind: str, tier: str, now: float) -> str:
        calls, cpu, wall = self._buc_pct(account, kind, now)
        minutes = math.ceil(self._hour(account, kind).block.seconds_left(now) / MINUTE)
        return (
            f'{{"type":"{kind}","call_count":{int(calls)},"total_cputime":{int(cpu)},"total_time":{int(wall)},'
            f'"estimated_time_to_regain_access":{minutes},"ads_api_access_tier":"{tier}"}}'
        )

    def _buc_pct(self, account: str, kind: str, now: float) -> tuple[float, float, float]:
        return self._hour_pct(self._hour(account, kind), self._allowance(account, kind, now), now)

    @staticmethod
    def _hour_pct(hour: RollingHour, quota: Allowance, now: float) -> tuple[float, float, float]:
        """Percent used of calls, CPU time and wall time; calls are at least 100 as long as a block is on."""
        hour.forget(now)
        calls = 100 * hour.calls / max(quota.calls, 1e-9)
        return (
            max(100.0, calls) if hour.block.is_on(now) else calls,
            100 * hour.cpu / quota.cpu,
            100 * hour.wall / quota.wall,
        )

    def _insights_app_pct(self, app: str, now: float) -> float:
        hour = self._insights[app]
        hour.forget(now)
        pct = self.settings.insights_app_pct + 100 * hour.calls / max(self.settings.insights_app, 1e-9)
        return max(100.0, pct) if hour.block.is_on(now) else pct

    # Where things are kept

    def _now(self) -> float:
        return self._world.clock.monotonic()

    def _app(self, call: Call) -> str:
        spec = self._world.scenario.tokens.get(call.token or "")
        return spec.app_id if spec else "0"

    def _tier(self, account_id: str) -> str:
        if self.settings.tier:
            return self.settings.tier
        account = self._world.account(account_id)
        return account.tier if account else STANDARD

    def _score(self, account_id: str) -> Score:
        if account_id not in self._scores:
            settings = self.settings.score
            self._scores[account_id] = Score(settings.limit_of(self._tier(account_id)), settings.decay_seconds)
        return self._scores[account_id]

    def _hour(self, account_id: str, kind: str) -> RollingHour:
        return self._buc[account_id, kind]

    def _allowance(self, account_id: str, kind: str, now: float) -> Allowance:
        active = self._active_in(account_id, kind, now)
        errors = self._hour(account_id, kind).errors
        return self.settings.allowance(kind, self._tier(account_id), active, errors)

    def _active_in(self, account_id: str, kind: str, now: float) -> int:
        key = (account_id, "audiences" if kind == "custom_audience" else "ads")
        known = self._active.get(key)
        if known is None or not 0 <= now - known.counted_at < HOUR:
            known = self._active[key] = Active(self._count(*key), now)
        return known.number

    def _count(self, account_id: str, what: str) -> int:
        """Active objects: counted in a small account, estimated from evenly spread ads in a large one."""
        if self._world.account(account_id) is None:
            return 0
        if what == "audiences":
            return len(self._world.audiences(account_id))
        ads = self._world.ads(account_id)
        step = max(1, len(ads) // _ADS_LOOKED_AT)
        looked_at = range(0, len(ads), step)
        active = sum(self._world.effective_status(ads[n]) == "ACTIVE" for n in looked_at)
        return round(active * len(ads) / len(looked_at)) if looked_at else 0


def kind_of(call: Call) -> str:
    """The business use case that a call to an ad account counts in."""
    if "insights" in call.edge or call.edge.startswith("report run"):
        return "ads_insights"
    return "custom_audience" if call.edge in _AUDIENCES else "ads_management"


def _masked(token: str) -> str:
    return f"{token[:4]}…"
