"""What the workspace says about sessions."""

from __future__ import annotations

from dataclasses import dataclass, field

from headrace.records.sessions import Overflow


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """`[sessions]`: how much of a conversation goes into a call, and how long it is kept."""

    budget: int = field(default=4000, metadata={"minimum": 64, "maximum": 1_000_000})
    """Tokens of a call that history may take."""
    overflow: Overflow = "trim"
    """What becomes of turns that no longer fit: left out, told by a summary, or looked up when they fit."""
    summariser: str | None = None
    """For `summarise`: NAME of the `[models.NAME]` table that writes summaries."""
    rewriter: str | None = None
    """NAME of a `[models.NAME]` table that makes a follow-up question whole; without it a rule does."""
    embedder: str = "minilm"
    """For `retrieve`: what compares turns with the question, as in `[corpus.NAME.recipe]`."""
    keep: str = "90d"
    """How long a session is kept after its last turn."""
