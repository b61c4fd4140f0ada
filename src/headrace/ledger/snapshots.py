"""What each publish of a generation made visible."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.tables.generations import snapshots as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class Snapshot(NamedTuple):
    """One publish."""

    generation: str
    seq: int
    """1 is the first of its generation."""
    version: int
    """Version of the index that readers open."""
    run_id: str
    published_at_us: int
    documents: int
    chunks: int
    digest: str | None
    """Digest of the generation's content, where it was computed."""


def publish(
    tx: Write,
    generation: str,
    *,
    version: int,
    run_id: str,
    documents: int,
    chunks: int,
    digest: str | None = None,
) -> Snapshot:
    """Make a version of an index the one that readers open."""
    before = current(tx.conn, generation)
    snapshot = Snapshot(
        generation=generation,
        seq=1 if before is None else before.seq + 1,
        version=version,
        run_id=run_id,
        published_at_us=tx.now_us,
        documents=documents,
        chunks=chunks,
        digest=digest,
    )
    tx.conn.execute(sa.insert(table).values(snapshot._asdict()))
    return snapshot


def current(conn: Connection, generation: str) -> Snapshot | None:
    """The newest snapshot of a generation."""
    statement = sa.select(table).where(table.c.generation == generation).order_by(table.c.seq.desc()).limit(1)
    row = conn.execute(statement).one_or_none()
    return None if row is None else Snapshot(*row)


def at(conn: Connection, generation: str, time_us: int) -> Snapshot | None:
    """The snapshot of a generation that was visible at a time."""
    statement = (
        sa.select(table)
        .where(table.c.generation == generation, table.c.published_at_us <= time_us)
        .order_by(table.c.seq.desc())
        .limit(1)
    )
    row = conn.execute(statement).one_or_none()
    return None if row is None else Snapshot(*row)


def list(conn: Connection, generation: str, *, limit: int | None = None) -> tuple[Snapshot, ...]:  # noqa: A001
    """The snapshots of a generation, newest first."""
    statement = (
        sa.select(table).where(table.c.generation == generation).order_by(table.c.seq.desc()).limit(limit)
    )
    return tuple(Snapshot(*row) for row in conn.execute(statement))
