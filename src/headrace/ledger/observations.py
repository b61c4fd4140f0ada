"""What the last listing of each source showed of each document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, upsert
from headrace.ledger.storage.tables.documents import documents
from headrace.ledger.storage.tables.documents import observations as table
from headrace.records.document import Observation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


def load(conn: Connection, corpus: str) -> dict[str, Observation]:
    """Every observation of a corpus by URI."""
    statement = sa.select(
        table.c.uri, table.c.source, table.c.stamp, table.c.revision, table.c.verified_at_us
    ).where(table.c.corpus == corpus)
    return {
        uri: Observation(
            uri=uri, source=source, stamp=stamp, revision=revision, verified_at_us=verified_at_us
        )
        for uri, source, stamp, revision, verified_at_us in conn.execute(statement)
    }


def unlike(conn: Connection, corpus: str, generation: str) -> list[tuple[str, str | None, int]]:
    """What the sources showed last and a generation does not hold so: URI, the revision that the generation
    holds (None: it holds none) and when the newer one was seen."""
    held = documents.c
    statement = (
        sa.select(table.c.uri, held.revision, table.c.verified_at_us)
        .select_from(
            table.outerjoin(documents, sa.and_(held.generation == generation, held.uri == table.c.uri))
        )
        .where(table.c.corpus == corpus, sa.or_(held.revision.is_(None), held.revision != table.c.revision))
    )
    return sorted((uri, revision, seen_us) for uri, revision, seen_us in conn.execute(statement))


def put(tx: Write, corpus: str, rows: Sequence[Observation]) -> None:
    """Set observations; the former one of each URI is replaced."""
    upsert(
        tx.conn,
        table,
        [(corpus, row.uri, row.source, row.stamp, row.revision, row.verified_at_us) for row in rows],
    )


def remove(tx: Write, corpus: str, uris: Sequence[str]) -> None:
    """Drop observations; unknown ones are passed over."""
    delete_in(tx.conn, table.c.uri, uris, corpus=corpus)
