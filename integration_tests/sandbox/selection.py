"""The `fields` parameter: `id,creative{id,title},ads.limit(5){id}`, parsed once and applied to every row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import orjson

from integration_tests.sandbox.errors import Refusal

_NAME = re.compile(r"[A-Za-z0-9_]+")
_MODIFIER = re.compile(r"\.([A-Za-z_]+)\(")


@dataclass(frozen=True, slots=True)
class Field:
    """One field asked for: its modifiers, and the fields asked of what is behind it (None when none were named)."""

    name: str
    modifiers: tuple[tuple[str, str], ...] = ()
    inner: tuple[Field, ...] | None = None

    def __str__(self) -> str:
        modifiers = "".join(f".{name}({value})" for name, value in self.modifiers)
        inner = "" if self.inner is None else "{" + ",".join(map(str, self.inner)) + "}"
        return f"{self.name}{modifiers}{inner}"


@lru_cache(2000)
def parse(text: str) -> tuple[Field, ...]:
    """What is asked for, in order, without repetitions.

    Raises:
        Refusal: 2500 where the braces, brackets or names do not make sense.
    """
    text = text.strip()
    if text.startswith("["):
        try:
            names = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise _syntax(text) from error
        if not all(isinstance(name, str) for name in names):
            raise _syntax(text)
        text = ",".join(names)
    fields, end = _fields(text, 0)
    if end != len(text):
        raise _syntax(text[end:])
    return tuple({field.name: field for field in fields}.values())


def _fields(text: str, at: int) -> tuple[list[Field], int]:
    found: list[Field] = []
    while at < len(text) and text[at] != "}":
        at = _blank(text, at)
        match = _NAME.match(text, at)
        if not match:
            raise _syntax(text[at:])
        at = match.end()
        modifiers = []
        while modifier := _MODIFIER.match(text, at):
            at = _closing(text, modifier.end())
            modifiers.append((modifier.group(1), text[modifier.end() : at - 1]))
        inner = None
        if at < len(text) and text[at] == "{":
            nested, at = _fields(text, at + 1)
            if at >= len(text):
                raise _syntax(text)
            inner, at = tuple(nested), at + 1
        found.append(Field(match.group(), tuple(modifiers), inner))
        at = _blank(text, at)
        if at < len(text) and text[at] == ",":
            at = _blank(text, at + 1)
        elif at < len(text) and text[at] != "}":
            raise _syntax(text[at:])
    return found, at


def _closing(text: str, at: int) -> int:
    """The index behind the bracket that closes one opened just before `at`."""
    depth = 1
    while at < len(text):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
        if not depth:
            return at
    raise _syntax(text)


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _syntax(text: str) -> Refusal:
    return Refusal(2500, f'Syntax error "Expected name." at character 0: {text[:40]}')
