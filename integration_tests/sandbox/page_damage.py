"""Pages as they come when a server has nothing to show yet: without rows, but with a way on."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from integration_tests.sandbox.call import Call

_EMPTY_CURSOR = b"sandbox-empty-page:"


def emptied(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """An empty page in front of this one: its cursor leads to the page that was asked for."""
    cursor = base64.urlsafe_b64encode(_EMPTY_CURSOR + call.params.get("after", "").encode()).decode()
    query = {**call.params, "after": cursor} | ({"access_token": call.token} if call.token else {})
    address = f"{call.base_url}/{call.version}/{'/'.join(call.parts)}?{urlencode(query)}"
    return {**body, "data": [], "paging": {"cursors": {"before": cursor, "after": cursor}, "next": address}}


def resume(call: Call) -> bool:
    """Put back the cursor that an empty page stood in front of; whether there was one."""
    try:
        cursor = base64.urlsafe_b64decode(call.params.get("after", ""))
    except ValueError:
        return False
    if not cursor.startswith(_EMPTY_CURSOR):
        return False
    original = cursor.removeprefix(_EMPTY_CURSOR).decode()
    if original:
        call.params["after"] = original
    else:
        del call.params["after"]
    return True
