"""Signals as rows: append-only, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new, slices
from headrace.ledger.storage.tables.signals import signals as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class SignalRow(NamedTuple):
    """A signal, in the order of the table."""

    id: str
    trace_id: str
    span_id: str | None
    kind: str
    subject: str | None
    """Keyed hash."""
    value: str
    """JSON, redacted."""
    comment: str | None
    """Redacted."""
    redacted: str
    """JSON: type to count."""
    inferred: int
    exposed: int | None
    """None until its trace has arrived."""
    changed: float | None
    at_us: int
    received_at_us: int
    joined_at_us: int | None


def add(tx: Write, rows: Sequence[SignalRow]) -> list[str]:
    """Append signals; one that is there is left as it is. Returns the ids that were new."""
    known = set(_existing(tx.conn, [row.id for row in rows]))
    fresh = {row.id: row for row in rows if row.id not in known}
    insert_new(tx.conn, table, list(fresh.values()))
    return list(fresh)


def get(conn: Connection, signal: str) -> SignalRow | None:
    """A signal by its id."""
    row = conn.execute(sa.select(table).where(table.c.id == signal)).one_or_none()
    return None if row is None else SignalRow._make(row)


def find(
    conn: Connection,
    *,
    trace: str | None = None,
    kind: str | None = None,
    subject: str | None = None,
    since_us: int = 0,
    until_us: int | None = None,
    after: tuple[int, str] | None = None,
    limit: int = 100,
) -> tuple[SignalRow, ...]:
    """Signals, newest first; `after` is time and id of the last one of the page before."""
    equal = {"trace_id": trace, "kind": kind, "subject": subject}
    statement = sa.select(table).where(
        table.c.at_us >= since_us, *(table.c[name] == value for name, value in equal.items() if value)
    )
    if until_us is not None:
        statement = statement.where(table.c.at_us < until_us)
    if after is not None:
        at_us, name = after
        later = sa.and_(table.c.at_us == at_us, table.c.id > name)
        statement = statement.where(sa.or_(table.c.at_us < at_us, later))
    newest = statement.order_by(table.c.at_us.desc(), table.c.id).limit(limit)
    return tuple(SignalRow._make(row) for row in conn.execute(newest))


def of_traces(conn: Connection, traces: Sequence[str]) -> tuple[SignalRow, ...]:
    """Every signal of these traces, oldest first."""
    found = [
        SignalRow._make(row)
        for part in slices(traces)
        for row in conn.execute(sa.select(table).where(table.c.trace_id.in_(part)))
    ]
    return tuple(sorted(found, key=lambda row: (row.at_us, row.id)))


def pending(conn: Connection, *, limit: int) -> tuple[SignalRow, ...]:
    """Signals whose trace has not arrived, newest first."""
    statement = (
        sa.select(table).where(table.c.joined_at_us.is_(None)).order_by(table.c.at_us.desc()).limit(limit)
    )
    return tuple(SignalRow._make(row) for row in conn.execute(statement))


def count_pending(conn: Connection) -> int:
    """How many signals wait for their trace."""
    statement = sa.select(sa.func.count()).select_from(table).where(table.c.joined_at_us.is_(None))
    return int(conn.execute(statement).scalar_one())


def kinds_seen(conn: Connection) -> frozenset[str]:
    """Kinds of which there is a signal."""
    return frozenset(conn.execute(sa.select(table.c.kind).distinct()).scalars())


def newest_traces(conn: Connection, *, limit: int) -> tuple[str, ...]:
    """Traces that have signals, those of the newest first."""
    newest = sa.func.max(table.c.at_us)
    statement = sa.select(table.c.trace_id).group_by(table.c.trace_id).order_by(newest.desc()).limit(limit)
    return tuple(conn.execute(statement).scalars())


def join(tx: Write, rows: Iterable[SignalRow]) -> None:
    """Keep what is known of signals since their trace has arrived."""
    for row in rows:
        tx.conn.execute(
            sa.update(table)
            .where(table.c.id == row.id, table.c.joined_at_us.is_(None))
            .values(exposed=row.exposed, changed=row.changed, joined_at_us=tx.now_us)
        )


def texts(conn: Connection) -> tuple[SignalRow, ...]:
    """Signals that hold a text or name something."""
    statement = sa.select(table).where(sa.or_(table.c.value != "null", table.c.comment.is_not(None)))
    return tuple(SignalRow._make(row) for row in conn.execute(statement))


def rewrite(tx: Write, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Put other values and comments into signals, by id."""
    for signal, values in changes.items():
        tx.conn.execute(sa.update(table).where(table.c.id == signal).values(values))


def of_subjects(conn: Connection, subjects: Sequence[str]) -> int:
    """How many signals these users gave."""
    statement = sa.select(sa.func.count()).select_from(table).where(table.c.subject.in_(subjects))
    return int(conn.execute(statement).scalar_one()) if subjects else 0


def remove(tx: Write, *, trace: str | None = None, subject: str | None = None) -> int:
    """Delete the signals of a trace or of a subject; returns how many there were."""
    own = table.c.trace_id == trace if trace is not None else table.c.subject == subject
    return tx.conn.execute(sa.delete(table).where(own)).rowcount


def _existing(conn: Connection, ids: Sequence[str]) -> Iterable[str]:
    for part in slices(ids):
        yield from conn.execute(sa.select(table.c.id).where(table.c.id.in_(part))).scalars()
