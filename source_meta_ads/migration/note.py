"""One thing that is different, and whether somebody has to look at it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

# lost: something they have is not here. changed: it is here, in another form. told: good to know, nothing to do.
Weight = Literal["lost", "changed", "told"]


@dataclass(frozen=True)
class Note:
    """`subject` names the setting, stream or column; `text` is a sentence without a full stop."""

    weight: Weight
    subject: str
    text: str

    def as_json(self) -> dict[str, Any]:
        """The note as plain data."""
        return asdict(self)
