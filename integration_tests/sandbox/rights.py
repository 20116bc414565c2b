"""What a token may see of an object that it may see at all: single fields need a scope or a task of their own.

Meta: docs/marketing-api/guides/lead-ads/retrieving (v26.0, read 2026-11); what is refused without the task MANAGE was
seen by users of other connectors, not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_tests.sandbox.call import Call
from integration_tests.sandbox.error_table import named
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.kinds import Account, Lead, Node
from integration_tests.sandbox.objects_account import TASKS
from integration_tests.sandbox.scenario import TokenSpec
from integration_tests.sandbox.selection import Field
from integration_tests.sandbox.tokens import Tokens

MANAGED = frozenset({"funding_source_details", "is_prepay_account"})
ABOUT_ADS = frozenset({"ad_id", "ad_name", "adset_id", "adset_name", "campaign_id", "campaign_name"})


class Rights:
    """Judges by the token of a call."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def shown(
        self, node: Node, whole: dict[str, Any], fields: tuple[Field, ...] | None, call: Call
    ) -> dict[str, Any]:  # fmt: skip
        """The object as the token of a call sees it.

        Raises:
            Refusal: 10 or 200 for a field that it may not see.
        """
        spec = self._tokens.of(call)
        if spec is None:
            return whole
        if isinstance(node, Account):
            asked = {field.name for field in fields or ()}
            tasks = tasks_of(spec, node.id)
            if "MANAGE" not in tasks and asked & MANAGED:
                raise Refusal(10, "(#10) Permission Denied.", status=403)
            if "owner" in asked and "business_management" not in spec.scopes:
                raise named("permission").refusal()
            return {**whole, "user_tasks": list(tasks)}
        if isinstance(node, Lead) and "ads_management" not in spec.scopes:
            return {name: value for name, value in whole.items() if name not in ABOUT_ADS}
        return whole

    @staticmethod
    def check_leads(spec: TokenSpec) -> None:
        """Refuse a token that may not read leads."""
        if "leads_retrieval" not in spec.scopes:
            raise Refusal(200, "(#200) Requires leads_retrieval permission to manage the object", status=403)


def tasks_of(spec: TokenSpec, account_id: str) -> tuple[str, ...]:
    """What a token may do in an account."""
    if isinstance(spec.tasks, Mapping):
        return spec.tasks.get(account_id, tuple(TASKS))
    return tuple(TASKS) if spec.tasks is None else spec.tasks
