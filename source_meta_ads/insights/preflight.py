"""Before a report is made: Meta's rules, and where these don't settle it, a question of one row put to Meta."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from source_meta_ads.accounts import Account
from source_meta_ads.graph.client import GraphSession
from source_meta_ads.graph.errors import BadRequest, GraphError
from source_meta_ads.graph.versions import DEFAULT_VERSION
from source_meta_ads.insights.breakdown_table import Breakdown, listed, table
from source_meta_ads.insights.breakdowns import Problem, check_report, is_documented, nearest_valid, opt_ins
from source_meta_ads.insights.reports import Report, built_in_reports

_DAYS_ASKED = 30
_SETTINGS = "marketing-api/act_{}/insights/feature-settings"


@dataclass(frozen=True)
class Finding:
    """One problem of one report."""

    report: Report
    problem: Problem

    @property
    def is_error(self) -> bool:
        """Whether the report can't be read."""
        return self.problem.severity == "error"

    def __str__(self) -> str:
        name = f"custom_insights {self.report.name!r}" if self.report.is_custom else self.report.stream_name
        return f"{name}: {self.problem.message}"


def rule_problems(reports: Iterable[Report], api_version: str = DEFAULT_VERSION) -> list[Finding]:
    """What is wrong with the reports by Meta's rules; of built-in ones what the configuration made impossible."""
    found = [Finding(report, problem) for report in reports for problem in check_report(report, api_version)]
    return [finding for finding in found if finding.report.is_custom or finding.is_error]


@dataclass(frozen=True)
class _Answer:
    """What Meta said: rows, none though the account has some without breakdowns, nothing to tell by, or a refusal."""

    kind: Literal["rows", "none", "nothing to tell by", "refused"]
    error: GraphError | None = None


class Confirmer:
    """Asks Meta what no rule tells: whether an account opted in, whether an undocumented combination is accepted.

    Not thread-safe; one a run. Asks nothing twice.
    """

    def __init__(self, session: GraphSession) -> None:
        self._session = session
        self._answers: dict[tuple[str, ...], _Answer] = {}

    @property
    def asked(self) -> int:
        """How many questions were put, each of one or two calls."""
        return len(self._answers)

    def confirm(self, report: Report, account: Account, today: date) -> Finding | None:
        """What is wrong with a doubtful report in an account, whose day it is; None also where Meta did not tell.

        At most two calls: a row of the last 30 days with the report's breakdowns, and where there is none, one
        without them. A passing error, a limit or a missing permission is no finding.
        """
        if not is_doubtful(report):
            return None
        answer = self._answer(report, account, today)
        if answer.kind == "refused":
            return _refused(report, account, answer)
        return _empty(report, account, self._session.version) if answer.kind == "none" else None

    def is_settled(self, report: Report, account: Account) -> bool:
        """Whether Meta gave rows, or none, or refused, for the report in the account."""
        answer = self._answers.get(_question(report, account))
        return answer is not None and answer.kind != "nothing to tell by"

    def confirm_all(
        self, reports: Sequence[Report], accounts: Sequence[Account], today: Callable[[str], date], most: int
    ) -> Iterator[Finding]:
        """Confirm each doubtful report with at most `most` questions in all; `today` is the day of a timezone.

        An opt-in is every account's own. Whether a combination is accepted is not: the first answer stands.
        """
        for report in (each for each in reports if is_doubtful(each)):
            for account in accounts:
                if self.asked >= most and _question(report, account) not in self._answers:
                    return
                finding = self.confirm(report, account, today(account.timezone))
                if finding:
                    yield finding
                if (finding and finding.is_error) or (not opt_ins(report) and self.is_settled(report, account)):
                    break

    def _answer(self, report: Report, account: Account, today: date) -> _Answer:
        question = _question(report, account)
        if question not in self._answers:
            self._answers[question] = self._ask(report, account, today)
        return self._answers[question]

    def _ask(self, report: Report, account: Account, today: date) -> _Answer:
        params = _params(report, today)
        try:
            if self._has_rows(report, account, params):
                return _Answer("rows")
        except BadRequest as error:
            return _Answer("refused", error)
        except GraphError:
            return _Answer("nothing to tell by")
        try:
            plain = {name: params[name] for name in ("level", "time_range", "limit")}
            has_rows = self._has_rows(report, account, {**plain, "fields": ("impressions",)})
        except GraphError:
            has_rows = False
        return _Answer("none" if has_rows else "nothing to tell by")

    def _has_rows(self, report: Report, account: Account, params: dict[str, Any]) -> bool:
        answer = self._session.get_json(
            f"act_{account.id}/insights", params, account_id=account.id, stream=report.stream_name
        )
        return bool(answer.get("data"))


def is_doubtful(report: Report) -> bool:
    """Whether only Meta can tell if the report has rows; built-in combinations are known to be accepted."""
    return bool(opt_ins(report)) or (report.is_custom and not is_documented(report))


def alternative(report: Report, api_version: str = DEFAULT_VERSION) -> str:
    """What to read instead of a report whose opt-in breakdowns are empty: a stream, or the report without them."""
    without = report.model_copy(
        update={"breakdowns": [name for name in report.breakdowns if name not in opt_ins(report)]}
    )
    candidates = [each for each in built_in_reports(api_version) if _same_rows(each, without)]
    candidates.sort(key=lambda each: each.action_breakdowns != report.action_breakdowns)
    if candidates and not report.is_custom:
        return f"read stream {candidates[0].stream_name} instead"
    kept = f"breakdowns {listed(without.breakdowns)}" if without.breakdowns else "no breakdowns"
    stream = f" (stream {candidates[0].stream_name})" if candidates else ""
    return f"nearest valid report: the same with {kept}{stream}"


def _same_rows(one: Report, other: Report) -> bool:
    return (one.level, one.increment, set(one.breakdowns)) == (other.level, other.increment, set(other.breakdowns))


def _question(report: Report, account: Account) -> tuple[str, ...]:
    """What an answer depends on: the opt-in alone where nothing else is in doubt."""
    if opt_ins(report) and not (report.is_custom and not is_documented(report)):
        return (account.id, *sorted(opt_ins(report)))
    return (account.id, _level(report), *sorted(report.breakdowns), "", *sorted(report.action_breakdowns or ()))


def _params(report: Report, today: date) -> dict[str, Any]:
    since = today - timedelta(days=_DAYS_ASKED)
    params: dict[str, Any] = {
        "level": _level(report),
        "fields": _fields(report),
        "time_range": {"since": since.isoformat(), "until": today.isoformat()},
        "limit": 1,
        "breakdowns": list(report.breakdowns) or None,
        "action_breakdowns": report.action_breakdowns,
    }
    return {name: value for name, value in params.items() if value is not None}


def _level(report: Report) -> str:
    """The level of fewest rows at which the breakdowns have any."""
    for each in _breakdowns(report):
        if each.level or "account" in (each.not_at_level, each.empty_at_level):
            return report.level
    return "account"


def _fields(report: Report) -> tuple[str, ...]:
    """One metric that the breakdowns have, and actions where these are split."""
    wanted = ["impressions", *(name for each in _breakdowns(report) for name in each.only_fields or ())]
    given = [name for name in wanted if table().why_not(name, report.breakdowns) is None][:1]
    if report.action_breakdowns and table().why_not("actions", report.breakdowns) is None:
        given.append("actions")
    return tuple(given)


def _breakdowns(report: Report) -> list[Breakdown]:
    return [table().breakdowns[name] for name in report.breakdowns]


def _refused(report: Report, account: Account, answer: _Answer) -> Finding:
    message = f"account act_{account.id} ({account.name}): Meta refuses the report ({answer.error})"
    if not report.is_custom:
        # Its own stream will fail and say so; the others need not.
        return Finding(report, Problem(message, "warning"))
    return Finding(report, Problem(f"{message}; {nearest_valid(report)}", "error"))


def _empty(report: Report, account: Account, api_version: str) -> Finding:
    where = f"account act_{account.id} ({account.name})"
    if not (features := opt_ins(report)):
        columns = listed(dict.fromkeys([*report.breakdowns, *(report.action_breakdowns or ())]))
        message = f"{where}: Meta accepts {columns} together but has had no row for {_DAYS_ASKED} days"
        return Finding(report, Problem(f"{message}; {nearest_valid(report)}", "warning"))
    message = (
        f"{where}: Meta returns nothing by {listed(features)} unless the account opted in to the feature "
        f"{listed(dict.fromkeys(features.values()))} (Feature Settings API: {_SETTINGS.format(account.id)})"
    )
    return Finding(report, Problem(f"{message}; {alternative(report, api_version)}", "warning"))
