"""How many documents a generation found again when asked for what they say: recall over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.tables.embedding import probes as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class ProbeRow(NamedTuple):
    """One round of probes, in the order of the table."""

    generation: str
    seq: int
    """1 is the first of its generation."""
    corpus: str
    titles: int
    """Titles asked for…"""
    titles_found: int
    """…and found among the first ten hits."""
    sentences: int
    sentences_found: int
    documents: int
    """What the generation held then."""
    chunks: int
    floor: float
    """The recall that was asked for then."""
    probed_at_us: int

    @property
    def recall(self) -> float:
        """Share of the probes that found their document."""
        tried = self.titles + self.sentences
        return (self.titles_found + self.sentences_found) / tried if tried else 1.0


def add(tx: Write, row: ProbeRow) -> ProbeRow:
    """Append a round; its sequence and time are given here."""
    newest = sa.select(sa.func.max(table.c.seq)).where(table.c.generation == row.generation)
    stored = row._replace(seq=(tx.conn.execute(newest).scalar_one() or 0) + 1, probed_at_us=tx.now_us)
    tx.conn.execute(sa.insert(table).values(stored._asdict()))
    return stored


def last(conn: Connection, generation: str) -> ProbeRow | None:
    """The newest round of a generation."""
    statement = sa.select(table).where(table.c.generation == generation).order_by(table.c.seq.desc()).limit(1)
    row = conn.execute(statement).one_or_none()
    return None if row is None else ProbeRow(*row)


def list(conn: Connection, corpus: str, *, limit: int = 100) -> tuple[ProbeRow, ...]:  # noqa: A001
    """Rounds of every generation of a corpus, newest first."""
    statement = (
        sa.select(table).where(table.c.corpus == corpus).order_by(table.c.probed_at_us.desc()).limit(limit)
    )
    return tuple(ProbeRow(*row) for row in conn.execute(statement))
