"""The columns of a source that prompts of steps use, as they were when last seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import upsert
from headrace.ledger.storage.tables.steps import step_columns as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class ColumnSeen(NamedTuple):
    """One column of one source."""

    source: str
    name: str
    kinds: str
    """What its values are, with commas between: text, number, true or false."""
    documents: int
    """How many have a value of it."""


def load(conn: Connection, corpus: str) -> dict[tuple[str, str], ColumnSeen]:
    """By source and column."""
    statement = sa.select(*(table.c[name] for name in ColumnSeen._fields)).where(table.c.corpus == corpus)
    return {(row.source, row.name): ColumnSeen(*row) for row in conn.execute(statement)}


def put(
    tx: Write, corpus: str, rows: Iterable[ColumnSeen], *, forget: Collection[tuple[str, str]] = ()
) -> None:
    """Set columns; those to forget are used no more."""
    upsert(tx.conn, table, [(corpus, *row, tx.now_us) for row in rows])
    for source, name in sorted(forget):
        tx.conn.execute(
            sa.delete(table).where(table.c.corpus == corpus, table.c.source == source, table.c.name == name)
        )
