"""Documents that somebody declared deprecated, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, storable, upsert
from headrace.ledger.storage.tables.standing import deprecations as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class Deprecation(NamedTuple):
    """One declaration that stands."""

    uri: str
    replacement: str | None
    """URI of the document that replaces it."""
    reason: str
    actor: str
    at_us: int


def put(tx: Write, corpus: str, uri: str, *, replacement: str | None, reason: str, actor: str) -> None:
    """Declare a document deprecated; an earlier declaration is replaced."""
    upsert(tx.conn, table, [(corpus, uri, replacement, storable(reason), storable(actor), tx.now_us)])


def remove(tx: Write, corpus: str, uri: str) -> None:
    """Take a declaration back; an unknown one is passed over."""
    delete_in(tx.conn, table.c.uri, [uri], corpus=corpus)


def load(conn: Connection, corpus: str) -> dict[str, Deprecation]:
    """Every declaration of a corpus by URI."""
    columns = [table.c[name] for name in Deprecation._fields]
    rows = conn.execute(sa.select(*columns).where(table.c.corpus == corpus))
    return {row.uri: Deprecation(*row) for row in rows}
