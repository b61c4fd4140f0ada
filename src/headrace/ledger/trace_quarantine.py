"""Spans and log records that could not be kept, each sealed with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new
from headrace.ledger.storage.tables.receiving import trace_quarantine as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

State = Literal["open", "retried", "discarded"]


class QuarantineRow(NamedTuple):
    """One item, in the order of the table."""

    id: str
    signal: str
    """traces or logs."""
    reason: str
    detail: str
    trace_id: str | None
    span_id: str | None
    size_bytes: int
    received_at_us: int
    state: State
    settled_at_us: int | None
    settled_by: str | None
    body: bytes | None
    """The item, sealed; None once it is settled."""


def add(tx: Write, rows: Sequence[QuarantineRow]) -> None:
    """Keep items; the same one twice is one."""
    insert_new(tx.conn, table, rows)


def get(conn: Connection, item: str) -> QuarantineRow | None:
    """An item by its id."""
    row = conn.execute(sa.select(table).where(table.c.id == item)).one_or_none()
    return None if row is None else QuarantineRow._make(row)


def list(  # noqa: A001
    conn: Connection, *, state: State | None = "open", reason: str | None = None, limit: int = 1000
) -> tuple[QuarantineRow, ...]:
    """Items without their bodies, newest first."""
    columns = [column for column in table.columns if column.name != "body"]
    statement = (
        sa.select(*columns, sa.null()).order_by(table.c.received_at_us.desc(), table.c.id).limit(limit)
    )
    if state is not None:
        statement = statement.where(table.c.state == state)
    if reason is not None:
        statement = statement.where(table.c.reason == reason)
    return tuple(QuarantineRow._make(row) for row in conn.execute(statement))


def count(conn: Connection) -> dict[str, int]:
    """How many are open, by reason."""
    statement = (
        sa.select(table.c.reason, sa.func.count()).where(table.c.state == "open").group_by(table.c.reason)
    )
    return {reason: int(number) for reason, number in conn.execute(statement.order_by(table.c.reason))}


def settle(tx: Write, items: Sequence[str], state: State, *, actor: str) -> int:
    """Close open items and drop their bodies; returns how many were open."""
    done = 0
    for item in items:
        statement = (
            sa.update(table)
            .where(table.c.id == item, table.c.state == "open")
            .values(state=state, settled_at_us=tx.now_us, settled_by=actor, body=None)
        )
        done += tx.conn.execute(statement).rowcount
    return done


def bodies(conn: Connection) -> tuple[tuple[str, bytes], ...]:
    """Id and sealed body of every open item."""
    statement = sa.select(table.c.id, table.c.body).where(table.c.body.is_not(None)).order_by(table.c.id)
    return tuple((row[0], bytes(row[1])) for row in conn.execute(statement))
