"""State as source-facebook-marketing writes it, turned into ours. Pure; deletable once nobody migrates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from source_meta_ads.streams.schema_memory import STATE_KEY

_AT_THE_TOP = ("date_start", "updated_time", "event_time", "slices")
_OF_EVERY_ACCOUNT = ("filter_statuses", "include_deleted")
_OF_THE_STREAM = ("time_increment", "time_increment_period", STATE_KEY)


def adopt_state(state: Mapping[str, Any], account_ids: Sequence[str]) -> dict[str, Any]:
    """One entry an account, whichever form the state has.

    Its older form keeps one account's cursor at the top (`{"date_start": …}`, `{"updated_time": …}`): it is the
    one account's that was configured then, so it is taken for every account configured now only if that is one;
    with several, nobody can tell whose it was and all start over, which repeats rows but loses none.
    `filter_statuses` at the top (of images and videos) belongs to every account, and so does `include_deleted`, which
    its versions before 2.0 wrote instead: true says that objects in every status were read, see `has_read`.
    """
    adopted: dict[str, Any] = {}
    shared = {key: state[key] for key in _OF_EVERY_ACCOUNT if key in state}
    for key, value in state.items():
        if key.isdigit() and isinstance(value, Mapping):
            adopted[key] = {**shared, **value}
        elif key in _OF_THE_STREAM:
            adopted[key] = value
    top = {key: state[key] for key in _AT_THE_TOP if key in state}
    if top and len(account_ids) == 1:
        adopted.setdefault(account_ids[0], {**shared, **top})
    return adopted
