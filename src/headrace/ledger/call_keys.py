"""Idempotency keys: a call that was made under a key gives its first outcome again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, upsert
from headrace.ledger.storage.tables.calls import call_keys as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class KeyRow(NamedTuple):
    """A key, in the order of the table."""

    key: str
    """Keyed hash."""
    content: str
    """Keyed hash of everything that shapes the call."""
    trace_id: str
    """The call that is made under it."""
    until_us: int
    """How long it counts."""
    outcome: bytes | None
    """Sealed; None while the call runs."""


def claim(tx: Write, key: str, *, content: str, trace_id: str, lasts_us: int) -> KeyRow | None:
    """Take a key that is free, or give who has it. Keys whose time is over go."""
    tx.conn.execute(sa.delete(table).where(table.c.until_us <= tx.now_us))
    found = tx.conn.execute(sa.select(table).where(table.c.key == key)).one_or_none()
    if found is not None:
        return KeyRow(*found)
    upsert(tx.conn, table, [KeyRow(key, content, trace_id, tx.now_us + lasts_us, None)])
    return None


def finish(tx: Write, key: str, *, trace_id: str, outcome: bytes, lasts_us: int) -> None:
    """Keep the outcome of a call for as long as its key counts."""
    tx.conn.execute(
        sa.update(table)
        .where(table.c.key == key, table.c.trace_id == trace_id)
        .values(outcome=outcome, until_us=tx.now_us + lasts_us)
    )


def release(tx: Write, key: str, *, trace_id: str) -> None:
    """Give a key back whose call came to nothing."""
    tx.conn.execute(sa.delete(table).where(table.c.key == key, table.c.trace_id == trace_id))


def drop(tx: Write, keys: Sequence[str]) -> None:
    """Forget keys with their outcomes."""
    delete_in(tx.conn, table.c.key, keys)


def outcomes(conn: Connection) -> list[tuple[str, bytes]]:
    """Key and sealed outcome of every call that is over."""
    statement = sa.select(table.c.key, table.c.outcome).where(table.c.outcome.is_not(None))
    return [(row[0], bytes(row[1])) for row in conn.execute(statement)]
