"""Documents that fail now, with the reason, since when, and how often they were tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, slices, storable, upsert
from headrace.ledger.storage.tables.documents import failures as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

REJECTED = "rejected"
"""Stage of a document that a person decided to keep out: it needs nobody's attention any more."""


class FailureRow(NamedTuple):
    """A failure that stands."""

    uri: str
    stage: str
    error: str
    stamp: str
    """What the document looked like when it failed."""
    first_at_us: int
    last_at_us: int
    attempts: int
    """How often it failed at this stamp."""
    run_id: str
    """The run that saw it last."""


def record(tx: Write, corpus: str, rows: Sequence[tuple[str, str, str, str]], *, run_id: str) -> None:
    """Record failures given as (uri, stage, error, stamp).

    A document that still fails keeps the time of its first failure; its attempts are counted anew once
    its stamp changes.
    """
    known: dict[str, tuple[str, int, int]] = {}
    for part in slices([row[0] for row in rows]):
        statement = sa.select(table.c.uri, table.c.stamp, table.c.first_at_us, table.c.attempts).where(
            table.c.corpus == corpus, table.c.uri.in_(part)
        )
        known.update(
            (uri, (stamp, first, attempts)) for uri, stamp, first, attempts in tx.conn.execute(statement)
        )
    stored = []
    for uri, stage, error, stamp in rows:
        before, first_at_us, attempts = known.get(uri, (stamp, tx.now_us, 0))
        attempts = attempts + 1 if before == stamp else 1
        stored.append((corpus, uri, stage, storable(error), stamp, first_at_us, tx.now_us, attempts, run_id))
    upsert(tx.conn, table, stored)


def clear(tx: Write, corpus: str, uris: Sequence[str]) -> None:
    """Drop the failures of documents that succeeded or are gone; unknown ones are passed over."""
    delete_in(tx.conn, table.c.uri, uris, corpus=corpus)


def list(conn: Connection, corpus: str) -> tuple[FailureRow, ...]:  # noqa: A001
    """Every failure of a corpus, by URI."""
    statement = sa.select(*(table.c[name] for name in FailureRow._fields)).where(table.c.corpus == corpus)
    return tuple(sorted(FailureRow(*row) for row in conn.execute(statement)))


def waiting(conn: Connection, corpus: str) -> tuple[FailureRow, ...]:
    """Those that still need somebody's attention, by URI."""
    return tuple(row for row in list(conn, corpus) if row.stage != REJECTED)


def retry(tx: Write, corpus: str, uris: Sequence[str]) -> None:
    """Let the next sync try documents again, however they look; they keep the time of their first failure."""
    for part in slices(uris):
        tx.conn.execute(
            sa.update(table).where(table.c.corpus == corpus, table.c.uri.in_(part)).values(stamp="")
        )


def reject(tx: Write, corpus: str, uri: str, error: str) -> None:
    """Say of a document that waits that a person keeps it out."""
    tx.conn.execute(
        sa.update(table)
        .where(table.c.corpus == corpus, table.c.uri == uri)
        .values(stage=REJECTED, error=storable(error))
    )
