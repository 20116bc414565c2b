"""What a run read: spend and rows by day and account, and the days that are no longer what they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from source_meta_ads.reporting.charts import Bar, columns, nice_top
from source_meta_ads.reporting.recording import Day, Recording, Restated
from source_meta_ads.reporting.tables import Column, counted, money, number, table, text

_MOST_ACCOUNTS = 12
_MOST_DAY_ROWS = 400
_PREFERRED = "ads_insights"
# As many days fit a chart of a phone's width.
_MOST_DAYS = 90


def main_stream(recording: Recording) -> str | None:
    """The report whose spend stands for the run's: several reports count the same money each."""
    by_stream: dict[str, int] = defaultdict(int)
    for day in recording.days:
        by_stream[day.stream] += 1 + (day.spend is not None)
    if _PREFERRED in by_stream:
        return _PREFERRED
    return max(sorted(by_stream), key=lambda name: by_stream[name], default=None)


def spend_by_currency(recording: Recording) -> dict[str, float]:
    """Spend of the main report."""
    found: dict[str, float] = defaultdict(float)
    for day in recording.days:
        if day.stream == main_stream(recording) and day.spend is not None:
            found[day.currency] += day.spend
    return dict(sorted(found.items()))


def spend_section(recording: Recording) -> str:
    """Columns by day, a chart an account, and the same as tables."""
    stream = main_stream(recording)
    if stream is None:
        return (
            '<section id="spend"><h2>Spend and rows by day</h2><p>This run read no report by the day. Rows by stream '
            "are below.</p></section>"
        )
    by_account: dict[str, list[Day]] = defaultdict(list)
    for day in recording.days:
        if day.stream == stream:
            by_account[day.account_id].append(day)
    ordered = sorted(by_account, key=lambda each: -sum(day.spend or 0 for day in by_account[each]))
    charts = "".join(_chart(recording, each, by_account[each]) for each in ordered[:_MOST_ACCOUNTS])
    more = len(ordered) - _MOST_ACCOUNTS
    note = f'<p class="soft">and {number(more)} more accounts, in the table</p>' if more > 0 else ""
    left_out = recording.raw.get("days_left_out") or 0
    lost = (
        f'<p class="soft">{number(left_out)} more days were read, beyond what a recording keeps.</p>'
        if left_out
        else ""
    )
    rows = [
        (account_name(recording, day.account_id), day.date, number(day.rows),
         "not read" if day.spend is None else money(day.spend, day.currency))
        for account_id in ordered for day in sorted(by_account[account_id], key=lambda day: day.date, reverse=True)
    ]  # fmt: skip
    return (
        f'<section id="spend"><h2>Spend and rows by day</h2><p class="soft">{text(stream)}, each day in its account\'s '
        f'time zone, as this run read it.</p><div class="multiples">{charts}</div>{note}{lost}'
        f"<details><summary>As a table</summary>{table(_DAY_COLUMNS, rows, _MOST_DAY_ROWS)}</details></section>"
    )


_DAY_COLUMNS = (Column("Account", is_wide=True), Column("Day"), Column("Rows", True), Column("Spend", True))


def restated_section(found: Sequence[Restated], recording: Recording, n_earlier: int) -> str:
    """Days that this run read otherwise than the run before it."""
    head = '<section id="restated"><h2>Restated days</h2>'
    if not n_earlier:
        return f"{head}<p>No earlier run is recorded in this folder, so nothing can be compared.</p></section>"
    if not found:
        return f"{head}<p>No day that was read before has changed.</p></section>"
    stream = main_stream(recording)
    of_main = [each for each in found if each.after.stream == stream and each.was_over]
    others = [each for each in found if each.after.stream != stream and each.was_over]
    growing = [each for each in found if not each.was_over]
    parts = [f"<p>No day of {text(stream)} that was over when it was read before has changed.</p>"]
    if of_main:
        sums: dict[str, float] = defaultdict(float)
        for each in of_main:
            sums[each.after.currency] += each.change
        total = ", ".join(money(amount, currency, is_signed=True) for currency, amount in sorted(sums.items()))
        n_accounts = len({each.after.account_id for each in of_main})
        sentence = (
            f"Meta goes on attributing and correcting after a day is over: {counted(len(of_main), 'day')} of "
            f"{counted(n_accounts, 'account')} in {text(stream)} changed since they were read before, by {text(total)} "
            "in all."
        )
        parts = [f"<p>{sentence}</p>", _restated_table(recording, of_main)]
    for name, some in (("In other reports", others), ("Days that were not over when they were read before", growing)):
        if some:
            parts.append(f"<details><summary>{name}: {len(some)}</summary>{_restated_table(recording, some)}</details>")
    return f"{head}{''.join(parts)}</section>"


def _restated_table(recording: Recording, found: Sequence[Restated]) -> str:
    rows = [
        (
            account_name(recording, each.after.account_id), each.after.date, each.after.stream,
            _amount(each.before), _amount(each.after), money(each.change, each.after.currency, is_signed=True),
            f"{number(each.before.rows)} → {number(each.after.rows)}",
        )
        for each in found
    ]  # fmt: skip
    return table(_RESTATED_COLUMNS, rows)


_RESTATED_COLUMNS = (
    Column("Account", is_wide=True), Column("Day"), Column("Stream"), Column("Before", True), Column("After", True),
    Column("Change", True), Column("Rows", True),
)  # fmt: skip


def account_name(recording: Recording, account_id: str) -> str:
    """An account by its name and id, by the id alone where the recording has no name."""
    name = recording.mapped("accounts", account_id).get("name")
    return f"{name} (act_{account_id})" if isinstance(name, str) and name else f"act_{account_id}"


def _amount(day: Day) -> str:
    return "not read" if day.spend is None else money(day.spend, day.currency)


def _chart(recording: Recording, account_id: str, days: Sequence[Day]) -> str:
    """Spend by day, or rows where spend was not read; a day that was not read is a gap."""
    by_date: Mapping[str, Day] = {day.date: day for day in days}
    last = date.fromisoformat(max(by_date))
    first = max(date.fromisoformat(min(by_date)), date.fromordinal(last.toordinal() - _MOST_DAYS + 1))
    span = last.toordinal() - first.toordinal() + 1
    is_spend = any(day.spend is not None for day in days)
    currency = next((day.currency for day in days if day.currency), "")
    shown = [day for day in by_date.values() if day.date >= first.isoformat()]
    amounts = {day.date: (day.spend or 0.0) if is_spend else float(day.rows) for day in shown}
    top = nice_top(max(amounts.values(), default=0.0))
    bars = [
        Bar(
            (date.fromisoformat(day.date).toordinal() - first.toordinal() + 0.1) / span,
            0.8 / span, max(0.0, amounts[day.date]), "s1",
            f"{day.date}: {_amount(day)}, {number(day.rows)} rows",
        )
        for day in shown
    ]  # fmt: skip
    total = sum(day.spend or 0.0 for day in days)
    said = money(total, currency) if is_spend else f"{number(sum(day.rows for day in days))} rows"
    name = account_name(recording, account_id)
    return f"<div><h3>{text(name)}<span>{text(said)}</span></h3>" + columns(
        bars, top, y_label=number(top) if top >= 1 else f"{top:g}",
        x_labels=[f"{first:%d %b}", f"{last:%d %b %Y}"] if span > 1 else [f"{last:%d %b %Y}"],
        label=f"{'Spend' if is_spend else 'Rows'} by day of {name}",
    ) + "</div>"  # fmt: skip
