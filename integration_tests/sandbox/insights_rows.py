"""The rows behind an insights query: the figures of its ads and days, split by breakdown and added up per row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

from integration_tests.sandbox import breakdown_rules
from integration_tests.sandbox.delivery import Day, Delivery, Profile
from integration_tests.sandbox.dimensions import HOURLY, HOURLY_AUDIENCE, ActionCells, Dimensions, group_of
from integration_tests.sandbox.figures import (
    FIRST_CONVERSION,
    REACH_MOST,
    REACH_SUM,
    WIDTH,
    Cells,
    Pairs,
    narrowed,
    split,
)
from integration_tests.sandbox.hours import hours_of
from integration_tests.sandbox.insights_filters import STATUSES, keeps
from integration_tests.sandbox.insights_query import Query
from integration_tests.sandbox.insights_texts import ObjectTexts
from integration_tests.sandbox.kinds import Account, Ad, AdSet, Campaign
from integration_tests.sandbox.world import World

GONE = ("ARCHIVED", "DELETED")
_SPREAD = 0x9E3779B97F4A7C15
_ACTION_SPREADS = [index * _SPREAD >> 7 for index in range(WIDTH)]
_GROUPS = [group_of(index) for index in range(WIDTH)]


class TooMuchWork(Exception):
    """The query is about more ads and days than would ever be answered."""


class Row:
    """One row: of which period, object and cell of the breakdowns it is, and its figures added up.

    `by_action` holds the figures of actions on Meta once more, by the values of the action breakdowns as `ActionCells`
    spells them; conversions have no such values. `json` is how the row goes out, as long as it is worth keeping.
    """

    __slots__ = ("by_action", "cell", "figures", "index", "json", "period")

    def __init__(self, period: int, index: int, cell: tuple[str, ...] | None) -> None:
        self.period, self.index, self.cell = period, index, cell
        self.figures = [0] * WIDTH
        self.json: bytes | None = None
        self.by_action: dict[str, list[int]] = {}

    def add_reach(self, reach: int) -> None:
        self.figures[REACH_SUM] += reach
        self.figures[REACH_MOST] = max(self.figures[REACH_MOST], reach)

    @property
    def key(self) -> tuple[int, int, tuple[str, ...]]:
        return self.period, self.index, self.cell or ()


# Rows by period, object and cell.
Found = dict[tuple[int, int, tuple[str, ...] | None], Row]


def ordered(found: Found) -> list[Row]:
    """Rows by period, object and cell."""
    return sorted(found.values(), key=lambda row: row.key)


class Collector:
    """Makes the rows of queries on one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.texts = ObjectTexts(world)
        self._delivery = Delivery(world)
        self._dimensions = Dimensions(world)
        self._keyless = bool(world.scenario.insights.get("keyless_rows"))

    def rows(self, query: Query, max_work: int) -> list[Row]:
        """Every row of a query, by period, object and cell.

        Raises:
            TooMuchWork: more ads times days than `max_work`.
        """
        found: Found = {}
        for _ in self.gather(query, max_work, found):
            pass
        return ordered(found)

    def gather(self, query: Query, max_work: int, found: Found) -> Iterator[Ad | None]:
        """Make the rows of a query little by little; yields each ad before it is looked at, None after a day of it.

        Raises:
            TooMuchWork: more ads times days than `max_work`.
        """
        if query.is_empty:
            return
        ads = ads_under(self._world, query.node)
        if len(ads) * sum((period.until - period.since).days + 1 for period in query.periods) > max_work:
            raise TooMuchWork
        counts, adding = self._condition(query), _Adding(self._delivery, self._dimensions, query, found, self._keyless)
        for ad in ads:
            yield ad
            # Most ads have nothing to show in a short time, and nothing else has to be known about them.
            if (days := adding.days(ad)) and counts(ad):
                yield from adding.add(ad, days)

    def _condition(self, query: Query) -> Callable[[Ad], bool]:
        """Whether an ad's figures count: those the filters take, of objects that are listed."""
        shown: dict[int, bool] = {}
        shows_all = (
            query.all_statuses
            or query.level == "account"
            or any(each.level == query.level and each.attribute in STATUSES for each in query.filters)
        )

        def counts(ad: Ad) -> bool:
            if query.filters and not keeps(self._world, query.filters, ad):
                return False
            if shows_all:
                return True
            index = index_at(query.level, ad)
            if index not in shown:
                node = object_at(self._world, query.level, ad)
                shown[index] = node.id == query.node.id or self._world.effective_status(node) not in GONE
            return shown[index]

        return counts


class _Adding:
    """Adds the figures of ads to the rows of a query."""

    def __init__(
        self, delivery: Delivery, dimensions: Dimensions, query: Query, rows: Found, keyless: bool
    ) -> None:  # fmt: skip
        self._delivery, self._dimensions, self._query, self._rows = delivery, dimensions, query, rows
        self._is_hourly = bool({HOURLY, HOURLY_AUDIENCE} & set(query.breakdowns))
        off_meta = breakdown_rules.off_meta(query.breakdowns, ())
        self._drops_off_meta, self._keyless = off_meta is not None, keyless and off_meta is not None
        self._splits_actions = bool(query.action_dims) and query.asks_actions
        # Those of the ad that is being added.
        self._index: int
        self._profile: Profile
        self._actions: Mapping[str, ActionCells]

    def days(self, ad: Ad) -> list[tuple[int, int]]:
        """The days on which an ad delivered, as numbers of periods and ordinals."""
        delivery, moment = self._delivery, self._query.moment
        profile = delivery.profile(ad)
        return [
            (number, day)
            for number, period in enumerate(self._query.periods)
            for day in delivery.days(profile, period.since, period.until, moment)
        ]

    def add(self, ad: Ad, days: Sequence[tuple[int, int]]) -> Iterator[None]:
        """Add an ad a day at a time."""
        query, moment = self._query, self._query.moment
        profile = self._delivery.profile(ad)
        cells = self._cells(profile, 24) if query.breakdowns else None
        if cells is not None and not cells.values:
            return
        self._index, self._profile = index_at(query.level, ad), profile
        self._actions = self._dimensions.actions(profile, query.action_dims) if self._splits_actions else {}
        for number, day in days:
            found = self._delivery.figures(profile, day, moment)
            if found is None:
                continue
            if cells is None:
                row = self._row(number, ())
                row.add_reach(found.reach)
                self._put(row, found.pairs, found.chance)
                yield
                continue
            own = hours_of(cells, profile.zone, day) if self._is_hourly else cells
            is_partial = self._is_hourly and day == moment.today.toordinal()
            self._spread(number, own, found, self._cells(profile, moment.hours) if is_partial else None)
            yield

    def _cells(self, profile: Profile, hours: int) -> Cells:
        cells = self._dimensions.cells(profile, self._query.breakdowns, hours)
        most = self._query.product_limit
        if most and "product_id" in self._query.breakdowns:
            return Cells(cells.values[:most], cells.sums[:most])
        return cells

    def _row(self, period: int, cell: tuple[str, ...] | None) -> Row:
        key = (period, self._index, cell)
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = Row(period, self._index, cell)
        return row

    def _spread(self, period: int, cells: Cells, day: Day, begun: Cells | None) -> None:
        """Split one day among the cells: the impressions by weight, all else by how the impressions fell.

        `begun` are the cells of a day that isn't over and is split by its hours.
        """
        (first, impressions), *others = day.pairs
        reach, chance = day.reach, day.chance
        parts = narrowed(day.grows, cells.sums, chance) if begun is None else _in_hours(day, cells, begun)
        rows = [self._row(period, cells.values[cell]) for cell, _ in parts]
        for row, (_, seen) in zip(rows, parts, strict=True):
            row.figures[first] += seen
            if not self._is_hourly:
                row.add_reach(min(seen, reach * seen // impressions + 1))
        sums = list(accumulate(seen for _, seen in parts))
        shares: list[Pairs] = [[] for _ in parts]
        for index, total in others:
            if index >= FIRST_CONVERSION and self._drops_off_meta:
                continue
            for position, share in split(total, sums, chance ^ (index * _SPREAD)):
                shares[position].append((index, share))
        for position, row in enumerate(rows):
            self._put(row, shares[position], chance ^ position)
        if self._keyless and (away := [pair for pair in others if pair[0] >= FIRST_CONVERSION]):
            self._put(self._row(period, None), away, chance)

    def _put(self, row: Row, pairs: Pairs, chance: int) -> None:
        figures, profile = row.figures, self._profile
        for index, total in pairs:
            if index < FIRST_CONVERSION:
                figures[index] += total
            else:
                counts, amounts, name = profile.fan[index]
                for slot in counts:
                    figures[slot] += total
                for slot in amounts:
                    figures[slot] += total * profile.prices[name]
        if self._actions:
            self._put_actions(row.by_action, pairs, chance)

    def _put_actions(self, by_action: dict[str, list[int]], pairs: Pairs, chance: int) -> None:
        actions, before = self._actions, None
        for index, total in pairs:
            group = _GROUPS[index]
            if group is None:
                continue
            cells = actions[group]
            if cells is not before:
                before = cells
                held = [by_action.setdefault(key, [0] * FIRST_CONVERSION) for key in cells.keys]
            for cell, share in split(total, cells.sums, chance ^ _ACTION_SPREADS[index]):
                held[cell][index] += share


def _in_hours(day: Day, cells: Cells, begun: Cells) -> Pairs:
    """Today's impressions among the hours that are over, each with all that it will have when the day is.

    Today's total is made of these very hours, so they add up to it.
    """
    over = set(begun.values)
    whole = narrowed(day.grows[: day.n_days], cells.sums, day.chance)
    return [(cell, part) for cell, part in whole if cells.values[cell] in over]


def ads_under(world: World, node: Account | Campaign | AdSet | Ad) -> Sequence[Ad]:
    """Every ad of an account, a campaign or an ad set; the ad itself."""
    if isinstance(node, Account):
        return world.ads(node.id)
    return [node] if isinstance(node, Ad) else world.ads_of(node)


def index_at(level: str, ad: Ad) -> int:
    """The index of the object that an ad counts for at a level."""
    if level == "ad":
        return ad.index
    return 0 if level == "account" else int((ad.adset_id if level == "adset" else ad.campaign_id)[9:])


def object_at(world: World, level: str, ad: Ad) -> Ad | AdSet | Campaign:
    """The object that an ad counts for at a level below the account."""
    return ad if level == "ad" else world.adset_of(ad) if level == "adset" else world.campaign_of(ad)
