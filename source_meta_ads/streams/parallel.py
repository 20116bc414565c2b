"""Several iterators read at once by threads, as one iterator."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from typing import Generic, TypeVar

from source_meta_ads.graph.turns import Turns

_T = TypeVar("_T")


class _Mailbox(Generic[_T]):
    """Hands items from threads that read to the one that takes them; holds few of them."""

    def __init__(self, sources: Sequence[Iterator[_T]], room: int) -> None:
        self._sources, self._room = deque(sources), room
        self._left = len(sources)
        self._items: deque[_T] = deque()
        self._error: BaseException | None = None
        self._is_closed = False
        self._changed = threading.Condition()

    def next_source(self) -> Iterator[_T] | None:
        """The next iterator to read; None when there is none, or nobody takes items any more."""
        with self._changed:
            return self._sources.popleft() if self._sources and not self._is_closed else None

    def put(self, item: _T) -> bool:
        """Leave an item as soon as there is room; false when nobody takes items any more."""
        with self._changed:
            while len(self._items) >= self._room and not self._is_closed:
                self._changed.wait()
            self._items.append(item)
            self._changed.notify_all()
            return not self._is_closed

    def done(self, error: BaseException | None = None) -> None:
        """Say that an iterator has ended, or with what error."""
        with self._changed:
            self._left -= 1
            self._error = self._error or error
            self._changed.notify_all()

    def taken(self) -> Iterator[_T]:
        """Every item, until all iterators have ended. Raises: the first error of any of them."""
        while True:
            with self._changed:
                while not self._items and self._left and not self._error:
                    self._changed.wait()
                if self._error:
                    raise self._error
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item

    def close(self) -> None:
        """Take no more: readers end at their next item."""
        with self._changed:
            self._is_closed = True
            self._items.clear()
            self._changed.notify_all()


def merged(sources: Sequence[Iterator[_T]], turns: Turns) -> Generator[_T, None, None]:
    """The items of all sources, in the order in which they come; of each source in its own.

    Each source is read by one thread, that holds a turn meanwhile; the thread that takes the items lends its own, so
    that a run reads no more at once than it may. Raises: what a source raises; the others then end at their next item.
    """
    mailbox = _Mailbox(sources, room=2)

    def work() -> None:
        while (source := mailbox.next_source()) is not None:
            try:
                with turns.turn():
                    for item in source:
                        if not mailbox.put(item):
                            break
            except BaseException as error:  # noqa: BLE001 - whatever it is, the taker has to learn of it
                mailbox.done(error)
            else:
                mailbox.done()

    threads = [
        # A thread that waits for a limit when the run fails must not keep the process.
        threading.Thread(target=work, name=f"part-{number}", daemon=True)
        for number in range(min(len(sources), turns.limit))
    ]
    try:
        with turns.lent():
            for thread in threads:
                thread.start()
            yield from mailbox.taken()
    finally:
        mailbox.close()
