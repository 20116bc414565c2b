"""State as source-facebook-marketing writes it, turned into ours. Pure; deletable once nobody migrates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_AT_THE_TOP = ("date_start", "updated_time", "slices")
_OF_THE_STREAM = ("time_increment", "time_increment_period")


def adopt_state(state: Mapping[str, Any], account_ids: Sequence[str]) -> dict[str, Any]:
    """One entry an account, whichever form the state has.

    Its older form keeps one account's cursor at the top (`{"date_start": …}`, `{"updated_time": …}`): it is the
    one account's that was configured then, so it is taken for every account configured now only if that is one;
    with several, nobody can tell whose it was and all start over, which repeats rows but loses none.
    `filter_statuses` at the top belongs to every account.
    """
    adopted: dict[str, Any] = {}
    shared = {key: state[key] for key in ("filter_statuses",) if key in state}
    for key, value in state.items():
        if key.isdigit() and isinstance(value, Mapping):
            adopted[key] = {**shared, **value}
        elif key in _OF_THE_STREAM:
            adopted[key] = value
    top = {key: state[key] for key in _AT_THE_TOP if key in state}
    if top and len(account_ids) == 1:
        adopted.setdefault(account_ids[0], {**shared, **top})
    return adopted
