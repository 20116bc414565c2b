"""Whether Meta can answer a report: levels, breakdowns, fields and windows held against its rules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from source_meta_ads.graph.versions import DEFAULT_VERSION
from source_meta_ads.insights.breakdown_table import Breakdown, listed, table
from source_meta_ads.insights.report_schema import fields_below
from source_meta_ads.insights.reports import Report
from source_meta_ads.schemas.fields import load_node


@dataclass(frozen=True)
class Problem:
    """One finding, in a sentence. An error: Meta refuses the report or gives nothing; a warning: it may.

    `about_opt_in`: whether it depends on the account alone, so that asking Meta settles it.
    """

    message: str
    severity: Literal["error", "warning"]
    about_opt_in: bool = False


def check_report(report: Report, api_version: str = DEFAULT_VERSION) -> list[Problem]:
    """What is wrong or doubtful with a report, errors first; each says what to write instead.

    Combinations come from Meta's table of permutations and from what is known to be refused; one that is in
    neither is a warning, since Meta documents less than it answers.
    Meta: docs/marketing-api/insights/breakdowns (read 2026-11)
    """
    problems = [problem for rule in _RULES for problem in rule(report)]
    problems += _version(report, api_version)
    if not any(problem.severity == "error" for problem in problems):
        problems += _undocumented(report)
    return sorted(problems, key=lambda problem: problem.severity)


def opt_ins(report: Report) -> dict[str, str]:
    """The report's breakdowns that are empty without an opt-in, each with the feature to opt in to."""
    return {each.name: each.opt_in for each in _breakdowns(report) if each.opt_in}


def is_documented(report: Report) -> bool:
    """Whether Meta documents the report's combination of breakdowns, or it is known to work."""
    return _is_documented(_asked(report)) or any(each.joins is not None for each in _breakdowns(report))


def nearest_valid(report: Report) -> str:
    """The largest documented part of the report, in words, and what needs a report of its own."""
    return _nearest(report)


def _removed(report: Report) -> Iterator[Problem]:
    for each in _breakdowns(report):
        if each.removed:
            yield _error(f"breakdown {each.name}: Meta removed it on {each.removed}; use {each.instead}")


def _company(report: Report) -> Iterator[Problem]:
    """Breakdowns that need another one, or go with few."""
    names = set(report.breakdowns)
    joinable = table().combinations.joinable
    for each in _breakdowns(report):
        if each.requires and each.requires not in names:
            yield _error(
                f"breakdown {each.name} needs {each.requires} beside it; "
                f"nearest valid report: breakdowns {listed([each.requires, *report.breakdowns])}"
            )
        others = names - {each.name}
        if each.is_never_alone and not others and not set(report.action_breakdowns or ()) - joinable:
            yield _error(
                f"breakdown {each.name} can't be used by itself; "
                f"nearest valid report: breakdowns publisher_platform and {each.name}"
            )
        strangers = [] if each.joins is None else [name for name in report.breakdowns if name in others - {*each.joins}]
        strangers += (report.action_breakdowns or ()) if each.joins == () else ()
        if strangers:
            goes_with = f"only with {listed(each.joins)}" if each.joins else "with nothing else"
            yield _error(
                f"breakdown {each.name} goes {goes_with}, not with {listed(strangers)}; {_without(report, strangers)}"
            )


def _refused(report: Report) -> Iterator[Problem]:
    for refused in table().combinations.refused:
        if refused <= {*report.breakdowns}:
            names = [name for name in report.breakdowns if name in refused]
            yield _error(f"breakdowns {listed(names)}: Meta refuses this combination; {_nearest(report)}")


def _level(report: Report) -> Iterator[Problem]:
    for each in _breakdowns(report):
        if each.level and report.level != each.level:
            yield _error(f"breakdown {each.name} works at level {each.level} only: set level to {each.level}")
        if each.not_at_level == report.level:
            yield _error(
                f"breakdown {each.name} is refused at level {report.level}: set level to campaign, adset or ad"
            )
        if each.empty_at_level == report.level:
            yield _warning(
                f"breakdown {each.name} is empty for dynamic creative at level {report.level}: set level to ad"
            )


def _fields(report: Report) -> Iterator[Problem]:
    known = table()
    too_deep = fields_below(report.level, known)
    for name in report.fields:
        if name in known.breakdowns:
            if name not in report.breakdowns:
                yield _error(f"field {name} is a breakdown: list it under breakdowns")
        elif reason := known.why_not(name, report.breakdowns):
            left = [each for each in report.fields if not known.why_not(each, report.breakdowns)]
            yield _error(
                f"field {name}: {reason}; nearest valid report: fields {listed(left)}, and {name} in a report without "
                "that breakdown"
            )
        elif name in too_deep:
            yield _warning(f"field {name} is of a level below {report.level}: it stays empty; choose a lower level")
        elif name in known.fields.never_asked:
            yield _warning(f"field {name} is left out of every request, as in source-facebook-marketing")
        for each in _breakdowns(report):
            if name in each.zero_fields:
                yield _warning(f"field {name} is always 0 with {each.name}: ask for it in a report without it")


def _windows(report: Report) -> Iterator[Problem]:
    windows = table().attribution_windows
    asked = report.action_attribution_windows or ()
    living = listed(dict.fromkeys(windows.dead.get(name, name) for name in asked))
    for name in asked:
        if name in windows.dead:
            yield _error(
                f"attribution window {name}: Meta gives no data for it since {windows.dead_since}; "
                f"nearest valid report: attribution windows {living}"
            )


def _opt_in(report: Report) -> Iterator[Problem]:
    for name, feature in opt_ins(report).items():
        message = (
            f"breakdown {name} is empty unless the ad account opted in to the feature {feature} "
            "in its insights feature settings"
        )
        yield Problem(message, "warning", about_opt_in=True)


def _settings(report: Report) -> Iterator[Problem]:
    if report.action_report_time not in (None, "mixed"):
        yield _warning("action_report_time is ignored by Meta since 2025-06-10: remove it")
    if report.time_increment_period == "all_days" and not report.start_date:
        yield _warning(
            "time_increment_period all_days without start_date: the first day, which is part of the key, moves on "
            "every day; set start_date"
        )
    if report.time_increment_period and report.time_increment != 1:
        yield _warning(f"time_increment has no effect beside time_increment_period {report.time_increment_period}")
    if report.model_extra:
        yield _warning(f"unknown keys are ignored: {', '.join(sorted(report.model_extra))}")


_RULES: tuple[Callable[[Report], Iterable[Problem]], ...] = (
    _removed, _company, _refused, _level, _fields, _windows, _opt_in, _settings,
)  # fmt: skip


def _version(report: Report, api_version: str) -> Iterator[Problem]:
    node = load_node("AdsInsights", api_version)
    known = table()
    dropped = [
        name for name in report.fields if name not in {*node.fields, *known.breakdowns, *known.fields.never_asked}
    ]
    if dropped and len(dropped) == len(report.fields):
        yield _error(
            f"fields {listed(dropped)}: none is in {api_version}; nearest valid report: fields impressions and spend, "
            f"or set api_version to {DEFAULT_VERSION}"
        )
    else:
        yield from (_warning(f"field {name} is not in {api_version}: it is left out") for name in dropped)
    major = int(api_version.removeprefix("v").split(".")[0])
    for each in _breakdowns(report):
        if each.since_version and major < each.since_version:
            yield _error(
                f"breakdown {each.name} came with v{each.since_version}.0: set api_version to {DEFAULT_VERSION}"
            )


def _undocumented(report: Report) -> Iterator[Problem]:
    if is_documented(report):
        return
    special = [name for name in _in_order(report) if name not in table().combinations.joinable]
    if len(special) == 1:
        yield _warning(f"{special[0]}: Meta documents no report with it, so it may be refused or stay empty")
    else:
        yield _warning(
            f"{listed(special)}: not a combination that Meta documents, so it may be refused; {_nearest(report)}"
        )


def _is_documented(asked: frozenset[str]) -> bool:
    combinations = table().combinations
    without = asked - combinations.joinable
    return (
        not without
        or asked in combinations.alone
        or any(each - combinations.joinable == without for each in combinations.with_joinable)
    )


def _nearest(report: Report) -> str:
    """The largest documented part of the report, in words, and what needs a report of its own."""
    asked = _asked(report)
    combinations = table().combinations
    parts = [part for part in (*combinations.with_joinable, *combinations.alone) if part <= asked]
    best = max(parts, key=lambda part: (len(part), part <= {*report.breakdowns}), default=frozenset[str]())
    if best not in combinations.alone:
        best |= asked & combinations.joinable
    return _without(report, [name for name in _in_order(report) if name not in best])


def _without(report: Report, strangers: list[str]) -> str:
    kept = [name for name in report.breakdowns if name not in strangers]
    actions = [name for name in report.action_breakdowns or () if name not in strangers]
    parts = [f"breakdowns {listed(kept)}"] if kept else []
    parts += [f"action breakdowns {listed(actions)}"] if actions else []
    one = " and ".join(parts) or "no breakdowns"
    return f"nearest valid report: {one}, and {listed(dict.fromkeys(strangers))} in a report of its own"


def _asked(report: Report) -> frozenset[str]:
    return frozenset(_in_order(report))


def _in_order(report: Report) -> list[str]:
    return list(dict.fromkeys([*report.breakdowns, *(report.action_breakdowns or ())]))


def _breakdowns(report: Report) -> list[Breakdown]:
    return [table().breakdowns[name] for name in report.breakdowns]


def _error(message: str) -> Problem:
    return Problem(message, "error")


def _warning(message: str) -> Problem:
    return Problem(message, "warning")
