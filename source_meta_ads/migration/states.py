"""State of source-facebook-marketing, in any form it has had, as ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from source_meta_ads.catalog import Chosen, build_streams
from source_meta_ads.config import Config
from source_meta_ads.migration.note import Note
from source_meta_ads.streams.legacy_state import adopt_state


def convert_state(raw: object, config: Config, kept: Collection[str] | None) -> tuple[list[dict[str, Any]], list[Note]]:
    """The state messages to write, and what becomes of each stream's place.

    `kept` are the streams of the converted catalog, None without one.
    Raises: ValueError where it is no state.
    """
    known = {built.stream.name: built.progress for built in build_streams(config, None, lambda _: Chosen())}
    states, notes = [], []
    for name, state in _by_stream(raw).items():
        if name not in known or (kept is not None and name not in kept):
            notes.append(Note("told", name, "its state is left out: the stream is not read"))
            continue
        accounts = config.account_ids or sorted(key for key in state if key.isdigit())
        adopted, progress = adopt_state(state, accounts), known[name]
        if progress is None:
            notes.append(Note("told", name, "its state is left out: the stream is read whole each time"))
            continue
        if reason := progress.misfit(adopted):
            notes.append(Note("changed", name, f"starts over from the start date: {reason}"))
            continue
        places = {key: value for key, value in adopted.items() if key.isdigit()}
        if state and not places:
            notes.append(Note("changed", name, _whose(accounts)))
            continue
        if missing := sorted(set(config.account_ids) - set(places)):
            notes.append(
                Note("told", name, f"starts from the start date for {', '.join(missing)}, which it has no place of")
            )
        states.append({"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": adopted}})
        notes.append(
            Note("told", name, f"goes on for {', '.join(f'{key} from {_place(places[key])}' for key in places)}")
        )
    return states, notes


def _by_stream(raw: object) -> dict[str, Mapping[str, Any]]:
    """The state of each stream: from a list of messages, one message, or the old mapping by stream."""
    if isinstance(raw, Mapping) and "stream" not in raw:
        found = dict(raw.items())
    else:
        found = {}
        for message in raw if isinstance(raw, list) else [raw]:
            state = message.get("state", message) if isinstance(message, Mapping) else {}
            stream = state.get("stream") if isinstance(state, Mapping) else None
            if not isinstance(stream, Mapping) or not isinstance(stream.get("stream_descriptor"), Mapping):
                raise ValueError("not a state: a list of messages with a stream_descriptor and a stream_state each")
            found[str(stream["stream_descriptor"].get("name"))] = stream.get("stream_state") or {}
    for name, state in found.items():
        if not isinstance(state, Mapping):
            raise ValueError(f"not a state: {name} has {type(state).__name__} instead of an object")
    return found


def _whose(accounts: Collection[str]) -> str:
    if len(accounts) > 1:
        return "starts over from the start date: the state names no account, and there are several now"
    return "starts over from the start date: the state says nothing of an account; name the account in account_ids"


def _place(entry: Mapping[str, Any]) -> str:
    """The cursor of an account, and how many days are done beyond it."""
    cursor = next(
        (str(entry[key]) for key in ("date_start", "updated_time", "event_time") if entry.get(key)), "the start"
    )
    days = entry.get("slices")
    return f"{cursor} and {len(days)} days beyond it" if days else cursor
