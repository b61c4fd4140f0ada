"""How like a question older turns are: exact search in memory, over vectors that are kept sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.observe.sessions.memory import keep_vectors, vectors

if TYPE_CHECKING:
    from headrace.flows.sessions.conversation import Conversation
    from headrace.records.sessions import Turn

_MOST_COMPARED = 1000
"""Of the older turns, the newest are compared."""


def scores(talk: Conversation, turns: Sequence[Turn], question: str) -> list[float]:
    """Cosine similarity of each turn with the question. Raises ProviderError."""
    import numpy as np

    assert talk.row is not None
    compared = turns[-_MOST_COMPARED:]
    embedder = talk.parts.embedder()
    sessions = talk.parts.sessions
    known = vectors(sessions, talk.row, compared, embedder.fingerprint)
    missing = [turn for turn in compared if turn.seq not in known]
    if missing:
        embedded = embedder.embed([turn.content for turn in missing])
        if embedded.failed:
            raise next(iter(embedded.failed.values()))
        made = list(zip(missing, embedded.vectors, strict=True))
        keep_vectors(sessions, talk.row, made, embedder.fingerprint)
        known.update({turn.seq: vector for turn, vector in made})
    asked = embedder.embed_query(question)
    found = [float(np.dot(known[turn.seq], asked)) for turn in compared]
    return [-1.0] * (len(turns) - len(compared)) + found
