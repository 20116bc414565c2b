"""A row with the types of its schema, as the JSON that will be written of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson


class TypedRow(Mapping[str, Any]):
    """A row as JSON, made while its values are at hand, since it is JSON that stdout gets.

    Rows wait for stdout by the hundred; as JSON they take a quarter of the memory, and no second walk through it. Who
    looks at the values gets them parsed back.
    """

    __slots__ = ("_data", "json")

    def __init__(self, text: bytes, data: Mapping[str, Any] | None = None) -> None:
        """A row that is JSON already; `data` where parsing the text would not give it back exactly."""
        self.json, self._data = text, data

    @classmethod
    def of(cls, data: dict[str, Any]) -> TypedRow:
        """The row that a dictionary is."""
        try:
            return cls(orjson.dumps(data))
        except orjson.JSONEncodeError:
            # Integers beyond 64 bits, say, which orjson would not read back exactly either.
            return cls(json.dumps(data).encode(), data)

    @property
    def data(self) -> Mapping[str, Any]:
        """The row as a dictionary."""
        if self._data is None:
            self._data = orjson.loads(self.json)
        return self._data

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return repr(self.data)
