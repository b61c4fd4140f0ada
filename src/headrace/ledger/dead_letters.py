"""Texts that an embedder refuses, with the reason, since when, and how often they were tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, slices, storable, upsert
from headrace.ledger.storage.tables.embedding import dead_letters as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class Refused(NamedTuple):
    """A text of a document that was refused just now."""

    uri: str
    text_hash: str
    fingerprint: str
    """Of the embedder."""
    chunk_id: str
    error_type: str
    error: str


class DeadLetterRow(NamedTuple):
    """A refused text as the ledger keeps it."""

    uri: str
    text_hash: str
    fingerprint: str
    chunk_id: str
    error_type: str
    error: str
    first_at_us: int
    last_at_us: int
    attempts: int
    run_id: str
    """The run that saw it last."""


def record(tx: Write, corpus: str, rows: Sequence[Refused], *, run_id: str) -> None:
    """Note refused texts; one that was refused before keeps its first time and counts one attempt more."""
    if not rows:
        return
    known: dict[tuple[str, str], tuple[int, int]] = {}
    for part in slices(sorted({row.uri for row in rows})):
        statement = sa.select(table.c.uri, table.c.text_hash, table.c.first_at_us, table.c.attempts).where(
            table.c.corpus == corpus, table.c.uri.in_(part)
        )
        known.update({(row[0], row[1]): (row[2], row[3]) for row in tx.conn.execute(statement)})
    stored = []
    for row in {(row.uri, row.text_hash): row for row in rows}.values():
        first_at_us, attempts = known.get((row.uri, row.text_hash), (tx.now_us, 0))
        facts = (row.fingerprint, row.chunk_id, row.error_type, storable(row.error))
        times = (first_at_us, tx.now_us, attempts + 1, run_id)
        stored.append((corpus, row.uri, row.text_hash, *facts, *times))
    upsert(tx.conn, table, stored)


def keep_only(tx: Write, corpus: str, rows: Sequence[Refused]) -> None:
    """Drop the letters of these rows' documents that are not among the rows: texts that are gone."""
    kept: dict[str, set[str]] = {}
    for row in rows:
        kept.setdefault(row.uri, set()).add(row.text_hash)
    for uri, hashes in sorted(kept.items()):
        tx.conn.execute(
            sa.delete(table).where(
                table.c.corpus == corpus, table.c.uri == uri, table.c.text_hash.not_in(sorted(hashes))
            )
        )


def clear(tx: Write, corpus: str, uris: Sequence[str]) -> None:
    """Drop the letters of documents that succeeded or are gone; unknown ones are passed over."""
    if uris and count(tx.conn, corpus):
        delete_in(tx.conn, table.c.uri, uris, corpus=corpus)


def count(conn: Connection, corpus: str) -> int:
    """How many texts of a corpus are refused now."""
    statement = sa.select(sa.func.count()).select_from(table).where(table.c.corpus == corpus)
    return int(conn.execute(statement).scalar_one())


def list(conn: Connection, corpus: str) -> tuple[DeadLetterRow, ...]:  # noqa: A001
    """Every dead letter of a corpus, by document and text."""
    statement = sa.select(*(table.c[name] for name in DeadLetterRow._fields)).where(table.c.corpus == corpus)
    return tuple(sorted(DeadLetterRow(*row) for row in conn.execute(statement)))
