"""What is made of older turns: summaries and vectors, sealed, named by all they were made of."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.ledger import sessions
from headrace.ledger.sessions import MemoryRow, SessionRow
from headrace.records.sessions import Summary, Turn
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headrace.observe.sessions.parts import SessionParts
    from headrace.privacy.vault.single import Sealer

SUMMARY = "summary"
VECTOR = "vector"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSummary:
    """A summary to be kept."""

    text: str
    last_seq: int
    """It tells of every turn up to here."""
    model: str
    """Identity of who wrote it."""
    trace_id: str
    """The call that wrote it."""
    tokens: int
    made_of: Sequence[str]
    """Everything that shaped it: instructions, the summary before it, and the turns."""
    documents: Sequence[str]
    """Documents that the turns quote."""


def summaries(parts: SessionParts, row: SessionRow, *, access: Sequence[str] | None) -> list[Summary]:
    """The summaries of a session, that of the newest turns last, which these labels open."""
    with parts.ledger.read() as conn:
        rows = sessions.memory(conn, row.id, SUMMARY)
    if not rows:
        return []
    sealer = parts.keys.open(row.id, row.wrapped)
    bodies = [sealer.open(item.sealed, _place(item)) for item in rows]
    names = sorted({name for body in bodies for name in body["documents"]})
    allowed = parts.visible(names, access) if names else set()
    return [
        Summary(
            text=body["text"],
            first_seq=item.first_seq,
            last_seq=item.last_seq,
            model=item.model,
            trace_id=item.trace_id,
            made_at=rfc3339(item.made_at_us),
        )
        for item, body in zip(rows, bodies, strict=True)
        if allowed.issuperset(body["documents"])
    ]


def keep_summary(parts: SessionParts, row: SessionRow, made: NewSummary) -> bool:
    """Keep a summary; False where its session is gone."""
    sealer = parts.keys.open(row.id, row.wrapped)
    name = parts.keyring.keyed(SUMMARY, row.id, made.model, *made.made_of)
    kept = MemoryRow(
        session=row.id,
        id=name,
        kind=SUMMARY,
        first_seq=1,
        last_seq=made.last_seq,
        model=made.model,
        trace_id=made.trace_id,
        tokens=made.tokens,
        made_at_us=0,
        sealed=b"",
    )
    body = {"text": made.text, "documents": sorted(set(made.documents))}
    sealed = kept._replace(sealed=sealer.seal(body, _place(kept)))
    return parts.ledger.write(lambda tx: sessions.remember(tx, [sealed]))


def vectors(
    parts: SessionParts, row: SessionRow, turns: Sequence[Turn], fingerprint: str
) -> dict[int, NDArray[np.float32]]:
    """Vectors of turns that were made before by this embedder, by the number of the turn."""
    import numpy as np

    sealer = parts.keys.open(row.id, row.wrapped)
    names = {_vector_name(parts, row, turn, fingerprint): turn.seq for turn in turns}
    with parts.ledger.read() as conn:
        rows = sessions.memory(conn, row.id, VECTOR)
    return {
        names[item.id]: np.frombuffer(base64.b64decode(_opened(sealer, item)), dtype=np.float32)
        for item in rows
        if item.id in names
    }


def keep_vectors(
    parts: SessionParts,
    row: SessionRow,
    made: Sequence[tuple[Turn, NDArray[np.float32]]],
    fingerprint: str,
) -> None:
    """Keep vectors of turns; those of a session that is gone are dropped."""
    sealer = parts.keys.open(row.id, row.wrapped)
    rows = []
    for turn, vector in made:
        item = MemoryRow(
            session=row.id,
            id=_vector_name(parts, row, turn, fingerprint),
            kind=VECTOR,
            first_seq=turn.seq,
            last_seq=turn.seq,
            model=fingerprint,
            trace_id=None,
            tokens=0,
            made_at_us=0,
            sealed=b"",
        )
        data = base64.b64encode(vector.astype("float32").tobytes()).decode()
        rows.append(item._replace(sealed=sealer.seal(data, _place(item))))
    parts.ledger.write(lambda tx: sessions.remember(tx, rows))


def _vector_name(parts: SessionParts, row: SessionRow, turn: Turn, fingerprint: str) -> str:
    return parts.keyring.keyed(VECTOR, row.id, str(turn.seq), fingerprint, turn.content)


def _opened(sealer: Sealer, row: MemoryRow) -> str:
    return str(sealer.open(row.sealed, _place(row)))


def _place(row: MemoryRow) -> str:
    return f"{row.session}/{row.id}"
