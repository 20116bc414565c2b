"""Where the rows of an answered question are: in one report run, or in several that belong together."""

from __future__ import annotations

from dataclasses import dataclass, field

from source_meta_ads.insights.job import Job


@dataclass(frozen=True)
class Read:
    """The rows of one report run; without one, of the synchronous edge."""

    job: Job
    run_id: str | None


@dataclass(frozen=True)
class Together:
    """The rows of several parts: one after the other, or (`is_join`) each row put together on its full key."""

    parts: tuple[Rows, ...]
    is_join: bool = False


Rows = Read | Together


@dataclass(eq=False)
class Piece:
    """A question on its way: answered by itself, or by the pieces it was cut into.

    `tries` is how often it was asked, `n_limited` how often a limit was in the way.
    """

    job: Job
    parent: Piece | None = None
    is_join: bool = False
    parts: list[Piece] = field(default_factory=list)
    read: Read | None = None
    tries: int = 0
    n_limited: int = 0
    due_at: float = 0.0
    is_over: bool = False

    @property
    def root(self) -> Piece:
        """The question that was handed in."""
        return self.parent.root if self.parent else self

    def cut(self, jobs: list[Job], *, is_join: bool) -> list[Piece]:
        """Replace this piece by smaller ones."""
        self.parts = [Piece(job, parent=self) for job in jobs]
        self.is_join = is_join
        return self.parts

    def rows(self) -> Rows | None:
        """Where the rows are, None while a part of them is not there yet."""
        if self.read:
            return self.read
        parts = [part.rows() for part in self.parts]
        there = tuple(part for part in parts if part is not None)
        if not parts or len(there) < len(parts):
            return None
        return Together(there, self.is_join)
