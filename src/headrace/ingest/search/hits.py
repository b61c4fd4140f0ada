"""Makes a hit of a row of the index and the state of its document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.ledger.documents import DocumentState
from headrace.records.search import Hit
from headrace.records.times import rfc3339


def hit_of(row: Mapping[str, Any], state: DocumentState, *, rank: int, score: float) -> Hit:
    """The hit of a row, whose document is in this state."""
    return Hit(
        rank=rank,
        score=round(float(score), 6),
        chunk_id=row["chunk_id"],
        document=row["document"],
        revision=row["revision"],
        text=row["text"],
        span=(row["start"], row["end"]),
        page=row["page"],
        headings=tuple(row["headings"] or ()),
        metadata=state.metadata,
        modified_at=None if state.modified_at_us is None else rfc3339(state.modified_at_us),
    )
