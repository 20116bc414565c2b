"""Where the streams of a connection stand, account by account, with everything they ever stood at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from source_meta_ads.registry.store import StoreError, Version, VersionLog

Entry = Mapping[str, Any]
# The part of a state beside the accounts that says nothing of what the cursors mean.
_SAYS_NOTHING = "schema"
_READERS = 16


class StateConflict(StoreError):
    """The state of an account was written by somebody else since this run read it; what to do is in the message."""


class OtherOutput(StoreError):
    """The states count rows as read that are somewhere else; what to do is in the message."""


@dataclass(frozen=True)
class Place:
    """Whose cursor: a connection's stream's account's."""

    connection: str
    stream: str
    account_id: str

    @property
    def key(self) -> str:
        """The place's key in the log."""
        return f"state/{self.connection}/{self.stream}/{self.account_id}"

    @classmethod
    def of(cls, key: str) -> Place:
        """The place whose key this is."""
        _, connection, stream, account_id = key.split("/")
        return cls(connection, stream, account_id)


@dataclass(frozen=True)
class Standing:
    """One version of a place: the account's entry of the stream's state (None: nothing, start over), and its origin.

    `shared` is what the state has beside the accounts; `at` an RFC 3339 moment in UTC; `by` a run's id, or what a
    person did; `output` where the rows are that the state counts as read, None where it says nothing of that.
    """

    number: int
    entry: Entry | None
    shared: Mapping[str, Any]
    at: str
    by: str
    output: str | None = None

    @classmethod
    def of(cls, version: Version) -> Standing:
        """The standing that a version of the log holds."""
        document = version.document
        return cls(
            number=version.number,
            entry=document.get("entry"),
            shared=document.get("shared") or {},
            at=str(document["at"]),
            by=str(document["by"]),
            output=document.get("output"),
        )

    def as_document(self) -> dict[str, Any]:
        """What the log holds."""
        return {"entry": self.entry, "shared": self.shared, "at": self.at, "by": self.by, "output": self.output}


class States:
    """A connection's states for one run, which alone writes them: it has to hold the accounts' leases.

    `output` is where the run's rows go. Not thread-safe: states come to one thread, in order.
    """

    def __init__(self, log: VersionLog, connection: str, by: str, now: Callable[[], datetime], output: str) -> None:
        self._log, self._connection, self._by, self._now, self._output = log, connection, by, now, output
        self._known: dict[tuple[str, str], Standing] = {}
        self._first: dict[tuple[str, str], int] = {}

    def load(self, streams: Iterable[str], account_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The state of each stream that has one, in the form that the source takes.

        Accounts whose entries were written for rows of another length than the newest start over: one state can't say
        both. Raises: OtherOutput; OSError.
        """
        places = [Place(self._connection, stream, account_id) for stream in streams for account_id in account_ids]
        with ThreadPoolExecutor(_READERS) as pool:
            found = pool.map(lambda place: self._log.latest(place.key), places)
            for place, version in zip(places, found, strict=True):
                if version:
                    self._known[place.stream, place.account_id] = self._fitting(place, Standing.of(version))
                    self._first[place.stream, place.account_id] = version.number
        return {stream: state for stream in {place.stream for place in places} if (state := self._state(stream))}

    def number(self, stream: str, account_id: str) -> int:
        """The number of the account's newest version as this run knows it, 0 without one."""
        standing = self._known.get((stream, account_id))
        return standing.number if standing else 0

    def first_number(self, stream: str, account_id: str) -> int:
        """The number of the version that this run goes on from, 0 for none."""
        return self._first.get((stream, account_id), 0)

    def commit(self, stream: str, state: Mapping[str, Any]) -> list[str]:
        """Write the entries that changed; the accounts they are of.

        Raises: StateConflict, with nothing of that account written; OSError.
        """
        shared = {key: value for key, value in state.items() if not key.isdigit()}
        changed = []
        for account_id, entry in state.items():
            if account_id.isdigit() and self._differs(stream, account_id, entry, shared):
                self._write(Place(self._connection, stream, account_id), entry, shared)
                changed.append(account_id)
        return changed

    def states(self) -> dict[str, dict[str, Any]]:
        """The state of each stream as it stands now."""
        return {stream: self._state(stream) for stream in sorted({stream for stream, _ in self._known})}

    def _differs(self, stream: str, account_id: str, entry: Entry, shared: Mapping[str, Any]) -> bool:
        standing = self._known.get((stream, account_id))
        return standing is None or standing.entry != entry or _meaning(standing.shared) != _meaning(shared)

    def _write(self, place: Place, entry: Entry | None, shared: Mapping[str, Any]) -> None:
        number = self.number(place.stream, place.account_id) + 1
        at = self._now().isoformat(timespec="seconds")
        standing = Standing(number, entry, shared, at, self._by, self._output)
        if not self._log.create(place.key, number, standing.as_document()):
            raise StateConflict(
                f"state of {place.stream}, account act_{place.account_id}: version {number} was written by another "
                "run meanwhile: run again, and let only one run at a time work an account"
            )
        self._known[place.stream, place.account_id] = standing

    def _fitting(self, place: Place, standing: Standing) -> Standing:
        if standing.entry is not None and standing.output not in (None, self._output):
            raise OtherOutput(
                f"connection {place.connection!r}: its states are of the rows in {standing.output}, not in "
                f"{self._output}: name that output to go on there; to fill the new one, give the connection another "
                f"name, or reset its states: source-meta-ads state reset --connection {place.connection} --registry …"
            )
        return standing

    def _state(self, stream: str) -> dict[str, Any]:
        standings = {
            account_id: standing
            for (name, account_id), standing in self._known.items()
            if name == stream and standing.entry is not None
        }
        if not standings:
            return {}
        newest = max(standings.values(), key=lambda standing: standing.at)
        fitting = {
            account_id: dict(standing.entry or {})
            for account_id, standing in standings.items()
            if _meaning(standing.shared) == _meaning(newest.shared)
        }
        return {**fitting, **newest.shared}


class StateBook:
    """The states of all connections, for people: to look at, and to take back."""

    def __init__(self, log: VersionLog, now: Callable[[], datetime]) -> None:
        self._log, self._now = log, now

    def places(self, connection: str, stream: str | None = None, account_id: str | None = None) -> list[Place]:
        """Every place of a connection, perhaps of one stream or account only. Raises: OSError."""
        found = [Place.of(key) for key in self._log.keys(f"state/{connection}/")]
        return [place for place in found if stream in (None, place.stream) and account_id in (None, place.account_id)]

    def connections(self) -> list[str]:
        """The connections that have states. Raises: OSError."""
        return sorted({Place.of(key).connection for key in self._log.keys("state/")})

    def standing(self, place: Place) -> Standing | None:
        """Where a place stands. Raises: OSError."""
        version = self._log.latest(place.key)
        return Standing.of(version) if version else None

    def history(self, place: Place) -> Iterator[Standing]:
        """Everything that a place ever stood at, newest first. Raises: OSError."""
        return (Standing.of(version) for version in self._log.history(place.key))

    def put(self, place: Place, entry: Entry | None, shared: Mapping[str, Any], by: str) -> Standing:
        """Add a standing. Raises: StateConflict where a run adds one at the same time; OSError."""
        standing = self.standing(place)
        number = standing.number + 1 if standing else 1
        output = standing.output if standing and entry is not None else None
        added = Standing(number, entry, shared, self._now().isoformat(timespec="seconds"), by, output)
        if not self._log.create(place.key, number, added.as_document()):
            raise StateConflict(f"{place.key}: a run has just written it: wait for the run's end, then do it again")
        return added


def _meaning(shared: Mapping[str, Any]) -> dict[str, Any]:
    """What of a state beside the accounts says how to read the cursors."""
    return {key: value for key, value in shared.items() if key != _SAYS_NOTHING}
