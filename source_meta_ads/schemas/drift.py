"""How a schema differs from what it was: fingerprints, differences, and the log that schemas are kept in. Pure.

Kinds of change. Between two schemas, since an API version or a release of this connector changed them: removed,
retyped, added. Between a schema and the rows that Meta sends: unknown, mistyped, absent. Of a field that was asked for
and that Meta doesn't know any more: refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

Kind = Literal["removed", "retyped", "added", "unknown", "mistyped", "absent", "refused"]

# What a reader of the column would notice; a field that comes besides breaks nothing.
_BREAKING = frozenset({"removed", "retyped", "mistyped", "absent", "refused"})


@dataclass(frozen=True)
class SchemaEntry:
    """One version of a stream's schema as it is registered.

    `query_hash` is of what was asked for (columns, breakdowns, windows), so that a user's own change of it is told
    from Meta's; `registered_at` is an RFC 3339 moment in UTC. Plain JSON in every field: `asdict` can be written as is.
    """

    fingerprint: str
    api_version: str
    query_hash: str
    registered_at: str
    json_schema: Mapping[str, Any]


class SchemaLog(Protocol):
    """Where schemas and drifts are kept between runs, append-only. Shared by threads and by runs."""

    def latest(self, stream: str) -> SchemaEntry | None:
        """The stream's newest entry, None before the first. Raises: OSError where the log can't be reached."""

    def append(self, stream: str, entry: SchemaEntry) -> bool:
        """Add an entry; False when another run has appended the next version first, which loses nothing.

        Raises: OSError where the log can't be reached.
        """

    def note(self, stream: str, drift: Mapping[str, Any]) -> None:
        """Append a drift record, a plain JSON object, below `drift/<stream>`. Raises: OSError as `append`."""


@dataclass(frozen=True)
class Change:
    """One field that is not what it was. `before` and `after` are types, None where the field isn't there.

    `field` is a path: `targeting.geo_locations.cities[].name`.
    """

    field: str
    kind: Kind
    before: str | None = None
    after: str | None = None

    @property
    def is_breaking(self) -> bool:
        """Whether who reads the column would notice."""
        return self.kind in _BREAKING

    @property
    def column(self) -> str:
        """The top-level column that the field is in."""
        return self.field.split(".", 1)[0].removesuffix("[]")

    def __str__(self) -> str:
        types = {
            "removed": f"was {self.before}",
            "retyped": f"was {self.before}, is {self.after}",
            "unknown": f"{self.after}, not in the schema",
            "mistyped": f"{self.after}, the schema says {self.before}",
            "absent": f"came in most rows before, {self.after}",
        }
        told = types.get(self.kind, self.after)
        return f"{self.field} {self.kind}" + (f" ({told})" if self.before or self.after else "")

    def as_json(self) -> dict[str, Any]:
        """As a plain object, without what is None."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def shape(schema: Mapping[str, Any]) -> dict[str, str]:
    """Type by path of every field of a record's JSON Schema, in order of the paths; descriptions left out."""
    return dict(sorted(_fields(schema, "")))


def fingerprint(schema: Mapping[str, Any]) -> str:
    """32 hexadecimal digits that are the same for schemas with the same fields and types."""
    text = json.dumps(shape(schema), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What is not the same in two JSON Schemas of records, by path; nothing within what went or changed as a whole."""
    old, new = shape(before), shape(after)
    changes: list[Change] = []
    covered: list[str] = []
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) == new.get(path) or any(path.startswith(each) for each in covered):
            continue
        kind: Kind = "added" if path not in old else "removed" if path not in new else "retyped"
        changes.append(Change(path, kind, old.get(path), new.get(path)))
        covered += [f"{path}.", f"{path}["]
    return changes


def type_text(schema: Mapping[str, Any]) -> str:
    """The type of a field in a word or two, null left out: `string`, `date-time`, `array of integer`."""
    types = schema.get("type")
    kinds = [types] if isinstance(types, str) else [each for each in types or () if each != "null"]
    kind = " or ".join(kinds) or "any"
    if kind == "array":
        items = schema.get("items")
        return f"array of {type_text(items)}" if items else "array"
    return str(schema.get("format") or kind) if kind == "string" else kind


def _fields(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, inner in (schema.get("properties") or {}).items():
        here = f"{path}.{name}" if path else name
        yield here, type_text(inner)
        element = inner
        while "items" in element:
            element, here = element["items"], f"{here}[]"
        yield from _fields(element, here)
