"""Fields that Meta refuses: found, left out with one notice, remembered.

a page is refused ── the error names a field, or its codes do ──────────────► that field
    │                └─ it names none: is the key alone refused too? yes ──► not about fields: it fails
    │                                                            no ───────► found by halves
    ├── there is no such field ──► left out of the account's reads
    ├── refused on some of three objects ──► asked for one by one, left empty where it is refused
    └── refused on all of them ──► left out of the account's reads
"""

from __future__ import annotations

import logging
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from source_meta_ads.graph.errors import ABOUT_FIELDS, FINAL, GraphError, TooMuchData
from source_meta_ads.streams.field_groups import culprits
from source_meta_ads.streams.nodes import Nodes

# The pages on which fields are asked for object by object: there, a page that is refused costs a call a row.
_SMALL_PAGE = 10
_SAMPLE = 3
_MOST_ROUNDS = 8
_MISSING = re.compile(r"nonexisting field \((\w+)\)")
# Codes with which single creatives fail on one field, seen by users of other connectors; Meta documents neither.
_BY_CODE: dict[tuple[int | None, int | None], str] = {
    (100, 2446211): "object_story_spec",
    (100, 1443048): "object_story_spec",
}

Row = dict[str, Any]
Ask = Callable[[Sequence[str]], Sequence[Row]]


class Refusals:
    """What is refused of one stream's fields in a run. Thread-safe.

    `needed` are fields without which a row is none: they are never left out. `lost` is told of a field that there is
    not any more, and of Meta's words.
    """

    def __init__(
        self, stream: str, needed: Iterable[str], logger: logging.Logger, lost: Callable[[str, str], None] | None = None
    ) -> None:
        self._stream, self._needed, self._logger, self._lost = stream, frozenset(needed), logger, lost
        self._lock = threading.Lock()
        self._left_out: defaultdict[str, set[str]] = defaultdict(set)
        # By account and field: why a page was refused for it, though it is refused of single objects only.
        self._by_object: defaultdict[str, dict[str, GraphError]] = defaultdict(dict)
        self._missed: defaultdict[str, dict[str, list[GraphError]]] = defaultdict(dict)

    def left(self, account_id: str, fields: Sequence[str]) -> list[str]:
        """The fields that may be asked for in an account."""
        out = self._left_out.get(account_id, frozenset[str]())
        return [each for each in fields if each not in out]

    def settled(
        self, fields: Sequence[str], error: GraphError, ask: Ask, nodes: Nodes, page_size: int = 0
    ) -> Sequence[Row]:
        """The rows that were refused with an error, without what they were refused for.

        `ask` reads the rows again with other fields; `page_size` is how many there may be, 0 for one object alone.
        Raises: the error itself where it isn't about fields, TooMuchData where a smaller page costs fewer calls.
        """
        if error.code is None:
            # Not Meta's word on what was asked, but some server's in between.
            raise error
        account_id, left = nodes.account_id, list(fields)
        touchy = self._touchy(error, account_id, left)
        if touchy and page_size > _SMALL_PAGE:
            raise TooMuchData(message=error.message) from error
        found: dict[str, GraphError] = {}
        for _ in range(_MOST_ROUNDS):
            refused = touchy or self._refused(left, error, ask)
            touchy = []
            found |= dict.fromkeys(refused, error)
            left = [each for each in left if each not in found]
            try:
                rows = ask(left)
            except ABOUT_FIELDS as again:
                if not refused:
                    raise
                error = again
            else:
                for name, reason in found.items():
                    self._place(name, reason, rows, nodes, is_page=page_size > 0)
                return rows
        raise error

    def tell(self, account_id: str) -> None:
        """Say of how many objects of an account single fields were refused, once its reading ends."""
        with self._lock:
            missed = self._missed.pop(account_id, {})
        for name, errors in missed.items():
            self._logger.warning(
                f"{self._stream}: account act_{account_id}: Meta refuses {name} of {len(errors)} objects, where it is "
                f"left empty: {errors[0]}"
            )

    def _touchy(self, error: GraphError, account_id: str, fields: Sequence[str]) -> list[str]:
        """Fields of the account that were refused of single objects before, for the reason that this error gives."""
        with self._lock:
            known = dict(self._by_object.get(account_id, {}))
        return [name for name, reason in known.items() if name in fields and _codes(reason) == _codes(error)]

    def _refused(self, fields: Sequence[str], error: GraphError, ask: Ask) -> list[str]:
        """Fields that the error is about; none where they come by now. Raises: the error where it isn't about any."""
        if named := named_fields(error, fields):
            if self._needed & set(named):
                raise error
            return named
        needed = [each for each in fields if each in self._needed]
        spare = [each for each in fields if each not in self._needed]

        def is_refused(some: Sequence[str]) -> bool:
            try:
                ask([*needed, *some])
            except ABOUT_FIELDS:
                return True
            return False

        if not spare or is_refused([]):
            raise error
        return list(culprits(spare, is_refused))

    def _place(self, name: str, reason: GraphError, rows: Sequence[Row], nodes: Nodes, *, is_page: bool) -> None:
        """Decide whether a field is refused for the account or for single objects, and fill in what can be had."""
        account_id = nodes.account_id
        ids = [str(row["id"]) for row in rows if row.get("id")]
        if is_page and len(ids) == len(rows) and rows and not _is_missing(reason) and self._is_of_objects(
            name, reason, ids, nodes
        ):  # fmt: skip
            self._fill(name, rows, nodes)
            return
        if is_page and not rows and not _is_missing(reason):
            # Nothing was read without the field: whatever refused it says nothing of the next page.
            return
        with self._lock:
            if name in self._left_out[account_id]:
                return
            self._left_out[account_id].add(name)
        if self._lost and _is_missing(reason):
            self._lost(name, f"Meta says: {reason.message}")
        self._logger.warning(
            f"{self._stream}: account act_{account_id}: Meta refuses {name}, which is left empty, and gives the rest: "
            f"{reason}; or take the column out of the catalog"
        )

    def _is_of_objects(self, name: str, reason: GraphError, ids: Sequence[str], nodes: Nodes) -> bool:
        """Whether a field is refused of some objects only: known, or by a sample of the page."""
        with self._lock:
            known = name in self._by_object[nodes.account_id]
        if not known and _BY_CODE.get(_codes(reason)) != name and len(ids) >= _SAMPLE:
            sample = list(dict.fromkeys([ids[0], ids[len(ids) // 2], ids[-1]]))
            if all(isinstance(found, FINAL) for _, found in nodes.each(sample, ["id", name])):
                return False
        with self._lock:
            self._by_object[nodes.account_id].setdefault(name, reason)
        return True

    def _fill(self, name: str, rows: Sequence[Row], nodes: Nodes) -> None:
        """Ask for a field object by object."""
        by_id = {str(row["id"]): row for row in rows}
        for key, found in nodes.each(list(by_id), ["id", name]):
            if isinstance(found, GraphError):
                with self._lock:
                    self._missed[nodes.account_id].setdefault(name, []).append(found)
            elif name in found:
                by_id[key][name] = found[name]


def named_fields(error: GraphError, fields: Sequence[str]) -> list[str]:
    """Fields among those asked for that an error names, by its words or by its codes."""
    by_code = _BY_CODE.get(_codes(error))
    if by_code and by_code in fields:
        return [by_code]
    words = f"{error.message} {error.user_title} {error.user_msg}"
    if missing := [name for name in _MISSING.findall(words) if name in fields]:
        return missing
    # A name of one word, such as `status`, can be any word of a sentence.
    return [name for name in fields if "_" in name and re.search(rf"\b{re.escape(name)}\b", words)]


def _is_missing(error: GraphError) -> bool:
    return bool(_MISSING.search(error.message))


def _codes(error: GraphError) -> tuple[int | None, int | None]:
    return error.code, error.subcode
