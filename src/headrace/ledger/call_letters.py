"""Dead letters: calls whose output never became valid, kept whole and sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new
from headrace.ledger.storage.tables.calls import call_letters as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

State = Literal["open", "resolved", "discarded"]


class LetterRow(NamedTuple):
    """A dead letter, in the order of the table."""

    id: str
    trace_id: str
    span_id: str
    prompt: str | None
    """Name of the prompt."""
    schema: str | None
    """Name of the schema."""
    model: str
    """As it was asked for."""
    reason: str
    at_us: int
    state: State
    settled_at_us: int | None
    settled_by: str | None
    settled_trace: str | None
    """The call that gave a valid output in the end."""
    body: bytes | None
    """Request and attempts, sealed; None once it is settled."""


def add(tx: Write, row: LetterRow) -> int:
    """Keep a letter; the same one twice is one. Returns how many are open now."""
    insert_new(tx.conn, table, [row])
    return count(tx.conn)


def get(conn: Connection, letter: str) -> LetterRow | None:
    """A letter by its id."""
    row = conn.execute(sa.select(table).where(table.c.id == letter)).one_or_none()
    return None if row is None else LetterRow(*row)


def list(  # noqa: A001
    conn: Connection, *, state: State | None = "open", prompt: str | None = None, limit: int = 1000
) -> tuple[LetterRow, ...]:
    """Letters without their bodies, oldest first."""
    columns = [column for column in table.columns if column.name != "body"]
    statement = sa.select(*columns, sa.null()).order_by(table.c.at_us, table.c.id).limit(limit)
    if state is not None:
        statement = statement.where(table.c.state == state)
    if prompt is not None:
        statement = statement.where(table.c.prompt == prompt)
    return tuple(LetterRow._make(row) for row in conn.execute(statement))


def count(conn: Connection) -> int:
    """How many are open."""
    statement = sa.select(sa.func.count()).select_from(table).where(table.c.state == "open")
    return int(conn.execute(statement).scalar_one())


def replace_body(tx: Write, letter: str, body: bytes, *, reason: str) -> None:
    """Put another body and reason into an open letter."""
    tx.conn.execute(
        sa.update(table).where(table.c.id == letter, table.c.state == "open").values(body=body, reason=reason)
    )


def settle(tx: Write, letter: str, state: State, *, actor: str, trace: str | None = None) -> bool:
    """Close an open letter and drop its body; returns whether it was open."""
    statement = (
        sa.update(table)
        .where(table.c.id == letter, table.c.state == "open")
        .values(state=state, settled_at_us=tx.now_us, settled_by=actor, settled_trace=trace, body=None)
    )
    return tx.conn.execute(statement).rowcount == 1


def bodies(conn: Connection) -> tuple[tuple[str, bytes], ...]:
    """Id and sealed body of every open letter."""
    statement = sa.select(table.c.id, table.c.body).where(table.c.body.is_not(None)).order_by(table.c.id)
    return tuple((row[0], bytes(row[1])) for row in conn.execute(statement))
