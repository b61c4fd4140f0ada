"""Documents that are hidden: at once from every reader, for a time in which they can be shown again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger import documents
from headrace.ledger.storage.rows import delete_in, storable, upsert
from headrace.ledger.storage.tables.erasure import hidden as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.documents import State
    from headrace.ledger.storage.writer import Write


class Hidden(NamedTuple):
    """A hidden document."""

    corpus: str
    uri: str
    hidden_at_us: int
    actor: str
    reason: str


def hide(tx: Write, corpus: str, uris: Sequence[str], *, actor: str, reason: str) -> None:
    """Hide documents in every generation; one that is hidden already keeps its time."""
    known = load(tx.conn, corpus)
    fresh = [uri for uri in uris if uri not in known]
    upsert(tx.conn, table, [(corpus, uri, tx.now_us, actor, storable(reason)) for uri in fresh])
    _set(tx, corpus, uris, "hidden")


def unhide(tx: Write, corpus: str, uris: Sequence[str]) -> None:
    """Show documents again in every generation."""
    delete_in(tx.conn, table.c.uri, uris, corpus=corpus)
    _set(tx, corpus, uris, "live")


def follow(tx: Write, item: Hidden, uri: str) -> None:
    """A hidden document that moved stays hidden, and its time goes on."""
    upsert(tx.conn, table, [tuple(item._replace(uri=uri))])


def load(conn: Connection, corpus: str) -> dict[str, Hidden]:
    """Hidden documents of a corpus by URI."""
    return {row.uri: Hidden(*row) for row in conn.execute(sa.select(table).where(table.c.corpus == corpus))}


def due(conn: Connection, before_us: int) -> list[Hidden]:
    """Documents hidden before a time, by corpus and URI."""
    statement = sa.select(table).where(table.c.hidden_at_us < before_us)
    return sorted(Hidden(*row) for row in conn.execute(statement))


def _set(tx: Write, corpus: str, uris: Sequence[str], state: State) -> None:
    from headrace.ledger import generations

    for generation in generations.list(tx.conn, corpus):
        documents.set_state(tx, generation.id, uris, state=state)
