"""Which fields each node has, by API version, and which of them are other nodes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import orjson

from integration_tests.sandbox.errors import Refusal

_DATA = Path(__file__).parent / "data" / "fields.json"
NODE_OF_KIND = {
    "account": "AdAccount",
    "campaign": "Campaign",
    "adset": "AdSet",
    "ad": "Ad",
    "creative": "AdCreative",
    "audience": "CustomAudience",
    "saved_audience": "SavedAudience",
    "image": "AdImage",
    "video": "AdVideo",
    "activity": "AdActivity",
    "custom_conversion": "CustomConversion",
    "pixel": "AdsPixel",
    "label": "AdLabel",
    "rule": "AdRule",
    "study": "AdStudy",
    "business": "Business",
    "user": "User",
    "lead": "Lead",
    "assigned_user": "AssignedUser",
    "permission": "Permission",
    "report run": "AdReportRun",
}
# What an object shows when no fields are asked for.
DEFAULTS = {
    "account": ("account_id", "id"),
    "business": ("id", "name"),
    "user": ("name", "id"),
    "lead": ("created_time", "id", "field_data"),
    "assigned_user": ("id", "name", "tasks"),
    "permission": ("permission", "status"),
    "activity": ("event_type", "event_time", "actor_id", "actor_name", "object_id", "object_name", "extra_data"),
}


@dataclass(frozen=True, slots=True)
class NodeFields:
    """The readable fields of a node, and the node behind those that are one."""

    names: frozenset[str]
    links: dict[str, str]


@cache
def _data() -> dict[str, dict[str, object]]:
    loaded: dict[str, dict[str, object]] = orjson.loads(_DATA.read_bytes())
    return loaded


@lru_cache(200)
def node_fields(node: str, version: str) -> NodeFields:
    """The fields of a node such as `Campaign` in a version such as `v26.0`."""
    entry = _data()[node]
    number = int(version[1:].partition(".")[0])
    names = set(str(entry["fields"]).split())
    since = entry.get("since")
    links = entry.get("links")
    for first, added in since.items() if isinstance(since, dict) else ():
        if number >= int(first):
            names |= set(added.split())
    return NodeFields(frozenset(names), dict(links) if isinstance(links, dict) else {})


def unknown_field(kind: str, name: str) -> Refusal:
    """The refusal of a field that a kind of object does not have."""
    return Refusal(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({NODE_OF_KIND[kind]})")
