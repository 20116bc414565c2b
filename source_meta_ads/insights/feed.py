"""One account's questions of one report, in the order they are to be asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from source_meta_ads.graph.errors import AuthError, BadRequest, GraphError, PermissionDenied, VersionExpired
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.pieces import Piece

# What is refused for one window would be for every other one; each further try would only count against the quota.
_HOPELESS = (AuthError, PermissionDenied, VersionExpired)
# Reports refused as wrong, with none of the account's accepted before, until the rest is taken to be wrong too.
_REFUSALS_ENOUGH = 2


class Feed:
    """Draws new jobs only when asked, so that each can be sized by what the ones before have taught."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs: Iterator[Job] = iter(jobs)
        self._waiting: deque[Piece] = deque()
        self._refused = 0
        self.is_accepted = False
        self.account_id: str | None = None
        self._draw()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to be asked."""
        return not self._waiting

    @property
    def due_at(self) -> float:
        """The moment from which on something may be asked."""
        return min((piece.due_at for piece in self._waiting), default=0.0)

    def next(self, now: float) -> Piece | None:
        """The first question whose time has come; those of answers that failed already are left out."""
        for piece in list(self._waiting):
            if piece.root.is_over:
                self._remove(piece)
            elif piece.due_at <= now:
                self._remove(piece)
                return piece
        return None

    def put_back(self, piece: Piece) -> None:
        """Return a question that could not be asked now."""
        self._waiting.appendleft(piece)

    def put_first(self, pieces: list[Piece]) -> None:
        """Ask these next, in this order."""
        self._waiting.extendleft(reversed(pieces))

    def retry(self, piece: Piece) -> None:
        """Ask this again, from its `due_at` on."""
        self._waiting.append(piece)

    def give_up(self, error: GraphError) -> int:
        """Drop what would end with the same error; the number of questions known to be dropped."""
        if isinstance(error, BadRequest) and not self.is_accepted:
            self._refused += 1
            is_hopeless = self._refused >= _REFUSALS_ENOUGH
        else:
            is_hopeless = isinstance(error, _HOPELESS)
        if not is_hopeless:
            return 0
        dropped = len(self._waiting) + sum(1 for _ in self._jobs)
        self._waiting.clear()
        return dropped

    def _remove(self, piece: Piece) -> None:
        self._waiting.remove(piece)
        if not self._waiting:
            self._draw()

    def _draw(self) -> None:
        """Have the next new job at hand, if there is one."""
        job = next(self._jobs, None)
        if job:
            self.account_id = job.account.id
            self._waiting.append(Piece(job))
