"""How objects that are read by the thousand are written: a template of their JSON, cut to the fields asked for.

A row is one template filled in: nothing is built only to be taken apart again. Its text stands for bytes, a character
each (Latin-1), so that a letter beyond ASCII does not make the whole row wide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

# The values of a row, in the order in which its layout names them.
Values = tuple[str, ...]
# Values that all rows of a page share, by name.
Shared = tuple[tuple[str, str], ...]
_NAME = re.compile(r'^"(\w+)":')
_NOTHING: Mapping[str, str] = {}
_HOLE = re.compile(r"%\((\w+)\)s")


class Layout:
    """The JSON of one kind of object: a line a field, in which `%(name)s` is a value.

    `others` are fields that may be absent: their value is the whole member, a comma in front, or ''. `values` are the
    names of all values of a row but those that a page shares; a row has them as a tuple, which is made in a fraction of
    the time that a dictionary takes.
    """

    def __init__(self, template: str, others: str, values: str) -> None:
        self._lines = {match.group(1): f",{line}" for line in template.split("\n") if (match := _NAME.match(line))}
        self._lines |= {name: f"%({name})s" for name in others.split()}
        self._absent = frozenset(others.split())
        self._at = {name: at for at, name in enumerate(values.split())}
        self.writer = lru_cache(200)(self._make_writer)

    def _make_writer(self, names: tuple[str, ...] | None, shared: Shared = ()) -> Callable[[Values], str]:
        """What writes the fields of these names, None being all; those that the kind does not have are left out."""
        # What may be absent comes last: it brings its comma along.
        chosen: Iterable[str] = self._lines if names is None else sorted(names, key=self._absent.__contains__)
        # The first comma is one too many.
        template = "".join(self._lines[name] for name in chosen if name in self._lines)[1:]
        return filler(f"{{{template}}}", self._at, dict(shared))


def filler(template: str, at: Mapping[str, int], shared: Mapping[str, str] = _NOTHING) -> Callable[[Values], str]:
    """What fills a template in: `at` says where among the values each is, `shared` has those that are always the same.

    To join pieces takes half the time that to format them takes.
    """
    first, *rest = _HOLE.split(template)
    pieces, places = [first], []
    for name, following in zip(rest[::2], rest[1::2], strict=True):
        if name in shared:
            pieces[-1] += shared[name] + following
        else:
            places.append(at[name])
            pieces += ["", following]
    if len(places) < 2:
        return lambda values: "".join([pieces[0], *(values[each] for each in places), *pieces[2:]])
    fill = itemgetter(*places)

    def write(values: Values) -> str:
        filled = pieces.copy()
        filled[1::2] = fill(values)
        return "".join(filled)

    return write


def text(value: Any) -> str:
    """A value as the JSON of a template."""
    return orjson.dumps(value).decode("latin-1")


def member(name: str, value: Any) -> str:
    """A whole member of a template."""
    return f',"{name}":{text(value)}'


def value(written: str) -> Any:
    """The value that the JSON of a template stands for."""
    return orjson.loads(written.encode("latin-1"))
