"""`source-meta-ads state`: where each stream of a connection stands, how it got there, and how to take it back."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from source_meta_ads.clock import Clock
from source_meta_ads.registry.leases import Leases
from source_meta_ads.registry.rewind import rewound
from source_meta_ads.registry.states import Place, Standing, StateBook
from source_meta_ads.registry.store import StoreError, VersionLog, open_store

_WIDE = 60


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("action", choices=sorted(_ACTIONS), help="what to do")
    parser.add_argument("--registry", required=True, metavar="URL", help="file:///…, sqlite:///…, dynamodb://…, s3://…")
    parser.add_argument("--connection", metavar="NAME", help="the connection's name in the plan; `show` lists them")
    parser.add_argument("--stream", help="of this stream only")
    parser.add_argument("--account", help="of this ad account only")
    parser.add_argument("--to", metavar="DATE", help="rewind: read everything from this day on again (YYYY-MM-DD)")
    parser.add_argument("--version", type=int, metavar="N", help="rewind: to what this version of `history` was")
    parser.add_argument("--json", action="store_true", help="show, history: as JSON; show: as `read --state` takes it")


def execute(arguments: argparse.Namespace) -> int:
    """Do what is asked; 0 when it is done, 1 when it can't be."""
    clock = Clock()
    try:
        log = open_store(arguments.registry)
        book = StateBook(log, clock.now)
        if not arguments.connection:
            return _connections(book, arguments)
        account_id = str(arguments.account).removeprefix("act_") if arguments.account else None
        places = book.places(arguments.connection, arguments.stream, account_id)
        if not places:
            known = ", ".join(book.connections()) or "none"
            raise StoreError(f"no such states (connections: {known}): check connection, stream and account")
        return _ACTIONS[arguments.action](book, places, arguments, _holders(log, clock))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"source-meta-ads state: {error}\n")
        return 1


Holders = Callable[[str], str | None]


def _connections(book: StateBook, arguments: argparse.Namespace) -> int:
    names = book.connections()
    if arguments.action == "show" and names:
        sys.stdout.writelines(f"{name}\n" for name in names)
        return 0
    known = f" (there are {', '.join(names)})" if names else " (the registry has none yet)"
    raise StoreError(f"name a connection with --connection{known}")


def _show(book: StateBook, places: Sequence[Place], arguments: argparse.Namespace, _: Holders) -> int:
    found = [(place, standing) for place in places if (standing := book.standing(place))]
    if arguments.json:
        _print(json.dumps(as_airbyte(found), indent=1))
        return 0
    rows = [[place.stream, place.account_id, str(each.number), each.at, each.by, _told(each)] for place, each in found]
    _print_table(["stream", "account", "version", "written", "by", "state"], rows)
    return 0


def _history(book: StateBook, places: Sequence[Place], arguments: argparse.Namespace, _: Holders) -> int:
    for place in places:
        standings = list(book.history(place))
        if arguments.json:
            shown = [{"stream": place.stream, "account": place.account_id, "version": each.number, **each.as_document()}
                     for each in standings]  # fmt: skip
            sys.stdout.writelines(f"{json.dumps(each)}\n" for each in shown)
            continue
        rows = [[place.stream, place.account_id, str(each.number), each.at, each.by, _told(each)] for each in standings]
        _print_table(["stream", "account", "version", "written", "by", "state"], rows)
    return 0


def _reset(book: StateBook, places: Sequence[Place], _: argparse.Namespace, holders: Holders) -> int:
    _require_free(places, holders)
    for place in places:
        standing = book.standing(place)
        if standing and standing.entry is not None:
            added = book.put(place, None, standing.shared, "state reset")
            _print(f"{place.stream} act_{place.account_id}: starts over (version {added.number})")
        else:
            _print(f"{place.stream} act_{place.account_id}: starts over already")
    return 0


def _rewind(book: StateBook, places: Sequence[Place], arguments: argparse.Namespace, holders: Holders) -> int:
    if (arguments.to is None) == (arguments.version is None):
        raise ValueError("rewind needs either --to DATE or --version N")
    if arguments.version is not None and len(places) > 1:
        raise ValueError("rewind --version is for one stream and one account: name both with --stream and --account")
    day = _day(arguments.to) if arguments.to else None
    _require_free(places, holders)
    for place in places:
        where = f"{place.stream} act_{place.account_id}"
        standing = book.standing(place)
        if day is None:
            chosen = next((each for each in book.history(place) if each.number == arguments.version), None)
            if chosen is None:
                raise ValueError(f"{where}: there is no version {arguments.version}: `history` lists them")
            added = book.put(place, chosen.entry, chosen.shared, f"state rewind --version {chosen.number}")
        elif standing and standing.entry is not None and (entry := rewound(standing.entry, day)) is not None:
            added = book.put(place, entry, standing.shared, f"state rewind --to {day}")
        else:
            _print(f"{where}: stands before {day} already")
            continue
        _print(f"{where}: {_told(added)} (version {added.number})")
    return 0


_ACTIONS: Mapping[str, Callable[[StateBook, Sequence[Place], argparse.Namespace, Holders], int]] = {
    "show": _show,
    "history": _history,
    "reset": _reset,
    "rewind": _rewind,
}


def as_airbyte(found: Sequence[tuple[Place, Standing]]) -> list[dict[str, Any]]:
    """States of one connection in the form that `read --state` takes."""
    states: dict[str, dict[str, Any]] = {}
    for place, standing in sorted(found, key=lambda each: each[1].at):
        if standing.entry is not None:
            states.setdefault(place.stream, {}).update({place.account_id: standing.entry, **standing.shared})
    return [
        {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": state}}
        for name, state in sorted(states.items())
    ]


def _holders(log: VersionLog, clock: Clock) -> Holders:
    leases = Leases(log, "state", clock, timedelta(minutes=1))

    def holder(account_id: str) -> str | None:
        found = leases.holder(account_id)
        return str(found) if found else None

    return holder


def _require_free(places: Sequence[Place], holders: Holders) -> None:
    for account_id in sorted({place.account_id for place in places}):
        if holder := holders(account_id):
            raise StoreError(f"act_{account_id} is being worked by {holder}: wait for its end, or stop it")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--to {text}: is no day: write it as 2026-11-01") from None


def _told(standing: Standing) -> str:
    """A standing in a few words: its cursor, and what else there is."""
    if standing.entry is None:
        return "starts over"
    cursors = [
        f"{key} {value}" for key, value in standing.entry.items() if isinstance(value, str) and len(value) < _WIDE
    ]
    slices, runs = (len(standing.entry.get(key) or ()) for key in ("slices", "runs"))
    more = [f"{slices} days beyond it" if slices else "", f"{runs} report runs under way" if runs else ""]
    marks = "marks of its objects" if "fingerprint" in standing.entry else ""
    return ", ".join(each for each in [*cursors, *more, marks] if each) or "nothing yet"


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[n]) for row in [titles, *rows]) for n in range(len(titles))]
    for row in [titles, *rows]:
        _print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
