"""Who may do what: the people of an ad account with their tasks, and what a token was granted.

Meta: docs/marketing-api/reference/ad-account/assigned_users (v21.0, read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.kinds import Account
from integration_tests.sandbox.objects_account import TASKS
from integration_tests.sandbox.scenario import TokenSpec
from integration_tests.sandbox.world import World

# Who is in every business of which a scenario names nobody.
PEOPLE: tuple[Mapping[str, Any], ...] = (
    {"id": "122040000000000001", "name": "Anna Beispiel", "tasks": TASKS},
    {"id": "122040000000000002", "name": "Björn Østergård", "tasks": ["DRAFT", "ANALYZE", "ADVERTISE"]},
    {"id": "122040000000000003", "name": "Reporting", "tasks": ["ANALYZE"], "user_type": "SYSTEM_USER"},
)


def assigned_users(world: World, account: Account, business_id: str) -> list[dict[str, Any]]:
    """The people of a business who are assigned to an account, with their tasks.

    Raises:
        Refusal: 100 for a business that the account does not belong to.
    """
    business = world.scenario.businesses.get(business_id)
    if business is None or not is_shared(world, account, business_id):
        raise Refusal(100, f"(#100) The business {business_id} does not have access to the ad account act_{account.id}")
    people = PEOPLE if business.users is None else business.users
    return [
        {
            "id": str(each["id"]),
            "name": each["name"],
            "user_type": each.get("user_type", "BUSINESS_USER"),
            "business": {"id": business.id, "name": business.name},
            "tasks": list(each.get("tasks", TASKS)),
            "permitted_tasks": list(TASKS),
        }
        for each in people
        if "accounts" not in each or account.id in each["accounts"]
    ]


def is_shared(world: World, account: Account, business_id: str) -> bool:
    """Whether an account is owned by a business, or by a client of it."""
    entry = world.scenario.businesses.get(business_id)
    return entry is not None and (
        account.business_id == business_id or account.id in (entry.owned or ()) or account.id in entry.client
    )


def permissions(spec: TokenSpec, call: Call) -> list[dict[str, Any]]:
    """What a token was granted, narrowed by the parameters `permission` and `status`."""
    rows = [{"permission": scope, "status": "granted"} for scope in spec.scopes]
    return [
        row for row in rows
        if all(call.params.get(name, row[name]) == row[name] for name in ("permission", "status"))
    ]  # fmt: skip
