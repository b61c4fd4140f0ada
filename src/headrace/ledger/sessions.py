"""Sessions and their turns: rows that are only ever added, behind a count that is compared and set.

Bodies are sealed with a key of their session, which lies wrapped in its row: without the row they are noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, insert_new, slices
from headrace.ledger.storage.tables.sessions import session_memory as memory_table
from headrace.ledger.storage.tables.sessions import session_turns as turns_table
from headrace.ledger.storage.tables.sessions import sessions as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

TABLES = ("sessions", "session_turns", "session_memory")
_MOST_EXPIRED = 50
"""Sessions that one write takes out beside its own work."""


class SessionRow(NamedTuple):
    """One session, in the order of the table."""

    id: str
    subject: str | None
    """Keyed hash of the user."""
    owner: str | None
    """Name of the key that began it over HTTP: a new key of the same name has it."""
    created_at_us: int
    updated_at_us: int
    closed_at_us: int | None
    turns: int
    """How many there are, and the number of the last one."""
    tokens: int
    wrapped: bytes
    """Its key, wrapped."""


class TurnRow(NamedTuple):
    """One turn, in the order of the table."""

    session: str
    seq: int
    role: str
    trace_id: str | None
    tokens: int
    at_us: int
    key: str | None
    """Keyed hash of the sender's own id: the same one is kept once."""
    sealed: bytes


class MemoryRow(NamedTuple):
    """Something made of turns, in the order of the table."""

    session: str
    id: str
    """Keyed hash of everything that it was made of."""
    kind: str
    """`summary` or `vector`."""
    first_seq: int
    last_seq: int
    model: str
    """Identity of the model, or fingerprint of the embedder, that made it."""
    trace_id: str | None
    tokens: int
    made_at_us: int
    sealed: bytes


def get(conn: Connection, session: str) -> SessionRow | None:
    """A session by its id."""
    row = conn.execute(sa.select(table).where(table.c.id == session)).one_or_none()
    return None if row is None else _session(row)


def find(
    conn: Connection,
    *,
    subject: str | None = None,
    owner: str | None = None,
    since_us: int = 0,
    limit: int = 100,
) -> list[SessionRow]:
    """Sessions that were used since a time, the last used first."""
    wanted = [table.c.updated_at_us >= since_us]
    wanted += [table.c.subject == subject] if subject is not None else []
    wanted += [table.c.owner == owner] if owner is not None else []
    newest = table.c.updated_at_us.desc()
    rows = conn.execute(sa.select(table).where(*wanted).order_by(newest, table.c.id).limit(limit))
    return [_session(row) for row in rows]


def turns(conn: Connection, session: str, *, last: int | None = None) -> list[TurnRow]:
    """The turns of a session in their order, or the last of them."""
    statement = sa.select(turns_table).where(turns_table.c.session == session)
    statement = statement.order_by(turns_table.c.seq.desc())
    rows = conn.execute(statement if last is None else statement.limit(last)).all()
    return [_turn(row) for row in reversed(rows)]


def reach(conn: Connection, session: str, tokens: int) -> int:
    """How many of the last turns have so many tokens together; at least one, where there is one."""
    mine = turns_table.c.session == session
    statement = sa.select(turns_table.c.tokens).where(mine).order_by(turns_table.c.seq.desc())
    number = total = 0
    for found in conn.execute(statement).scalars():
        number, total = number + 1, total + found
        if total > tokens:
            break
    return number


def sent(conn: Connection, session: str, key: str) -> TurnRow | None:
    """The turn that a sender named so."""
    wanted = sa.and_(turns_table.c.session == session, turns_table.c.key == key)
    row = conn.execute(sa.select(turns_table).where(wanted)).one_or_none()
    return None if row is None else _turn(row)


def add(tx: Write, row: SessionRow) -> None:
    """Begin a session, unless it is there."""
    insert_new(tx.conn, table, [row])


def advance(tx: Write, session: str, *, expect: int, turns: int, tokens: int, subject: str | None) -> bool:
    """Count turns in, if there are as many as expected; False where somebody else was first."""
    values: dict[str, object] = {
        "turns": expect + turns,
        "tokens": table.c.tokens + tokens,
        "updated_at_us": tx.now_us,
        "subject": sa.func.coalesce(table.c.subject, subject),
    }
    mine = sa.and_(table.c.id == session, table.c.turns == expect)
    return tx.conn.execute(sa.update(table).where(mine).values(values)).rowcount == 1


def add_turns(tx: Write, rows: Sequence[TurnRow]) -> None:
    """Add turns; a number that is taken is an error of the database, never an overwritten turn."""
    tx.conn.execute(sa.insert(turns_table), [row._asdict() for row in rows])


def close(tx: Write, session: str) -> bool:
    """Take no more turns; returns whether it was open."""
    statement = sa.update(table).where(table.c.id == session, table.c.closed_at_us.is_(None))
    return tx.conn.execute(statement.values(closed_at_us=tx.now_us)).rowcount == 1


def remove(tx: Write, sessions: Sequence[str]) -> int:
    """Delete sessions with their keys and everything of them; returns how many turns there were."""
    gone = count_turns(tx.conn, sessions)
    delete_in(tx.conn, turns_table.c.session, sessions)
    delete_in(tx.conn, memory_table.c.session, sessions)
    delete_in(tx.conn, table.c.id, sessions)
    return gone


def expire(tx: Write, *, before_us: int) -> int:
    """Delete sessions that nobody used since a time, some of them at once; returns how many."""
    late = sa.select(table.c.id).where(table.c.updated_at_us < before_us).limit(_MOST_EXPIRED)
    found = list(tx.conn.execute(late).scalars())
    if found:
        remove(tx, found)
    return len(found)


def of_subjects(conn: Connection, subjects: Sequence[str]) -> list[str]:
    """Ids of the sessions of these users."""
    return [
        session
        for part in slices(subjects)
        for session in conn.execute(sa.select(table.c.id).where(table.c.subject.in_(part))).scalars()
    ]


def count_turns(conn: Connection, sessions: Sequence[str]) -> int:
    """How many turns these sessions have."""
    count = sa.select(sa.func.count()).select_from(turns_table)
    return sum(
        int(conn.execute(count.where(turns_table.c.session.in_(part))).scalar_one())
        for part in slices(sessions)
    )


def every(conn: Connection) -> list[SessionRow]:
    """All sessions."""
    return [_session(row) for row in conn.execute(sa.select(table).order_by(table.c.id))]


def rewrite(tx: Write, session: str, bodies: Sequence[tuple[int, bytes]]) -> None:
    """Put other bodies into turns, and drop what was made of any turn of the session."""
    for seq, sealed in bodies:
        mine = sa.and_(turns_table.c.session == session, turns_table.c.seq == seq)
        tx.conn.execute(sa.update(turns_table).where(mine).values(sealed=sealed))
    delete_in(tx.conn, memory_table.c.session, [session])


def remember(tx: Write, rows: Sequence[MemoryRow]) -> bool:
    """Keep what was made of turns, if their session is still there; the same twice is one."""
    if not rows or get(tx.conn, rows[0].session) is None:
        return False
    insert_new(tx.conn, memory_table, [row._replace(made_at_us=tx.now_us) for row in rows])
    return True


def memory(conn: Connection, session: str, kind: str) -> list[MemoryRow]:
    """What was made of a session's turns, that of the newest turns last."""
    wanted = sa.and_(memory_table.c.session == session, memory_table.c.kind == kind)
    statement = sa.select(memory_table).where(wanted).order_by(memory_table.c.last_seq, memory_table.c.id)
    return [_memory(row) for row in conn.execute(statement)]


def _session(row: sa.Row[tuple[object, ...]]) -> SessionRow:
    found = SessionRow._make(row)
    return found._replace(wrapped=bytes(found.wrapped))


def _turn(row: sa.Row[tuple[object, ...]]) -> TurnRow:
    found = TurnRow._make(row)
    return found._replace(sealed=bytes(found.sealed))


def _memory(row: sa.Row[tuple[object, ...]]) -> MemoryRow:
    found = MemoryRow._make(row)
    return found._replace(sealed=bytes(found.sealed))
