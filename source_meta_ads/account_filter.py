"""Patterns that say which ad accounts to read, by id and by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator


@dataclass(frozen=True)
class AccountFilter:
    """Wants what matches an `include` pattern (none: everything) and no `exclude` pattern.

    A pattern is a glob: `*` for any text, `?` for one character, `[ab]` or `[0-9]` for one of several. It is held
    against the whole id, with and without `act_`, and the whole name, upper and lower case being one.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def wants(self, account_id: str, name: str) -> bool:
        """Whether an account is to be read."""
        is_included = not self.include or any(_matches(pattern, account_id, name) for pattern in self.include)
        return is_included and not any(_matches(pattern, account_id, name) for pattern in self.exclude)

    def excludes_id(self, account_id: str) -> bool:
        """Whether the id alone is reason enough not to read an account, whatever it is called."""
        return any(_matches(pattern, account_id, "") for pattern in self.exclude)

    def unmatched(self, accounts: Iterable[tuple[str, str]]) -> list[str]:
        """The patterns that match none of some accounts, given by id and name."""
        known = list(accounts)
        return [
            pattern
            for pattern in (*self.include, *self.exclude)
            if not any(_matches(pattern, account_id, name) for account_id, name in known)
        ]


def problem_of(pattern: str) -> str | None:
    """What is wrong with a pattern, in words; None where it is one."""
    if not pattern.strip():
        return "it is empty: remove it, or write * for every account"
    for inside in _brackets(pattern):
        if inside is None:
            return "[ is never closed: close it with ], or write [[] for a bracket of the name"
        for first, last in _ranges(inside):
            if first > last:
                return f"the range {first}-{last} is backwards: write {last}-{first}"
    return None


def _matches(pattern: str, account_id: str, name: str) -> bool:
    folded = pattern.casefold()
    forms = (account_id, f"act_{account_id}", name.casefold())
    return any(fnmatchcase(form, folded) for form in forms)


def _brackets(pattern: str) -> Iterator[str | None]:
    """What stands within each pair of brackets; None for one that is never closed."""
    place = pattern.find("[")
    while place >= 0:
        # A `]` right at the start, or after the `!` of "none of these", is one of the characters.
        first = place + (2 if pattern[place + 1 : place + 2] == "!" else 1)
        end = pattern.find("]", first + 1)
        if end < 0:
            yield None
            return
        yield pattern[first:end]
        place = pattern.find("[", end)


def _ranges(inside: str) -> Iterator[tuple[str, str]]:
    place = inside.find("-", 1)
    while 0 < place < len(inside) - 1:
        yield inside[place - 1], inside[place + 1]
        place = inside.find("-", place + 2)


def _checked(pattern: str) -> str:
    """The pattern. Raises: ValueError for what is none."""
    if problem := problem_of(pattern):
        raise ValueError(problem)
    return pattern


# A pattern in a configuration; an id there may be written as a number.
AccountPattern = Annotated[
    str, BeforeValidator(lambda value: str(value) if type(value) is int else value), AfterValidator(_checked)
]
