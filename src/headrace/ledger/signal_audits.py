"""Random samples of traces, and what people said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new, slices, upsert
from headrace.ledger.storage.tables.signals import signal_audits as table
from headrace.ledger.storage.tables.signals import signal_draws as draws

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class DrawRow(NamedTuple):
    """One simple random sample, in the order of the table."""

    id: str
    since_us: int
    until_us: int
    """Traces that ended from `since_us` to before here could be drawn."""
    frame: int
    """How many they were."""
    drawn: int
    at_us: int
    actor: str

    @property
    def probability(self) -> float:
        """With which each trace of the frame was drawn."""
        return self.drawn / self.frame if self.frame else 0.0


class AuditRow(NamedTuple):
    """A drawn or judged trace, in the order of the table."""

    trace_id: str
    draw: str | None
    """The draw that brought it in first; None where nobody drew it."""
    probability: float | None
    """With which that draw drew it."""
    ended_us: int
    """When the trace ended."""
    drawn_at_us: int
    verdict: str | None
    actor: str | None
    judged_at_us: int | None


def draw(tx: Write, made: DrawRow, rows: Sequence[AuditRow]) -> None:
    """Keep a sample; a trace that was drawn before keeps its row, one that was only judged becomes drawn."""
    insert_new(tx.conn, draws, [made._replace(at_us=tx.now_us)])
    insert_new(tx.conn, table, [row._replace(drawn_at_us=tx.now_us) for row in rows])
    for part in slices([row.trace_id for row in rows]):
        tx.conn.execute(
            sa.update(table)
            .where(table.c.trace_id.in_(part), table.c.draw.is_(None))
            .values(draw=made.id, probability=made.probability)
        )


def judge(tx: Write, trace_id: str, verdict: str, *, ended_us: int, actor: str) -> AuditRow:
    """Keep what somebody says of a trace; the former verdict is replaced."""
    known = get(tx.conn, trace_id) or AuditRow(trace_id, None, None, ended_us, tx.now_us, None, None, None)
    row = known._replace(verdict=verdict, actor=actor, judged_at_us=tx.now_us)
    upsert(tx.conn, table, [row])
    return row


def get(conn: Connection, trace_id: str) -> AuditRow | None:
    """The audit of a trace."""
    row = conn.execute(sa.select(table).where(table.c.trace_id == trace_id)).one_or_none()
    return None if row is None else AuditRow._make(row)


def of_traces(conn: Connection, traces: Sequence[str]) -> dict[str, AuditRow]:
    """The audits of these traces."""
    found = (
        AuditRow._make(row)
        for part in slices(traces)
        for row in conn.execute(sa.select(table).where(table.c.trace_id.in_(part)))
    )
    return {row.trace_id: row for row in found}


def list(conn: Connection, *, limit: int | None = None) -> tuple[AuditRow, ...]:  # noqa: A001
    """Audits: those that wait first, then the newest."""
    waits = table.c.verdict.is_not(None)
    statement = sa.select(table).order_by(waits, table.c.drawn_at_us.desc(), table.c.trace_id).limit(limit)
    return tuple(AuditRow._make(row) for row in conn.execute(statement))


def waiting(conn: Connection) -> int:
    """How many are drawn and not judged."""
    statement = sa.select(sa.func.count()).select_from(table).where(table.c.verdict.is_(None))
    return int(conn.execute(statement).scalar_one())


def all_draws(conn: Connection) -> tuple[DrawRow, ...]:
    """Every sample, oldest first."""
    rows = conn.execute(sa.select(draws).order_by(draws.c.at_us))
    return tuple(DrawRow._make(row) for row in rows)


def inclusion(made: Sequence[DrawRow], ended_us: int) -> float:
    """The probability that any of these draws took a trace that ended then."""
    missed = 1.0
    for one in made:
        if one.since_us <= ended_us < one.until_us:
            missed *= 1.0 - one.probability
    return 1.0 - missed


def remove(tx: Write, trace_id: str) -> int:
    """Delete the audit of a trace; returns how many there were."""
    return tx.conn.execute(sa.delete(table).where(table.c.trace_id == trace_id)).rowcount
