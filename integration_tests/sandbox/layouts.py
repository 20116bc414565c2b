"""How objects that are read by the thousand are written: a template of their JSON, cut to the fields asked for.

A row is one template filled in: nothing is built only to be taken apart again. Its text stands for bytes, a character
each (Latin-1), so that a letter beyond ASCII does not make the whole row wide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

Values = dict[str, str]
_NAME = re.compile(r'^"(\w+)":')
_HOLE = re.compile(r"%\((\w+)\)s")


class Layout:
    """The JSON of one kind of object: a line a field, in which `%(name)s` is a value.

    `others` are fields that may be absent: their value is the whole member, a comma in front, or ''.
    """

    def __init__(self, template: str, others: str) -> None:
        self._lines = {match.group(1): f",{line}" for line in template.split("\n") if (match := _NAME.match(line))}
        self._lines |= {name: f"%({name})s" for name in others.split()}
        self.absent = dict.fromkeys(others.split(), "")
        self.writer = lru_cache(200)(self._make_writer)

    def _make_writer(self, names: tuple[str, ...] | None) -> Callable[[Values], bytes]:
        """What writes the fields of these names, None being all; those that the kind does not have are left out."""
        # What may be absent comes last: it brings its comma along.
        chosen: Iterable[str] = self._lines if names is None else sorted(names, key=self.absent.__contains__)
        # The first comma is one too many.
        template = "".join(self._lines[name] for name in chosen if name in self._lines)[1:]
        pieces = _HOLE.split(f"{{{template}}}")
        holes = pieces[1::2]
        if len(holes) < 2:
            return lambda values: "".join(values[each] if n % 2 else each for n, each in enumerate(pieces)).encode(
                "latin-1"
            )
        fill = itemgetter(*holes)

        def write(values: Values) -> bytes:
            filled = pieces.copy()
            filled[1::2] = fill(values)
            return "".join(filled).encode("latin-1")

        return write


def text(value: Any) -> str:
    """A value as the JSON of a template."""
    return orjson.dumps(value).decode("latin-1")


def member(name: str, value: Any) -> str:
    """A whole member of a template."""
    return f',"{name}":{text(value)}'
