"""A configuration of source-facebook-marketing as one of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from source_meta_ads.catalog import reports_of
from source_meta_ads.config import Config, fold_legacy_keys
from source_meta_ads.insights.preflight import rule_problems
from source_meta_ads.migration.note import Note

_FOLDED = ("access_token", "client_id", "client_secret")


def convert_config(raw: Mapping[str, Any]) -> tuple[dict[str, Any], Config, list[Note]]:
    """The configuration to write, the same as settings, and what differs. Secrets are in the first alone.

    Raises: ConfigError with one sentence for each value that can't be used.
    """
    folded = fold_legacy_keys(raw)
    config = Config.parse(raw)
    notes = []
    if moved := [key for key in _FOLDED if key in raw]:
        notes.append(Note("changed", ", ".join(moved), "now under credentials, with its auth_type"))
    for key in config.unknown_keys:
        notes.append(Note("changed", key, "means nothing here; left out"))
        folded.pop(key, None)
    if config.account_ids:
        folded["account_ids"] = config.account_ids
    else:
        notes.append(Note("changed", "account_ids", "absent: every ad account that the token reaches is read"))
    if raw.get("end_date") == "":
        folded.pop("end_date", None)
    notes += [
        Note("lost" if finding.is_error else "told", finding.report.stream_name, finding.problem.message)
        for finding in rule_problems(reports_of(config), config.api_version)
    ]
    return folded, config, notes
