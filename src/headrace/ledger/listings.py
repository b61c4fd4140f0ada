"""What the last listing of each source came to, and what is served although it was not listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, insert_new, upsert
from headrace.ledger.storage.tables.documents import absences, listings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class ListingRow(NamedTuple):
    """How a source stands."""

    source: str
    tried_at_us: int
    """When it was last asked."""
    complete_at_us: int | None
    """Beginning of the last listing that showed everything and whose every change was dealt with."""
    reason: str
    """Why the last listing was not complete."""
    documents: int
    """How many the last listing showed."""
    waiting: int
    """Documents whose change was seen and is not searchable."""
    waiting_since_us: int | None
    """Since when the oldest of them waits."""


class Absence(NamedTuple):
    """A document that serves although its source no longer lists it."""

    uri: str
    source: str
    since_us: int


def load(conn: Connection, corpus: str) -> dict[str, ListingRow]:
    """Every source of a corpus that was ever listed, by name."""
    columns = [listings.c[name] for name in ListingRow._fields]
    rows = conn.execute(sa.select(*columns).where(listings.c.corpus == corpus))
    return {row.source: ListingRow(*row) for row in rows}


def put(tx: Write, corpus: str, rows: Sequence[ListingRow]) -> None:
    """Set rows; the former one of each source is replaced."""
    upsert(tx.conn, listings, [(corpus, *row) for row in rows])


def absent(conn: Connection, corpus: str) -> tuple[Absence, ...]:
    """Documents that serve although they were not listed, by URI."""
    columns = [absences.c[name] for name in Absence._fields]
    rows = conn.execute(sa.select(*columns).where(absences.c.corpus == corpus))
    return tuple(sorted(Absence(*row) for row in rows))


def set_absent(tx: Write, corpus: str, sources: Mapping[str, str]) -> None:
    """Set which documents are absent, as URI to source; one that was absent before keeps its time."""
    before = {row.uri for row in absent(tx.conn, corpus)}
    delete_in(tx.conn, absences.c.uri, sorted(before - sources.keys()), corpus=corpus)
    fresh = sorted(sources.keys() - before)
    insert_new(tx.conn, absences, [(corpus, uri, sources[uri], tx.now_us) for uri in fresh])
